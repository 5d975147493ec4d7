"""Map the answers of a run in every combination of text encoder and templates (`harness map`)."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.answers.mapping.nearest import Count, GridRow, Right, grid
from harness.answers.mapping.vectors import shared_vectors
from harness.answers.outcome import MAPPED_STATUS
from harness.answers.parse import answer_text
from harness.data.labels.label_set import Labels, LabelSet
from harness.encoders.base import TextEncoder, sentences
from harness.encoders.registry import open_encoder
from harness.errors import DataError, Problem, SpecError, unknown_name
from harness.runs.mapping import places_to_map, with_exact
from harness.runs.reopen import OpenRun
from harness.scores.answers import Bools, Ints, pairs_of, to_answers
from harness.scores.judgement import judge
from harness.scores.statistics import wilson
from harness.scores.truth import Truth
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_encoder_spec
from harness.specs.task import TaskSpec
from harness.store.lines import write_json
from harness.words import listed

log = logging.getLogger("harness")
GRID_FILE = "mapping_grid.json"
SCHEMA_VERSION = 1
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Combinations:
    """What to combine."""

    encoders: Sequence[TextEncoder]
    class_templates: Sequence[str]
    answer_templates: Sequence[str]


@dataclass(frozen=True, slots=True)
class MappingGrid:
    """Every combination under every label set, each in the same order."""

    task: str
    model: str
    protocol: str
    by: str
    """The label set whose choosing half says which combination is best."""
    equivalences: str
    class_list_sha256: str
    n_mapped: int
    """Answers of the run that are mapped."""
    rows: Mapping[str, Sequence[GridRow]]
    """By label set. `chosen` is set by `by` alone."""

    def to_json(self) -> dict[str, Any]:
        """Give `mapping_grid.json`: accuracies in percent, `ci95` Wilson's interval."""
        rows = [
            {
                "encoder": row.encoder,
                "encoder_sha256": row.digest,
                "class_template": row.class_template,
                "answer_template": row.answer_template,
                "chosen": row.chosen,
                "scores": {name: halves(rows[place]) for name, rows in self.rows.items()},
            }
            for place, row in enumerate(self.rows[self.by])
        ]
        return {
            "schema_version": SCHEMA_VERSION,
            "task": self.task,
            "model": self.model,
            "protocol": self.protocol,
            "by": self.by,
            "equivalences": self.equivalences,
            "class_list_sha256": self.class_list_sha256,
            "n_mapped": self.n_mapped,
            "halves": {
                name: {"choosing": rows[0].choosing.n, "reporting": rows[0].reporting.n}
                for name, rows in self.rows.items()
            },
            "rows": rows,
            "chosen": next((row for row in rows if row["chosen"]), None),
        }


def halves(row: GridRow) -> dict[str, dict[str, Any]]:
    """Give the scores of one combination on the choosing half, on the reporting one and on all."""
    both = Count(row.choosing.k + row.reporting.k, row.choosing.n + row.reporting.n)
    return {
        "choosing": _share(row.choosing),
        "reporting": _share(row.reporting),
        "all": _share(both),
    }


def open_combinations(
    catalogue: Catalogue,
    encoders: Sequence[str],
    class_templates: Sequence[str],
    answer_templates: Sequence[str],
) -> Combinations:
    """Open encoders and check templates. Raises SpecError for all that are unknown."""
    opened: list[TextEncoder] = []
    given = {
        "--encoders": encoders,
        "--class_templates": class_templates,
        "--answer_templates": answer_templates,
    }
    fix = "give names, separated by commas"
    problems = [Problem(key, "names nothing", fix=fix) for key, names in given.items() if not names]
    for name in dict.fromkeys(encoders):
        try:
            opened.append(open_encoder(load_encoder_spec(catalogue, name)))
        except SpecError as error:
            problems += error.problems
    for name in dict.fromkeys((*class_templates, *answer_templates)):
        try:
            sentences(name)
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)
    return Combinations(
        opened, list(dict.fromkeys(class_templates)), list(dict.fromkeys(answer_templates))
    )


def map_run(run: OpenRun, combinations: Combinations, by: str | None = None) -> MappingGrid:
    """Map the answers of a run in every combination, score each, and choose the best.

    The accuracy is that of the whole run (`ow`, or `cw_plus` for a closed world), so that it is
    the one of `results.json`: an answer that is not mapped counts as it was parsed. Each image's
    half is a hash of its id. `by` is the label set to choose by, the last that the task names by
    default. The files of the run are not changed. Class names that are one to an encoder are named
    in the log, since comparing encoders is what this is for. Raises DataError for a protocol
    without mapping or a run without an answer to map, SpecError for an unknown label set, UserError
    when an encoder cannot be had.
    """
    task, labels = run.opened.task, run.opened.labels
    run = replace(run, rows=with_exact(task, run.rows, run.opened.classes))
    names = [each.name for each in labels.sets]
    chosen_by = by or labels.trusted.name
    if chosen_by not in names:
        raise SpecError(unknown_name("--by", "label set of the run", chosen_by, names))
    texts = texts_to_map(run)
    _warn_of_shared(run, combinations)
    grids = {each.name: _grid(run, each, texts, combinations) for each in labels.sets}
    return MappingGrid(
        task=run.manifest.task,
        model=run.manifest.model,
        protocol="ow" if task.protocol == "ow" else "cw_plus",
        by=chosen_by,
        equivalences=labels.equivalences.source,
        class_list_sha256=run.opened.classes.digest,
        n_mapped=len(texts),
        rows=grids,
    )


def write_grid(folder: Path, found: MappingGrid) -> Path:
    """Write `mapping_grid.json` into a run directory and give its path."""
    path = folder / GRID_FILE
    write_json(path, found.to_json())
    return path


def _warn_of_shared(run: OpenRun, combinations: Combinations) -> None:
    for encoder in combinations.encoders:
        for template in combinations.class_templates:
            shared = shared_vectors(encoder, run.opened.classes, template)
            if shared:
                names = [run.opened.classes.by_id[each].name for each in shared[0]]
                log.warning(
                    "%s with `%s`: %d groups of class names have one vector each (%s): answers "
                    "that are mapped to one of a group count for its lowest id",
                    encoder.name, template, len(shared), listed(names, 5),
                )  # fmt: skip


def texts_to_map(run: OpenRun) -> dict[str, str]:
    """Give image id to text of the answers that the protocol maps."""
    task: TaskSpec = run.opened.task
    if task.protocol not in MAPPED_STATUS:
        what = f"protocol `{task.protocol}` maps no answers"
        fix = f"give a run of protocol {', '.join(MAPPED_STATUS)}"
        raise DataError(Problem(str(run.path), what, fix=fix))
    places = places_to_map(task, run.rows)
    if any(run.rows[place].meant for place in places):
        what = "has images with several answers that are all meant, which a grid does not map"
        raise DataError(Problem(str(run.path), what, fix="import one answer an image"))
    if not places:
        fix = "name a run of protocol ow, or of a closed world with answers out of prompt"
        raise DataError(Problem(str(run.path), "no answer of the run needs to be mapped", fix=fix))
    return {run.rows[place].image_id: answer_text(run.rows[place].answer or "") for place in places}


def _grid(
    run: OpenRun, labels: LabelSet, texts: Mapping[str, str], combinations: Combinations
) -> list[GridRow]:
    answers = to_answers(run.rows, run.opened.classes, str(run.path))
    alone = Labels((labels,), run.opened.labels.equivalences)
    (judged,) = judge(answers, alone, ["cw"])
    places = np.flatnonzero(judged.scope.scored)
    return grid(
        combinations.encoders,
        {answers.image_ids[place]: texts.get(answers.image_ids[place], "") for place in places},
        run.opened.classes,
        combinations.class_templates,
        combinations.answer_templates,
        _right(judged.truth, places, judged.right["cw"]),
    )


def _right(truth: Truth, places: Ints, as_parsed: Bools) -> Right:
    """Make the scorer of the grid: an answer that is mapped by its class, another as parsed."""

    def right(stands_for: Sequence[tuple[int, ...]]) -> Bools:
        images, class_ids = pairs_of(stands_for).T
        found: Bools = as_parsed[places]
        found[images[truth.holds(places[images], class_ids)]] = True
        return found

    return right


def _share(count: Count) -> dict[str, Any]:
    ends = wilson(count.k, count.n)
    return {
        "n": count.n,
        "n_right": count.k,
        "accuracy": None if count.accuracy is None else round(100 * count.accuracy, _DECIMALS),
        "ci95": None if ends is None else [round(end, _DECIMALS) for end in ends],
    }
