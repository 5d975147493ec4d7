"""Figures that others measured, reached through `harness import` (see ../shared/data/README.md)."""

import json
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from _pytest.mark.structures import ParameterSet

from harness.data.labels.of_task import NO_OVERRIDES, Overrides
from harness.runs.finish import Finished
from harness.runs.importing import ImportOptions, import_answers
from harness.scores.results import MATCHINGS, Results, Score
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task

# ImGT top-1, ImGT top-5, ReaL without empty sets, ReaL with empty sets counted correct.
SUPERVISED = {
    "resnet50": ("76.130", "92.862", "82.958", "84.036"),
    "resnet152": ("78.312", "94.046", "84.815", "85.776"),
    "vgg16": ("71.592", "90.382", "79.040", "80.366"),
    "squeezenet1_1": ("58.178", "80.624", "65.455", "67.640"),
}


class Gpt4v(NamedTuple):
    """GPT-4V, closed world: images, classes, and percent as published."""

    n: int
    classes: int
    strict: str
    first_in_list: str
    oop_strict: str | None = None
    cw_plus: float | None = None
    """Out-of-list answers mapped by minilm, raw and raw; measured here."""


GPT4V = {
    "pets": Gpt4v(3669, 37, "90.41", "90.76", "0.95", 90.60),
    "dtd": Gpt4v(1688, 47, "56.34", "57.70", "4.86", 57.82),
    "flowers102": Gpt4v(2463, 102, "66.18", "69.10"),
    "cars": Gpt4v(8041, 196, "60.51", "62.67"),
    "sun397": Gpt4v(19830, 397, "57.75", "59.20"),
    "eurosat": Gpt4v(7991, 10, "46.78", "46.80"),
    "caltech101": Gpt4v(2464, 100, "93.67", "93.71"),
    "aircraft": Gpt4v(3333, 100, "56.50", "56.59"),
    "rafdb": Gpt4v(3062, 7, "68.71", "68.71"),
}


def supervised(shared_data: Path, model: str, folder: Path) -> Path:
    top = np.load(shared_data / "predictions" / f"imagenet_val_{model}_top5.npz")["top5"]
    path = folder / f"{model}.jsonl"
    with path.open("w") as file:
        for place, ids in enumerate(top.tolist(), start=1):
            row = {"image_id": f"ILSVRC2012_val_{place:08d}.JPEG", "top": ids}
            file.write(json.dumps(row) + "\n")
    return path


def imported(
    catalogue: Catalogue, task: str, path: Path, overrides: Overrides = NO_OVERRIDES
) -> Results:
    options = ImportOptions(path.stem, path.parent / "runs", overrides=overrides)
    found: Finished = import_answers(catalogue, load_task(catalogue, task), path, options)
    assert found.results is not None
    return found.results


def told(imgt: Score, real: Score) -> tuple[str, ...]:
    figures = (imgt.accuracy, imgt.top5, real.accuracy, real.accuracy_empty_correct)
    return tuple(f"{figure:.3f}" for figure in figures)


def slow_but(quick: Collection[str], names: Iterable[str]) -> list[ParameterSet]:
    """Give the names as parameters, of which all but some belong to `make test-full`."""
    return [pytest.param(n, marks=() if n in quick else pytest.mark.slow) for n in names]


@pytest.mark.parametrize("model", slow_but([], SUPERVISED))
def test_supervised_classifiers(shared_data: Path, tmp_path: Path, model: str) -> None:
    path = supervised(shared_data, model, tmp_path)
    real = Overrides({"real": shared_data / "labels" / "real.json"})
    found = imported(Catalogue(), "imagenet_classify", path, real)
    assert found.complete
    assert found.n == 50_000
    scores = found.scores["classify"]
    assert (scores["real"].n, scores["real"].n_empty) == (46_837, 3_163)
    assert told(scores["imgt"], scores["real"]) == SUPERVISED[model]


@pytest.fixture(scope="module", params=slow_but(["pets"], GPT4V))
def gpt4v(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, shared_data: Path
) -> Iterator[tuple[Gpt4v, Results]]:
    name = str(request.param)
    source = json.loads((shared_data / "answers" / f"gpt4v_closed_world_{name}.json").read_text())
    folder = tmp_path_factory.mktemp(name)
    place = {each: number for number, each in enumerate(source["classes"])}
    lines = {
        "ids": [{"image_id": row["image_id"]} for row in source["rows"]],
        "labels": [
            {"image_id": row["image_id"], "labels": [place[row["label"]]]} for row in source["rows"]
        ],
        "answers": [{key: row[key] for key in ("image_id", "answers")} for row in source["rows"]],
    }
    for key, rows in lines.items():
        (folder / f"{key}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "names.txt").write_text("\n".join(source["classes"]))
    encoder = "lexical" if GPT4V[name].cw_plus is None else "minilm"
    (folder / "classes.yaml").write_text("class_list: gpt4v_classes\npath: names.txt\n")
    (folder / "labels.yaml").write_text(
        "label_set: gpt4v_labels\nformat: jsonl\npath: labels.jsonl\nclass_list: gpt4v_classes\n"
        "original: true\n"
    )
    (folder / "task.yaml").write_text(
        "task: gpt4v\nprotocol: cw\ndataset_path: ids.jsonl\ndoc_to_id: image_id\n"
        "class_list: gpt4v_classes\nlabel_sets: gpt4v_labels\nmetadata: {version: 1}\n"
        f"mapping: {{encoder: {encoder}}}\n"
        "doc_to_text: \"<image> Which of {{ classes | join(', ') }}?\"\n"
    )
    yield GPT4V[name], imported(Catalogue((folder,)), "gpt4v", folder / "answers.jsonl")


def test_gpt4v_closed_world(gpt4v: tuple[Gpt4v, Results]) -> None:
    known, found = gpt4v
    score = found.scores["cw"]["gpt4v_labels"]
    assert (found.n, found.class_list.n, score.n) == (known.n, known.classes, known.n)
    assert f"{score.accuracy_by('strict'):.2f}" == known.strict
    assert f"{score.accuracy_first_in_list:.2f}" == known.first_in_list
    if known.oop_strict is not None:
        assert f"{found.out_share('strict'):.2f}" == known.oop_strict


def test_gpt4v_by_how_closely_answers_match(gpt4v: tuple[Gpt4v, Results]) -> None:
    """The closer the match, the fewer are right and the more are out of prompt; of a run whose
    answers outside of the list are mapped, every figure is known.
    """
    _, found = gpt4v
    for protocol, scores in found.scores.items():
        score = scores["gpt4v_labels"]
        figures = [score.accuracy_by(matching) for matching in MATCHINGS]
        assert None not in figures and figures[-1] == score.accuracy
        assert protocol == "cw_plus" or figures == sorted(figures)
    shares = [found.out_share(matching) for matching in MATCHINGS]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == found.shares["oop"]


def test_gpt4v_with_its_answers_out_of_the_list_mapped(gpt4v: tuple[Gpt4v, Results]) -> None:
    known, found = gpt4v
    if found.mapping is None:
        assert (found.counts["oop"], set(found.scores)) == (0, {"cw"})
        return
    assert found.mapping.n_mapped == found.counts["oop"] > 0
    plus = found.scores["cw_plus"]["gpt4v_labels"]
    assert plus.n_right >= found.scores["cw"]["gpt4v_labels"].n_right
    if known.cw_plus is not None:
        assert plus.accuracy == pytest.approx(known.cw_plus, abs=0.15)
