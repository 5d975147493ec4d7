"""Open-world runs whose answers are names of the list, or such as no encoder can read."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.adapters.base import Setting
from harness.answers.outcome import Status
from harness.checks.before import check_task
from harness.data.labels.of_task import NO_OVERRIDES
from harness.errors import SpecError
from harness.requests import Request
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.runs.finish import Finished
from harness.runs.importing import ImportOptions, import_answers
from harness.runs.remap import map_run, open_combinations
from harness.runs.reopen import open_run, rescore
from harness.scores.results import Results
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.model import ModelSpec
from harness.store.directory import RunDirectory
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction
from support.colours import NAMES, ColourAdapter, N, name_of, write_task

MODEL = ModelSpec(model="colour", adapter="tests:ColourAdapter")
CHINESE, KOREAN, EMOJI = "红绿蓝灰", ("빨강", "녹색", "파랑", "회색"), ("🍎", "🥦", "🫐", "🐘")
IDS = [f"i{number:02d}" for number in range(N)]


class Speaker(ColourAdapter):
    """Says the colour in other words."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(MODEL, Setting())
        self._words = dict(zip((*NAMES[:3], "pink"), words, strict=True))

    def answer(self, request: Request) -> str:
        return self._words[name_of(request.images[0])]


def call_classes(folder: Path, names: Sequence[str], encoder: str = "minilm") -> None:
    """Write the open-world task with other class names."""
    lines = "".join(f"  - {{id: {i}, name: {name}}}\n" for i, name in enumerate(names))
    (folder / "classes.yaml").write_text(f"class_list: colours\nclasses:\n{lines}")
    write_task(folder, protocol="ow")
    text = (folder / "colours.yaml").read_text()
    (folder / "colours.yaml").write_text(text.replace("encoder: lexical", f"encoder: {encoder}"))


def run(catalogue: Catalogue, words: Sequence[str] | None, *settings: str) -> Finished:
    """Run the task; without words the model must not be loaded."""

    def adapter() -> Speaker:
        assert words is not None, "the model was loaded"
        return Speaker(words)

    options = RunOptions(catalogue.include_paths[0] / "runs", 4, settings, show_progress=False)
    task = load_task(catalogue, "colours", settings)
    return run_task(catalogue, task, MODEL, adapter, Rank(0, 1, Setting()), options)


def import_(catalogue: Catalogue, words: Sequence[str], *settings: str) -> Finished:
    folder = catalogue.include_paths[0]
    path = folder / "answers.jsonl"
    rows = [{"image_id": each, "answer": words[i % 4]} for i, each in enumerate(IDS)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = load_task(catalogue, "colours", settings)
    return import_answers(
        catalogue, task, path, ImportOptions("given", folder / "imported", settings=settings)
    )


def results(finished: Finished) -> Results:
    assert finished.results is not None
    return finished.results


def rules(finished: Finished) -> Counter[str | None]:
    return Counter(row.rule for row in RunDirectory(finished.path).rows().values())


@pytest.mark.parametrize("names", [CHINESE, KOREAN, EMOJI])
def test_names_of_the_list_are_right_whatever_the_encoder_reads(
    catalogue: Catalogue, folder: Path, names: Sequence[str]
) -> None:
    call_classes(folder, names)
    found = results(import_(catalogue, names))
    assert found.scores["ow"]["colours_first"].accuracy == 100
    assert found.mapping is None
    allowed = "mapping.allow_shared_vectors=[" + ", ".join(names) + "]"
    finished = run(catalogue, names, allowed)
    assert results(finished).scores["ow"]["colours_first"].accuracy == 100
    assert rules(finished) == {"exact": N}
    row = RunDirectory(finished.path).rows()["i01"]
    assert (row.status, row.class_id, row.similarity) == (Status.OK, 1, None)


@pytest.mark.parametrize("names", [CHINESE, EMOJI])
def test_names_that_are_one_to_the_encoder_stop_the_run_before_the_model_is_loaded(
    catalogue: Catalogue, folder: Path, names: Sequence[str]
) -> None:
    call_classes(folder, names)
    with pytest.raises(SpecError, match="several names have one vector"):
        run(catalogue, None)
    (error,) = [each for each in check_task(catalogue, "colours") if each.level == "error"]
    assert error.check == "encoder"
    assert "several names have one vector" in error.text
    with pytest.raises(SpecError, match="several names have one vector"):
        import_(catalogue, [*names[:3], "a grey thing"])  # which the encoder would have to map
    assert not (folder / "imported").exists()
    found = check_task(catalogue, "colours", ["mapping.encoder=lexical"])
    assert [each.level for each in found if each.check == "encoder"] == ["ok"]
    assert rules(run(catalogue, names, "mapping.encoder=lexical")) == {"exact": N}


def test_a_closed_world_that_maps_is_looked_at_too_and_one_that_cannot_is_not(
    catalogue: Catalogue, folder: Path
) -> None:
    call_classes(folder, CHINESE)
    listed = "doc_to_text=<image> {{ classes | join(' ') }}"
    with pytest.raises(SpecError, match="several names have one vector"):
        run(catalogue, None, "protocol=cw", listed)
    found = check_task(catalogue, "colours", ["protocol=cw", listed, "output_type=constrained"])
    assert not [each for each in found if each.check == "encoder"]


def test_distractors_by_an_encoder_to_which_names_are_one_are_refused(
    catalogue: Catalogue, folder: Path
) -> None:
    call_classes(folder, ("bora", "bora bora", "blue", "grey"), "minilm")
    text = (folder / "colours.yaml").read_text().replace("protocol: ow", "protocol: mc")
    text = text.replace("which?", "{{ options | join(' ') }}")
    hard = "distractors: {strategy: embedding, n_options: 3, encoder: lexical}\n"
    (folder / "colours.yaml").write_text(text + hard)
    with pytest.raises(SpecError, match="`bora`, `bora bora`"):
        run(catalogue, None)
    for settings, level in (([], "error"), (["distractors={strategy: random}"], None)):
        found = [each for each in check_task(catalogue, "colours", settings)]
        levels = [each.level for each in found if each.check == "encoder"]
        assert levels == ([level] if level else [])


def test_a_name_that_alone_cannot_be_read_is_noted(catalogue: Catalogue, folder: Path) -> None:
    call_classes(folder, ("red", "绿", "blue", "grey"))
    (note,) = [each for each in check_task(catalogue, "colours") if each.check == "encoder"]
    assert note.level == "note"
    assert "cannot read 1 of the names, such as `绿`" in note.text
    finished = run(catalogue, ("a red one", "绿", "blue", "灰"))
    assert rules(finished) == {"mapped": 3, "exact": 6, "unreadable": 3}
    assert results(finished).counts["unparsed"] == 3
    assert results(finished).scores["ow"]["colours_first"].accuracy == 75


def test_what_one_encoder_cannot_read_another_maps_without_asking_the_model(
    catalogue: Catalogue, folder: Path
) -> None:
    call_classes(folder, ("red", "green", "blue", "灰色"))
    words = ("red", "green", "blue", "灰")
    first = run(catalogue, words)
    assert rules(first) == {"exact": 9, "unreadable": 3}
    opened = open_run(catalogue, first.path, NO_OVERRIDES)
    (row,) = map_run(opened, open_combinations(catalogue, ["lexical"], ["raw"], ["raw"])).rows[
        "colours_first"
    ]
    assert row.choosing.k + row.reporting.k == N
    again = run(catalogue, None, "mapping.encoder=lexical")
    assert rules(again) == {"exact": 9, "mapped": 3}
    assert results(again).scores["ow"]["colours_first"].accuracy == 100
    back = run(catalogue, None)
    assert RunDirectory(back.path).rows() == RunDirectory(first.path).rows()


def as_an_older_version_left_it(finished: Finished, encoder: str) -> None:
    """Let every answer be mapped to class 3, as if it were nearest to that."""
    directory = RunDirectory(finished.path)
    directory.replace(
        replace(row, status=Status.OK, class_id=3, also=(), rule="mapped", similarity=0.9)
        for row in directory.rows().values()
    )
    manifest = json.loads((finished.path / "manifest.json").read_text())
    manifest["mapping"] = {
        "encoder": encoder,
        "encoder_sha256": "0" * 64,
        "class_template": "raw",
        "answer_template": "raw",
        "class_list_sha256": manifest["class_list"]["sha256"],
    }
    (finished.path / "manifest.json").write_text(json.dumps(manifest))


def test_scoring_an_older_run_again_maps_it_anew(catalogue: Catalogue, folder: Path) -> None:
    call_classes(folder, NAMES, "lexical")
    finished = run(catalogue, ("red", "green", "blue", "greyish"))
    assert rules(finished) == {"exact": 9, "mapped": 3}
    rows = RunDirectory(finished.path).rows()
    as_an_older_version_left_it(finished, "lexical")
    again = rescore(catalogue, finished.path, NO_OVERRIDES)
    assert again.scores["ow"]["colours_first"].accuracy == 100
    assert RunDirectory(finished.path).rows() == rows
    facts = Manifest.read(finished.path).mapping
    assert facts is not None
    assert facts.version == 2


def test_an_older_run_whose_encoder_is_not_here_keeps_what_is_no_exact_name(
    catalogue: Catalogue, folder: Path
) -> None:
    call_classes(folder, NAMES, "gone")
    spec = "encoder: gone\nkind: sentence_transformers\npretrained: no/such-model\n"
    (folder / "gone.yaml").write_text(spec)
    finished = run(catalogue, NAMES)
    directory = RunDirectory(finished.path)
    assert rules(finished) == {"exact": N}
    directory.replace(
        replace(row, answer="reddish") if row.image_id == "i00" else row
        for row in directory.rows().values()
    )
    as_an_older_version_left_it(finished, "gone")
    rescore(catalogue, finished.path, NO_OVERRIDES)
    assert rules(finished) == {"exact": N - 1, "mapped": 1}
    kept: Prediction = directory.rows()["i00"]
    assert (kept.class_id, kept.similarity) == (3, 0.9)


def test_further_answers_give_no_top_where_only_the_first_is_mapped(
    catalogue: Catalogue, folder: Path
) -> None:
    call_classes(folder, NAMES, "lexical")
    path = folder / "answers.jsonl"
    rows = [
        {"image_id": each, "answers": [f"{NAMES[i % 4]}ish", "blue"]} for i, each in enumerate(IDS)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = load_task(catalogue, "colours")
    finished = import_answers(catalogue, task, path, ImportOptions("given", folder / "imported"))
    assert {row.top for row in RunDirectory(finished.path).rows().values()} == {()}
    score = results(finished).scores["ow"]["colours_first"]
    assert (score.accuracy, score.top5) == (100, None)
