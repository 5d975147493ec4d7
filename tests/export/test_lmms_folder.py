"""The folder for lmms-eval: what is in it, and that its functions score as the harness does."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import datasets
import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner

from harness.cli import app
from harness.data.images.pixels import pixels_sha256
from harness.data.labels.of_task import NO_OVERRIDES
from harness.data.opened import open_task
from harness.errors import UserError
from harness.export.lmms_eval.folder import export_lmms_eval
from harness.export.lmms_eval.scoring import mean
from harness.prompts.plan import make_plan
from harness.runs.importing import ImportOptions, import_answers
from harness.scores.results import Score
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from support.lmms_samples import answers_of

N = 48
TASKS = ("mini_cw", "mini_ow", "mini_mc_random", "mini_cw_plus", "mini_cw_b4")
ANSWERS = ("{}", "A", "(B)", "a Bee", "", "{}ish", "I cannot help with that.", "cat or dog", "C")
"""Some of every status, dealt out in turn; `{}` is a right name, out of the list with `ish`."""


class Functions(yaml.SafeLoader):
    """Reads `!function` as the name that it is."""


Functions.add_constructor("!function", lambda loader, node: loader.construct_scalar(node))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("lmms") / "tasks"
    words = ["export", "lmms-eval", str(made), "--tasks", ",".join(TASKS), "--limit", str(N)]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert f"mini_cw: {N} prompts, {N} images" in done.stdout
    assert f"mini_cw_b4: {N // 4} prompts, {N} images" in done.stdout
    return made


@pytest.fixture(scope="module")
def functions(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("harness_task", folder / "harness_task.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def docs(folder: Path, task: str, cache: Path) -> Any:
    """Open the data as lmms-eval does."""
    config = settings_of(folder, task)
    files = {
        key: str(folder / path) for key, path in config["dataset_kwargs"]["data_files"].items()
    }
    loaded = datasets.load_dataset(config["dataset_path"], data_files=files, cache_dir=str(cache))
    return loaded[config["test_split"]]


def settings_of(folder: Path, task: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load((folder / f"{task}.yaml").read_text(), Functions)
    return found


def answer_to(doc: dict[str, Any], number: int) -> str:
    return ANSWERS[number % len(ANSWERS)].format(doc["target"].split(" or ")[0])


@pytest.mark.parametrize("name", TASKS)
def test_prompts_and_pixels_are_those_of_a_run(
    folder: Path, functions: ModuleType, tmp_path: Path, name: str
) -> None:
    plan = make_plan(open_task(Catalogue(), load_task(Catalogue(), name, [f"limit={N}"])))
    assert plan.opened.source.read is not None
    rows = docs(folder, name, tmp_path)
    assert len(rows) == len(plan.requests)
    for doc, request in list(zip(rows, plan.requests, strict=True))[:8]:
        assert doc["text"] == request.text
        assert tuple(doc["image_ids"]) == request.image_ids
        assert tuple(doc["options"]) == request.options
        images = functions.doc_to_visual(doc)
        read = [pixels_sha256(plan.opened.source.read(row)) for row in request.rows]
        assert [pixels_sha256(image) for image in images] == doc["image_sha256"] == read
        (message,) = functions.doc_to_messages(doc)
        parts = message["content"]
        assert "".join(part.get("text", "<image>") for part in parts) == request.text
        assert functions.doc_to_text(doc, {"image_mark": "<image>"}) == request.text
        assert "<image>" not in functions.doc_to_text(doc, {"image_mark": ""})


def test_settings_are_whole(folder: Path) -> None:
    for name in TASKS:
        config = settings_of(folder, name)
        task = load_task(Catalogue(), name)
        assert config["generation_kwargs"] == {
            "max_new_tokens": task.generation_kwargs.max_new_tokens,
            "do_sample": False,
            "temperature": 0.0,
            "top_p": 1.0,
            "num_beams": 1,
            "until": [],
        }
        metrics = [each["metric"] for each in config["metric_list"]]
        assert "mini_regt_accuracy" in metrics
        assert ("mini_regt_accuracy_cw_plus" in metrics) == (task.protocol == "cw")
        assert ("mini_regt_accuracy_strict" in metrics) == (task.protocol != "ow")
        assert "harness" not in metrics, "our rows are beside the metrics, not one of them"


@pytest.mark.parametrize("name", [each for each in TASKS if each != "mini_cw_b4"])
def test_scores_are_those_of_the_harness(
    folder: Path, functions: ModuleType, tmp_path: Path, name: str
) -> None:
    """Scored in the folder, and imported from the sample log: the same figures."""
    results = [
        functions.process_results(doc, [answer_to(doc, number)])
        for number, doc in enumerate(docs(folder, name, tmp_path))
    ]
    log = tmp_path / "samples.jsonl"
    log.write_text("".join(json.dumps(each) + "\n" for each in results))
    answers_of(log, tmp_path / "answers.jsonl")
    options = ImportOptions(model="given", output=tmp_path / "runs")
    task = load_task(Catalogue(), name, [f"limit={N}"])
    scored = import_answers(Catalogue(), task, tmp_path / "answers.jsonl", options).results
    assert scored is not None and scored.n == len(results)
    aggregated = {
        key: functions.mean([each[key] for each in results])
        for key in results[0]
        if key != "harness"
    }
    for protocol, by_labels in scored.scores.items():
        for labels, expected in by_labels.items():
            more = "_cw_plus" if protocol == "cw_plus" != task.protocol else ""
            if protocol == "cw" and task.protocol == "cw_plus":
                continue  # the plain accuracy of a mapped task is no metric there
            assert expected.n > 0
            for key, value in by_matching(f"{labels}_accuracy{more}", expected):
                assert aggregated[key] == pytest.approx(value)
    shares = {key: aggregated.get(f"oop_{key}_share") for key in ("strict", "normalized")}
    assert shares == pytest.approx({key: scored.out_share(key) for key in ("strict", "normalized")})
    for status, share in scored.shares.items():
        if status != "ok":
            assert aggregated[f"{status}_share"] == pytest.approx(share)
    assert 0 < aggregated["empty_share"] < 20
    if task.protocol == "cw":
        mapped, plain = (f"mini_regt_accuracy{more}" for more in ("_cw_plus", ""))
        assert aggregated[mapped] > aggregated[plain] > 0


def by_matching(metric: str, score: Score) -> Iterator[tuple[str, float | None]]:
    yield metric, score.accuracy
    for how in ("strict", "normalized") if score.matching else ():
        yield f"{metric}_{how}", score.accuracy_by(how)


def test_several_images_in_a_prompt_have_a_row_each(
    folder: Path, functions: ModuleType, tmp_path: Path
) -> None:
    doc = docs(folder, "mini_cw_b4", tmp_path)[0]
    target = doc["target"].split("; ")
    answer = json.dumps({"1": target[0].split(" or ")[0], "3": "dragonfly"})
    found = functions.process_results(doc, [answer])
    statuses = [row["status"] for row in found["harness"]]
    assert statuses == ["ok", "unparsed", "oop", "unparsed"]
    assert found["mini_regt_accuracy"][0] == 100.0
    assert found["unparsed_share"] == [0.0, 100.0, 0.0, 100.0]
    assert found["harness"][2]["rule"] == "mapped", "mapped for the second accuracy"


def test_a_failed_request_is_no_wrong_answer(
    folder: Path, functions: ModuleType, tmp_path: Path
) -> None:
    doc = docs(folder, "mini_ow", tmp_path)[0]
    found = functions.process_results(doc, ["[LMMS_EVAL_REQUEST_FAILED after 3 retries] 503"])
    assert found["mini_imgt_accuracy"] is None
    assert found["error_share"] == 100.0
    assert found["harness"][0]["status"] == "error"
    assert "answer" not in found["harness"][0]
    statuses = [
        functions.process_results(doc, [answer])["harness"][0]["status"]
        for answer in (None, ["two", "rounds"], "a dog")
    ]
    assert statuses == ["empty", "error", "ok"]


def test_stop_strings_of_the_task_act(tmp_path: Path) -> None:
    settings = ["limit=2", 'generation_kwargs.until=[".", "\\n"]']
    task = load_task(Catalogue(), "mini_cw", settings)
    made = tmp_path / "tasks"
    export_lmms_eval(Catalogue(), [task], made, NO_OVERRIDES)
    assert settings_of(made, "mini_cw")["generation_kwargs"]["until"] == []
    spec = importlib.util.spec_from_file_location("other_task", made / "harness_task.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    doc = docs(made, "mini_cw", tmp_path)[0]
    for answer in ("dog. Or cat", "dog\nOr cat"):
        (row,) = module.process_results(doc, [answer])["harness"]
        assert (row["answer"], row["rule"]) == ("dog", "strict")
    (row,) = module.process_results(doc, ["\ndog\nOr cat"])["harness"]
    assert (row["answer"], row["status"]) == ("\ndog", "ok")


def test_an_image_that_cannot_be_decoded_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "images"
    data.mkdir()
    for name in ("a", "b", "c"):
        Image.new("RGB", (8, 8), "red").save(data / f"{name}.png")
    (data / "b.png").write_bytes(b"no image")
    labels = [{"image_id": name, "labels": [0]} for name in "abc"]
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in labels))
    (tmp_path / "own.yaml").write_text(
        "task: own\nprotocol: cw\ndataset_path: images\nclass_list: mini\n"
        "label_sets: [labels.jsonl]\nimages_per_prompt: 2\nmetadata: {version: 1}\n"
        "doc_to_text: '{% for image in images %}{{ image }}<image>{% endfor %}'\n"
    )
    catalogue = Catalogue((tmp_path,))
    made = tmp_path / "tasks"
    (written,) = export_lmms_eval(catalogue, [load_task(catalogue, "own")], made, NO_OVERRIDES)
    assert (written.prompts, written.images) == (2, 2)
    assert written.left_out == {"image cannot be decoded": 1}
    assert "left out: b" in caplog.text
    rows = docs(made, "own", tmp_path)
    assert [row["image_ids"] for row in rows] == [["a"], ["c"]]
    assert rows[0]["text"] == "1<image>", "the prompt is for the images that are left"
    assert rows[0]["image_2"] is None
    assert "1: image cannot be decoded" in (made / "README.md").read_text()


def test_what_cannot_be_exported_is_told_at_once(tmp_path: Path) -> None:
    catalogue = Catalogue()
    tasks = [
        load_task(catalogue, "mini_classify"),
        load_task(catalogue, "mini_cw", ["output_type=multiple_choice"]),
        load_task(catalogue, "mini_ow", ["repeats=3", "mapping.encoder=mine"]),
    ]
    with pytest.raises(UserError) as caught:
        export_lmms_eval(catalogue, tasks, tmp_path / "new", NO_OVERRIDES)
    wheres = [problem.where for problem in caught.value.problems]
    assert wheres == [f"task `mini_{each}`" for each in ("classify", "cw", "ow", "ow")]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    task = load_task(Catalogue(), "mini_ow", ["limit=1"])
    with pytest.raises(UserError, match="is not empty"):
        export_lmms_eval(Catalogue(), [task], tmp_path, NO_OVERRIDES)
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    task = load_task(Catalogue(), "mini_ow", ["limit=1"])
    with pytest.raises(UserError, match="can be written there") as caught:
        export_lmms_eval(Catalogue(), [task], tmp_path / "file" / "new", NO_OVERRIDES)
    assert "File exists" in str(caught.value)


def test_no_task_is_no_folder(tmp_path: Path) -> None:
    words = ["export", "lmms-eval", str(tmp_path / "new"), "--tasks", ","]
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, UserError)
    assert "tasks: none is named" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_mean_leaves_out_what_is_not_scored() -> None:
    assert mean([100.0, None, 0.0, 0.0]) == pytest.approx(100 / 3)
    assert mean([[100.0, None], [0.0, 100.0]]) == pytest.approx(200 / 3)
    assert str(mean([None, [None]])) == "nan"
