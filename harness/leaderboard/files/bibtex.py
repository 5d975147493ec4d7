"""BibTeX of a leaderboard, its rankings and its entries: which answers, labels and version."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from harness.leaderboard.entries.entry import Entry
from harness.leaderboard.numbers.site_model import Board, Site
from harness.report.latex import latex_text

_MAKERS = "The mllm-classification-harness developers"
_OF_URLS = "%!$&'()*+,/:;=?@[]~#"


def write_bibtex(data: Path, site: Site) -> None:
    """Write `leaderboard.bib` (the site, its rankings and its entries) and `bibtex/ENTRY.bib`."""
    folder = data / "bibtex"
    folder.mkdir()
    entries = {entry.name: bibtex_of_entry(entry) for entry in site.entries}
    for name, text in entries.items():
        (folder / f"{name}.bib").write_text(text, encoding="utf-8", newline="\n")
    texts = [bibtex_of_site(site), *(bibtex_of_board(site, board) for board in site.boards)]
    whole = "\n".join([*texts, *entries.values()])
    (data / "leaderboard.bib").write_text(whole, encoding="utf-8", newline="\n")


def bibtex_of_site(site: Site) -> str:
    """Give the whole leaderboard, as it is at its newest entry or decision."""
    return _misc("leaderboard", _of_site(site))


def bibtex_of_board(site: Site, board: Board) -> str:
    """Give one ranking, with the labels that it ranks by."""
    digest = site.label_sets_of(board)[board.headline].digest
    note = f"{board.n_images} images, ranked by {board.headline}, SHA-256 {digest}. "
    return _misc(f"leaderboard-{board.slug}", _of_site(site, f", {board.slug}", note))


def _of_site(site: Site, ranking: str = "", note: str = "") -> dict[str, str]:
    """Give the fields; who made a board that has a `site.yaml` of its own, it does not say."""
    spec = site.branding.spec
    return {
        "title": _text(f"{spec.title}: leaderboard{ranking}"),
        "author": "" if spec.file else f"{{{_text(_MAKERS)}}}",
        "year": site.date[:4],
        "version": _text(site.version),
        "url": quote(spec.repository or "", safe=_OF_URLS),
        "note": _text(f"{note}Newest entry or decision: {site.date}"),
    }


def bibtex_of_entry(entry: Entry) -> str:
    """Give one entry; what its card does not say (who made the model, its page) is left out."""
    manifest, card = entry.manifest, entry.card
    fields = {
        "title": _text(f"{card.model}: answers to classification tasks"),
        "author": f"{{{_text(card.organization)}}}" if card.organization else "",
        "year": manifest.date[:4],
        "version": _text(manifest.harness_version),
        "url": quote(card.url, safe=_OF_URLS),
        "note": _text(f"Entry {entry.name} of {manifest.date}, manifest SHA-256 {entry.sha256}"),
    }
    return _misc(f"entry-{entry.name}", fields)


def _misc(key: str, fields: Mapping[str, str]) -> str:
    lines = [f"  {name} = {{{value}}},\n" for name, value in fields.items() if value]
    return f"@misc{{{key},\n{''.join(lines)}}}\n"


def _text(text: str) -> str:
    r"""Give a text that LaTeX sets as it is. BibTeX counts braces even behind a backslash, so that
    one of them alone would end, or never end, the field.
    """
    set_as_is = latex_text(text)
    return set_as_is.replace(r"\{", r"\textbraceleft{}").replace(r"\}", r"\textbraceright{}")
