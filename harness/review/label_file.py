"""A new label set on disk: FILE.jsonl, its YAML, and FILE.provenance.json: who decided what."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import Field

import harness
from harness.data.labels.label_set import Equivalences, Labels
from harness.data.labels.load import load_label_set
from harness.errors import DataError, Problem, UserError
from harness.limits import MOST_TEXT, read_bounded_bytes
from harness.review.answers import SUFFIX
from harness.review.deciding import Reason, Rule, Which
from harness.review.merging import Merged, MergedImage, Person, Way
from harness.review.opening import OpenReview, Review
from harness.review.queue import ANSWERS, read_part
from harness.scores.results import Part
from harness.specs.base import name_fault
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.label_set import LabelSetSpec
from harness.store.lines import write_json, write_text


class Counts(Part):
    """How many images, of which."""

    images: int
    """Of the new label set."""
    reviewed: int
    """For review, honeypots left out; `decided` and `undecided` sum to it."""
    decided: int
    undecided: int
    one_person: int
    """Decided by the answer of one person alone."""
    honeypots: int
    """Left out: their labels are known."""
    ways: dict[Way, int]
    """The decided ones by how their labels changed."""
    reasons: dict[Reason, int]
    """The undecided ones by why."""


class Source(Part):
    """A file that the labels come from."""

    name: str
    sha256: str


class Provenance(Part):
    """Where the labels of a new label set come from: the whole of FILE.provenance.json."""

    reviewed_label_set: Literal[1] = 1
    name: str
    labels_sha256: str
    """Of FILE.jsonl."""
    rule: Rule
    pass_: Which = Field(validation_alias="pass", serialization_alias="pass")
    base: Source
    """The label set that was corrected, and the digest that results give of it."""
    task: str
    class_list: str
    classes_sha256: str
    equivalences: tuple[tuple[int, ...], ...]
    """Classes that counted as one when votes were counted."""
    queue_sha256: str
    adjudication_sha256: str | None
    """The id of the adjudication's queue."""
    answers: tuple[Source, ...]
    """Each annotator's file; then the adjudicators'."""
    harness_version: str
    counts: Counts
    people: tuple[Person, ...]
    images: tuple[MergedImage, ...]
    """All that were for review, honeypots left out, in the queue's order."""

    @classmethod
    def read(cls, labels: Path) -> Self:
        """Read the provenance beside FILE.jsonl. Raises DataError where it is missing, is none, or
        is of another FILE.jsonl.
        """
        found = read_part(cls, provenance_of(labels), "write it again: harness review merge")
        got = _digest(labels)
        if got != found.labels_sha256:
            what, fix = "has been changed since it was merged", "merge again"
            raise DataError(Problem(str(labels), what, got, found.labels_sha256, fix))
        return found


def provenance_of(labels: Path) -> Path:
    """Give the path of the provenance beside FILE.jsonl."""
    return labels.with_suffix(".provenance.json")


def yaml_of(labels: Path) -> Path:
    """Give the path of the YAML beside FILE.jsonl."""
    return labels.with_suffix(".yaml")


def _config_of(labels: Path) -> Path:
    return labels.with_suffix(".equivalences.json")


def refuse_target(path: Path, name: str, catalogue: Catalogue, labels: Labels) -> None:
    """Raise UserError for a path or name that cannot be a new label set's, or that another has."""
    fault = name_fault(name) or ("holds `=` or a comma" if set(name) & set("=,") else None)
    if fault is not None:
        raise UserError(Problem("--name", fault, got=name, fix="--name NAME"))
    if path.suffix != ".jsonl":
        raise UserError(Problem("-o", "is no path of a label set", str(path), fix="-o FILE.jsonl"))
    files = (path, yaml_of(path), provenance_of(path), _config_of(path))
    others = [each for each in files if each.exists()]
    if others and not provenance_of(path).is_file():
        what = "is there already, and was not written by `harness review merge`"
        raise UserError(Problem(str(others[0]), what, fix="choose another FILE.jsonl"))
    own = yaml_of(path).resolve()
    taken = name in catalogue.names(Kind.LABEL_SET) and catalogue.named(Kind.LABEL_SET, name) != own
    if taken or name in {each.name for each in labels.sets if each.source != str(path.resolve())}:
        fix = "choose another --name"
        raise UserError(Problem("--name", "is the name of another label set", got=name, fix=fix))


def write_label_set(
    merged: Merged, found: OpenReview, adjudication: Review | None, path: Path
) -> Provenance:
    """Write FILE.jsonl, its YAML, which names the digest of the labels, and its provenance; and
    FILE.equivalences.json where the base label set brings classes that count as one.

    Each file appears whole or not at all, the provenance first and the YAML last: after a kill
    between them they do not fit the labels, whoever reads them says so, and the same command mends
    it. The same answers give the same bytes. Raises RunError where the disk does not take them.
    """
    lines = "".join(_line(merged, image_id) for image_id in merged.labels.labels)
    provenance = _provenance(merged, found, adjudication, lines)
    write_json(provenance_of(path), provenance.model_dump(mode="json", by_alias=True))
    write_text(path, lines)
    groups = [sorted(group) for group in merged.base.equivalence_groups]
    if groups:
        write_json(_config_of(path), {"equivalent_classes": groups})
    spec = {
        "label_set": merged.labels.name,
        "description": _description(provenance),
        "format": "jsonl",
        "path": path.name,
        "sha256": provenance.labels_sha256,
        **({"config": _config_of(path).name} if groups else {}),
        "class_list": provenance.class_list,
    }
    text = yaml.safe_dump(spec, sort_keys=False, allow_unicode=True, width=96)
    write_text(yaml_of(path), text)
    return provenance


def read_label_set(path: Path, said: Provenance, found: OpenReview) -> Merged:
    """Read a merged label set again, with what its provenance says. Raises DataError as
    `load_label_set`, and where it is of another review or another state of its base.
    """
    for what, got, expected in (
        ("is of another review", said.queue_sha256, found.review.queue.sha256),
        ("was merged into another base label set", said.base.sha256, found.base.digest),
    ):
        if got != expected:
            raise DataError(Problem(str(path), what, got, expected, "merge again"))
    place = str(path.resolve())
    spec = LabelSetSpec(label_set=said.name, format="jsonl", class_list=said.class_list, path=place)
    labels = replace(
        load_label_set(spec, found.opened.classes),
        equivalence_groups=found.base.equivalence_groups,
        added=True,
    )
    same = Equivalences.from_groups(found.base.name, said.equivalences)
    return Merged(
        found.base, labels, same, said.rule, said.pass_, said.images, said.counts.honeypots,
        said.people,
    )  # fmt: skip


def _line(merged: Merged, image_id: str) -> str:
    named = merged.labels.named_originals.get(image_id)
    row: dict[str, object] = {"image_id": image_id}
    row |= {"labels": sorted(merged.labels.labels[image_id])}
    row |= {"original_class": sorted(named)} if named else {}
    return json.dumps(row, ensure_ascii=False) + "\n"


def _description(found: Provenance) -> str:
    counts = found.counts
    return (
        f"{found.base.name} with the labels of {counts.decided} images as "
        f"{len(found.answers)} files of answers have them (rule {found.rule}, pass {found.pass_}; "
        f"{counts.undecided} reviewed images left as they were); by `harness review merge`"
    )


def _provenance(
    merged: Merged, found: OpenReview, adjudication: Review | None, lines: str
) -> Provenance:
    queue, used = found.review.queue, [found.review, *([adjudication] if adjudication else [])]
    decided = [each for each in merged.images if each.decided]
    counts = Counts(
        images=len(merged.labels.labels),
        reviewed=len(merged.images),
        decided=len(decided),
        undecided=len(merged.images) - len(decided),
        one_person=sum(_is_one_persons(each) for each in decided),
        honeypots=merged.n_honeypots,
        ways=merged.ways,
        reasons=merged.reasons,
    )
    return Provenance(
        name=merged.labels.name,
        labels_sha256=hashlib.sha256(lines.encode()).hexdigest(),
        rule=merged.rule,
        pass_=merged.which,
        base=Source(name=merged.base.name, sha256=merged.base.digest),
        task=queue.task,
        class_list=queue.class_list,
        classes_sha256=queue.classes_sha256,
        equivalences=_groups(merged),
        queue_sha256=queue.sha256,
        adjudication_sha256=adjudication.queue.sha256 if adjudication else None,
        answers=tuple(each for review in used for each in _files_of(review)),
        harness_version=harness.__version__,
        counts=counts,
        people=merged.people,
        images=merged.images,
    )


def _is_one_persons(image: MergedImage) -> bool:
    return sum(each.status != "unsure" for each in image.answers) == 1 and not image.adjudication


def _groups(merged: Merged) -> tuple[tuple[int, ...], ...]:
    groups: dict[int, list[int]] = {}
    for member, lowest in sorted(merged.same.representative.items()):
        groups.setdefault(lowest, []).append(member)
    return tuple(tuple(group) for _, group in sorted(groups.items()))


def _files_of(review: Review) -> list[Source]:
    names = sorted({row.annotator for row in review.answers.rows})
    paths = [review.folder / ANSWERS / f"{name}{SUFFIX}" for name in names]
    return [Source(name=path.stem, sha256=_digest(path)) for path in paths]


def _digest(path: Path) -> str:
    return hashlib.sha256(read_bounded_bytes(path, MOST_TEXT)).hexdigest()
