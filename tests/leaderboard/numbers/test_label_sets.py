"""Several label sets at once: which ranks, which images two of them are held against each other on,
and what a label file from the command line changes.
"""

import csv
import json
import logging
import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.data.labels.of_task import Overrides
from harness.errors import DataError, SpecError
from harness.leaderboard.build import build
from harness.leaderboard.entries.check import CheckOptions, check_path, share_options
from harness.leaderboard.numbers.site_model import Board, Site
from harness.leaderboard.pages.plots.figure import Figure
from harness.leaderboard.pages.plots.forest import forest
from harness.leaderboard.pages.plots.scatter import scatter
from harness.leaderboard.pages.plots.slope import slope
from harness.scores.statistics import wilson
from harness.specs.catalogue import Catalogue
from leaderboard.numbers.entry_builder import IDS, ORIGINAL, K, N, Toy, corrected, draw_rows


def add_label_set(toy: Toy, name: str = "extra", class_list: str = "toy") -> Overrides:
    """Let the catalogue know a label set, and give a file of it: only the right class is right."""
    folder = toy.catalogue.include_paths[0]
    text = f"label_set: {name}\nformat: jsonl\nclass_list: {class_list}\n"
    (folder / f"{name}.yaml").write_text(text)
    rows = [{"image_id": key, "labels": [own]} for key, own in zip(IDS, ORIGINAL, strict=True)]
    rows.append({"image_id": "elsewhere", "labels": [0]})
    path = folder.parent / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Overrides({name: path})


def site_of(toy: Toy, overrides: Overrides) -> Site:
    if not (toy.entries / "good").exists():
        toy.add("good", {"toy_cw": draw_rows(1, 0.9)})
        toy.add("bad", {"toy_cw": draw_rows(2, 0.4)})
    catalogue = Catalogue(toy.catalogue.include_paths)
    return build(catalogue, toy.entries, toy.entries.parent / "site", overrides)


def test_an_added_label_set_scores_and_does_not_rank(toy: Toy) -> None:
    site = site_of(toy, add_label_set(toy))
    board = site.boards[0]
    assert (board.original, board.headline) == ("original", "corrected")
    assert board.label_sets == ("original", "corrected", "extra")
    # Nor do its images count among those of the benchmark.
    assert board.n_images == N
    assert site.benchmarks[0].image_ids == IDS
    row = board.rows[0]
    assert row.headline == row.results.scores["cw"]["corrected"]
    assert row.results.scores["cw"]["extra"].n == N
    with (toy.entries.parent / "site" / "data" / "boards.csv").open() as file:
        ranks = {line["label_set"]: line["ranks"] for line in csv.DictReader(file)}
    assert ranks == {"original": "False", "corrected": "True", "extra": "False"}


def without_corrected(toy: Toy) -> None:
    folder = toy.catalogue.include_paths[0]
    for path in folder.glob("*.yaml"):
        path.write_text(path.read_text().replace(", corrected.jsonl]", "]"))


def test_an_added_label_set_does_not_rank_where_there_is_no_corrected_one(toy: Toy) -> None:
    without_corrected(toy)
    board = site_of(toy, add_label_set(toy)).boards[0]
    assert (board.original, board.headline) == (None, "original")
    assert all(row.change is None and row.before is None for row in board.rows)


def test_where_only_an_added_label_set_is_here_nothing_can_rank(toy: Toy) -> None:
    folder = toy.catalogue.include_paths[0]
    toy.add("good", {"toy_cw": draw_rows(1)})
    for name in ("original", "corrected"):
        (folder / f"{name}.jsonl").unlink()
    with pytest.raises(DataError, match="none of the label sets that it names is on this machine"):
        site_of(toy, add_label_set(toy))


def right_share(toy: Toy, entry: str, by: str, images: set[str]) -> float:
    labels = (
        corrected() if by == "corrected" else dict(zip(IDS, ([k] for k in ORIGINAL), strict=True))
    )
    right = [
        row.status == "ok" and row.class_id in labels[row.image_id]
        for row in toy.rows(entry, "toy_cw")
        if row.image_id in images and row.status != "error"
    ]
    return 100 * sum(right) / len(right)


def paired(board: Board) -> dict[str, tuple[float, float]]:
    return {row.name: (row.before.accuracy, row.change.to or 0)
            for row in board.rows if row.before and row.change}  # fmt: skip


def cells(figure: Figure | None) -> list[tuple[str, ...]]:
    assert figure is not None
    return [tuple(row) for row in figure.table.rows]


def test_two_label_sets_are_set_against_each_other_on_the_same_images(toy: Toy) -> None:
    """The original labels know 18 images more, and there the models are made to fail."""
    common = {key for key, ids in corrected().items() if ids}
    for name, seed, skill in (("good", 1, 0.9), ("bad", 2, 0.4)):
        rows = [
            row
            if row.image_id in common
            else replace(row, answer=f"thing {(ORIGINAL[place] + 1) % K}")
            for place, row in enumerate(draw_rows(seed, skill))
        ]
        toy.add(name, {"toy_cw": rows})
    site = build(toy.catalogue, toy.entries, toy.entries.parent / "site", Overrides({}))
    board = next(each for each in site.boards if each.protocol == "cw")
    for row in board.rows:
        before, after = (right_share(toy, row.name, by, common) for by in ("original", "corrected"))
        assert row.before is not None and row.change is not None
        assert (row.before.accuracy, row.change.to) == (
            pytest.approx(before), pytest.approx(after),
        )  # fmt: skip
        assert row.change.delta == pytest.approx(after - before)
        everywhere = row.results.scores["cw"]["original"].accuracy or 0
        assert everywhere < row.before.accuracy - 10  # the figure that must not be shown
        right = round(before * row.before.n / 100)
        assert row.before.ci95 == wilson(right, row.before.n)
    shown = {
        row.model: tuple(f"{value:.2f}" for value in paired(board)[row.name]) for row in board.rows
    }
    assert {row[0]: row[1:3] for row in cells(slope(board))} == shown
    assert {row[0]: row[1:3] for row in cells(scatter(board))} == shown
    assert {row[0]: (row[3], row[1]) for row in cells(forest(board))} == shown
    index = (toy.entries.parent / "site" / "index.html").read_text()
    for before, after in shown.values():
        assert f">{before} <small>" in index and f">{after} <small>" in index


def test_ranks_before_and_after_are_of_the_same_images(toy: Toy) -> None:
    board = site_of(toy, Overrides({})).boards[0]
    for name, rank in (("from_", "rank_original"), ("to", "rank_on_common")):
        values = [getattr(row.change, name) for row in board.rows]
        for row in board.rows:
            own = getattr(row.change, name)
            assert getattr(row, rank) == 1 + sum(value > own for value in values)


def test_the_row_of_the_original_labels_is_of_images_that_both_label(toy: Toy) -> None:
    folder = toy.catalogue.include_paths[0]
    kept = {key: own for key, own in zip(IDS, ORIGINAL, strict=True) if key not in IDS[50:]}
    lines = [json.dumps({"image_id": key, "labels": [own]}) for key, own in kept.items()]
    (folder / "original.jsonl").write_text("\n".join(lines) + "\n")
    for name, seed in (("good", 1), ("bad", 2)):
        known = [each for each in draw_rows(seed) if each.image_id in {*kept, *corrected()}]
        toy.add(name, {"toy_cw": known})
    site = site_of(toy, Overrides({}))
    board = site.boards[0]
    (row,) = (each for each in board.references if each.name == "original labels")
    both = {key: ids for key, ids in corrected().items() if ids and key in kept}
    expected = 100 * sum(kept[key] in ids for key, ids in both.items()) / len(both)
    assert row.accuracy["corrected"] == pytest.approx(expected)
    # The headline scores images that the original labels lack: no hollow mark beside the filled,
    # and the cell of the original labels tells its own n.
    assert all(each.before and each.before.n < each.headline.n for each in board.rows)
    assert {len(line) for line in cells(forest(board))} == {4}
    n = board.rows[0].before.n if board.rows[0].before else 0
    assert f"] of {n}</small>" in pages_of(toy)["index.html"]


def pages_of(toy: Toy) -> dict[str, str]:
    site = toy.entries.parent / "site"
    return {path.name: path.read_text() for path in site.rglob("*.html")}


def test_with_one_label_set_nothing_is_said_to_change(toy: Toy) -> None:
    without_corrected(toy)
    board = site_of(toy, Overrides({})).boards[0]
    assert [each.name for each in board.references] == ["chance", "constant answer"]
    assert {row.rank_original for row in board.rows} == {None}
    for name, text in pages_of(toy).items():
        if name == "method.html":
            continue
        bare = re.sub(r"<[^>]+>", "", text)
        for wrong in ("original to original", "original and original", "original against original",
                      "original label differently", "beside the original labels", "by None",
                      "corrected ones", "original against headline"):  # fmt: skip
            assert wrong not in bare, (name, wrong)
        assert ">None<" not in text, name
    index = pages_of(toy)["index.html"]
    assert "<dt>Labels</dt><dd><code>original</code></dd>" in index and "Headline" not in index
    assert "Images whose labels differ" not in index
    labels = pages_of(toy)["labels.html"]
    assert "<code>original</code>" in labels and ">original</td>" not in labels


def other_benchmark(toy: Toy) -> None:
    """A task over another class list, and an entry with a run of it."""
    folder = toy.catalogue.include_paths[0]
    classes = "".join(f"  - {{id: {i}, name: other {i}}}\n" for i in range(K))
    (folder / "others.yaml").write_text(f"class_list: others\nclasses:\n{classes}")
    text = (folder / "classify.yaml").read_text().replace("class_list: toy", "class_list: others")
    (folder / "others_task.yaml").write_text(text.replace("toy_classify", "others_classify"))
    fresh = Toy(Catalogue((folder,)), toy.entries)
    manifest = fresh.manifest("others_classify", draw_rows(3))
    facts = manifest.class_list.model_copy(update={"name": "others"})
    manifest = manifest.model_copy(update={"class_list": facts})
    rows = [replace(row, answer=(row.answer or "").replace("thing", "other"))
            for row in draw_rows(3, out=0)]  # fmt: skip
    fresh.add("elsewhere", {"others_classify": rows}, {"others_classify": manifest})


def test_a_label_set_applies_to_the_tasks_of_its_classes_alone(
    toy: Toy, caplog: pytest.LogCaptureFixture
) -> None:
    overrides = add_label_set(toy)
    other_benchmark(toy)
    with caplog.at_level(logging.WARNING, logger="harness"):
        site = site_of(toy, overrides)
    sets = {board.task: board.label_sets for board in site.boards}
    assert sets == {
        "toy_cw": ("original", "corrected", "extra"),
        "others_classify": ("original", "corrected"),
    }
    told = [each.getMessage() for each in caplog.records if "`extra`" in each.getMessage()]
    assert len(told) == 1
    assert "`others_classify`" in told[0] and "`toy_cw`" not in told[0]


def test_submit_check_opens_each_task_with_what_applies_to_it(toy: Toy) -> None:
    overrides = add_label_set(toy)
    other_benchmark(toy)
    toy.add("good", {"toy_cw": draw_rows(1)})
    (toy.entries / "broken").mkdir()
    catalogue = Catalogue(toy.catalogue.include_paths)
    options = share_options(catalogue, [toy.entries], CheckOptions(overrides=overrides))
    assert options.overrides.shared
    reports = check_path(catalogue, toy.entries, CheckOptions(overrides=overrides))
    assert [each.name for each in reports] == ["broken", "elsewhere", "good", "decisions.jsonl"]
    with pytest.raises(SpecError, match="applies to no task"):
        check_path(catalogue, toy.entries / "elsewhere", CheckOptions(overrides=overrides))


def test_a_label_set_of_no_task_is_an_error(toy: Toy, tmp_path: Path) -> None:
    overrides = add_label_set(toy, "strange", "mini")
    with pytest.raises(SpecError) as caught:
        site_of(toy, overrides)
    (problem,) = caught.value.problems
    assert problem.where == "--label_set strange"
    assert "applies to no task" in problem.what
    assert problem.got == "tasks of class list `toy`"
    assert problem.expected == "a task of class list `mini`"
    assert not (tmp_path / "site").exists()
    with pytest.raises(SpecError, match="unknown label set"):
        site_of(toy, Overrides({"nowhere": overrides.label_sets["strange"]}))
