"""Published answers as tasks to import (tools/real_answers.py), and docs/real_answers.md."""

import csv
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from harness.data.labels.of_task import NO_OVERRIDES
from harness.runs.importing import ImportOptions, import_answers
from harness.runs.other_papers import score_rules
from harness.runs.remap import map_run, open_combinations, write_grid
from harness.runs.reopen import open_run
from harness.scores.results import Results
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from support.command import harness

HOSTILE = ["a, b", 'colt\'s "foot"', "no", "null", "12", "x: {{ y }} # z", "été"]
TEMPLATES = ["raw", "photo", "avg", "avg_raw"]
LEXICAL = ("mapping.encoder=lexical",)
Tools = tuple[ModuleType, ModuleType]


@pytest.fixture(scope="module")
def tools(root: Path) -> Iterator[Tools]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(root / "tools")
        first, second = map(importlib.import_module, ("real_answers", "real_answers_tables"))
        yield first, second


def gpt4v_rows() -> list[dict[str, Any]]:
    """Six right answers, of which one in capitals is none by exact spelling; one of a second name
    and one of none; no answer at all to the last image.
    """
    answers = [["a, b"], [HOSTILE[1], "no"], ["no", "null"], ["NULL"], ["12"], [HOSTILE[5]]]
    answers += [["an autumn", "été"], []]
    labels = [*HOSTILE, "no"]
    pairs = enumerate(zip(labels, answers, strict=True))
    return [
        {"image_id": f"{label[0]}/{number}.jpg", "answers": texts, "label": label}
        for number, (label, texts) in pairs
    ]


def write_json(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


def imported(folder: Path, name: str = "answers", *settings: str) -> Results:
    catalogue = Catalogue((folder,))
    task = load_task(catalogue, folder.name, settings)
    options = ImportOptions(name, folder.parent / "runs", settings=settings)
    found = import_answers(catalogue, task, folder / f"{name}.jsonl", options)
    assert found.results is not None
    return found.results


def test_answers_in_one_file(tools: Tools, tmp_path: Path) -> None:
    rows = gpt4v_rows()
    path = write_json(tmp_path / "public.json", {"classes": HOSTILE, "rows": rows})
    folder = tmp_path / "hostile"
    tools[0].write(tools[0].read_gpt4v(path, None), folder)
    checked = harness("check", "hostile", "--include_path", str(folder))
    assert checked.code == 0, checked.text
    results = imported(folder, "answers", *LEXICAL)
    score = results.scores["cw"]["hostile_label"]
    assert (results.n, score.n_right) == (8, 6)
    assert {"ok": 6, "oop": 1, "empty": 1}.items() <= results.counts.items()
    assert score.accuracy_first_in_list == pytest.approx(100 * 6 / 8)
    run = tools[1].Run.read(tmp_path / "runs" / "answers" / "hostile")
    matching, treatment = tools[1].closed_world(run)
    assert matching == ["hostile", "8", "7", "75.00", "75.00", "75.00", "75.00", "1", "1", "1"]
    assert treatment == ["hostile", "75.00", "100.00 (6)", "75.00", *["–"] * 4, "25.00"]


def test_published_labels_are_in_a_file_of_their_own(tools: Tools, tmp_path: Path) -> None:
    """Of a label `_` is a blank, and what has no label is left out, as the publishers do."""
    answers = {"1.jpg": ["sea lion"], "2.jpg": [], "3.jpg": ["cat"], "9.jpg": ["cat"]}
    labels = {"1.jpg": "sea_lion", "2.jpg": "cat", "3.jpg": "sea_lion", "8.jpg": "emu"}
    found = tools[0].read_gpt4v(
        write_json(tmp_path / "a.json", answers), write_json(tmp_path / "gt.json", labels)
    )
    assert found.classes == ["cat", "emu", "sea lion"]
    assert found.labels == {
        "label": {"1.jpg": ["sea lion"], "2.jpg": ["cat"], "3.jpg": ["sea lion"]}
    }
    assert [row["answers"] for row in found.files["answers"]] == [["sea lion"], [], ["cat"]]
    with pytest.raises(SystemExit, match="--labels"):
        tools[0].read_gpt4v(tmp_path / "a.json", None)
    folder = tmp_path / "wrong"
    path = write_json(tmp_path / "b.json", {"classes": ["cat"], "rows": gpt4v_rows()[:1]})
    with pytest.raises(SystemExit, match="a, b"):
        tools[0].write(tools[0].read_gpt4v(path, None), folder)


def shape_bias_file(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_letters_of_shape_bias(tools: Tools, tmp_path: Path) -> None:
    replies = {
        "cat1-dog2": ("H", "cat"),
        "cat2-dog1": ("K. dog", "dog"),
        "car1-truck3": ("airplane", "airplane"),
        "oven1-bird2": ("I'm sorry, I can't help with that.", "None"),
        "car2-car3": ("G", "car"),
    }
    rows = [{"image": k, "response": a, "pred_label": p} for k, (a, p) in replies.items()]
    folder = tmp_path / "letters"
    tools[0].write(tools[0].read_shape_bias(shape_bias_file(tmp_path / "a.csv", rows)), folder)
    read, published = imported(folder), imported(folder, "published")
    assert read.n == 4  # the car made of cars has but one right answer
    assert (read.counts["ok"], read.counts["refused"]) == (3, 1)
    for results in (read, published):
        right = {name: score.n_right for name, score in results.scores["mc"].items()}
        assert right == {"letters_shape": 1, "letters_texture": 1, "letters_either": 2}
    run = tools[1].Run.read(tmp_path / "runs" / "answers" / "letters")
    assert list(tools[1].shape_bias(run)) == [
        ["letters", "answers", "strict", "25.00", "0.00", "25.00", "100.00"],
        ["letters", "answers", "as read", "25.00", "25.00", "50.00", "50.00"],
    ]


def test_captions_of_shape_bias(tools: Tools, tmp_path: Path) -> None:
    told = {"cat1-dog2": "H, K", "cat2-dog1": "X", "car1-truck3": "P. truck", "car1-car2": "G"}
    rows = [
        {"image": image, "response": "a cat", "pred_label": "cat", "pred_llm_judge": judge}
        for image, judge in told.items()
    ]
    folder = tmp_path / "captions"
    tools[0].write(tools[0].read_shape_bias(shape_bias_file(tmp_path / "a.csv", rows)), folder)
    judged = [json.loads(line) for line in (folder / "judge.jsonl").read_text().splitlines()]
    assert [row["class_id"] for row in judged] == [[7, 10], -1, [15]]
    results = imported(folder, "answers", *LEXICAL)
    right = {name: score.n_right for name, score in results.scores["ow"].items()}
    assert right == {"captions_shape": 2, "captions_texture": 0, "captions_either": 2}


def real(tools: Tools, shared_data: Path, folder: Path) -> Path:
    """Write and import a real set of GPT-4V's answers, and give its run directory."""
    source = shared_data / "answers" / f"gpt4v_closed_world_{folder.name}.json"
    tools[0].write(tools[0].read_gpt4v(source, None), folder)
    imported(folder, "answers", *LEXICAL)
    return folder.parent / "runs" / "answers" / folder.name


def page(root: Path) -> list[str]:
    return (root / "docs" / "real_answers.md").read_text("utf-8").splitlines()


def test_the_page_has_what_rafdb_measures(
    tools: Tools, shared_data: Path, tmp_path: Path, root: Path
) -> None:
    path = real(tools, shared_data, tmp_path / "rafdb")
    for row in tools[1].closed_world(tools[1].Run.read(path)):
        assert f"| {' | '.join(row)} |" in page(root)


def test_the_page_has_what_letters_measure(
    tools: Tools, shared_data: Path, tmp_path: Path, root: Path
) -> None:
    name = "vqa_instructblip_vicuna_7b"
    source = shared_data / "answers" / f"shapebias_{name}.csv"
    tools[0].write(tools[0].read_shape_bias(source), tmp_path / name)
    imported(tmp_path / name)
    rows = list(tools[1].shape_bias(tools[1].Run.read(tmp_path / "runs" / "answers" / name)))
    assert [row[2] for row in rows] == ["strict", "as read"]
    assert all(f"| {' | '.join(row)} |" in page(root) for row in rows)


@pytest.mark.parametrize("name", ["caltech101", "eurosat", "pets"])
def test_both_forms_of_real_answers_are_one(
    name: str, tools: Tools, shared_data: Path, tmp_path: Path
) -> None:
    source = shared_data / "answers" / f"gpt4v_closed_world_{name}.json"
    rows = json.loads(source.read_text())["rows"]
    answers = {row["image_id"]: row["answers"] for row in rows}
    labels = {row["image_id"]: row["label"].replace(" ", "_") for row in rows}
    pair = write_json(tmp_path / "a.json", answers), write_json(tmp_path / "gt.json", labels)
    assert tools[0].read_gpt4v(*pair) == tools[0].read_gpt4v(source, None)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["caltech101", "dtd"])
def test_the_page_has_what_the_grid_measures(
    name: str, tools: Tools, shared_data: Path, tmp_path: Path, root: Path
) -> None:
    path = real(tools, shared_data, tmp_path / name)
    catalogue = Catalogue((tmp_path / name,))
    combinations = open_combinations(catalogue, ["minilm", "lexical"], TEMPLATES, TEMPLATES)
    write_grid(path, map_run(open_run(catalogue, path, NO_OVERRIDES), combinations))
    for row in tools[1].closed_world(tools[1].Run.read(path)):
        assert f"| {' | '.join(row)} |" in page(root)


def test_the_rules_page_has_what_flowers102_measures(
    tools: Tools, shared_data: Path, tmp_path: Path, root: Path
) -> None:
    path = real(tools, shared_data, tmp_path / "flowers102")
    (scores,) = score_rules(
        open_run(Catalogue((tmp_path / "flowers102",)), path, NO_OVERRIDES)
    ).values()
    page = (root / "docs" / "other_papers.md").read_text("utf-8")
    for each in scores:
        if each.rule.key != "cw_plus":  # the page has it by another encoder
            share = f"{100 * (each.n_right or 0) / each.n:.2f}"
            start = (
                f"{each.rule.title} | {each.rule.source} | {each.n} | {each.n_right} | {share} |"
            )
            (line,) = (line for line in page.splitlines() if line.startswith(f"| {start}"))
            assert line.endswith(f"| {each.rule.otherwise} |")
    assert len(scores) == 10


@pytest.mark.slow
def test_the_rules_page_has_what_captions_measure(
    tools: Tools, shared_data: Path, tmp_path: Path, root: Path
) -> None:
    name = "captioning_llava_1_5_7b"
    source = shared_data / "answers" / f"shapebias_{name}.csv"
    tools[0].write(tools[0].read_shape_bias(source), tmp_path / name)
    imported(tmp_path / name, "answers", *LEXICAL)
    path = tmp_path / "runs" / "answers" / name
    found = score_rules(open_run(Catalogue((tmp_path / name,)), path, NO_OVERRIDES))
    page = (root / "docs" / "other_papers.md").read_text("utf-8").splitlines()
    checked = [each for each in found[f"{name}_either"] if each.rule.key.endswith("_inside")]
    for each in checked:
        end = f"| {100 * (each.n_right or 0) / each.n:.2f} | {each.n_without} |"
        assert any(
            line.startswith(f"| {each.rule.title} |") and line.endswith(end) for line in page
        )
    assert len(checked) == 3


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def first_table(root: Path) -> list[list[str]]:
    """Rows: data set, images, share off the list, published, wrong, mapped, moves by."""
    lines = (root / "README.md").read_text("utf-8").splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("| data set"))
    return [cells(line) for line in lines[start + 2 : start + 7]]


def test_the_readme_has_the_figures_of_the_page(root: Path) -> None:
    tables = [cells(line) for line in page(root) if line.startswith("| ")]
    for name, n, off, published, wrong, mapped, moves, *_ in first_table(root):
        one, two = (row for row in tables if row[0] == name.lower() and len(row) > 3)
        assert (n, published, wrong) == (one[1], one[3], one[6])
        share = 100 * int(one[8].replace(",", "")) / int(n.replace(",", ""))
        assert off == f"{share:.2f} %"
        assert (wrong, published, mapped) == (two[1], two[3], two[5])
        figures = [float(each) for each in (published, wrong, mapped)]
        assert moves == f"{max(figures) - min(figures):.2f} points"


def test_the_readme_has_what_import_prints(
    tools: Tools, shared_data: Path, tmp_path: Path, root: Path
) -> None:
    source = shared_data / "answers" / "gpt4v_closed_world_pets.json"
    tools[0].write(tools[0].read_gpt4v(source, None), tmp_path / "pets")
    where = ("--include_path", tmp_path / "pets", "--output", tmp_path / "runs")
    answers = tmp_path / "pets" / "answers.jsonl"
    done = harness("import", answers, "--task", "pets", *where, "--model", "gpt4v")
    printed = [line.split() for line in done.stdout.splitlines()]
    (_, _, _, published, wrong, mapped, *_) = next(r for r in first_table(root) if r[0] == "Pets")
    plain = next(line for line in printed if line[:3] == ["gpt4v", "pets", "cw"])
    plus = next(line for line in printed if line[:3] == ["gpt4v", "pets", "cw_plus"])
    assert (plain[5], plain[8], plus[5]) == (wrong, published, mapped)
