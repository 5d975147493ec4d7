"""One model, three ways: `hf` here, lmms-eval's class here, and lmms-eval itself."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.adapters.base import Setting
from harness.adapters.registry import load_adapter
from harness.data.labels.of_task import NO_OVERRIDES
from harness.export.lmms_eval.folder import export_lmms_eval
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.runs.importing import ImportOptions, import_answers
from harness.scores.results import Results
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model, load_task
from harness.store.lines import read_predictions
from harness.store.prediction import Prediction
from support.lmms_samples import answers_of, run_lmms_eval, samples_file, scores_of

pytestmark = pytest.mark.full
N = 64
TASKS = ("mini_cw", "mini_ow", "mini_mc_random", "mini_cw_plus", "mini_cw_b4")
SIMPLE = ("options.force_simple=true", "options.image_mark='<image>'")
Run = tuple[list[Prediction], Results]


def ask(folder: Path, model: str, settings: Sequence[str] = ()) -> dict[str, Run]:
    catalogue, found = Catalogue(), {}
    spec = load_model(catalogue, model, settings)
    adapter = load_adapter(spec, Setting())
    for name in TASKS:
        task = load_task(catalogue, name, [f"limit={N}"])
        options = RunOptions(folder, batch_size=8, show_progress=False)
        done = run_task(catalogue, task, spec, lambda: adapter, Rank(0, 1, Setting()), options)
        assert done.results is not None
        found[name] = (list(read_predictions(done.path / "predictions.jsonl")), done.results)
    return found


@pytest.fixture(scope="module")
def by_hf(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    return ask(tmp_path_factory.mktemp("hf"), "mini")


@pytest.fixture(scope="module", params=["chat", "simple"])
def logs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What lmms-eval itself writes, with its chat class and with its simple one."""
    folder = tmp_path_factory.mktemp(f"lmms-{request.param}")
    tasks = [load_task(Catalogue(), name, [f"limit={N}"]) for name in TASKS]
    export_lmms_eval(Catalogue(), tasks, folder / "tasks", NO_OVERRIDES)
    more = ["--force_simple"] if request.param == "simple" else []
    run_lmms_eval(folder / "tasks", TASKS, folder / "logs", *more)
    return folder / "logs"


@pytest.mark.parametrize("settings", [(), SIMPLE], ids=["chat", "simple"])
def test_a_class_of_lmms_eval_answers_as_hf_does(
    by_hf: dict[str, Run], tmp_path: Path, settings: Sequence[str]
) -> None:
    by_class = ask(tmp_path, "lmms-mini", settings)
    for name in TASKS:
        rows, results = by_hf[name]
        others, scored = by_class[name]
        assert answers(others) == answers(rows)
        assert scored.scores == results.scores


def test_lmms_eval_answers_and_scores_as_the_harness_does(
    by_hf: dict[str, Run], logs: Path
) -> None:
    for name in TASKS:
        rows, results = by_hf[name]
        logged = rows_in(samples_file(logs, name))
        assert len(logged) == len(rows)
        assert [compared(row) for row in logged] == [compared(row) for row in rows]
        for one, other in zip(logged, rows, strict=True):
            assert one.similarity == pytest.approx(other.similarity, abs=3e-6)
        table = scores_of(logs, name)
        for labels, expected in results.scores[results.protocol].items():
            assert expected.n >= 60
            assert table[f"{labels}_accuracy"] == pytest.approx(expected.accuracy, abs=1e-9)
        if results.protocol == "cw":
            # without an answer out of the prompt there is none to map, and both are one
            mapped = results.scores.get("cw_plus", results.scores["cw"])
            for labels, expected in mapped.items():
                found = table[f"{labels}_accuracy_cw_plus"]
                assert found == pytest.approx(expected.accuracy, abs=1e-9)
        for status, share in results.shares.items():
            assert status == "ok" or table[f"{status}_share"] == pytest.approx(share)


def test_a_sample_log_becomes_a_run(by_hf: dict[str, Run], logs: Path, tmp_path: Path) -> None:
    for name in TASKS:
        answers_of(samples_file(logs, name), tmp_path / f"{name}.jsonl")
        options = ImportOptions(model="mini-in-lmms-eval", output=tmp_path / "runs")
        task = load_task(Catalogue(), name, [f"limit={N}"])
        done = import_answers(Catalogue(), task, tmp_path / f"{name}.jsonl", options)
        assert done.results is not None and done.results.complete
        assert done.results.scores == by_hf[name][1].scores


def rows_in(samples: Path) -> list[Prediction]:
    found = [
        Prediction.from_json(row)
        for line in samples.read_text().splitlines()
        for row in json.loads(line)["harness"]
    ]
    return sorted(found, key=lambda row: row.image_id)


def answers(rows: Sequence[Prediction]) -> dict[str, str | None]:
    return {row.image_id: row.answer for row in rows}


def compared(row: Prediction) -> dict[str, Any]:
    """Give all that both must agree on: everything but times, counts and the last digits.

    An answer alone does not know whether the whole run is mapped: `nearest` is always there. The
    exported task has no hierarchy, so that no row has a `node`.
    """
    left_out = {"batch", "seconds", "tokens", "prompt_tokens", "similarity", "margin"}
    left_out |= {
        "images_in_prompt",
        "mark",
        "nearest",
        "node",
        "truncated",
    }  # a class does not say why it ended
    return {key: value for key, value in row.to_json().items() if key not in left_out}
