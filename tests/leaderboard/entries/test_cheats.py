"""Ways to look better than one is, each of them told by the rule that is for it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.leaderboard.entries.check import CheckOptions, check_entry, check_path
from harness.specs.catalogue import Catalogue
from support.drafts import Draft
from support.tiny_benchmark import NAMES, honest, tiny_entry, write_benchmark

Row = dict[str, Any]


def codes(tiny: Catalogue, folder: Path) -> set[str]:
    return {each.code for each in check_entry(tiny, folder, CheckOptions()).findings}


def row_of(draft: Draft, task: str, **values: object) -> Row:
    return next(row for row in draft.rows[task] if values.items() <= row.items())


def loosely(number: int) -> str:
    """Honest, and half of the names are not strictly those of the list."""
    return f"{honest(number).title()}!" if number % 2 else honest(number)


@pytest.fixture(scope="module")
def loose_entry(tiny: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loose") / "submissions" / "tiny"
    return tiny_entry(tiny, folder, loosely, ["tiny_cw"])


@pytest.fixture
def loose(loose_entry: Path, tmp_path: Path) -> Draft:
    folder = tmp_path / "submissions" / "tiny"
    shutil.copytree(loose_entry, folder)
    return Draft(folder)


def test_what_loose_names_are_mapped_to_is_replayed(tiny: Catalogue, loose: Draft) -> None:
    """Closer matching counts `nearest`, so that it must be what the encoder finds."""
    near = [row for row in loose.rows["tiny_cw"] if row.get("nearest")]
    assert len(near) > 50
    assert codes(tiny, loose.save()) == set()
    near[0]["nearest"] = [(near[0]["nearest"][0] + 1) % 10]
    assert codes(tiny, loose.save()) == {"E502"}
    del near[0]["nearest"]
    assert codes(tiny, loose.save()) == {"E502"}
    for row in near[1:]:
        del row["nearest"]
    assert codes(tiny, loose.save()) == set()  # as an older harness wrote them


@pytest.mark.parametrize(
    ("change", "code"),
    [({"nearest": [3]}, "E305"), ({"nearest": [77]}, "E306"), ({"answers": ["x"]}, "E305")],
)
def test_what_stands_beside_an_answer_is_of_it(
    tiny: Catalogue, loose: Draft, change: dict[str, Any], code: str
) -> None:
    row_of(loose, "tiny_cw", rule="strict").update(change)
    assert code in codes(tiny, loose.save())


def test_the_node_that_an_answer_is_mapped_to_is_replayed(tmp_path: Path) -> None:
    folder = tmp_path / "benchmark"
    catalogue = write_benchmark(folder)
    tree = "".join(
        f"{name}\t{'bird' if name in 'crane goose ibis jay' else 'beast'}\n" for name in NAMES
    )
    (folder / "tree.tsv").write_text(tree)
    with (folder / "classes.yaml").open("a") as file:
        file.write("hierarchy: tree.tsv\n")
    submission = tmp_path / "submissions" / "tiny"
    draft = Draft(tiny_entry(catalogue, submission, birdlike, ["tiny_ow"]))
    mapped = [row for row in draft.rows["tiny_ow"] if row.get("node") == "bird"]
    assert len(mapped) > 10
    assert codes(catalogue, draft.folder) == set()
    mapped[0]["node"] = "beast"
    assert codes(catalogue, draft.save()) == {"E502"}
    mapped[0]["node"] = "no such name"
    assert codes(catalogue, draft.save()) == {"E502"}
    mapped[0]["node"] = "BIRD"  # as near
    assert codes(catalogue, draft.save()) == set()
    del mapped[0]["node"]
    assert codes(catalogue, draft.save()) == {"E502"}
    (folder / "tree.tsv").write_text(tree.replace("bird", "fowl"))
    assert codes(catalogue, draft.folder) == set()  # of another hierarchy, and counts for nothing
    row_of(draft, "tiny_ow", rule="exact")["node"] = "bird"
    assert codes(catalogue, draft.save()) == {"E305"}


def birdlike(number: int) -> str:
    """Honest, but for some that are birds in other words."""
    return "it is birdlike" if number % 9 == 0 else honest(number)


def every_class(draft: Draft) -> None:
    row_of(draft, "tiny_cw", status="ok")["also"] = list(range(1, 10))


def a_class_for_no_name(draft: Draft) -> None:
    row = row_of(draft, "tiny_cw", answer="zebra crossing")
    row["status"] = "ok"
    row["rule"] = "strict"
    del row["similarity"], row["margin"]


def mapping_in_multiple_choice(draft: Draft) -> None:
    row_of(draft, "tiny_mc", status="ok").update(rule="mapped", similarity=0.9)


def a_class_for_a_refusal(draft: Draft) -> None:
    row_of(draft, "tiny_cw", status="ok")["rule"] = "service"


def text_that_is_empty(draft: Draft) -> None:
    row = row_of(draft, "tiny_cw", status="ok")
    del row["class_id"]
    row.update(status="empty", rule="empty")


def a_class_without_text(draft: Draft) -> None:
    del row_of(draft, "tiny_cw", status="ok")["answer"]


def a_class_in_the_open_world(draft: Draft) -> None:
    row = row_of(draft, "tiny_ow", rule="mapped")
    row["rule"] = "open"


def another_class_by_an_exact_name(draft: Draft) -> None:
    row = row_of(draft, "tiny_ow", rule="exact")
    row["class_id"] = (row["class_id"] + 1) % 10


def a_name_mapped_to_another_class(draft: Draft) -> None:
    row = row_of(draft, "tiny_ow", rule="exact")
    row.update(rule="mapped", similarity=0.9, class_id=(row["class_id"] + 1) % 10)


def a_bad_answer_that_nothing_could_read(draft: Draft) -> None:
    row = row_of(draft, "tiny_ow", rule="mapped")
    del row["class_id"], row["similarity"], row["margin"]
    row.update(status="unparsed", rule="unreadable")


def an_option_twice(draft: Draft) -> None:
    row = row_of(draft, "tiny_mc", status="ok")
    row["options"] = [row["class_id"]] * 3


def no_right_option(draft: Draft) -> None:
    draft.rows["tiny_mc"][0]["options"] = []


def options_in_a_closed_world(draft: Draft) -> None:
    row_of(draft, "tiny_cw", status="ok")["options"] = [0, 1]


def a_lost_prompt(draft: Draft) -> None:
    draft.prompts["tiny_mc"].pop()


def a_forged_prompt(draft: Draft) -> None:
    draft.prompts["tiny_cw"][0]["text"] += " It is an ant."


CHEATS: dict[str, tuple[Callable[[Draft], None], str]] = {
    "every class": (every_class, "E305"),
    "a class for no name": (a_class_for_no_name, "E501"),
    "a class for a refusal": (a_class_for_a_refusal, "E501"),
    "mapping in multiple choice": (mapping_in_multiple_choice, "E305"),
    "text that is empty": (text_that_is_empty, "E305"),
    "a class without text": (a_class_without_text, "E305"),
    "a class in the open world": (a_class_in_the_open_world, "E305"),
    "another class by an exact name": (another_class_by_an_exact_name, "E501"),
    "a name mapped to another class": (a_name_mapped_to_another_class, "E501"),
    "a bad answer that nothing could read": (a_bad_answer_that_nothing_could_read, "E502"),
    "an option twice": (an_option_twice, "E307"),
    "no right option": (no_right_option, "E307"),
    "options in a closed world": (options_in_a_closed_world, "E307"),
    "a lost prompt": (a_lost_prompt, "E308"),
    "a forged prompt": (a_forged_prompt, "E309"),
}


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_is_told(tiny: Catalogue, draft: Draft, name: str) -> None:
    change, code = CHEATS[name]
    change(draft)
    assert code in codes(tiny, draft.save())


def test_a_refusal_of_the_service_is_believed_though_its_text_does_not_say_it(
    tiny: Catalogue, draft: Draft
) -> None:
    row = row_of(draft, "tiny_cw", status="ok")
    del row["class_id"]
    row.update(status="refused", rule="service")
    assert "E501" not in codes(tiny, draft.save())


def test_names_that_an_older_version_asked_the_encoder_for_are_no_cheat(
    tiny: Catalogue, draft: Draft
) -> None:
    row = row_of(draft, "tiny_ow", rule="exact")
    row.update(rule="mapped", similarity=1.0, margin=0.5)
    assert not codes(tiny, draft.save()) & {"E305", "E501"}


def test_a_file_that_is_gone_or_not_told_of_is_told(tiny: Catalogue, draft: Draft) -> None:
    draft.save()
    draft.path("tiny_cw", "prompts").unlink()
    assert codes(tiny, draft.folder) == {"E203"}
    del draft.manifest["files"]["runs/tiny_cw/prompts.jsonl.gz"]
    draft.sign()
    assert codes(tiny, draft.folder) == {"E308"}
    draft.path("tiny_classify").parent.mkdir()
    shutil.copy(draft.path("tiny_cw"), draft.path("tiny_classify"))
    assert codes(tiny, draft.folder) == {"E203"}


def test_too_many_files_are_told(tiny: Catalogue, draft: Draft) -> None:
    draft.save()
    for number in range(200):
        (draft.folder / "runs" / f"t{number}").mkdir()
    assert codes(tiny, draft.folder) == {"E104"}


@pytest.fixture
def classifier(tiny: Catalogue, tmp_path: Path) -> Draft:
    return Draft(tiny_entry(tiny, tmp_path / "classifier" / "tiny", tasks=["tiny_classify"]))


def test_a_classifier_is_clean_and_its_class_is_its_best(
    tiny: Catalogue, classifier: Draft
) -> None:
    assert codes(tiny, classifier.save()) == set()
    row = classifier.rows["tiny_classify"][0]
    row["class_id"] = row["top"][1]
    assert codes(tiny, classifier.save()) == {"E305"}
    row["class_id"] = row["top"][0]
    assert 0 < row["confidence"] < 1
    row["top_scores"] = row["top_scores"][::-1]
    assert codes(tiny, classifier.save()) == {"E305"}


def test_no_text_has_a_confidence_and_no_answer_is_several(tiny: Catalogue, draft: Draft) -> None:
    row = draft.rows["tiny_cw"][0]
    row["confidence"] = 0.9
    assert codes(tiny, draft.save()) == {"E305"}
    del row["confidence"]
    row["meant_classes"] = [[row["class_id"]], [row["class_id"]]]
    assert codes(tiny, draft.save()) == {"E305"}


def test_a_task_of_one_s_own_is_none_of_the_leaderboard(tiny: Catalogue, draft: Draft) -> None:
    for what in ("predictions", "prompts"):
        old = draft.path("tiny_cw", what)
        new = draft.path("my_task", what)
        new.parent.mkdir(exist_ok=True)
        old.rename(new)
        files = draft.manifest["files"]
        files[f"runs/my_task/{new.name}"] = files.pop(f"runs/tiny_cw/{new.name}")
    draft.path("tiny_cw").parent.rmdir()
    draft.manifest["runs"] = [
        {**run, "task": "my_task", "run": {**run["run"], "task": "my_task"}}
        if run["task"] == "tiny_cw"
        else run
        for run in draft.manifest["runs"]
    ]
    draft.sign()
    assert codes(tiny, draft.folder) == {"E207"}


def test_the_entries_of_the_repository_have_no_errors(root: Path) -> None:
    reports = check_path(Catalogue(), root / "leaderboard" / "submissions", CheckOptions())
    assert {each.name for each in reports} > {"mini", "mini_dual", "decisions.jsonl"}
    found = [each for report in reports for each in report.findings]
    assert [each for each in found if each.severity == "error"] == []
    assert {each.code for each in found} <= {"W601", "W603"}
