"""`site.yaml`: other groups' boards bear their own name, text and logo; mistakes stop the build."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from harness.data.labels.of_task import NO_OVERRIDES
from harness.errors import HarnessError
from harness.leaderboard.build import build
from harness.leaderboard.entries.branding import read_branding
from leaderboard.numbers.entry_builder import Toy, draw_rows
from leaderboard.pages.reading import assert_inert, read_all

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle r="4"/></svg>'
ATOM = "{http://www.w3.org/2005/Atom}"


def write(entries: Path, text: str, **files: str) -> Path:
    entries.mkdir(exist_ok=True)
    (entries / "site.yaml").write_text(text, "utf-8")
    for name, content in files.items():
        (entries / name.replace("_", ".")).write_text(content)
    return entries


def test_a_board_of_its_own(toy: Toy, tmp_path: Path) -> None:
    toy.add("a", {"toy_cw": draw_rows(1)})
    plain = tmp_path / "plain"
    build(toy.catalogue, toy.entries, plain, NO_OVERRIDES)
    text = """\
title: Birds <& more>
heading: Which models know birds?
description: "Birds of **us**, <b>raw</b>. [About](https://example.org), [bad](javascript:x)."
logo: logo.svg
repository: https://example.org/birds
"""
    write(toy.entries, text, logo_svg=LOGO)
    build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES)
    pages = read_all(tmp_path / "site")
    for path, page in pages.items():
        assert_inert(page)
        assert page.find_all("title")[0].text.endswith(" – Birds <& more>")
        (name,) = page.find_all("p", class_="name")
        assert name.text.strip() == "Birds <& more>"
        (logo,) = name.find_all("img")
        assert logo.attributes["src"] == "../" * path.count("/") + "logo.svg"
    assert (tmp_path / "site" / "logo.svg").read_text() == LOGO
    index = pages["index.html"]
    assert index.find_all("h1")[0].text == "Which models know birds?"
    (lead,) = index.find_all("div", class_="lead")
    assert lead.text.strip() == "Birds of us, <b>raw</b>. About, [bad](javascript:x)."
    for name in ("submit.html", "data.html"):
        links = [a.attributes["href"] for a in pages[name].find_all("a")]
        assert "https://example.org/birds" in links
    feeds = [ElementTree.parse(each / "feed.xml") for each in (plain, tmp_path / "site")]
    titles = [feed.findtext(f"{ATOM}title") for feed in feeds]
    assert titles == [
        "Multimodal LLMs as image classifiers: decisions",
        "Birds <& more>: decisions",
    ]
    assert feeds[0].findtext(f"{ATOM}id") != feeds[1].findtext(f"{ATOM}id")
    ours, theirs = (
        (each / "data" / "leaderboard.bib").read_text() for each in (plain, tmp_path / "site")
    )
    assert "title = {Multimodal LLMs as image classifiers: leaderboard}" in ours
    assert "harness developers" in ours and "harness developers" not in theirs
    assert "more\\textgreater{}: leaderboard}" in theirs
    assert "url = {https://example.org/birds}" in theirs


def test_without_the_file_a_board_is_this_projects(tmp_path: Path) -> None:
    found = read_branding(tmp_path)
    assert found.logo is None
    assert found.spec.title == "Multimodal LLMs as image classifiers"


def test_a_png_is_a_logo(tmp_path: Path) -> None:
    write(tmp_path, "logo: ../mark.PNG\n")
    Image.new("RGB", (3, 2)).save(tmp_path.parent / "mark.PNG", format="PNG")
    logo = read_branding(tmp_path).logo
    assert logo and logo.file == "logo.png"
    assert logo.data == (tmp_path.parent / "mark.PNG").read_bytes()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("titel: Birds\n", r"site\.yaml:1.*titel(.|\n)*title"),
        ("title: ''\n", r"site\.yaml:1.*title"),
        ("title: A\nrepository: http://example.org\n", r"site\.yaml:2.*repository"),
        ("title: A\nlogo: gone.svg\n", r"site\.yaml:2.*there is no such file"),
        ("logo: page.svg\n", r"page\.svg.*is no picture"),
        ("logo: broken.svg\n", r"broken\.svg.*is no picture"),
        ("logo: text.png\n", r"text\.png.*is no picture"),
        ("logo: logo.gif\n", r"logo\.gif.*is no picture"),
        ("logo: big.svg\n", r"big\.svg.*is too large"),
    ],
)
def test_a_mistake_stops_with_one_error(tmp_path: Path, text: str, error: str) -> None:
    files = {
        "page_svg": "<html/>", "broken_svg": "<svg", "text_png": "no", "logo_gif": LOGO,
        "big_svg": LOGO + " " * (512 << 10),
    }  # fmt: skip
    write(tmp_path, text, **files)
    with pytest.raises(HarnessError, match=error):
        read_branding(tmp_path)
