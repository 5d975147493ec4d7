"""The rules of other papers: by hand, beside their authors' loops, and `harness rules`."""

import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.answers.other_papers import RULES, concepts_of
from harness.answers.outcome import Status
from harness.data.classes import Class, ClassList
from harness.data.labels.label_set import Equivalences, Labels
from harness.encoders.registry import open_encoder
from harness.runs.other_papers import RuleScore, score_rows
from harness.runs.rows import NO_ENTRY
from harness.scores.answers import to_answers
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_encoder_spec
from harness.store.prediction import Prediction
from scores.score_builders import labels, ok, row
from support.colours import N
from support.command import Said, harness
from support.imported_runs import imported_run

NAMES = ("cat", "Dog", "black-eyed susan", "cat food", "dog")
K = ClassList("five", "own", tuple(Class(i, name) for i, name in enumerate(NAMES)))
READ = {about.key: read for about, read in RULES}


@pytest.mark.parametrize(
    ("rule", "answers", "ids"),
    [
        ("first_spelled", ["a cat", "Dog", "cat"], (1,)),
        ("first_spelled", ["DOG"], ()),
        ("first_spelled", [], ()),
        ("first_normalized", ["puma", "**A DOG.**", "cat"], (1, 4)),
        ("names_inside", ["A Caterpillar"], (0,)),
        ("names_inside", ["the DOG ate cat food"], (0, 1, 3, 4)),
        ("names_inside", ["puma", "cat"], ()),
        ("words_inside", ["A Caterpillar"], ()),
        ("words_inside", ["a cat, a (dog)"], (0, 1, 4)),
        ("words_inside", ["a black-eyed Susan!"], (2,)),
        ("words_inside", ["black eyed susan"], ()),
        ("only_name_inside", ["caterpillar"], (0,)),
        ("only_name_inside", ["Dogs"], (1, 4)),
        ("only_name_inside", ["cat food"], ()),
        ("only_name_inside", ["cat" + " " * 200], ()),
    ],
)
def test_rules_by_hand(rule: str, answers: list[str], ids: tuple[int, ...]) -> None:
    assert sorted(READ[rule](answers, K)) == sorted(ids)


def test_a_name_without_ascii_letters_is_in_no_answer() -> None:
    names = ClassList("two", "own", (Class(0, "猫"), Class(1, "犬 A")))
    assert READ["words_inside"](["any answer"], names) == ()
    assert READ["names_inside"](["これは猫です"], names) == (0,)


def test_concepts_are_phrases_and_the_answer() -> None:
    text = "A photo of a Golden retriever, on the St. Bernard's grass."
    assert concepts_of(text) == ("golden retriever", "st", "bernard's grass", text)
    assert concepts_of(" dog ") == ("dog",)


def scored(
    rows: Sequence[Prediction], sets: dict[str, set[int]], **more: Any
) -> dict[str, RuleScore]:
    same = more.pop("same", Equivalences.none())
    every = Labels((labels("set", sets, original=True),), same)
    protocols = more.pop("protocols", ["cw"])
    (scores,) = score_rows(rows, to_answers(rows, K), K, every, protocols, **more).values()
    return {each.rule.key: each for each in scores}


def counts(score: RuleScore) -> tuple[int, int | None, int | None]:
    return score.n, score.n_right, score.n_without


def test_what_counts() -> None:
    """An image without a label, and one whose request failed, count nowhere. Several labels,
    several answers that are all meant, and classes that count as one: right if any is.
    """
    rows = [
        ok("a", 0, answer="cat"),
        ok("b", 0, answer="a cat", rule="first_line"),
        row("c", Status.OOP, answer="puma", answers=("puma", "cat")),
        ok("d", 0, 2, answer="cat", meant=("cat", "black-eyed susan")),
        row("e", Status.UNPARSED, answer="1: cat", rule=NO_ENTRY, images_in_prompt=2),
        row("f", Status.ERROR),
        ok("g", 0, answer="cat"),
        ok("h", 4, answer="dog"),
    ]
    sets: dict[str, set[int]] = {key: {0} for key in "abcefh"} | {"d": {1, 2}, "g": set()}
    found = scored(rows, sets)
    assert counts(found["strict"]) == (6, 2, 3)
    assert counts(found["read"]) == (6, 3, 2)
    assert counts(found["left_out"]) == (4, 3, 0)
    assert counts(found["first_spelled"]) == (6, 3, 2)
    assert counts(found["first_normalized"]) == (6, 4, 1)
    assert counts(found["names_inside"]) == (6, 3, 2)
    same = Equivalences.from_groups("two", [[0, 4]])
    assert counts(scored(rows, sets, same=same)["names_inside"]) == (6, 4, 2)


def test_mapped_answers_are_scored_mapped_and_unmapped() -> None:
    rows = [
        ok("a", 0, answer="cat"),
        row("b", Status.OOP, answer="kitty", class_id=0, rule="mapped"),
        row("c", Status.OOP, answer="pup", class_id=0, rule="mapped"),
    ]
    found = scored(rows, {"a": {0}, "b": {0}, "c": {1}}, protocols=["cw", "cw_plus"])
    assert counts(found["read"]) == (3, 1, 2)
    assert counts(found["cw_plus"]) == (3, 2, 0)


def test_an_encoder_adds_the_nearest_name_and_similarities() -> None:
    encoder = open_encoder(load_encoder_spec(Catalogue(), "lexical"))
    rows = [ok("a", 0, answer="cats"), ok("b", 1, answer="It is a dog."), row("c", Status.EMPTY)]
    found = scored(rows, {"a": {0, 2}, "b": {1}, "c": {0}}, encoder=encoder)
    assert counts(found["nearest_name"]) == (3, 2, 1)
    vectors = encoder.encode(["cats", "cat", "It is a dog.", "dog"])
    near = [float(vectors[0] @ vectors[1]), float(vectors[2] @ vectors[3])]
    semantic, concept = found["semantic_similarity"], found["concept_similarity"]
    assert semantic.similarity == pytest.approx(100 * sum(near) / 3, abs=1e-3)
    assert concept.similarity == pytest.approx(100 * (near[0] + 1) / 3, abs=1e-3)
    assert (semantic.n, semantic.n_right) == (3, None)


def test_captions_beside_the_authors_loops(shared_data: Path) -> None:
    path = shared_data / "answers" / "shapebias_captioning_llava_1_5_7b.csv"
    with path.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    shape = {line["image"]: re.match(r"[a-z]+", line["image"])[0] for line in lines}  # type: ignore[index]
    names = sorted(set(shape.values()))
    classes = ClassList("shapes", "own", tuple(Class(i, name) for i, name in enumerate(names)))
    rows = [ok(line["image"], 0, answer=line["response"], rule="exact") for line in lines]
    truth = labels("shape", {key: [names.index(name)] for key, name in shape.items()})
    every = Labels((truth,), Equivalences.none())
    (scores,) = score_rows(rows, to_answers(rows, classes), classes, every, ["ow"]).values()
    inside = words = only = 0
    for line in lines:
        label, text = shape[line["image"]], line["response"]
        inside += label.lower() in text.lower()
        clean = re.sub(r"[^a-zA-Z0-9\s]", "", text).lower()
        words += bool(re.search(r"\b" + re.escape(label) + r"\b", clean))
        hits = [name for name in names if name in text.lower()]
        only += hits == [label] and len(text) <= 2 * len("".join(names))
    found = {each.rule.key: each.n_right for each in scores}
    assert (found["names_inside"], found["words_inside"]) == (inside, words)
    assert found["only_name_inside"] == only
    assert len({inside, words, only}) == 3


def files_of(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rules(*words: str | Path) -> Said:
    return harness("rules", *words)


def test_the_command_prints_and_writes_nothing(tmp_path: Path) -> None:
    run = imported_run(tmp_path, "a", "mini_cw")
    before = files_of(run)
    done = rules(run, "--encoder", "lexical", "--json")
    assert done.code == 0, done.stderr
    assert files_of(run) == before
    tables = json.loads(done.stdout)["tables"]
    results = json.loads((run / "results.json").read_text())
    assert [each["rows"][0]["label_set"] for each in tables] == list(results["scores"]["cw"])
    for table in tables:
        found = {each["key"]: each for each in table["rows"]}
        score = results["scores"]["cw"][table["rows"][0]["label_set"]]
        assert (found["read"]["n"], found["read"]["n_right"]) == (score["n"], score["n_right"])
        strict = pytest.approx(score["matching"]["strict"]["accuracy"], abs=1e-4)
        assert found["strict"]["accuracy"] == strict
        assert found["semantic_similarity"]["accuracy"] is None
    heading, *lines = csv.reader(rules(run, "--format", "csv").stdout.splitlines())
    assert heading[:4] == ["model", "task", "label_set", "key"] and "similarity" not in heading
    assert len(lines) == sum(len(each["rows"]) - 3 for each in tables)


def test_runs_without_texts_of_names_are_named(tmp_path: Path) -> None:
    imported_run(tmp_path, "a", "mini_cw")
    lettered = imported_run(tmp_path, "a", "mini_mc_random")
    assert rules(lettered).code == 2
    both = rules(tmp_path)
    assert both.code == 1
    assert "mini_mc_random: answers under protocol `mc`" in " ".join(both.stderr.split())
    assert "a on mini_cw" in both.stdout


def test_classes_without_a_text_are_refused(folder: Path) -> None:
    path = folder / "a.jsonl"
    lines = [{"image_id": f"i{i:02d}.png", "class_id": i % 4} for i in range(N)]
    path.write_text("".join(json.dumps(each) + "\n" for each in lines))
    where = ("--include_path", folder)
    done = harness(
        "import", path, "--task", "colours", "--model", "a", "--output", folder / "runs", *where
    )
    assert done.code == 0, done.stderr
    said = rules(folder / "runs", *where)
    assert said.code == 2
    assert "classes without a text to read" in said.stderr
