"""What a study found: every factor of every model under every label set, from its runs."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np

from harness import __version__
from harness.errors import DataError, HarnessError, Problem, first_line
from harness.scores.effects import variance_shares
from harness.scores.metrics import count_statuses, percent
from harness.scores.statistics import Draws, holm
from harness.store.directory import RunDirectory
from harness.studies.design import Factor, Point, Study, Variant
from harness.studies.effects import apart_notes
from harness.studies.granularity import granularity_of_runs
from harness.studies.label_changes import label_changes
from harness.studies.levels import Levels
from harness.studies.observe import Judged, Observed, Observer, as_read, same_labels
from harness.studies.results import (
    FactorEffect,
    LevelEffect,
    ModelGap,
    PlaceEffect,
    Score,
    StudyResults,
    VarianceTerm,
)

_DRAWS = Draws()
_PARTLY = "images without an answer"


class Analysis:
    """A study with its runs."""

    def __init__(self, study: Study, observer: Observer) -> None:
        self.study, self._observer = study, observer
        self._judged = observer.judged
        self._runs = frozenset(study.runs)
        self._missing = {run: fault for run in study.runs if (fault := self._fault(*run))}
        self._first: Judged | None = None
        self._apart: dict[str, None] = {}

    def results(self) -> StudyResults:
        """Work out all that the runs say, without levels whose run and factors whose baseline is
        missing. Raises DataError where no run exists, and as `open_run`.
        """
        there = [run for run in self.study.runs if self._has(*run)]
        if not there:
            where = f"study `{self.study.spec.study}`"
            words = self.study.words(self._observer.catalogue)
            fix = f"harness study run {words} --output {self._observer.output}"
            raise DataError(Problem(where, "has no run in the output folder", fix=fix))
        labels = self._observer.open(*there[0]).opened.labels
        self._first = self._judged(*there[0])
        trusted = labels.trusted.name
        names = sorted((each.name for each in labels.named), key=lambda name: name == trusted)
        effects = [each for name in names for each in self._factors(name)]
        judged = [(*run, self._judged(*run)) for run in there]
        changes, left_out = label_changes(self.study, judged, names)
        general, others = granularity_of_runs(judged, names)
        gaps = [each for name in names for each in self._gaps(name)]
        variance = [each for name in names for each in self._variance(name)]
        return StudyResults(
            study=self.study.spec.study,
            description=self.study.spec.description,
            harness_version=__version__,
            task=self.study.base.task,
            models=tuple(dict.fromkeys(model for model, _ in self.study.runs)),
            label_sets=tuple(names),
            original=labels.original.name if labels.original else None,
            design="list" if isinstance(self.study.spec.design, tuple) else self.study.spec.design,
            equivalences=labels.equivalences.source,
            scores=tuple(self._scores(there)),
            factors=_with_holm(effects),
            places=tuple(each for name in names for each in self._places(name)),
            gaps=tuple(gaps),
            label_changes=tuple(changes),
            granularity=tuple(general),
            variance=tuple(variance),
            notes=(
                *(*self.study.notes, *apart_notes(effects, trusted)),
                *(*left_out, *others, *self._apart),
            ),
            missing=tuple(
                f"{model} on {' '.join(filter(None, (variant.task, variant.text)))}: {fault}"
                for (model, variant), fault in self._missing.items()
            ),
        )

    def _fault(self, model: str, variant: Variant) -> str | None:
        """Say why a run cannot be looked at, or is not whole; None where all is well."""
        directory = RunDirectory(self._observer.path(model, variant))
        if not directory.started:
            return "not run yet"
        try:
            found = self._judged(model, variant)
        except HarnessError as error:
            return first_line(error)
        return None if found.complete else _PARTLY

    def _has(self, model: str, variant: Variant) -> bool:
        run = (model, variant)
        return run in self._runs and self._missing.get(run) in (None, _PARTLY)

    def _can_read(self, model: str, factor: Factor, point: Point, label_set: str) -> bool:
        """Whether the run of a level is there, with the labels that it is read by."""
        name = point.reading if factor.name == "labels" else label_set
        return self._has(model, point.variant) and self._is_under(model, point.variant, name)

    def _is_under(self, model: str, variant: Variant, label_set: str) -> bool:
        """Whether a run has the labels that the first run of the study has under a name; another
        one is compared with none under it, and noted, so that notes come after all that asks.
        """
        own, first = self._judged(model, variant), self._first
        assert first is not None
        is_known = label_set in own.by_label_set
        if is_known and label_set in first.digests and same_labels(first, own, label_set):
            return True
        what = "other labels than the rest under the name" if is_known else "no label set"
        self._apart[
            f"{model} on {variant.task} has {what} {label_set}: compared with no run under it."
        ] = None
        return False

    def _run(self, model: str, variant: Variant) -> str:
        path = self._observer.path(model, variant)
        return path.relative_to(self._observer.output).as_posix()

    def _scores(self, runs: Sequence[tuple[str, Variant]]) -> Iterator[Score]:
        """Give the accuracy of each run under each label set as it is today, as factors have it."""
        for model, variant in runs:
            judged = self._judged(model, variant)
            out = percent(count_statuses(judged.answers)["oop"], len(judged.answers))
            for protocol, name in product(judged.scored_under, judged.by_label_set):
                seen = as_read(judged, name, protocol)
                yield Score(
                    model=model,
                    task=variant.task,
                    protocol=protocol,
                    settings=variant.text,
                    label_set=name,
                    **_measured(seen),
                    oop=out,
                    complete=judged.complete,
                )

    def _factors(self, label_set: str) -> Iterator[FactorEffect]:
        for model in self.study.spec.models:
            for factor in self.study.factors:
                if factor.name == "labels" and label_set != factor.points[-1].reading:
                    continue
                found = self._effect(model, factor, label_set)
                if found is not None:
                    yield found

    def _effect(self, model: str, factor: Factor, label_set: str) -> FactorEffect | None:
        points = [each for each in factor.points if self._can_read(model, factor, each, label_set)]
        base = None if factor.baseline is None else factor.points[factor.baseline]
        if len(points) < 2 or (base is not None and base not in points):
            return None
        levels = Levels(
            [self._observer.observe(model, factor, each, label_set) for each in points], _DRAWS
        )
        baseline = None if base is None else points.index(base)
        return FactorEffect(
            factor=factor.name,
            model=model,
            label_set=label_set,
            held=factor.held,
            from_rows=factor.from_rows,
            levels=tuple(
                levels.level(place, baseline, each.level, self._run(model, each.variant))
                for place, each in enumerate(points)
            ),
            n_left_out=levels.n_left_out,
            n_least=levels.n_least,
            range=levels.range,
            range_ci95=levels.range_ci95,
            p_cochran=levels.p_cochran if base is None else None,
            seeds=levels.seeds if base is None else None,
        )

    def _places(self, label_set: str) -> Iterator[PlaceEffect]:
        """Give the accuracy at each place of the prompt, of one run for each number of images."""
        seeds = {p.variant for f in self.study.factors if f.baseline is None for p in f.points[1:]}
        for model in self.study.spec.models:
            seen: set[int] = set()
            for variant in self.study.varied:
                k = self.study.tasks[variant].images_per_prompt
                if k == 1 or k in seen or variant in seeds or not self._has(model, variant):
                    continue
                if label_set not in self._judged(model, variant).by_label_set:
                    continue
                seen.add(k)
                yield from self._places_of(model, variant, label_set, k)

    def _places_of(
        self, model: str, variant: Variant, label_set: str, k: int
    ) -> Iterator[PlaceEffect]:
        judged = self._judged(model, variant)
        seen = as_read(judged, label_set, judged.protocol)
        for place in range(1, k + 1):
            own = seen.of(np.flatnonzero(judged.places == place))
            if not own.scored.any():
                continue
            yield PlaceEffect(
                model=model,
                label_set=label_set,
                run=self._run(model, variant),
                images_per_prompt=k,
                place=place,
                **_measured(own),
            )

    def _gaps(self, label_set: str) -> Iterator[ModelGap]:
        """Give the difference of each model to the next one below it, as their task asks them."""
        own = {model: self.study.base for model in self.study.spec.models}
        runs = [run for run in (own | dict(self.study.baselines)).items() if self._has(*run)]
        if len(runs) < 2:
            return
        runs = [run for run in runs if self._is_under(*run, label_set)]
        judged = [(model, self._judged(model, variant)) for model, variant in runs]
        seen = [(model, as_read(each, label_set, each.protocol)) for model, each in judged]
        known = [pair for pair in seen if pair[1].scored.any()]
        ranked = sorted(known, key=lambda pair: float(np.mean(pair[1].right[pair[1].scored])))
        for (a, one), (b, two) in pairwise(ranked):
            levels = Levels([one, two], _DRAWS)
            effect = levels.level(1, 0, b, None)
            if effect.n and effect.p_mcnemar is not None:
                yield ModelGap(
                    a=a,
                    b=b,
                    label_set=label_set,
                    n=effect.n,
                    accuracy_a=levels.accuracies[0],
                    accuracy_b=levels.accuracies[1],
                    delta=effect.delta,
                    ci95=effect.delta_ci95,
                    p_mcnemar=effect.p_mcnemar,
                )

    def _variance(self, label_set: str) -> Iterator[VarianceTerm]:
        grid = self.study.grid
        for model in self.study.spec.models if grid is not None else ():
            assert grid is not None
            cells = grid.cells.values()
            if not all(self._has(model, each) for each in cells):
                continue
            # a list, so that each run that is apart is noted, not the first alone
            if not all([self._is_under(model, each, label_set) for each in cells]):
                continue
            seen = [self._judged(model, each) for each in cells]
            levels = Levels([as_read(each, label_set, each.protocol) for each in seen], _DRAWS)
            shape = [len(each.points) for each in grid.factors]
            table = np.array(levels.accuracies, dtype=np.float64).reshape(shape)
            shares = None if np.isnan(table).any() else variance_shares(table)
            for key, value in (shares or {}).items():
                names = tuple(grid.factors[axis].name for axis in key)
                yield VarianceTerm(model=model, label_set=label_set, factors=names, share=value)


def _measured(seen: Observed) -> dict[str, Any]:
    """Give n, accuracy and interval of images by themselves, beside no other level."""
    effect = Levels([seen], _DRAWS).level(0, None, "", None)
    return {"n": effect.n, "accuracy": effect.accuracy, "ci95": effect.ci95}


def _with_holm(found: Sequence[FactorEffect]) -> tuple[FactorEffect, ...]:
    """Correct the p-values for all levels of the study under one label set."""
    tests: defaultdict[str, list[float]] = defaultdict(list)
    for effect in found:
        known = (level.p_mcnemar for level in effect.levels)
        tests[effect.label_set] += [each for each in known if each is not None]
    # Equal p-values stay equal when they are corrected, so that each can be looked up.
    adjusted: dict[str, dict[float | None, float]] = {
        name: dict(zip(own, holm(own), strict=True)) for name, own in tests.items()
    }

    def corrected(level: LevelEffect, label_set: str) -> LevelEffect:
        return level.model_copy(update={"p_holm": adjusted[label_set].get(level.p_mcnemar)})

    def with_levels(effect: FactorEffect) -> FactorEffect:
        levels = tuple(corrected(each, effect.label_set) for each in effect.levels)
        return effect.model_copy(update={"levels": levels})

    return tuple(map(with_levels, found))
