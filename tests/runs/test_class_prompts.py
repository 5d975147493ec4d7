"""Answers that are mapped by sentences of each class."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from harness.checks.before import check_task
from harness.data.labels.of_task import NO_OVERRIDES
from harness.errors import DataError, SpecError
from harness.runs.finish import Finished
from harness.runs.importing import ImportOptions, import_answers
from harness.runs.reopen import rescore
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.store.directory import RunDirectory
from harness.store.manifest import Manifest
from support.colours import N, write_task

WORDS = ("tomatoes", "grass blades", "the sky", "elephants")
SENTENCES: Mapping[str, Sequence[str]] = {
    "red": ["as a tomato", "as blood"], "green": ["grass"], "2": ["sky", "sea"],
    "grey": ["an elephant", "ash"],
}  # fmt: skip


def imported(catalogue: Catalogue, sentences: Mapping[str, Sequence[str]]) -> Finished:
    folder = catalogue.include_paths[0]
    write_task(folder, protocol="ow")
    path = folder / "colours.yaml"
    how = "encoder: lexical, class_prompts: cupl.json"
    path.write_text(path.read_text().replace("encoder: lexical", how))
    (folder / "cupl.json").write_text(json.dumps(sentences))
    rows = [{"image_id": f"i{i:02d}", "answer": WORDS[i % 4]} for i in range(N)]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = load_task(catalogue, "colours")
    return import_answers(catalogue, task, folder / "a.jsonl", ImportOptions("x", folder / "runs"))


def classes_of(finished: Finished) -> list[int | None]:
    rows = RunDirectory(finished.path).rows()
    assert {row.rule for row in rows.values()} == {"mapped"}
    return [rows[f"i{i:02d}"].class_id for i in range(N)]


def test_answers_go_to_the_class_with_the_nearest_sentences(
    catalogue: Catalogue, folder: Path
) -> None:
    done = imported(catalogue, SENTENCES)
    assert classes_of(done) == [0, 1, 2, 3] * 3
    before = Manifest.read(done.path).mapping
    assert before is not None and before.class_prompts_sha256 is not None
    assert not [each for each in check_task(catalogue, "colours") if each.level == "error"]

    turned = {"red": SENTENCES["green"], "green": SENTENCES["red"]}
    (folder / "cupl.json").write_text(json.dumps({**SENTENCES, **turned}))
    rescore(catalogue, done.path, NO_OVERRIDES)
    assert classes_of(done) == [1, 0, 2, 3] * 3
    now = Manifest.read(done.path).mapping
    assert now is not None
    assert [each.split(":")[0] for each in before.differences(now)] == ["class_prompts_sha256"]


def test_without_its_file_a_mapped_run_stays_as_it_is(
    catalogue: Catalogue, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    done = imported(catalogue, SENTENCES)
    (folder / "cupl.json").unlink()
    with caplog.at_level(logging.WARNING):
        rescore(catalogue, done.path, NO_OVERRIDES)
    assert "answers stay as they were mapped" in caplog.text
    assert classes_of(done) == [0, 1, 2, 3] * 3
    text = (folder / "colours.yaml").read_text().replace(", class_prompts: cupl.json", "")
    (folder / "colours.yaml").write_text(text)
    rescore(catalogue, done.path, NO_OVERRIDES)
    facts = Manifest.read(done.path).mapping
    assert facts is not None and facts.class_prompts_sha256 is None


def test_what_does_not_fit_is_refused_before_anything_is_written(
    catalogue: Catalogue, folder: Path
) -> None:
    with pytest.raises(DataError, match=r"(?s)no sentences for 1 of 4 classes.*grey"):
        imported(catalogue, {key: own for key, own in SENTENCES.items() if key != "grey"})
    assert not (folder / "runs").exists()
    path = folder / "colours.yaml"
    path.write_text(path.read_text().replace("lexical,", "lexical, class_template: raw,"))
    with pytest.raises(SpecError, match="`class_template` or `class_prompts`, not both"):
        load_task(catalogue, "colours")
