"""Packing: what stands in an entry, the same bytes for the same runs, all or nothing."""

import gzip
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError, UserError
from harness.leaderboard.entries.card import parse_card
from harness.leaderboard.entries.entry import Entry
from harness.leaderboard.entries.format import gzip_lines, rows_of
from harness.leaderboard.entries.pack import PackOptions, pack, write_lines
from harness.specs.catalogue import Catalogue
from harness.store.lines import read_json, read_predictions, write_json
from harness.store.manifest import Manifest
from support.drafts import Draft, entry_in, prompts_in
from support.tiny_benchmark import TASKS, N, tiny_entry, tiny_runs


@pytest.fixture(scope="module")
def runs(tiny: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("runs")
    return dict(zip(TASKS, tiny_runs(tiny, folder), strict=True))


def packed(tiny: Catalogue, runs: list[Path], output: Path, **options: Any) -> Entry:
    pack(tiny, runs, PackOptions(output, **options))
    return entry_in(output)


def test_an_entry_holds_the_answers_and_no_more(
    tiny: Catalogue, runs: dict[str, Path], tmp_path: Path
) -> None:
    entry = packed(tiny, list(runs.values()), tmp_path / "tiny")
    assert [run.task for run in entry.manifest.runs] == list(TASKS)
    for run in entry.manifest.runs:
        rows, full = (
            list(entry.rows(run)),
            list(read_predictions(runs[run.task] / "predictions.jsonl")),
        )
        assert [row.image_id for row in rows] == [row.image_id for row in full]
        assert all(row.answer == other.answer for row, other in zip(rows, full, strict=True))
        assert all(row.batch is row.tokens is row.seconds is None for row in rows)
        prompts = prompts_in(entry.folder, run)
        assert {row.prompt_sha256 for row in rows} == prompts.keys()
        assert all(hashlib.sha256(x.encode()).hexdigest() == key for key, x in prompts.items())
    (mc,) = (run for run in entry.manifest.runs if run.task == "tiny_mc")
    assert len(prompts_in(entry.folder, mc)) > 50
    claim = entry.manifest.runs[0].claims["cw_plus"]["tiny_better"]
    results = read_json(runs["tiny_cw"] / "results.json")
    assert claim.accuracy == results["scores"]["cw_plus"]["tiny_better"]["accuracy"]
    assert claim.n == N - 1


def test_a_sample_is_no_entry(tiny: Catalogue, tmp_path: Path) -> None:
    (path,) = tiny_runs(tiny, tmp_path / "runs", tasks=("tiny_cw",), settings=("sample.n=40",))
    with pytest.raises(DataError, match=f"is of a sample.*\n.*40 of {N} images\n.*--sample"):
        packed(tiny, [path], tmp_path / "tiny")
    assert not (tmp_path / "tiny").exists()


def test_the_same_runs_give_the_same_bytes(
    tiny: Catalogue, runs: dict[str, Path], tmp_path: Path
) -> None:
    found = []
    for name in ("a", "b"):
        pack(tiny, list(runs.values()), PackOptions(tmp_path / name / "tiny"))
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        found.append([path.read_bytes() for path in files])
    assert found[0] == found[1] and len(found[0]) == 2 + 2 * len(TASKS)


def test_a_new_card_says_what_is_not_known_and_can_be_read(
    tiny: Catalogue, runs: dict[str, Path], tmp_path: Path
) -> None:
    entry = packed(tiny, [runs["tiny_cw"]], tmp_path / "tiny", name="Tiny 1.0: {x}")
    assert entry.card.model == entry.manifest.model == "Tiny 1.0: {x}"
    assert entry.card.training_data.imagenet_val == "unknown"
    assert entry.card.kind == "mllm"


def test_a_card_that_is_filled_in_is_taken_as_it_is(
    tiny: Catalogue, runs: dict[str, Path], tmp_path: Path
) -> None:
    card = tmp_path / "card.md"
    card.write_text(
        "---\nmodel: Tiny\nkind: mllm\ntraining_data: {imagenet_train: yes, imagenet_val: no}\n"
        "---\nText.\n"
    )
    entry = packed(tiny, [runs["tiny_cw"]], tmp_path / "tiny", card=card)
    assert (entry.manifest.model, entry.card.training_data.imagenet_train) == ("Tiny", "yes")
    assert (tmp_path / "tiny" / "MODEL_CARD.md").read_bytes() == card.read_bytes()
    with pytest.raises(DataError, match="is not the model of the card"):
        pack(tiny, [runs["tiny_cw"]], PackOptions(tmp_path / "b", name="Other", card=card))
    card.write_text("# Tiny\n")
    with pytest.raises(DataError, match="has no front matter"):
        pack(tiny, [runs["tiny_cw"]], PackOptions(tmp_path / "b", card=card))
    pack(tiny, [runs["tiny_cw"]], PackOptions(tmp_path / "new"))
    template = tmp_path / "new" / "MODEL_CARD.md"
    with pytest.raises(DataError, match=r"is not filled in.*\n.*What this model is.*\n.*E209"):
        pack(tiny, [runs["tiny_cw"]], PackOptions(tmp_path / "b", card=template))
    assert not (tmp_path / "b").exists()


def changed(folder: Path, tmp_path: Path, **values: object) -> Path:
    """Copy a run and change its manifest."""
    copy = tmp_path / "changed" / folder.name
    shutil.copytree(folder, copy)
    write_json(copy / "manifest.json", {**read_json(copy / "manifest.json"), **values})
    return copy


def test_nothing_is_packed_that_is_not_whole(
    tiny: Catalogue, runs: dict[str, Path], tmp_path: Path
) -> None:
    one = runs["tiny_cw"]
    torn = changed(one, tmp_path / "torn", status="incomplete")
    other = changed(runs["tiny_ow"], tmp_path / "other", model="other")
    big = changed(one, tmp_path / "big")
    (big / "parts").mkdir()
    (big / "parts" / "rank-0000-of-0001.jsonl").write_text("")
    for paths, message in (
        ([torn], "is not complete"),
        ([one, other], "are runs of several models"),
        ([one, one], "two runs of one task"),
        ([big], "answers that are not scored yet"),
    ):
        with pytest.raises(DataError, match=message):
            pack(tiny, paths, PackOptions(tmp_path / "tiny"))
    with pytest.raises(DataError, match="cannot be an entry's name"):
        pack(tiny, [one], PackOptions(tmp_path / "Tiny Model"))
    assert not list(tmp_path.glob("*iny*")) and not list(tmp_path.glob(".*"))


def test_other_prompts_than_the_task_s_are_refused(
    tiny: Catalogue, runs: dict[str, Path], tmp_path: Path
) -> None:
    settings = ["doc_to_text=<image> {{ classes | length }}?"]
    path = changed(runs["tiny_cw"], tmp_path, settings=settings)
    with pytest.raises(DataError, match="not as it was when the run was asked"):
        pack(tiny, [path], PackOptions(tmp_path / "tiny"))


def test_a_folder_with_something_in_it_is_not_touched(
    tiny: Catalogue, runs: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "mine").write_text("")
    with pytest.raises(UserError, match="is not empty"):
        pack(tiny, [runs["tiny_cw"]], PackOptions(tmp_path / "tiny"))
    assert [path.name for path in (tmp_path / "tiny").iterdir()] == ["mine"]


def test_absolute_paths_are_left_out(
    tiny: Catalogue, runs: dict[str, Path], tmp_path: Path
) -> None:
    images = tiny.include_paths[0] / "images"
    path = changed(runs["tiny_cw"], tmp_path, settings=[f"dataset_path={images}"])
    entry = packed(tiny, [path], tmp_path / "tiny")
    assert entry.manifest.runs[0].run.settings == ("dataset_path=…/images",)
    assert str(tmp_path) not in (tmp_path / "tiny" / "manifest.json").read_text()
    assert Manifest.read(path).settings == (f"dataset_path={images}",)


def test_half_a_surrogate_pair_does_not_stop_a_file(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.gz", [{"answer": "a\ud83d"}])
    assert json.loads(gzip.decompress((tmp_path / "a.gz").read_bytes())) == {"answer": "a\ufffd"}


def test_a_classifier_has_no_prompts(tiny: Catalogue, tmp_path: Path) -> None:
    folder = tiny_entry(tiny, tmp_path / "submissions" / "tiny", tasks=["tiny_classify"])
    entry = entry_in(folder)
    (run,) = entry.manifest.runs
    assert run.prompts not in entry.manifest.files and not (folder / run.prompts).exists()
    assert {row.rule for row in entry.rows(run)} == {"scores"}


def test_rows_of_strangers_are_read_strictly(draft: Draft) -> None:
    for number, (key, value) in enumerate(
        [
            *(("label", 1), ("tokens", 3), ("class_id", "3"), ("similarity", float("nan"))),
            *(("top", 3), ("confidence", 1.5), ("confidence", -0.5), ("meant_classes", [3])),
        ]
    ):
        lines = [{"image_id": "a", "status": "ok", key: value}]
        path = draft.folder.parent / f"{number}.gz"
        path.write_bytes(gzip.compress((json.dumps(lines[0]) + "\n").encode()))
        with pytest.raises(DataError, match=r"\.gz:1"):
            list(rows_of(gzip_lines(path), path))


@pytest.mark.parametrize("word", ["yes", "no", "unknown", '"yes"'])
def test_a_bare_yes_is_a_word(word: str) -> None:
    text = (
        "---\r\nmodel: m\r\nkind: knn\r\n"
        f"training_data: {{imagenet_train: {word}, imagenet_val: no}}\r\n---\r\nText\r\n"
    )
    card, below = parse_card(text.encode(), Path("MODEL_CARD.md"))
    assert card.training_data.imagenet_train == word.strip('"')
    assert below == "Text\n"
