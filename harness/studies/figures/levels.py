"""Accuracy at each level of a factor: as a line where levels are in order (images a prompt, how
hard the distractors are), as rows of names for the others.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.report.drawing import SMALL, images, short
from harness.studies.design import OWN
from harness.studies.effects import BLANK, LABELS
from harness.studies.factors import level_text
from harness.studies.figures import look
from harness.studies.figures.look import Figure, Mark
from harness.studies.results import FactorEffect, LevelEffect, StudyResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

IMAGES_PER_PROMPT, RANK, MAPPING = "images_per_prompt", "distractors.rank", "mapping"
_HIGH, _LINE, _PANEL = 1.9, 0.15, 0.3
"""Inches: a panel of a line, a row of a level, and what a panel of rows has beside its rows."""
_LONGEST_LEVEL = 26
_Groups = Mapping[tuple[str, str], Sequence[FactorEffect]]
"""By factor and what is held: an effect a model."""


def images_per_prompt(found: StudyResults) -> Figure | None:
    """Give the accuracy by images a prompt; None where the study does not vary them."""
    title = "Accuracy by images a prompt"
    return _line(found, IMAGES_PER_PROMPT, "images_per_prompt", title, "images a prompt")


def hardness(found: StudyResults) -> Figure | None:
    """Give the accuracy by the window that distractors are drawn from; None where it is one."""
    title, label = "Accuracy by hardness of the distractors", "ranks of distractors (1: most alike)"
    return _line(found, RANK, "hardness", title, label)


def levels(found: StudyResults) -> Figure | None:
    """Give the levels of all factors that have no figure of their own, a panel a factor."""
    chosen = [
        each
        for each in found.factors
        if each.factor not in (IMAGES_PER_PROMPT, RANK, MAPPING, LABELS, BLANK) and not each.seeds
    ]
    groups = _groups(found, chosen)
    if not groups:
        return None
    models = _models(found, groups)
    rows = [max(len(each.levels) for each in effects) for effects in groups.values()]
    row = _LINE + 0.05 * (len(models) - 1)
    height = 0.35 + look.key_height(len(models)) + sum(row * n + _PANEL for n in rows)

    def draw(canvas: "Canvas") -> None:
        look.key(canvas, models, [look.mark_of(found.models.index(each)) for each in models])
        ratios = [row * n + 0.1 for n in rows]
        panels = canvas.subplots(len(rows), 1, sharex=True, squeeze=False, height_ratios=ratios)
        for axes, effects in zip(panels[:, 0], groups.values(), strict=True):
            _dots(axes, found, effects)
        counts = [each.n for effects in groups.values() for one in effects for each in one.levels]
        panels[-1, 0].set_xlabel(f"accuracy (%), {images(counts)}", parse_math=False)

    reading = (
        "Accuracy of each level with its 95 % interval (classes redrawn); hollow: the baseline. "
        "The intervals of two levels may overlap where their paired difference leaves 0 out: the "
        "table has the differences."
    )
    factors = tuple(dict.fromkeys(factor for factor, _ in groups))
    title = "Accuracy by level of the other factors"
    return Figure("levels", title, reading, factors, height, draw)


def _line(found: StudyResults, factor: str, name: str, title: str, label: str) -> Figure | None:
    groups = _groups(found, [each for each in found.factors if each.factor == factor])
    if not groups:
        return None
    models = _models(found, groups)
    height = look.key_height(len(models)) + _HIGH * len(groups)

    def draw(canvas: "Canvas") -> None:
        look.key(canvas, models, [look.mark_of(found.models.index(each)) for each in models])
        panels = canvas.subplots(len(groups), 1, squeeze=False)
        for axes, effects in zip(panels[:, 0], groups.values(), strict=True):
            if len(groups) > 1:
                axes.set_title(_panel(effects[0]), fontsize=SMALL, loc="left", parse_math=False)
            counts = [each.n for effect in effects for each in effect.levels]
            axes.set_xlabel(f"{label}, {images(counts)}", parse_math=False)
            _steps(axes, found, effects)

    reading = (
        "Accuracy of each level, in the order of the study, with its 95 % interval (classes "
        "redrawn); hollow: the baseline."
    )
    return Figure(name, title, reading, (factor,), height, draw)


def _groups(found: StudyResults, effects: Sequence[FactorEffect]) -> _Groups:
    groups: dict[tuple[str, str], list[FactorEffect]] = defaultdict(list)
    for each in effects:
        some = any(level.accuracy is not None for level in each.levels)
        if each.label_set == found.headline and each.model in found.models and some:
            groups[each.factor, each.held].append(each)
    return groups


def _models(found: StudyResults, groups: _Groups) -> list[str]:
    drawn = {each.model for effects in groups.values() for each in effects}
    return [each for each in found.models if each in drawn]


def _names(effects: Sequence[FactorEffect]) -> list[str]:
    """Give the levels of any of the models, in their order."""
    return list(dict.fromkeys(level.level for each in effects for level in each.levels))


def _panel(effect: FactorEffect) -> str:
    return short(effect.title, 38)


def _dots(axes: "Axes", found: StudyResults, effects: Sequence[FactorEffect]) -> None:
    """Draw a row a level, the models of a level closely below each other."""
    names = _names(effects)
    for place, effect in enumerate(effects):
        mark = look.mark_of(found.models.index(effect.model))
        aside = _aside(place, len(effects), 0.3)
        for level in effect.levels:
            _level(axes, level, names.index(level.level) + aside, mark, flat=True)
    texts = [short(each, _LONGEST_LEVEL) for each in names]
    axes.set_yticks(range(len(names)), texts, parse_math=False)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_title(_panel(effects[0]), fontsize=SMALL, loc="left", pad=2, parse_math=False)
    look.frame(axes, grid="x")
    axes.tick_params(axis="y", length=0)


def _steps(axes: "Axes", found: StudyResults, effects: Sequence[FactorEffect]) -> None:
    """Draw a line a model over the levels."""
    names = _names(effects)
    for place, effect in enumerate(effects):
        mark = look.mark_of(found.models.index(effect.model))
        aside = _aside(place, len(effects), 0.12)
        known = [each for each in effect.levels if each.accuracy is not None]
        xs = [names.index(each.level) + aside for each in known]
        line = [(x, each.accuracy) for x, each in zip(xs, known, strict=True) if _is_step(each)]
        axes.plot(*zip(*line, strict=True), color=mark.colour, lw=0.8, alpha=0.6)
        for x, level in zip(xs, known, strict=True):
            _level(axes, level, x, mark, flat=False)
    texts = [look.folded(each, max(6, 44 // len(names))) for each in names]
    axes.set_xticks(range(len(names)), texts, parse_math=False)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_ylabel("accuracy (%)")
    look.frame(axes, grid="y")


def _is_step(level: LevelEffect) -> bool:
    """Whether a level is one of those that are in order: `none`, or what the task says, is not."""
    return level.level not in (OWN, level_text(None))


def _aside(place: int, n: int, width: float) -> float:
    """Give how far the mark of one of n models is beside its level."""
    return width * (place / (n - 1) * 2 - 1) / 2 if n > 1 else 0.0


def _level(axes: "Axes", level: LevelEffect, at: float, mark: Mark, *, flat: bool) -> None:
    if level.accuracy is None:
        return
    look.whisker(axes, level.ci95, at, mark, flat=flat)
    where = (level.accuracy, at) if flat else (at, level.accuracy)
    look.point(axes, where, mark, hollow=level.is_baseline)
