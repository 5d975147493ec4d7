"""An entry that wants to do harm is refused, or what it says does nothing."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.leaderboard.entries.check import CheckOptions, check_entry
from harness.leaderboard.entries.entry import open_entry
from harness.leaderboard.entries.finding import as_github, as_text
from harness.leaderboard.entries.rules.files import is_inside
from harness.specs.catalogue import Catalogue
from support.drafts import Draft, entry_in


def codes(tiny: Catalogue, folder: Path) -> set[str]:
    return {each.code for each in check_entry(tiny, folder, CheckOptions()).findings}


@pytest.mark.parametrize(
    "path",
    ["../x", "/etc/passwd", "a/../../b", "a\\b", "a\0b", "./a", "a//b", "", "C:/x", "a\nb", ".."],
)
def test_a_path_out_is_told(path: str) -> None:
    assert not is_inside(path)


def test_a_path_inside_is_none() -> None:
    assert is_inside("runs/mini_cw/predictions.jsonl.gz")


def card(line: str) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        draft.card = draft.card.replace("model: tiny", line)

    return change


def in_manifest(*keys: str, value: object) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        part = draft.manifest
        for key in keys[:-1]:
            part = part[0] if isinstance(part, list) else part[key]
        part[keys[-1]] = value

    return change


REFUSED: dict[str, tuple[Callable[[Draft], None], str]] = {
    "a long name": (card("model: " + "n" * 10_000), "E204"),
    "a script as address": (card("model: tiny\nurl: javascript:alert(1)"), "E204"),
    "an unknown key": (card("model: tiny\nhtml: <b>"), "E204"),
    "an object of Python": (card("model: !!python/object:os.system x"), "E204"),
    "a bomb of aliases": (card("a: &a [x]\nb: &b [*a, *a]\nmodel: tiny"), "E204"),
    "no front matter": (lambda draft: setattr(draft, "card", "# tiny\n"), "E204"),
    "a turned name": (in_manifest("model", value="\u202eynit"), "E106"),
    "a long name of the entry": (in_manifest("entry", value="n" * 10_000), "E201"),
    "a name that is a path": (in_manifest("entry", value="../tiny"), "E201"),
    "deep nesting": (in_manifest("files", value=json.loads("[" * 500 + "]" * 500)), "E201"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused(tiny: Catalogue, draft: Draft, name: str) -> None:
    change, code = REFUSED[name]
    change(draft)
    if name == "deep nesting":
        (draft.folder / "manifest.json").write_text(json.dumps(draft.manifest))
    else:
        draft.save()
    assert code in codes(tiny, draft.folder)


def test_a_task_that_is_a_path_is_refused(tiny: Catalogue, draft: Draft) -> None:
    draft.run()  # there is one
    draft.manifest["runs"][0]["task"] = "../../tiny_cw"
    draft.save()
    assert codes(tiny, draft.folder) == {"E201"}


def test_settings_of_a_run_name_no_file(tiny: Catalogue, draft: Draft, tmp_path: Path) -> None:
    pipe = tmp_path / "never-read"
    draft.run()["run"]["settings"].append(f"equivalences={pipe}")
    assert codes(tiny, draft.save()) == set()


def test_markup_is_allowed_and_stays_text(tiny: Catalogue, draft: Draft) -> None:
    name = "<img src=x onerror=alert(1)>"
    draft.manifest["model"] = name
    draft.card = (
        draft.card.replace("model: tiny", f"model: {name}") + "\n<script>alert(1)</script>\n"
    )
    assert codes(tiny, draft.save()) == set()
    entry = entry_in(draft.folder)
    assert entry.manifest.model == name and "<script>" in entry.card_text


def test_what_is_told_of_it_is_inert(tiny: Catalogue, draft: Draft) -> None:
    bad = draft.save() / "a\n::error::\u202eb"
    bad.write_text("")
    report = check_entry(tiny, draft.folder, CheckOptions())
    assert {each.code for each in report.findings} == {"E101"}
    assert len(as_text([report]).splitlines()) == 3
    assert "\u202e" not in as_github([report])


def test_a_broken_entry_is_not_opened(draft: Draft) -> None:
    draft.save()
    draft.path("tiny_cw").write_bytes(b"")
    found = open_entry(draft.folder)
    assert found.entry is None
    (finding,) = found.findings
    assert finding.code == "E203" and "is not the file of the manifest" in finding.text
