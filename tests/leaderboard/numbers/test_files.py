"""The files of a site: what scripts count from them is what Python says."""

import base64
import csv
import hashlib
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.data.labels.of_task import NO_OVERRIDES
from harness.errors import DataError
from harness.leaderboard.build import build
from harness.leaderboard.files.answers import write_answers
from harness.leaderboard.files.data_scripts import LONGEST_TEXT, write_images
from harness.leaderboard.numbers.benchmark_labels import labels_of
from harness.scores.answers import STATUSES
from harness.scores.results import Protocol, Share
from harness.scores.scoring import ScoreRequest, score
from leaderboard.numbers.conftest import Built
from leaderboard.numbers.entry_builder import IDS, ORIGINAL, N, Toy, corrected, draw_rows

ATOM = "{http://www.w3.org/2005/Atom}"


def received(path: Path) -> tuple[str, Any]:
    """Read a script of one statement as a browser does."""
    text = path.read_bytes().decode("ascii")
    found = re.fullmatch(r"HARNESS\.receive\((\"[^\"]+\"), (.*)\);\n", text, re.DOTALL)
    assert found, path
    return json.loads(found[1]), json.loads(found[2])


def bits(text: str, n: int = N) -> list[bool]:
    data = base64.b64decode(text)
    return [bool(data[place // 8] >> (place % 8) & 1) for place in range(n)]


def numbers(text: str, dtype: str) -> list[int]:
    found: list[int] = np.frombuffer(base64.b64decode(text), dtype).tolist()
    return found


def test_slices_counted_from_the_bits_are_pythons(built: Built) -> None:
    _, images = received(built.output / "data" / "toy" / "images.js")
    _, boards = received(built.output / "data" / "boards.js")
    groups = boards["benchmarks"]["toy"]["groups"]
    codes = numbers(images["group"], "<u1")
    home = numbers(images["home"], "<i2")
    for entry in ("good", "bad", "strict"):
        key, run = received(built.output / "data" / "toy" / f"{entry}--toy_cw.js")
        assert key == f"run/toy/{entry}--toy_cw"
        for protocol in run["right"]:
            row = built.row(f"toy_cw--{protocol}", entry)
            for name, found in row.results.scores[protocol].items():
                right, scored = (bits(run[what][protocol][name]) for what in ("right", "scored"))
                assert not any(a and not b for a, b in zip(right, scored, strict=True))
                assert (sum(scored), sum(right)) == (found.n, found.n_right)
            for group in ("S+", "S-", "M+", "M-"):
                mine = [groups[code] == group if code < 255 else False for code in codes]
                n = sum(a and b for a, b in zip(scored, mine, strict=True))
                hits = sum(a and b for a, b in zip(right, mine, strict=True))
                share = row.headline.groups[group]
                assert (n, 100 * hits / n if n else None) == (share.n, share.accuracy)
            for class_id, share in per_class(built, row.name, protocol).items():
                mine = [each == int(class_id) for each in home]
                hits = sum(a and b for a, b in zip(right, mine, strict=True))
                assert 100 * hits / share.n == share.accuracy
    assert set(received(built.output / "data/toy/good--toy_cw.js")[1]["right"]) == {
        "cw",
        "cw_plus",
    }


def per_class(built: Built, entry: str, protocol: Protocol) -> Mapping[str, Share]:
    """The accuracy of each class of an entry's answers to `toy_cw`, by the scorer itself."""
    opened = built.toy.opened("toy_cw")
    request = ScoreRequest("toy_cw", entry, protocol, opened.classes, opened.labels)
    return score(built.toy.rows(entry, "toy_cw"), request).per_class["corrected"]


def test_rows_are_told_image_by_image(built: Built) -> None:
    rows = {row.image_id: row for row in built.toy.rows("strict", "toy_cw")}
    _, run = received(built.output / "data" / "toy" / "strict--toy_cw.js")
    status, class_id = numbers(run["status"], "<u1"), numbers(run["class"], "<i2")
    assert bits(run["present"]) == [image_id in rows for image_id in IDS]
    for place, image_id in enumerate(IDS):
        row = rows.get(image_id)
        assert status[place] == (STATUSES.index(row.status) if row else 255)
        own = row.class_id if row and row.class_id is not None else -1
        assert class_id[place] == own
    assert run["similarity"] is None
    assert run["texts"] == {"size": 1000, "files": 1}


def test_answers_and_similarities(built: Built) -> None:
    rows = {row.image_id: row for row in built.toy.rows("good", "toy_cw")}
    _, run = received(built.output / "data" / "toy" / "good--toy_cw.js")
    similarity = numbers(run["similarity"], "<u1")
    key, texts = received(built.output / "data" / "toy" / "good--toy_cw" / "0.js")
    assert key == "text/toy/good--toy_cw/0"
    assert len(texts["texts"]) == len(set(texts["texts"])) < N
    for place, image_id in enumerate(IDS):
        row = rows[image_id]
        known = texts["places"][place]
        assert (texts["texts"][known] if known >= 0 else None) == row.answer
        assert similarity[place] == round(255 * (row.similarity or 0))
    assert 0 < sum(value > 0 for value in similarity) < N


def test_images_and_their_labels(built: Built) -> None:
    key, images = received(built.output / "data" / "toy" / "images.js")
    assert key == "images/toy"
    assert images["ids"] == list(IDS)
    assert images["classes"][1] == [1, "thing 1"]
    assert numbers(images["home"], "<i2") == ORIGINAL
    found = images["labels"]["corrected"]
    offsets, ids = numbers(found["offsets"], "<u4"), numbers(found["ids"], "<i2")
    labelled = bits(found["labelled"])
    assert len(offsets) == N + 1
    for place, image_id in enumerate(IDS):
        assert labelled[place] == (image_id in corrected())
        mine = ids[offsets[place] : offsets[place + 1]]
        assert mine == sorted(corrected().get(image_id, []))


def test_boards_for_scripts(built: Built) -> None:
    key, boards = received(built.output / "data" / "boards.js")
    assert key == "boards"
    assert boards["benchmarks"]["toy"] == {
        "n": N,
        "original": "original",
        "headline": "corrected",
        "images": None,
        "crossed": True,
        "groups": ["N", "S+", "S-", "M+", "M-"],
        "label_sets": ["original", "corrected"],
    }
    board = next(each for each in boards["boards"] if each["slug"] == "toy_cw--cw")
    shown = built.board("toy_cw--cw")
    assert [row["entry"] for row in board["rows"]] == [row.name for row in shown.rows]
    for row in board["rows"]:
        assert (built.output / f"{row['files']}.js").is_file()
    for told, pair in zip(board["pairs"], shown.pairs, strict=True):
        names = [board["rows"][place]["entry"] for place in told[:2]]
        assert (*names, *told[2:5]) == (pair.a, pair.b, pair.n, pair.only_a, pair.only_b)
        assert told[5] == pytest.approx(pair.delta, abs=1e-4)
        assert told[8:] == pytest.approx([pair.p_mcnemar, pair.p_holm], rel=1e-5)


def test_the_tables_to_take_along(built: Built) -> None:
    whole = json.loads((built.output / "data" / "boards.json").read_text())
    labels = whole["benchmarks"]["toy"]["label_sets"]
    with (built.output / "data" / "boards.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    told = {(row["board"], row["entry"], row["label_set"]): row for row in lines}
    for board in whole["boards"]:
        for row in board["rows"]:
            for name, found in row["results"]["scores"][board["protocol"]].items():
                line = told.pop((board["slug"], row["entry"], name))
                assert line["label_set_sha256"] == labels[name]["digest"] != ""
                assert float(line["accuracy"]) == found["accuracy"]
                matching, out = found["matching"] or {}, row["results"]["out_of_prompt"] or {}
                for how in ("strict", "normalized"):
                    told_accuracy = line[f"accuracy_{how}"]
                    assert told_accuracy == str(matching[how]["accuracy"] if matching else "")
                    assert line[f"oop_{how}"] == str(out[how]["share"] if out else "")
                assert int(line["n"]) == found["n"]
                places = next(
                    each["places"] for each in board["rankings"]
                    if (each["label_set"], each["group"]) == (name, "A")
                )  # fmt: skip
                place = next(each for each in places if each["entry"] == row["entry"])
                assert [line[key] for key in ("rank", "rank_low", "rank_high", "tier")] == [
                    str(each) for each in (place["rank"], *place["rank_interval"], place["tier"])
                ]
                if name == board["headline"]:
                    assert {key: row[key] for key in ("rank", "rank_interval", "tier")} == {
                        key: place[key] for key in ("rank", "rank_interval", "tier")
                    }
                assert line["harness_version"] == whole["harness_version"]
    assert told == {}


def test_a_strangers_text_is_no_formula_and_no_markup(toy: Toy, tmp_path: Path) -> None:
    model = '=cmd|"</script>\u00a0\r-1'
    toy.add("a", {"toy_cw": draw_rows(1)}, model=model)
    toy.decide("a", "accepted", level="re-scored", reason="<b>\x01 & \u202e")
    build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES)
    with (tmp_path / "site" / "data" / "boards.csv").open(newline="") as file:
        cell = """'=cmd|"</script>\u00a0 -1"""
        assert {row["model"] for row in csv.DictReader(file)} == {cell}
    _, boards = received(tmp_path / "site" / "data" / "boards.js")
    assert boards["boards"][0]["rows"][0]["model"] == model
    feed = ET.parse(tmp_path / "site" / "feed.xml").getroot()
    summary = feed.find(f"{ATOM}entry/{ATOM}summary")
    assert summary is not None
    assert summary.text == "<b>\ufffd & \u202e"


def test_long_answers_are_cut(toy: Toy, tmp_path: Path) -> None:
    rows = draw_rows(1)
    object.__setattr__(rows[0], "answer", "x" * 9999)
    toy.add("a", {"toy_cw": rows})
    build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES)
    _, texts = received(tmp_path / "site" / "data" / "toy" / "a--toy_cw" / "0.js")
    assert max(map(len, texts["texts"])) == LONGEST_TEXT


def test_a_classifier_has_no_texts(toy: Toy, tmp_path: Path) -> None:
    toy.add("a", {"toy_classify": draw_rows(3)})
    build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES)
    _, run = received(tmp_path / "site" / "data" / "toy" / "a--toy_classify.js")
    assert run["texts"]["files"] == 0
    assert not (tmp_path / "site" / "data" / "toy" / "a--toy_classify").exists()


def test_the_feed_tells_the_ledger_newest_first(built: Built) -> None:
    feed = ET.parse(built.output / "feed.xml").getroot()
    assert feed.findtext(f"{ATOM}updated") == "2026-11-21T00:00:00Z"
    titles = [each.findtext(f"{ATOM}title") for each in feed.iter(f"{ATOM}entry")]
    assert titles == ["good: accepted (parse-replayed)"]
    assert [each.get("href") for each in feed.iter(f"{ATOM}link")][-1] == "models/good.html"


def test_withdrawn_entries_are_told_without_a_link(toy: Toy, tmp_path: Path) -> None:
    toy.add("a", {"toy_cw": draw_rows(1)})
    toy.decide("b", "accepted", level="re-scored")
    toy.decide("b", "withdrawn")
    site = build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES)
    assert [each.decision for each in site.decisions] == ["withdrawn", "accepted"]
    feed = ET.parse(tmp_path / "site" / "feed.xml").getroot()
    entries = list(feed.iter(f"{ATOM}entry"))
    assert [each.find(f"{ATOM}link") for each in entries] == [None, None]
    assert len({each.findtext(f"{ATOM}id") for each in entries}) == 2


def test_class_ids_that_do_not_fit_are_told(toy: Toy, tmp_path: Path) -> None:
    benchmark = labels_of("toy", toy.opened("toy_cw"))
    classes = benchmark.classes
    last = type(classes.classes[0])(40_000, "far")
    object.__setattr__(classes, "classes", (*classes.classes, last))
    classes.__dict__.pop("ids", None)
    with pytest.raises(DataError, match="0 to 40000"):
        write_images(tmp_path, benchmark)


@pytest.mark.parametrize("model", ["mini\r=1+1", "\u3000\uff1d1+1", "a;@b", "\r\n-1", "+x\ry"])
def test_a_models_name_begins_no_row_and_no_formula(toy: Toy, tmp_path: Path, model: str) -> None:
    toy.add("a", {"toy_cw": draw_rows(1)}, model=model)
    build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES)
    text = (tmp_path / "site" / "data" / "boards.csv").read_bytes().decode()
    lines = text.splitlines()
    assert not set(text) & set("\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029") - {"\n"}
    assert len(lines) == 5 and all(line.startswith("toy_cw--cw") for line in lines[1:])
    for line in lines[1:]:
        assert not re.search(r"(^|[;,|])[\s\u3000]*[=+@\uff1d-]", line), line


def test_answers_are_to_be_had_as_they_were_submitted(built: Built) -> None:
    page = (built.output / "data.html").read_text("utf-8")
    for entry in built.site.entries:
        for run in entry.manifest.runs:
            path = f"data/answers/{entry.name}/{run.task}.jsonl.gz"
            assert f'href="{path}"' in page
            data, facts = (built.output / path).read_bytes(), entry.manifest.files[run.predictions]
            assert (hashlib.sha256(data).hexdigest(), len(data)) == (facts.sha256, facts.bytes)
            assert facts.sha256 in page
    offered = {path.parent.name for path in (built.output / "data" / "answers").rglob("*.gz")}
    assert offered == {entry.name for entry in built.site.entries}  # of no entry that is refused


def test_answers_that_were_changed_meanwhile_are_not_offered(built: Built, tmp_path: Path) -> None:
    (entry, *_) = built.site.entries
    (run, *_) = entry.manifest.runs
    (tmp_path / run.predictions).parent.mkdir(parents=True)
    (tmp_path / run.predictions).write_bytes(b"other")
    site = replace(built.site, entries=(replace(entry, folder=tmp_path),))
    with pytest.raises(DataError, match="changed while the site was built"):
        write_answers(tmp_path / "site", site)
    assert not (tmp_path / "site").exists()
