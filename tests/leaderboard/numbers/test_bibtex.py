"""BibTeX that any reader of it takes, whatever a submitter wrote."""

import re
from pathlib import Path

import pytest

from harness.leaderboard.files.bibtex import bibtex_of_entry, write_bibtex
from leaderboard.pages.site_builder import Texts, make_site

EVIL = [
    "}", "{", "\\", "a}, note = {b", "100 % of #1 & $x_2^3$ ~ \\input{x}", "@misc{x,\n\ny}",
    "é北\x1b",
]  # fmt: skip


def entries_of(text: str) -> dict[str, dict[str, str]]:
    """Read BibTeX as BibTeX does: fields end where their braces balance, escaped or not."""
    found: dict[str, dict[str, str]] = {}
    place = 0
    while match := re.compile(r"\s*@(\w+)\{([^\s,{}]+),").match(text, place):
        place, fields = match.end(), {}
        while field := re.compile(r"\s*(\w+)\s*=\s*\{").match(text, place):
            place = start = field.end()
            depth = 1
            while depth:
                depth += {"{": 1, "}": -1}.get(text[place], 0)
                place += 1
            assert field[1] not in fields
            fields[field[1]] = text[start : place - 1]
            assert text[place] == ","
            place += 1
        end = re.compile(r"\s*\}").match(text, place)
        assert end and match[2] not in found, text[place:]
        found[match[2]] = fields
        place = end.end()
    assert not text[place:].strip(), text[place:]
    return found


def test_the_site_its_rankings_and_its_entries_can_be_cited(tmp_path: Path) -> None:
    site = make_site(2)
    write_bibtex(tmp_path, site)
    found = entries_of((tmp_path / "leaderboard.bib").read_text("utf-8"))
    assert set(found) == {
        "leaderboard",
        *(f"leaderboard-{board.slug}" for board in site.boards),
        *(f"entry-{entry.name}" for entry in site.entries),
    }
    one = found["entry-model-0"]
    assert (one["year"], one["url"]) == ("2026", "https://example.org/model")
    assert one["author"] == "{Institute of Examples}"
    assert one["title"] == "Model 0: answers to classification tasks"
    assert site.entries[0].sha256 in one["note"]
    own = (tmp_path / "bibtex" / "model-0.bib").read_text("utf-8")
    assert entries_of(own) == {"entry-model-0": one}
    board = found[f"leaderboard-{site.boards[0].slug}"]
    digest = site.benchmarks[0].label_sets["toy_regt"].digest
    assert digest in board["note"] and board["version"] == site.version


@pytest.mark.parametrize("words", EVIL)
def test_what_a_submitter_wrote_ends_no_field(words: str) -> None:
    (entry,) = make_site(1, texts=Texts(model=words, organization=words)).entries
    bad = {"url": f"https://x.org/{words}"}
    told = entry.card.model_copy(update=bad)
    text = bibtex_of_entry(type(entry)(entry.folder, entry.manifest, told, "", entry.sha256))
    (fields,) = entries_of(text).values()
    assert set(fields) == {"title", "author", "year", "version", "url", "note"}
    assert not re.search(r"(?<!\\)[%#&$_]", fields["title"])
    assert re.fullmatch(r"https://[^\s{}\\]*", fields["url"]) and "\x1b" not in text


def test_what_the_card_does_not_say_is_left_out() -> None:
    (entry,) = make_site(1, texts=Texts(organization="")).entries
    silent = entry.card.model_copy(update={"url": ""})
    text = bibtex_of_entry(type(entry)(entry.folder, entry.manifest, silent, "", entry.sha256))
    (fields,) = entries_of(text).values()
    assert set(fields) == {"title", "year", "version", "note"}
