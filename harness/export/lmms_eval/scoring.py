"""What lmms-eval calls for an exported task: its prompts, and the harness's own scoring."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from harness.answers.outcome import Level, Status, cut
from harness.data.images.pixels import to_rgb
from harness.data.labels.label_set import Labels
from harness.encoders.base import Pieces, TextEncoder, Vectors, is_literal, pieces_of
from harness.encoders.registry import open_encoder
from harness.export.lmms_eval.task import (
    ExportedTask,
    chat_messages,
    read_task,
    response_of,
    simple_text,
)
from harness.prompts.plan import PlannedRequest
from harness.requests import Request, Text
from harness.runs.mapping import map_rows
from harness.runs.rows import answered_rows
from harness.scores.answers import to_answers
from harness.scores.judgement import judge
from harness.scores.metrics import out_rows, right_at
from harness.scores.results import MATCHED, MATCHINGS, Matching
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_encoder_spec
from harness.specs.task import Protocol, TaskSpec
from harness.store.prediction import Prediction

RECORD = "harness"
"""The key of the rows among the metrics of a sample; no metric, so lmms-eval only logs it."""
SHARES = tuple(status.value for status in Status if status is not Status.OK)
IMAGE = "image"
Doc = Mapping[str, Any]
Value = float | None


def metric_names(task: TaskSpec, label_sets: Sequence[str]) -> list[str]:
    """Name the metrics of a task: accuracies by label set, and shares of the images by status.

    A closed-world task has a second accuracy, with its out-of-prompt answers mapped. Where answers
    are matched with names, accuracies and the share of out-of-prompt answers stand for strict and
    normalized matching too.
    """
    names = [
        f"{name}_accuracy{mapped}{_ending(matching)}"
        for _, mapped in _scored_as(task.protocol)
        for matching in _matchings(task.protocol)
        for name in label_sets
    ]
    out = [f"oop{_ending(matching)}_share" for matching in _matchings(task.protocol)[1:]]
    return [*names, *(f"{share}_share" for share in SHARES), *out]


def _scored_as(protocol: Protocol) -> tuple[tuple[Protocol, str], ...]:
    """Give the protocols that a task's answers are scored under, each with the metric's ending."""
    own: tuple[tuple[Protocol, str], ...] = ((protocol, ""),)
    return (*own, ("cw_plus", "_cw_plus")) if protocol == "cw" else own


def _matchings(protocol: Protocol) -> tuple[Matching, ...]:
    return ("read", "strict", "normalized") if protocol in MATCHED else ("read",)


def _ending(matching: Matching) -> str:
    return "" if matching == "read" else f"_{matching}"


class ExportedTasks:
    """The tasks of a folder, each read when one of its documents is first seen."""

    def __init__(self, folder: Path) -> None:
        """Open a folder that `harness export lmms-eval` wrote."""
        self._folder = folder
        self._lock = threading.Lock()  # lmms-eval scores in several threads
        self._scorers: dict[str, Scorer] = {}

    def text(self, doc: Doc, image_mark: str = "") -> str:
        """Give the prompt for a class that is given images and text apart."""
        return simple_text(doc["text"], image_mark)

    def images(self, doc: Doc) -> list[Image.Image]:
        """Give the images of a document, in the order of the prompt."""
        names = [IMAGE, *(f"{IMAGE}_{number + 1}" for number in range(len(doc["image_ids"])))]
        found = [doc[name] for name in names if doc.get(name) is not None]
        return [to_rgb(image) for image in found]

    def messages(self, doc: Doc) -> list[dict[str, Any]]:
        """Give the prompt for a chat class, with the images where the task puts them."""
        return chat_messages(Request(tuple(self.images(doc)), doc["text"]))

    def score(self, doc: Doc, results: Sequence[object]) -> dict[str, Any]:
        """Read and score one answer: metrics in percent, and the rows under `harness`.

        A value is None for an image that the label set does not score.
        """
        with self._lock:
            name = doc["task"]
            if name not in self._scorers:
                self._scorers[name] = Scorer(read_task(self._folder, name))
            scorer = self._scorers[name]
            rows = scorer.rows(doc, results[0])
            values = scorer.values(rows)
        alone = len(rows) == 1
        found: dict[str, Any] = {key: each[0] if alone else each for key, each in values.items()}
        return found | {RECORD: [row.to_json() for row in rows]}


class Scorer:
    """Reads and scores answers of one task."""

    def __init__(self, task: ExportedTask) -> None:
        self._task = task.spec
        self._classes = task.class_names
        self._truths = {each.name: each for each in task.truths}
        self._same = task.same

    @cached_property
    def _encoder(self) -> TextEncoder:
        name = self._task.mapping.encoder
        return Remembered(open_encoder(load_encoder_spec(Catalogue(), name)))

    def rows(self, doc: Doc, answer: object) -> list[Prediction]:
        """Give the rows of an answer, one for each image, as a run of the harness makes them."""
        ids = tuple(doc["image_ids"])
        asked = PlannedRequest(tuple(range(len(ids))), ids, doc["text"], tuple(doc["options"]))
        response = response_of(answer)
        if isinstance(response, Text):
            text = cut(response.text, self._task.generation_kwargs.until)
            response = replace(response, text=text)
        classes, hashes = self._classes, doc["image_sha256"]
        rows = answered_rows(self._task.protocol, classes, asked, hashes, response)
        if self._task.protocol == "mc" or all(row.status is Status.ERROR for row in rows):
            return rows
        return map_rows(self._task, rows, classes, self._encoder)

    def values(self, rows: Sequence[Prediction]) -> dict[str, list[Value]]:
        """Give each metric's value of each row."""
        found: dict[str, list[Value]] = {}
        task = self._task.protocol
        for matching in _matchings(task):
            for protocol, mapped in _scored_as(task):
                for name in self._truths:
                    key = f"{name}_accuracy{mapped}{_ending(matching)}"
                    found[key] = self._right(rows, name, protocol, MATCHINGS[matching])
        for share in SHARES:
            found[f"{share}_share"] = [100.0 * (row.status == share) for row in rows]
        for matching in _matchings(task)[1:]:
            answers = to_answers(rows)
            out = out_rows(answers, MATCHINGS[matching])
            found[f"oop{_ending(matching)}_share"] = [
                100.0 * bool(each) if counts else None
                for each, counts in zip(out, answers.answered, strict=True)
            ]
        return found

    def _right(
        self, rows: Sequence[Prediction], name: str, protocol: Protocol, level: Level
    ) -> list[Value]:
        labels = self._truths[name]
        known = [place for place, row in enumerate(rows) if row.image_id in labels.labels]
        values: list[Value] = [None] * len(rows)
        if not known:
            return values
        answers = to_answers([rows[place] for place in known], self._classes)
        (judged,) = judge(answers, Labels((labels,), self._same), [protocol])
        right = right_at(answers, judged.truth, protocol, judged.right[protocol], level)
        if right is None:
            return values
        for place, is_right, counts in zip(known, right, judged.scope.scored, strict=True):
            values[place] = 100.0 * bool(is_right) if counts else None
        return values


@dataclass
class Remembered:
    """An encoder whose embeddings stay in memory: one answer comes at a time, with all classes."""

    encoder: TextEncoder
    known: dict[str, Vectors] = field(default_factory=dict)
    cut: dict[str, Pieces] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the encoder's spec."""
        return self.encoder.name

    @property
    def digest(self) -> str:
        """Digest of the encoder."""
        return self.encoder.digest

    @property
    def literal(self) -> bool:
        """Whether the encoder counts pieces."""
        return is_literal(self.encoder)

    def pieces(self, texts: Sequence[str]) -> list[Pieces] | None:
        """Give the pieces that the encoder makes of each text; each different text once."""
        new = [text for text in dict.fromkeys(texts) if text not in self.cut]
        found = pieces_of(self.encoder, new)
        if found is None:
            return None
        self.cut |= zip(new, found, strict=True)
        return [self.cut[text] for text in texts]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts` to unit rows [n, d]; each different text once."""
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        self.known |= dict(zip(new, self.encoder.encode(new), strict=True)) if new else {}
        return np.stack([self.known[text] for text in texts])


def mean(values: Sequence[Value | Sequence[Value]]) -> float:
    """Give the mean of the values of all images, without those that are None; NaN for none."""
    flat = [
        value
        for each in values
        for value in (each if isinstance(each, Sequence) else [each])
        if value is not None
    ]
    return sum(flat) / len(flat) if flat else float("nan")
