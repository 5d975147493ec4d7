"""From a study's YAML to a study: every level checked as the task's YAML is."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import product

from harness.errors import SpecError
from harness.specs.base import validate
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.load import load_task
from harness.specs.study import ROW_FACTORS, StudySpec
from harness.specs.yaml_file import read_yaml
from harness.studies.design import Factor, Grid, Point, Settings, Study, Variant, Variants
from harness.studies.factors import level_text, row_factor, run_factor, with_baseline, written_of
from harness.studies.stand_in import need_of, stand_in

COMBINATION = "combination"
"""The factor whose levels are the combinations of a list."""
MOST_RUNS = 10_000


def open_study(catalogue: Catalogue, name: str) -> Study:
    """Load a study by name or path. Raises SpecError with all mistakes, each with its line."""
    file = read_yaml(catalogue.find(Kind.STUDY, name))
    spec = validate(StudySpec, file)
    runs = Variants(catalogue, spec, file)
    base = runs.variant({}, ("task",))
    if base is None:
        raise SpecError(runs.problems)
    factors = [each for each in map(partial(_factor, runs), spec.factors) if each is not None]
    grid = None
    if isinstance(spec.design, tuple):
        listed = _combinations(runs, spec.design, base)
        factors += [listed] if listed is not None else []
    elif spec.design == "grid":
        grid = _grid(runs, factors)
        factors = [_slice(each, grid) for each in factors]
    several = len(spec.models) + len(spec.baselines) > 1
    asked = {point.variant for each in factors for point in each.points}
    asked |= {*(grid.cells.values() if grid else ()), *([base] if several else [])}
    varied = tuple(each for each in runs.tasks if each in asked)
    baselines = _baselines(runs)
    if len(runs.tasks) > MOST_RUNS:
        got = f"{len(runs.tasks):,} runs of a model"
        runs.fail(("factors",), "are too many", got, fix=f"leave levels out, to {MOST_RUNS:,} runs")
    if runs.problems:
        raise SpecError(dict.fromkeys(runs.problems))
    tasks = {each: runs.tasks[each] for each in (*varied, *(own for _, own in baselines))}
    return Study(spec, base, tuple(factors), grid, varied, tasks, baselines)


def _factor(runs: Variants, name: str) -> Factor | None:
    written = written_of(runs, name, runs.spec.factors[name])
    if written is None:
        return None
    if name in ROW_FACTORS:
        return row_factor(runs, name, written)
    before = list(runs.problems)
    found = run_factor(runs, name, written)
    if found is not None or runs.spec.design != "one_at_a_time":
        return found
    need = need_of(load_task(runs.catalogue, runs.spec.task), name, written)
    if need is None:
        return None
    found = stand_in(runs, name, written, need)
    if found is not None:
        runs.problems[:] = before
    return found


def _combinations(runs: Variants, listed: Sequence[Settings], base: Variant) -> Factor | None:
    points = []
    for place, settings in enumerate(listed):
        variant = runs.variant(settings, ("design", str(place)))
        if variant is not None:
            text = ", ".join(f"{key}={level_text(value)}" for key, value in settings.items())
            points.append(Point(text, variant))
    return with_baseline(runs, COMBINATION, points, base, ("design",))


def _baselines(runs: Variants) -> tuple[tuple[str, Variant], ...]:
    found = []
    for place, each in enumerate(runs.spec.baselines):
        own = runs.variant({"task": each.task}, ("baselines", str(place), "task"))
        if own is not None:
            found += [(model, own) for model in each.models]
    return tuple(found)


def _grid(runs: Variants, factors: Sequence[Factor]) -> Grid | None:
    """Give all combinations of the factors that a model is asked about; None for a mistake."""
    varied = [each for each in factors if not each.from_rows]
    if len(varied) < 2:
        runs.fail(("design",), "a grid has two factors or more", fix="design: one_at_a_time")
        return None
    settings = [runs.spec.factors[each.name] for each in varied]
    if any(not isinstance(each, list) for each in settings):
        fix = "lists of levels alone, or design: one_at_a_time"
        runs.fail(("design",), "a grid holds nothing but its levels", fix=fix)
        return None
    cells = {}
    for places in product(*(range(len(each.points)) for each in varied)):
        chosen = {e.name: s[p] for e, s, p in zip(varied, settings, places, strict=True)}
        variant = runs.variant(chosen, ("design",))
        if variant is None:
            return None
        cells[places] = variant
    return Grid(tuple(varied), cells)


def _slice(factor: Factor, grid: Grid | None) -> Factor:
    """Give a factor of a grid where all others are at their baseline."""
    if grid is None or factor.from_rows:
        return factor
    own = [each.baseline or 0 for each in grid.factors]
    place = [each.name for each in grid.factors].index(factor.name)
    points = [
        replace(point, variant=grid.cells[tuple([*own[:place], number, *own[place + 1 :]])])
        for number, point in enumerate(factor.points)
    ]
    others = [f"{e.name}={e.points[at].level}" for e, at in zip(grid.factors, own, strict=True)
              if e.name != factor.name and not e.is_own]  # fmt: skip
    return replace(factor, points=tuple(points), held=", ".join(others))
