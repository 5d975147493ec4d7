"""Any id, class name and label that a JSON string can hold goes through the files unchanged."""

import csv
import json
import string
import tempfile
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from harness.adapters.base import Setting
from harness.data.class_lists import load_class_list
from harness.data.image_ids import written_id
from harness.data.images.source import open_source
from harness.data.labels.of_task import NO_OVERRIDES
from harness.errors import UserError
from harness.export.hf.folder import HfOptions, export_hf
from harness.requests import Ask, ModelFacts, Request, Response, Text
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.runs.finish import Finished
from harness.runs.importing import ImportOptions, import_answers
from harness.runs.reopen import rescore
from harness.specs.catalogue import Catalogue
from harness.specs.label_set import ClassListSpec
from harness.specs.load import load_class_list_spec, load_task
from harness.specs.model import ModelSpec
from harness.specs.task import TaskSpec
from harness.store.lines import read_predictions
from harness.store.prediction import Prediction

ODD = (
    "007", "7", "NA", "nan", "null", "None", "true", "1e5", "-0", "0x1F", "2020-01-01", "12:30",
    "cat/1", "cat/1.jpg", "a.JPG", "..", "/", "\\", "C:\\a.png", " a", "a ", "\t", "\n", "a\r\nb",
    "a\x00b", "a\x1cb", "a\x85b", "a\u2028b", "\ufeffa", "é", "e\u0301", "\u212b", "한", "क्षि",
    "a\u200bb", "🐶", "👩‍🚀", "'", '"', "`", "#a", "- a", "{a}", "[a]", "a: b", "%s", "{{ a }}",
    "=1+1", "a,b", "a;b", "ILSVRC2012_val_00000001", "x_ILSVRC2012_val_00000001_y", "_", "*",
)  # fmt: skip
"""What readers, paths, templates and tables trip over."""
TEXTS = st.one_of(st.sampled_from(ODD), st.text(min_size=1, max_size=12))
IDS = st.lists(TEXTS, min_size=1, max_size=5, unique_by=written_id)
NAMES = st.lists(TEXTS.filter(str.strip), min_size=2, max_size=5)
CLASSES = NAMES.flatmap(
    lambda names: st.lists(
        st.integers(0, 2**31 - 1), min_size=len(names), max_size=len(names), unique=True
    ).map(lambda class_ids: dict(zip(sorted(class_ids), names, strict=True)))
)
"""Class id to name."""
PLAIN = settings(max_examples=25, deadline=None)
WHOLE = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def canonical(ids: Sequence[str]) -> list[str]:
    return [unicodedata.normalize("NFC", each) for each in ids]


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


def write_lines(path: Path, rows: Sequence[Mapping[str, Any]], *, plain: bool = False) -> None:
    lines = (json.dumps(row, ensure_ascii=not plain) for row in rows)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="")


def write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


Write = Callable[[Path, Sequence[str]], Path]


def as_jsonl(path: Path, ids: Sequence[str]) -> Path:
    write_lines(path / "x.jsonl", [{"key": each} for each in ids])
    return path / "x.jsonl"


def as_plain_jsonl(path: Path, ids: Sequence[str]) -> Path:
    write_lines(path / "x.jsonl", [{"key": each} for each in ids], plain=True)
    return path / "x.jsonl"


def as_csv(path: Path, ids: Sequence[str]) -> Path:
    write_table(path / "x.csv", [{"key": each, "more": 1} for each in ids])
    return path / "x.csv"


def as_parquet(path: Path, ids: Sequence[str]) -> Path:
    pq.write_table(pa.table({"key": list(ids)}), path / "x.parquet")
    return path / "x.parquet"


@pytest.mark.parametrize("write", [as_jsonl, as_plain_jsonl, as_csv, as_parquet])
@PLAIN
@given(ids=IDS)
def test_ids_of_a_data_set(write: Write, ids: list[str]) -> None:
    values = {
        "task": "t", "protocol": "classify", "class_list": "c", "label_sets": ["l"],
        "metadata": {"version": 0}, "doc_to_id": "key",
    }  # fmt: skip
    with folder() as path:
        task = TaskSpec.model_validate(values | {"dataset_path": str(write(path, ids))})
        assert list(open_source(task).ids) == canonical(ids)


@PLAIN
@given(text=st.text(st.sampled_from("\ud83d\udc36\ud800a"), min_size=1, max_size=4))
def test_half_of_a_surrogate_pair_is_one_clear_error(text: str) -> None:
    whole = json.loads(json.dumps(text))  # a high half and a low half beside it are one character
    values = {
        "task": "t", "protocol": "classify", "class_list": "c", "label_sets": ["l"],
        "metadata": {"version": 0}, "doc_to_id": "key",
    }  # fmt: skip
    with folder() as path:
        task = TaskSpec.model_validate(values | {"dataset_path": str(as_jsonl(path, [text]))})
        try:
            whole.encode()
        except UnicodeEncodeError:
            with pytest.raises(UserError, match="no Unicode text"):
                open_source(task)
        else:
            assert open_source(task).ids == (written_id(whole),)


@PLAIN
@given(classes=CLASSES)
def test_classes_of_a_yaml(classes: dict[int, str]) -> None:
    with folder() as path:
        write_classes(path, classes)
        found = load_class_list(load_class_list_spec(Catalogue((path,)), "these"))
        assert {each.id: each.name for each in found.classes} == classes


@PLAIN
@given(names=NAMES, end=st.sampled_from(["\n", "\r\n"]), last=st.booleans())
def test_names_of_a_file_of_lines(names: list[str], end: str, last: bool) -> None:
    assume(all(name == name.strip(" \t") and not {"\r", "\n"} & set(name) for name in names))
    assume(not names[0].startswith("\ufeff"))  # at the very beginning it is a mark of the encoding
    with folder() as path:
        text = end.join(names) + (end if last else "")
        (path / "names.txt").write_bytes(text.encode())
        spec = ClassListSpec(class_list="these", path="names.txt", directory=path)
        assert list(load_class_list(spec).names) == names


@dataclass(frozen=True)
class Made:
    """A task over these images; image i shows class i modulo the number of classes, and every
    third one the next class too.
    """

    path: Path
    ids: Sequence[str]
    classes: Mapping[int, str]

    @property
    def catalogue(self) -> Catalogue:
        return Catalogue((self.path,))

    @property
    def task(self) -> TaskSpec:
        return load_task(self.catalogue, "any")

    @property
    def labels(self) -> dict[str, list[int]]:
        """The labels of each image, the one that is answered first."""
        every = list(self.classes)
        found = {}
        for place, image_id in enumerate(canonical(self.ids)):
            pair = [every[place % len(every)], every[(place + 1) % len(every)]]
            found[image_id] = pair if place % 3 == 2 else pair[:1]
        return found


def write_classes(path: Path, classes: Mapping[int, str]) -> None:
    rows = [{"id": key, "name": name, "aliases": [name]} for key, name in classes.items()]
    rows.reverse()
    text = yaml.safe_dump({"class_list": "these", "classes": rows})
    (path / "classes.yaml").write_text(text, encoding="utf-8")


def write_task(path: Path, names: Collection[str], data: str) -> None:
    for form in ("jsonl", "csv"):
        label_set = {
            "label_set": f"own_{form}", "format": form, "path": f"labels.{form}", "license": "mit",
            "class_list": "these", "original": form == "jsonl",
        }  # fmt: skip
        (path / f"labels_{form}.yaml").write_text(yaml.safe_dump(label_set))
    # Names that the encoder cannot tell apart are allowed: nothing is mapped here.
    mapping = {"encoder": "lexical", "allow_shared_vectors": list(names)}
    task = {
        "task": "any", "protocol": "cw", "dataset_path": data, "doc_to_id": "key",
        "class_list": "these", "label_sets": ["own_jsonl", "own_csv"], "mapping": mapping,
        "doc_to_text": "<image>{{ classes | join('|') }}?", "metadata": {"version": 1},
    }  # fmt: skip
    (path / "task.yaml").write_text(yaml.safe_dump(task), encoding="utf-8")


@contextmanager
def made(ids: Sequence[str], classes: Mapping[int, str], data: str) -> Iterator[Made]:
    with folder() as path:
        found = Made(path, ids, classes)
        write_classes(path, classes)
        write_task(path, classes.values(), data)
        pairs = list(zip(ids, found.labels.values(), strict=True))
        write_lines(path / "labels.jsonl", [{"image_id": i, "labels": own} for i, own in pairs])
        write_table(path / "labels.csv", [{"id": i, "proposed_labels": own} for i, own in pairs])
        yield found


def check_whole(run: Finished, task: Made, answers: Mapping[str, str | None]) -> None:
    """Every file of a run, and of its export, says what went in."""
    rows = {row.image_id: row for row in read_predictions(run.path / "predictions.jsonl")}
    assert set(rows) == set(canonical(task.ids))
    assert {key: row.answer for key, row in rows.items()} == answers
    assert {key: row.class_id for key, row in rows.items() if not row.also} == {
        key: labels[0] for key, labels in task.labels.items() if not rows[key].also
    }
    assert run.results is not None
    again = rescore(task.catalogue, run.path, NO_OVERRIDES)
    for results in (run.results, again):
        found = results.scores["cw"]
        assert [found[name].accuracy for name in ("own_jsonl", "own_csv")] == [100, 100]
        assert results.n == found["own_csv"].n == len(task.ids)
    export_hf(task.catalogue, [run.path], task.path / "hf", HfOptions())
    check_export(task, rows)


def check_export(task: Made, rows: Mapping[str, Prediction]) -> None:
    def table(config: str) -> list[dict[str, Any]]:
        files = sorted((task.path / "hf" / config).rglob("*.parquet"))
        return [row for file in files for row in pq.read_table(file).to_pylist()]

    told = {row["image_id"]: (row["answer"], row["class_id"]) for row in table("predictions")}
    assert told == {key: (row.answer, row.class_id) for key, row in rows.items()}
    for row in table("labels"):
        labels = sorted(task.labels[row["image_id"]])
        assert row["class_ids"] == labels
        assert row["names"] == [task.classes[each] for each in labels]
    assert len(table("labels")) == 2 * len(task.ids)
    assert {row["class_id"]: row["name"] for row in table("classes")} == task.classes


@WHOLE
@given(ids=IDS, classes=CLASSES, by_name=st.booleans())
def test_import_score_and_export(ids: list[str], classes: dict[int, str], by_name: bool) -> None:
    with made(ids, classes, "ids.csv") as task:
        write_table(task.path / "ids.csv", [{"key": each, "more": 1} for each in ids])
        first = {key: labels[0] for key, labels in task.labels.items()}
        said = {key: classes[label] if by_name else None for key, label in first.items()}
        rows = [
            {"image_id": each} | ({"answer": said[key]} if by_name else {"class_id": label})
            for each, (key, label) in zip(ids, first.items(), strict=True)
        ]
        write_lines(task.path / "answers.jsonl", rows)
        options = ImportOptions("given", task.path / "runs")
        run = import_answers(task.catalogue, task.task, task.path / "answers.jsonl", options)
        check_whole(run, task, said)


class Namer:
    """Answers the name whose place is the red of the image."""

    facts = ModelFacts(architecture="Namer")

    def __init__(self, names: Sequence[str]) -> None:
        self.names, self.prompts = names, set[str]()

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        self.prompts.update(request.text for request in requests)
        reds = [request.images[0].getpixel((0, 0)) for request in requests]
        return [Text(self.names[pixel[0]], tokens=1) for pixel in reds]  # type: ignore[index]


@WHOLE
@given(ids=IDS, classes=CLASSES)
def test_run_score_and_export(ids: list[str], classes: dict[int, str]) -> None:
    names = list(classes.values())
    with made(ids, classes, "data.jsonl") as task:
        rows = []
        for place, each in enumerate(ids):
            image = task.path / f"{string.ascii_letters[place]}.png"
            Image.new("RGB", (2, 2), (place % len(names), 0, 0)).save(image)
            rows.append({"key": each, "image": str(image)})
        write_lines(task.path / "data.jsonl", rows)
        model = Namer(names)
        options = RunOptions(task.path / "runs", 2, show_progress=False)
        spec = ModelSpec(model="namer", adapter="tests:Namer")
        alone = Rank(0, 1, Setting())
        run = run_task(task.catalogue, task.task, spec, lambda: model, alone, options)  # type: ignore[arg-type, return-value]
        assert model.prompts == {"<image>" + "|".join(names) + "?"}
        check_whole(run, task, {key: classes[labels[0]] for key, labels in task.labels.items()})
