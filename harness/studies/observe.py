"""What a level of a factor says of each image, as arrays, from the rows of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from harness.answers.mapping.nearest import Mapped, map_to_each
from harness.answers.mapping.vectors import embed_classes
from harness.data.labels.of_task import NO_OVERRIDES, Overrides
from harness.encoders.registry import open_encoder
from harness.runs.mapping import with_exact
from harness.runs.remap import texts_to_map
from harness.runs.reopen import OpenRun, open_run
from harness.scores.answers import NO_CLASS, Answers, Bools, Ints, to_answers
from harness.scores.granularity import granularity_of
from harness.scores.judgement import Judgement, judge
from harness.scores.metrics import counted_rows, out_rows, right_at
from harness.scores.result_parts import GranularityPart
from harness.scores.results import MATCHINGS, Protocol
from harness.scores.scoring import protocols_of, request_of
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_encoder_spec, load_model
from harness.store.directory import run_path
from harness.studies.design import Factor, Point, Variant
from harness.studies.factors import MappedBy


@dataclass(frozen=True, slots=True)
class Observed:
    """n images under one level and one label set, sorted by id, in arrays [n]."""

    protocol: Protocol
    image_ids: tuple[str, ...]
    right: Bools
    scored: Bools
    """Whether it is an answer, of an image that has a label."""
    counted: Bools
    """Whether the image counts for the accuracy of the level; among those scored."""
    home: Ints
    """The class that the image is filed under."""
    answer: Ints
    """The class answered, -1 for none."""
    out: Bools

    def of(self, places: Ints) -> "Observed":
        """Give these images alone, in this order."""
        arrays = ("right", "scored", "counted", "home", "answer", "out")
        taken = {name: getattr(self, name)[places] for name in arrays}
        return replace(self, image_ids=tuple(self.image_ids[each] for each in places), **taken)


@dataclass(frozen=True, slots=True)
class Judged:
    """A run of the study, laid beside its label sets: arrays alone, as a study has many runs."""

    protocol: Protocol
    scored_under: tuple[Protocol, ...]
    """As in `results.json`: with mapping too, where a closed world was mapped."""
    complete: bool
    answers: Answers
    by_label_set: Mapping[str, Judgement]
    digests: Mapping[str, str]
    """Of the labels of each label set."""
    places: Ints
    """[n] the place of the image in the prompt, from 1; 0 where it was alone or nobody knows."""
    granularity: GranularityPart | None
    """Of a run of a task as it is, whose classes have a hierarchy."""


class Observer:
    """Opens the runs of a study, each once, and reads their rows."""

    def __init__(
        self, catalogue: Catalogue, output: Path, overrides: Overrides = NO_OVERRIDES
    ) -> None:
        self.catalogue, self.output, self._overrides = catalogue, output, overrides
        self._judged = cache(self._judge)
        self._named = cache(self._name)
        self._mapped = cache(self._map)
        self._encoder = cache(lambda name: open_encoder(load_encoder_spec(catalogue, name)))

    def path(self, model: str, variant: Variant) -> Path:
        """Give the directory of a run."""
        return run_path(variant.folder(self.output), self._named(model), variant.task)

    def _name(self, model: str) -> str:
        """Give the name that the runs of a model bear, which may be written as a path."""
        has_own = ":" in model or model.endswith((".yaml", ".yml"))
        return load_model(self.catalogue, model).model if has_own else model

    def observe(self, model: str, factor: Factor, point: Point, label_set: str) -> Observed:
        """Read one level. Raises DataError as `open_run`, KeyError for an unknown label set."""
        if factor.name == "labels":
            label_set = point.reading
        equivalences = point.reading if factor.name == "equivalences" else None
        found = self.judged(model, point.variant, equivalences)
        protocol = found.protocol
        if factor.name == "mapping":
            return self._by_mapping(model, point, found, label_set)
        if factor.name == "out_of_prompt":
            protocol = "cw_plus" if point.reading == "mapped" else "cw"
        seen = as_read(found, label_set, protocol)
        if point.reading == "left_out":
            return replace(seen, counted=seen.counted & ~seen.out)
        if factor.name == "matching":
            return _matched(found, label_set, seen, point)
        return seen

    def open(self, model: str, variant: Variant, equivalences: str | None = None) -> OpenRun:
        """Open a run with its rows sorted by image. Raises DataError as `open_run`."""
        given = self._overrides
        overrides = replace(
            given,
            equivalences=equivalences or given.equivalences,
            settings=(*variant.settings, *given.settings),
        )
        run = open_run(self.catalogue, self.path(model, variant), overrides)
        rows = tuple(sorted(run.rows, key=lambda row: row.image_id))
        return replace(run, rows=with_exact(run.opened.task, rows, run.opened.classes))

    def judged(self, model: str, variant: Variant, equivalences: str | None = None) -> Judged:
        """Lay a run beside its label sets. Raises DataError as `open_run`."""
        return self._judged(model, variant, equivalences)

    def _judge(self, model: str, variant: Variant, equivalences: str | None) -> Judged:
        run = self.open(model, variant, equivalences)
        answers = to_answers(run.rows, run.opened.classes, str(run.path))
        own = run.opened.task.protocol
        protocols: Sequence[Protocol] = ("cw", "cw_plus") if own in ("cw", "cw_plus") else (own,)
        judged = judge(answers, run.opened.labels, protocols)
        digests = {each.name: each.digest for each in run.opened.labels.sets}
        places = np.fromiter((row.place or 0 for row in run.rows), np.int64, len(run.rows))
        complete = run.manifest.status == "complete"
        asked = request_of(run.opened, run.manifest)
        under = protocols_of(answers, asked)
        by_label_set = dict(zip(digests, judged, strict=True))
        general = None
        if not variant.settings and equivalences is None:
            general = granularity_of(answers, judged, under, run.opened.classes, asked.mapping)
        return Judged(own, under, complete, answers, by_label_set, digests, places, general)

    def _by_mapping(self, model: str, point: Point, found: Judged, label_set: str) -> Observed:
        """Map what the protocol maps by another encoder or templates; other answers as they are."""
        protocol: Protocol = "ow" if found.protocol == "ow" else "cw_plus"
        seen = as_read(found, label_set, "ow" if protocol == "ow" else "cw")
        ids = found.answers.image_ids
        mapped = self._mapped(model, point.variant, point.reading)
        stands_for = [each.class_ids if (each := mapped.get(name)) else () for name in ids]
        rows = np.repeat(np.arange(len(ids)), [len(each) for each in stands_for])
        classes = np.array([each for own in stands_for for each in own], dtype=np.int64)
        hits = np.zeros(len(ids), dtype=np.bool_)
        hits[rows[found.by_label_set[label_set].truth.holds(rows, classes)]] = True
        first = np.array([each[0] if each else NO_CLASS for each in stands_for], dtype=np.int64)
        is_mapped = np.fromiter((each in mapped for each in ids), np.bool_, len(ids))
        return replace(
            seen,
            protocol=protocol,
            right=np.where(is_mapped, hits, seen.right),
            answer=np.where(is_mapped, first, seen.answer),
        )

    def _map(self, model: str, variant: Variant, how: MappedBy) -> Mapping[str, Mapped | None]:
        """Give image id to what its answer is mapped to, for the answers that are mapped."""
        run = self.open(model, variant)
        texts, encoder = texts_to_map(run), self._encoder(how.encoder)
        target = embed_classes(encoder, run.opened.classes, how.class_template)
        found = map_to_each(encoder, list(texts.values()), [target], how.answer_template)
        return dict(zip(texts, found[0], strict=True))


def same_labels(one: Judged, other: Judged, label_set: str) -> bool:
    """Whether two runs have the same labels of the images of both under a name that both know."""
    if one.digests[label_set] == other.digests[label_set]:
        return True
    labels, others = (_labels_of(each, label_set) for each in (one, other))
    common = set(one.answers.image_ids).intersection(other.answers.image_ids)
    return all(labels.get(each) == others.get(each) for each in common)


def _labels_of(found: Judged, label_set: str) -> Mapping[str, set[int]]:
    truth, ids = found.by_label_set[label_set].truth, found.answers.image_ids
    labels: dict[str, set[int]] = {ids[row]: set() for row in np.flatnonzero(truth.labelled)}
    for row, label in zip(*truth.rows_and_labels(), strict=True):
        labels[ids[row]].add(int(label))
    return labels


def as_read(found: Judged, label_set: str, protocol: Protocol) -> Observed:
    """Give a run as its rows say, under one label set and a protocol that it is judged by."""
    judgement, answers = found.by_label_set[label_set], found.answers
    counted = counted_rows(answers, protocol)
    return Observed(
        protocol,
        answers.image_ids,
        judgement.right[protocol],
        judgement.scope.scored,
        judgement.scope.scored,
        judgement.scope.home,
        np.where(counted, answers.first, NO_CLASS),
        out_rows(answers),
    )


def _matched(found: Judged, label_set: str, seen: Observed, point: Point) -> Observed:
    level, truth = MATCHINGS[point.reading], found.by_label_set[label_set].truth
    right = right_at(found.answers, truth, seen.protocol, seen.right, level)
    if right is None:  # rows of a run that is older than the field by which it can be said
        return replace(seen, counted=np.zeros_like(seen.counted))
    return replace(seen, right=right, out=out_rows(found.answers, level))
