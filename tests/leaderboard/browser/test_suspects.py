"""Suspect labels of the embedded benchmark, and reports of labels, in a browser."""

import re
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from harness.leaderboard.pages import typeset
from leaderboard.browser.built_site import BuiltSite
from leaderboard.browser.conftest import Visits, settle

REPOSITORY = "https://github.com/example/benchmark"


def classes_of(built: BuiltSite, entry: str, task: str) -> dict[str, int]:
    """The class of each answer that names one, of all statuses: as mapped."""
    merged = built.equivalences(task).representative
    rows = built.rows(entry, task)
    return {
        row.image_id: merged.get(row.class_id, row.class_id)
        for row in rows
        if row.class_id is not None and row.status in ("ok", "oop")
    }


def test_the_embedded_corrected_labels_confirm_most_of_what_the_models_doubt(
    visits: Visits, built: BuiltSite
) -> None:
    """Counted again from the rows and the label sets, image by image."""
    (benchmark,) = built.site.benchmarks
    found = benchmark.suspects
    assert found is not None and found.control is not None
    tasks = {voter.board: voter.board.split("--")[0] for voter in found.control.voters}
    answers = [classes_of(built, each.entry, tasks[each.board]) for each in found.control.voters]
    original, better = (
        {
            image_id: {built.equivalences("mini_cw").representative.get(each, each) for each in ids}
            for image_id, ids in labels.labels.items()
        }
        for labels in built.label_sets("mini_cw")[:2]
    )
    counts = Counter[str]()
    for image_id, labels in original.items():
        named = [each[image_id] for each in answers if image_id in each]
        if len(named) >= 3 and len(set(named)) == 1 and named[0] not in labels:
            counts["marked"] += 1
            counts["confirmed"] += named[0] in better[image_id]
            counts["gone"] += not labels & better[image_id]
    control = found.control
    assert (control.n, control.confirmed, control.gone) == (
        counts["marked"],
        counts["confirmed"],
        counts["gone"],
    )
    assert control.confirmed > control.n / 2 > 20
    assert control.gone / control.n > 3 * control.gone_all / control.n_all
    page = visits.open("suspects.html", java_script_enabled=False)
    told = f"{control.confirmed} of these {control.n}"
    expect(page.locator("main")).to_contain_text(told)
    cards = page.locator(".suspects li")
    expect(cards).to_have_count(len(found.images))
    picture = cards.first.locator("img")
    assert picture.evaluate("each => each.decode().then(() => each.naturalWidth)") > 0


def test_a_suspect_leads_to_the_answers_of_two_voters(visits: Visits, built: BuiltSite) -> None:
    (benchmark,) = built.site.benchmarks
    assert benchmark.suspects is not None
    suspect = benchmark.suspects.images[0]
    page = visits.open("suspects.html")
    page.locator(".suspects li a").first.click()
    settle(page)
    expect(page.locator("#single h2")).to_have_text(f"Image {suspect.image_id}")
    name = benchmark.class_name(suspect.class_id)
    expect(page.locator(".side .class-name")).to_have_text([name, name])
    summary = page.get_by_text("Report the label")
    summary.press("Enter")
    lines = page.locator("details.report pre").inner_text().split("\n")
    labels = ", ".join(map(benchmark.class_name, suspect.labels))
    assert lines[:2] == [f"Image: {suspect.image_id}", f"Benchmark: {benchmark.name}"]
    assert f"Labels of {benchmark.headline}: {labels}" in lines
    voters = [typeset.cut(each.model, 48) for each in benchmark.suspects.voters[:2]]
    assert lines[-3:] == [*(f"Answer of {each}: {name}" for each in voters), "Suggested labels: "]


def test_where_the_repository_is_known_the_report_is_an_issue_filled_in(
    visits: Visits, built: BuiltSite, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    for path in built.folder.iterdir():
        if path.name != "explorer.html":
            (folder / path.name).symlink_to(path)
    text = (built.folder / "explorer.html").read_text("utf-8")
    known = re.sub('id="result"', f'id="result" data-repository="{REPOSITORY}/"', text)
    (folder / "explorer.html").write_text(known, encoding="utf-8")
    visits.site = folder
    image_id = built.images(built.largest_board)[3]
    page = visits.open(f"explorer.html#i={image_id}")
    address = page.get_by_role("link", name="Report the label").get_attribute("href") or ""
    assert address.startswith(f"{REPOSITORY}/issues/new?")
    query = parse_qs(urlsplit(address).query, strict_parsing=True)
    assert query["title"] == [f"Label of {image_id} (mini)"]
    lines = query["body"][0].split("\n")
    assert lines[0] == f"Image: {image_id}" and lines[-1] == "Suggested labels: "
