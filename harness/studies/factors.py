"""The levels of one factor, as a study's YAML writes them: a list, or a mapping with what is held
meanwhile; each level a run, or a reading of the rows of one run.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, get_args

from harness.errors import Problem, nearest
from harness.scores.results import MATCHED, MATCHINGS, Protocol
from harness.specs.catalogue import Kind
from harness.specs.load import is_label_file, label_file_spec
from harness.specs.task import TaskSpec
from harness.specs.task_parts import TemplateName
from harness.studies.design import OWN, Factor, Point, Settings, Variant, Variants

MOST_SEEDS = 1000
_MAPPING = ("encoders", "class_template", "answer_template")
TREATMENTS: tuple[str, ...] = ("wrong", "left_out", "mapped")
"""What becomes of answers out of prompt: wrong (`cw`), not counted, or mapped (`cw_plus`)."""
_PROTOCOLS: Mapping[str, tuple[Protocol, ...]] = {
    "matching": MATCHED,
    "mapping": ("ow", "cw", "cw_plus"),
    "out_of_prompt": ("cw", "cw_plus"),
}


@dataclass(frozen=True, slots=True)
class MappedBy:
    """A level of the factor `mapping`."""

    encoder: str
    class_template: str
    answer_template: str

    def __str__(self) -> str:
        """Give the level's name."""
        return f"{self.encoder}, class {self.class_template}, answer {self.answer_template}"


@dataclass(frozen=True, slots=True)
class Written:
    """A factor as it is written."""

    levels: tuple[Any, ...]
    held: Settings
    at: tuple[str, ...]
    """Where the levels stand."""
    are_seeds: bool = False
    baseline: Any = OWN
    """The level that is named as such."""


def level_text(value: Any) -> str:
    """Give a level as a person reads it: text as it is, other values as in YAML."""
    if value is None:
        return "none"
    return str(value) if isinstance(value, str | MappedBy) else json.dumps(value)


def written_of(runs: Variants, name: str, value: Any) -> Written | None:
    """Read a factor; None for a mistake, which is noted."""
    at = ("factors", name)
    if not isinstance(value, list | Mapping):
        fix = "write a list of levels, or a mapping with `levels` or `seeds`"
        runs.fail(at, f"factor `{name}` has no levels", _short(value), fix=fix)
        return None
    if isinstance(value, list):
        return _levels(runs, at, value, {})
    parts = _MAPPING if name == "mapping" else ("levels", "seeds", "baseline")
    held = {str(key): each for key, each in value.items() if key not in parts}
    if name == "mapping":
        return _mapping(runs, at, value, held)
    given = [key for key in ("levels", "seeds") if key in value]
    if len(given) != 1:
        what = f"factor `{name}` needs one of `levels` and `seeds`"
        guess = next((each for key in held if (each := nearest(key, parts))), None)
        fix = f"did you mean `{guess}`?" if guess else "keep one of them"
        runs.fail(at, what, " and ".join(given) or ", ".join(held) or "neither", fix=fix)
        return None
    read = _with_named if given == ["levels"] else _seeds
    return read(runs, at, value, held)


def _with_named(
    runs: Variants, at: tuple[str, ...], value: Settings, held: Settings
) -> Written | None:
    found = _levels(runs, (*at, "levels"), value["levels"], held)
    if found is None or "baseline" not in value:
        return found
    named = value["baseline"]
    if named not in found.levels:
        fix = f"name one of {', '.join(map(level_text, found.levels))}"
        what = f"`{at[1]}.baseline` is no level"
        runs.fail((*at, "baseline"), what, _short(named), fix=fix)
    return replace(found, baseline=named)


def _seeds(runs: Variants, at: tuple[str, ...], value: Settings, held: Settings) -> Written | None:
    n = value["seeds"]
    if type(n) is not int or not 2 <= n <= MOST_SEEDS:
        what = f"`{at[1]}.seeds` is no number of seeds"
        runs.fail((*at, "seeds"), what, _short(n), fix=f"write 2 to {MOST_SEEDS}")
        return None
    if "baseline" in value:
        fix = "leave it out, or list `levels`"
        runs.fail((*at, "baseline"), "seeds have no baseline", _short(value["baseline"]), fix=fix)
        return None
    return Written(tuple(range(n)), held, (*at, "seeds"), are_seeds=True)


def _levels(runs: Variants, at: tuple[str, ...], given: Any, held: Settings) -> Written | None:
    if not isinstance(given, list) or not given:
        what, fix = f"factor `{at[1]}` has no levels", "write a list of levels"
        runs.fail(at, what, _short(given), fix=fix)
        return None
    texts = [json.dumps(each, sort_keys=True, default=str) for each in given]
    twice = next((each for each in texts if texts.count(each) > 1), None)
    if twice is not None:
        what, fix = f"factor `{at[1]}` has a level twice", "write each level once"
        runs.fail(at, what, _short(twice), fix=fix)
        return None
    return Written(tuple(given), held, at)


def _mapping(
    runs: Variants, at: tuple[str, ...], value: Settings, held: Settings
) -> Written | None:
    """Read `mapping: {encoders, class_template, answer_template}`: every combination is a level."""
    lists: list[tuple[str, ...]] = []
    for key in _MAPPING:
        listed = _levels(runs, (*at, key), value.get(key, ["raw"]), {})
        if listed is None:
            return None
        is_encoder = key == "encoders"
        known = runs.catalogue.names(Kind.ENCODER) if is_encoder else get_args(TemplateName)
        what = "names no encoder that there is" if is_encoder else "names no template"
        wrong = [each for each in listed.levels if each not in known]
        where = str(runs.origin((*at, key)))
        for each in wrong:
            unknown = Problem(where, f"`mapping.{key}` {what}", _short(each))
            runs.problems.append(unknown.among(str(each), known))
        lists.append(listed.levels)
    return Written(tuple(MappedBy(*each) for each in product(*lists)), held, at)


def run_factor(runs: Variants, name: str, written: Written) -> Factor | None:
    """Give a factor with a run for each level; None for a mistake."""
    at = ("factors", name)
    if name.startswith("mapping."):
        fix = "mapping: {encoders: […], class_template: […], answer_template: […]}"
        runs.fail(at, f"`{name}` is read off the rows of one run", fix=fix)
        return None
    held = runs.variant(written.held, at)
    points = []
    for place, level in enumerate(written.levels):
        variant = runs.variant({**written.held, name: level}, (*written.at, str(place)))
        if variant is not None:
            points.append(Point(level_text(level), variant))
    if held is None or len(points) < len(written.levels):
        return None
    text = runs.text(held)
    if written.are_seeds:
        return _differing(runs, Factor(name, tuple(points), None, text), at)
    if written.baseline in written.levels:
        named = Factor(name, tuple(points), written.levels.index(written.baseline), text)
        return _differing(runs, named, at)
    return with_baseline(runs, name, points, held, at)


def with_baseline(
    runs: Variants, name: str, points: Sequence[Point], own: Variant, at: tuple[str, ...]
) -> Factor | None:
    """Give a factor whose baseline is the level that asks what the task asks; where none does, the
    task as it is is one more level, or in a grid the first level the baseline.
    """
    place = next((place for place, each in enumerate(points) if each.variant == own), None)
    if place is None and runs.spec.design != "grid":
        points, place = [Point(OWN, own), *points], 0
    found = Factor(name, tuple(points), place or 0, runs.text(own), place is not None)
    return _differing(runs, found, at)


def _differing(runs: Variants, factor: Factor, at: tuple[str, ...]) -> Factor | None:
    variants = [each.variant for each in factor.points]
    same = [each.level for each in factor.points if variants.count(each.variant) > 1]
    if not same and len(variants) > 1:
        return factor
    got = ", ".join(same) or f"{factor.points[0].level}, which the task has"
    fix = "write two or more values on which answers depend"
    runs.fail(at, f"factor `{factor.name}` has levels that ask the same", got, fix=fix)
    return None


def row_factor(runs: Variants, name: str, written: Written) -> Factor | None:
    """Give a factor whose levels are readings of the rows of one run; None for a mistake."""
    at = ("factors", name)
    variant = runs.variant(written.held, at)
    if variant is None:
        return None
    task = runs.tasks[variant]
    protocols = _PROTOCOLS.get(name)
    if protocols and task.protocol not in protocols:
        what = f"factor `{name}` says nothing of task `{task.task}`"
        fix = f"take it out, or take a task of protocol {' or '.join(protocols)}"
        runs.fail(at, what, f"protocol {task.protocol}", fix=fix)
        return None
    if name == "mapping" and task.mapping.class_prompts:
        what = f"factor `mapping` compares templates, and `{task.task}` has sentences of classes"
        got, fix = task.mapping.class_prompts, "take `mapping.class_prompts` out of the task"
        runs.fail(at, what, got, fix=fix)
        return None
    known = _known(name, task)
    wrong = [each for each in written.levels if known and each not in known]
    if name == "equivalences":
        wrong = [each for each in written.levels if not isinstance(each, str | None)]
        known = ("null, as the label sets say", "none", "a ReGT config's path")
    for each in wrong:
        fix = f"write one of {'; '.join(known)}"
        runs.fail(at, f"factor `{name}` has no such level", _short(each), fix=fix)
    levels, own = list(written.levels), written.baseline
    own = own if own in levels else _own(name, task, written.levels)
    levels = levels if own in levels else [own, *levels]
    if len(levels) < 2:
        what, fix = f"factor `{name}` has one level", "write two or more"
        runs.fail(at, what, level_text(levels[0]), fix=fix)
        return None
    points = tuple(Point(_row_text(name, each), variant, each) for each in levels)
    return Factor(name, points, levels.index(own), runs.text(variant))


def _known(name: str, task: TaskSpec) -> tuple[str, ...]:
    """Give the levels that there are; empty where they are checked otherwise."""
    if name == "labels":
        return tuple(
            label_file_spec(task, each).label_set if is_label_file(each) else each
            for each in task.label_sets
        )
    return {"matching": tuple(MATCHINGS), "out_of_prompt": TREATMENTS}.get(name, ())


def _own(name: str, task: TaskSpec, levels: Sequence[Any]) -> Any:
    """Give the level of the task itself; of label sets the first."""
    if name == "out_of_prompt":
        return "mapped" if task.protocol == "cw_plus" else "wrong"
    how = task.mapping
    return {
        "labels": levels[0],
        "matching": "read",
        "equivalences": None,
        "mapping": MappedBy(how.encoder, how.class_template, how.answer_template),
    }[name]


def _row_text(name: str, level: Any) -> str:
    return OWN if name == "equivalences" and level is None else level_text(level)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
