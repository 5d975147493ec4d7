"""Entries that were made better than their answers are: the leaderboard ranks none of them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.data.labels.of_task import NO_OVERRIDES
from harness.errors import DataError
from harness.leaderboard.build import build
from harness.leaderboard.entries.rules.replay import claims_of
from harness.leaderboard.numbers.gather import open_tasks
from harness.leaderboard.numbers.site_model import Site
from harness.scores.scoring import score_run
from harness.specs.catalogue import Catalogue
from support.drafts import Draft, entry_in
from support.tiny_benchmark import NAMES, N, headline

Row = dict[str, Any]
Forge = Callable[[Draft], None]


def valid(row: Row) -> int:
    """A class that is right for the image of a row."""
    return (headline(int(row["image_id"][1:])) or [0])[0]


def rows(draft: Draft, task: str) -> list[Row]:
    return draft.rows[task]


def right_classes(draft: Draft) -> None:
    for row in rows(draft, "tiny_cw") + rows(draft, "tiny_ow"):
        row["class_id"] = valid(row)


def without_mapping(draft: Draft) -> None:
    right_classes(draft)
    for row in rows(draft, "tiny_ow"):
        row |= {"rule": "mapped", "similarity": 0.9, "margin": 0.5}
    draft.run("tiny_ow")["run"]["mapping"] = None


def another_encoder(draft: Draft) -> None:
    right_classes(draft)
    draft.run("tiny_ow")["run"]["mapping"]["encoder_sha256"] = "0" * 64


def every_row_out_of_prompt_and_mapped(draft: Draft) -> None:
    for row in rows(draft, "tiny_cw"):
        row |= {"status": "oop", "rule": "mapped", "class_id": valid(row)}
        row |= {"similarity": 0.9, "margin": 0.5}


def a_top(draft: Draft) -> None:
    for row in rows(draft, "tiny_cw"):
        row["top"] = [valid(row), (valid(row) + 1) % 10]


def a_top_of_answers(draft: Draft) -> None:
    draft.run("tiny_cw")["run"]["model_facts"]["adapter"] = "predictions"
    for row in rows(draft, "tiny_cw"):
        row |= {"answers": [row["answer"], "x"], "top": [valid(row)]}


def answers_that_nobody_gave(draft: Draft) -> None:
    for row in rows(draft, "tiny_cw"):
        if row["status"] == "ok":
            ids = list(dict.fromkeys([row["class_id"], valid(row)]))
            row |= {"answers": [NAMES[each] for each in ids], "top": ids}


def every_class(draft: Draft) -> None:
    for row in rows(draft, "tiny_cw"):
        if row["status"] == "ok":
            row["also"] = [each for each in range(10) if each != row["class_id"]]


def every_class_is_meant(draft: Draft) -> None:
    draft.run("tiny_cw")["run"]["model_facts"]["adapter"] = "predictions"
    for row in rows(draft, "tiny_cw"):
        if row["status"] == "ok":
            row["also"] = [each for each in range(10) if each != row["class_id"]]
            row["meant"] = [row["answer"], *NAMES]


def something_is_meant(draft: Draft) -> None:
    for row in rows(draft, "tiny_ow"):
        row["meant"] = [row["answer"], NAMES[valid(row)]]


def a_nearest(draft: Draft) -> None:
    for row in rows(draft, "tiny_cw"):
        row["nearest"] = [valid(row)]


def something_removed(draft: Draft) -> None:
    for row in rows(draft, "tiny_cw"):
        row["removed"] = ["markup"]


def another_status(draft: Draft) -> None:
    for row in rows(draft, "tiny_cw"):
        if row["status"] == "oop":
            row |= {"status": "unparsed", "rule": "several_names"}
            for key in ("class_id", "similarity", "margin"):
                row.pop(key, None)


def empty_that_is_unparsed(draft: Draft) -> None:
    row = rows(draft, "tiny_cw")[0]
    row |= {"answer": "", "status": "unparsed", "rule": "no_entry"}
    row.pop("class_id", None)


def a_failure_that_is_ok(draft: Draft) -> None:
    row = rows(draft, "tiny_cw")[0]
    row |= {"status": "ok", "rule": "strict", "class_id": valid(row), "error": "timeout"}
    row.pop("answer", None)


def another_rule(draft: Draft) -> None:
    next(row for row in rows(draft, "tiny_cw") if row["rule"] == "strict")["rule"] = "normalized"


def no_text(draft: Draft) -> None:
    for row in rows(draft, "tiny_cw"):
        row |= {"status": "ok", "rule": "ranked", "class_id": valid(row), "top": [valid(row)]}
        for key in ("answer", "similarity", "margin"):
            row.pop(key, None)


def the_same_twice(draft: Draft) -> None:
    good = [row for row in rows(draft, "tiny_cw") if row.get("class_id") == valid(row)]
    draft.rows["tiny_cw"] += good


def other_images(draft: Draft) -> None:
    draft.rows["tiny_cw"] += [
        {**row, "image_id": f"u{place}"} for place, row in enumerate(rows(draft, "tiny_cw"))
    ]


def only_what_is_right(draft: Draft) -> None:
    draft.rows["tiny_cw"] = [
        row for row in rows(draft, "tiny_cw") if row.get("class_id") == valid(row)
    ]


def only_what_is_right_of_questions(draft: Draft) -> None:
    """With a claim by labels that are not today's, so that the questions may have changed."""
    draft.rows["tiny_mc"] = [
        row for row in rows(draft, "tiny_mc") if row.get("class_id") == valid(row)
    ]
    used = {row["prompt_sha256"] for row in draft.rows["tiny_mc"]}
    draft.prompts["tiny_mc"] = [x for x in draft.prompts["tiny_mc"] if x["sha256"] in used]
    for claims in draft.run("tiny_mc")["claims"].values():
        claims["tiny_better"]["label_set_digest"] = "0" * 64


def letters_that_are_right(draft: Draft) -> None:
    """The options stand in an order in which the letter of the answer is the right one."""
    for row in rows(draft, "tiny_mc"):
        options, said = row["options"], "ABC".find(row["answer"])
        if said >= 0 and valid(row) in options:
            right = options.index(valid(row))
            options[said], options[right] = options[right], options[said]
            row["class_id"] = valid(row)


def not_mapped(draft: Draft) -> None:
    for row in rows(draft, "tiny_cw"):
        if row["status"] == "oop":
            row["rule"] = "no_match"
            for key in ("class_id", "similarity", "margin"):
                del row[key]


def another_margin(draft: Draft) -> None:
    next(row for row in rows(draft, "tiny_ow") if row["rule"] == "mapped")["margin"] = 0.9


FORGED: dict[str, Forge] = {
    each.__name__: each
    for each in (
        right_classes, without_mapping, another_encoder, every_row_out_of_prompt_and_mapped, a_top,
        a_top_of_answers, answers_that_nobody_gave, every_class, every_class_is_meant,
        something_is_meant, a_nearest, something_removed, another_status, empty_that_is_unparsed,
        a_failure_that_is_ok, another_rule, no_text, the_same_twice, other_images,
        only_what_is_right, only_what_is_right_of_questions, letters_that_are_right, not_mapped,
        another_margin,
    )
}  # fmt: skip


def claim(tiny: Catalogue, draft: Draft) -> None:
    """Let the entry claim what its rows would score, as far as they can be scored."""
    entry = entry_in(draft.save())
    opened_tasks = open_tasks(tiny, [entry], NO_OVERRIDES)
    for run in entry.manifest.runs:
        try:
            found = claims_of(
                score_run(opened_tasks[run.task], run.run, list(entry.rows(run)), draws=1)
            )
        except DataError:
            continue
        old = draft.run(run.task)["claims"]
        for protocol, claims in found.items():
            for name, each in claims.items():
                digest = old[protocol][name]["label_set_digest"]
                old[protocol][name] = each.model_dump() | {"label_set_digest": digest}
    draft.save()


def named(folder: Path, name: str) -> Draft:
    """Put an entry of another name beside one."""
    shutil.copytree(folder, folder.parent / name)
    draft = Draft(folder.parent / name)
    draft.manifest["entry"] = name
    return draft


@pytest.fixture(scope="module")
def built(
    tiny: Catalogue, good: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Site, Path]:
    """The site of an honest entry and of all that were forged of it."""
    folder = tmp_path_factory.mktemp("forged")
    shutil.copytree(good, folder / "entries" / "tiny")
    for name, change in FORGED.items():
        draft = named(folder / "entries" / "tiny", name)
        change(draft)
        claim(tiny, draft)
    return build(tiny, folder / "entries", folder / "site", NO_OVERRIDES), folder / "site"


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_entry_is_on_no_board(built: tuple[Site, Path], name: str) -> None:
    site, folder = built
    assert {row.name for board in site.boards for row in board.rows} == {"tiny"}
    (report,) = (each for each in site.refused if each.name == name)
    assert report.findings and all(each.severity == "error" for each in report.findings)
    assert not list(folder.rglob(f"{name}--*")) and len(site.boards) == 6
    assert not (folder / "models" / f"{name}.html").exists()
    whole = json.loads((folder / "data" / "boards.json").read_text())
    assert name in {each["entry"] for each in whole["outside"]}
    assert f">{name}<" in (folder / "changes.html").read_text()


def test_nothing_but_refused_entries_makes_no_site(
    tiny: Catalogue, draft: Draft, tmp_path: Path
) -> None:
    right_classes(draft)
    draft.save()
    with pytest.raises(DataError, match="E501") as caught:
        build(tiny, draft.folder.parent, tmp_path / "site", NO_OVERRIDES)
    assert "tiny" in caught.value.problems[0].where and not (tmp_path / "site").exists()


def test_classes_without_a_text_are_claimed_and_ranked_apart(
    tiny: Catalogue, draft: Draft, tmp_path: Path
) -> None:
    """An import of class ids: honest or not, nothing tells."""
    named(draft.folder, "honest").save()
    draft.run("tiny_cw")["run"]["model_facts"]["adapter"] = "predictions"
    for row in rows(draft, "tiny_cw"):
        row |= {"status": "ok", "rule": "strict", "class_id": valid(row)}
        for key in ("answer", "similarity", "margin"):
            row.pop(key, None)
    claim(tiny, draft)
    site = build(tiny, draft.folder.parent, tmp_path / "site", NO_OVERRIDES)
    boards = {board.slug: board for board in site.boards if board.task == "tiny_cw"}
    assert {slug: [row.name for row in board.rows] for slug, board in boards.items()} == {
        "tiny_cw--cw": ["honest"],
        "tiny_cw--cw--claimed": ["tiny"],
        "tiny_cw--cw_plus": ["honest"],
    }
    (row,) = boards["tiny_cw--cw--claimed"].rows
    assert row.headline.accuracy == 100 and row.headline.n == N - 1
    assert row.claimed == "classes without a text to read them from"
    pages = tmp_path / "site"
    for page in ("models/tiny.html", "index.html", "boards/tiny_cw--cw--claimed.html"):
        assert "claimed" in (pages / page).read_text().replace("#claimed", "")
    page = (pages / "models" / "tiny.html").read_text()
    assert "imported" in page and page.count("Batch size") == 4
    whole = json.loads((pages / "data" / "boards.json").read_text())
    marks = {board["slug"]: board["claimed"] for board in whole["boards"]}
    assert [slug for slug, is_claimed in marks.items() if is_claimed] == ["tiny_cw--cw--claimed"]
