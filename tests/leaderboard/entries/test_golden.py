"""One broken entry for each rule: exactly that rule fires. The good entry is clean."""

import shutil
from pathlib import Path

import pytest

from harness.leaderboard.entries.check import CheckOptions, check_entry
from harness.leaderboard.entries.finding import RULES, Report, exit_code
from harness.specs.catalogue import Catalogue
from support.broken_entries import BROKEN, SUSPICIOUS
from support.drafts import Draft
from support.tiny_benchmark import Answer, tiny_entry, write_benchmark


def check(tiny: Catalogue, folder: Path) -> Report:
    return check_entry(tiny, folder, CheckOptions())


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def test_every_rule_has_a_broken_entry() -> None:
    of_the_ledger = {code for code in RULES if code[1] == "7"}
    assert (
        BROKEN.keys() | SUSPICIOUS.keys() | {"W605", "I313", "I503"} == RULES.keys() - of_the_ledger
    )


def test_the_good_entry_is_clean(tiny: Catalogue, good: Path) -> None:
    report = check(tiny, good)
    assert report.findings == () and exit_code([report]) == 0


def test_a_draft_that_is_not_changed_stays_clean(tiny: Catalogue, draft: Draft) -> None:
    assert check(tiny, draft.save()).findings == ()


@pytest.mark.parametrize("code", BROKEN)
def test_a_broken_entry_breaks_one_rule(tiny: Catalogue, draft: Draft, code: str) -> None:
    BROKEN[code](draft)
    report = check(tiny, draft.folder)
    assert codes(report) == {code}, report.findings
    assert exit_code([report]) == {"E": 1, "W": 2, "I": 0}[code[0]]


@pytest.mark.parametrize("code", SUSPICIOUS)
def test_a_suspicious_entry_is_told(tiny: Catalogue, tmp_path: Path, code: str) -> None:
    task, answer = SUSPICIOUS[code]
    folder = tiny_entry(tiny, tmp_path / "submissions" / "tiny", answer, [task])
    report = check(tiny, folder)
    assert codes(report) == {code}, report.findings
    assert exit_code([report]) == 2


def one_wrong(number: int) -> str:
    return "ant" if number == 5 else SUSPICIOUS["W607"][1](number)


def a_few_in_other_words(number: int) -> str:
    return "Fox." if number in (5, 6, 7) else SUSPICIOUS["W608"][1](number)


@pytest.mark.parametrize(
    ("task", "answer"), [("tiny_cw", one_wrong), ("tiny_ow", a_few_in_other_words)]
)
def test_what_is_a_little_less_good_is_no_suspicion(
    tiny: Catalogue, tmp_path: Path, task: str, answer: Answer
) -> None:
    folder = tiny_entry(tiny, tmp_path / "submissions" / "tiny", answer, [task])
    assert codes(check(tiny, folder)) == set()


def test_a_copy_of_an_entry_is_told(tiny: Catalogue, draft: Draft) -> None:
    draft.save()
    shutil.copytree(draft.folder, draft.folder.with_name("original"))
    other = Draft(draft.folder.with_name("original"))
    other.manifest["entry"] = "original"
    other.save()
    assert codes(check(tiny, draft.folder)) == {"W605"}


def test_options_that_cannot_be_drawn_again_are_told(draft: Draft, tmp_path: Path) -> None:
    elsewhere = write_benchmark(tmp_path / "elsewhere")
    task = tmp_path / "elsewhere" / "tiny_mc.yaml"
    how = "{strategy: confusion, source: gone.npz, n_options: 3}"
    task.write_text(task.read_text().replace("{strategy: random, n_options: 3}", how))
    keys = draft.run("tiny_mc")["run"]["identity"]["task"]
    keys["distractors"] = {"strategy": "confusion", "source": "gone.npz", "n_options": 3}
    assert codes(check(elsewhere, draft.save())) == {"I313"}


def test_options_of_other_labels_are_not_held_against_todays(tiny: Catalogue, draft: Draft) -> None:
    for claims in draft.run("tiny_mc")["claims"].values():
        claims["tiny_better"]["label_set_digest"] = "0" * 64
    assert codes(check(tiny, draft.save())) == {"I313", "W402"}


def test_answers_are_not_mapped_where_the_weights_are_not_here(
    draft: Draft, tmp_path: Path
) -> None:
    elsewhere = write_benchmark(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "far.yaml").write_text(
        "encoder: far\nkind: sentence_transformers\npretrained: nobody/has-this\n"
    )
    task = tmp_path / "elsewhere" / "tiny_ow.yaml"
    task.write_text(task.read_text().replace("encoder: lexical", "encoder: far"))
    draft.run("tiny_ow")["run"]["mapping"]["encoder"] = "far"
    assert codes(check(elsewhere, draft.save())) == {"I503"}
