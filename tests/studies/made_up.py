"""A made-up study with factors of every kind. Nothing in it was measured."""

from collections.abc import Sequence
from typing import Any

from harness.scores.result_parts import Relation, RelationShare
from harness.scores.statistics import wilson
from harness.studies.results import (
    FactorEffect,
    LabelChange,
    LevelEffect,
    ModelGap,
    PlaceEffect,
    RunGranularity,
    Score,
    SeedSpread,
    StudyResults,
    VarianceTerm,
)

N = 400
HEADLINE, ORIGINAL = "mini_regt", "mini_imgt"


def level(name: str, right: int, base: int | None, *, is_baseline: bool = False) -> LevelEffect:
    accuracy = 100 * right / N
    delta = None if is_baseline or base is None else 100 * (right - base) / N
    return LevelEffect(
        level=name,
        run=f"mini/{name}",
        protocol="cw",
        n=N,
        n_right=right,
        accuracy=accuracy,
        ci95=(accuracy - 4, accuracy + 4),
        oop=2.5,
        is_baseline=is_baseline,
        delta=delta,
        delta_ci95=None if delta is None else (delta - 3, delta + 3),
        only_baseline=None if delta is None else 12,
        only_level=None if delta is None else 8,
        flips=None if delta is None else 31,
        p_mcnemar=None if delta is None else 0.0123,
        p_holm=None if delta is None else 0.123,
    )


def effect(
    factor: str, rights: Sequence[tuple[str, int]], baseline: str | None = None, **more: Any
) -> FactorEffect:
    base = dict(rights).get(baseline or "")
    levels = tuple(level(name, n, base, is_baseline=name == baseline) for name, n in rights)
    width = 100 * (max(n for _, n in rights) - min(n for _, n in rights)) / N
    values: dict[str, Any] = {
        "model": "mini",
        "label_set": HEADLINE,
        "held": "",
        "from_rows": False,
        "n_left_out": 3,
        "range": width,
        "range_ci95": (max(0.0, width - 3), width + 3),
        "p_cochran": 1e-12 if width > 3 else 0.4,
        "seeds": None,
    }
    return FactorEffect(factor=factor, levels=levels, **(values | more))


GRID = [
    (f"{encoder}, class {one}, answer {two}", 100 + 40 * i + 7 * j + 3 * k)
    for i, encoder in enumerate(("lexical", "minilm"))
    for j, one in enumerate(("raw", "photo", "avg"))
    for k, two in enumerate(("raw", "photo"))
]
ORDERS = [("0", 200), ("1", 204), ("2", 196), ("3", 202), ("4", 200), ("5", 209), ("6", 190)]


def factors(model: str = "mini", less: int = 0, label_set: str = HEADLINE) -> list[FactorEffect]:
    def of(factor: str, rights: Sequence[tuple[str, int]], *rest: str, **more: Any) -> FactorEffect:
        lower = [(name, n - less) for name, n in rights]
        return effect(factor, lower, *rest, **({"model": model, "label_set": label_set} | more))

    four = {"held": "images_per_prompt=4"}
    ends = (48.6 - less / 4, 51.4 - less / 4)
    spread = SeedSpread(n=7, mean=50.0 - less / 4, deviation=1.5, ci95=ends)
    orders = [("dataset", 200), ("shuffled", 202), ("class_sorted", 300)]
    prompts = [("as in the task", 240), ("short", 130), ("question", 221), ("role", 60)]
    ranks = [("[1, 3]", 150), ("[4, 10]", 204), ("[11, 30]", 260), ("as in the task", 330)]
    return [
        of("images_per_prompt", [("1", 240), ("2", 228), ("4", 200), ("8", 152)], "1"),
        of("image_order", orders, "dataset", **four),
        of("order_seed", ORDERS, seeds=spread, held="images_per_prompt=4, image_order=shuffled"),
        of("prompt", prompts, "as in the task"),
        of("name_set", [("clean", 240), ("openai", 242), ("wordnet", 236)], "clean"),
        of("mapping", GRID, "minilm, class raw, answer photo", from_rows=True),
        of("distractors.rank", ranks, "as in the task"),
        of("labels", [(ORIGINAL, 224), (HEADLINE, 241)], ORIGINAL, from_rows=True),
        of("blank_images", [("false", 240), ("true", 20 + less)], "false"),
    ]


def places(model: str = "mini", less: float = 0) -> list[PlaceEffect]:
    return [
        PlaceEffect(
            model=model, label_set=HEADLINE, run=f"mini/per_{several}", images_per_prompt=several,
            place=place, n=N // several, accuracy=60 - less - several - 2 * place,
            ci95=(54 - less - several - 2 * place, 66 - less - several - 2 * place),
        )
        for several in (2, 4, 8)
        for place in range(1, several + 1)
    ]  # fmt: skip


def score(model: str, settings: str, label_set: str, accuracy: float, **more: Any) -> Score:
    values: dict[str, Any] = {
        "task": "mini_cw", "protocol": "cw", "n": N, "ci95": (accuracy - 4, accuracy + 4),
        "oop": 2.5, "complete": True,
    }  # fmt: skip
    values |= more
    return Score(model=model, settings=settings, label_set=label_set, accuracy=accuracy, **values)


def general(model: str, task: str, protocol: Any, *counts: int, **more: Any) -> RunGranularity:
    def share(n: int) -> RelationShare:
        low, high = wilson(n, N) or (0.0, 0.0)
        return RelationShare(n=n, share=100 * n / N, ci95=(round(low, 4), round(high, 4)))

    return RunGranularity(
        model=model, task=task, protocol=protocol, n=N, placed={},
        label_set=more.get("label_set", HEADLINE),
        relations={
            relation: share(n) for relation, n in zip(Relation, counts, strict=True)
        },
    )  # fmt: skip


def label_change(model: str, task: str, protocol: Any, was: float, now: float) -> LabelChange:
    return LabelChange(
        model=model, task=task, protocol=protocol, settings="", before=ORIGINAL, after=HEADLINE,
        n=N, accuracy_before=was, accuracy_after=now, delta=now - was, ci95=(now - was - 2, 12),
    )  # fmt: skip


def made_up(**more: Any) -> StudyResults:
    """One model, one factor at a time."""
    values: dict[str, Any] = {
        "study": "mini_protocol",
        "description": "What moves the closed-world score of one model on the same images.",
        "harness_version": "0.1.0",
        "task": "mini_cw",
        "models": ("mini",),
        "label_sets": (ORIGINAL, HEADLINE),
        "original": ORIGINAL,
        "design": "one_at_a_time",
        "equivalences": "none",
        "scores": (
            score("mini", "", ORIGINAL, 56.0),
            score("mini", "", HEADLINE, 60.25),
            score("mini", "prompt=short", ORIGINAL, 31.0, complete=False),
            score("mini", "prompt=short", HEADLINE, 32.5, complete=False),
        ),
        "factors": tuple(factors()),
        "places": tuple(places()),
        "gaps": (),
        "variance": (),
        "missing": (),
    }
    return StudyResults(**(values | more))


def two_models(**more: Any) -> StudyResults:
    """Two models, with the difference between them."""
    gap = ModelGap(
        a="mini", b="mini_small", label_set=HEADLINE, n=N, delta=-4.25, ci95=(-7.0, -1.5),
        p_mcnemar=0.003, accuracy_a=60.0, accuracy_b=55.75,
    )  # fmt: skip
    terms = [((name,), share) for name, share in (("prompt", 60.0), ("name_set", 10.0))]
    terms += [(("prompt", "name_set"), 25.0), ((), 5.0)]
    values: dict[str, Any] = {
        "models": ("mini", "mini_small"),
        "factors": (*factors(), *factors("mini_small", 17)),
        "places": (*places(), *places("mini_small", 5)),
        "gaps": (gap,),
        "label_changes": (
            label_change("mini", "mini_cw", "cw", 56.0, 60.25),
            label_change("mini", "mini_mc_hard", "mc", 66.0, 75.0),
            label_change("mini", "mini_mc_random", "mc", 76.0, 79.0),
            label_change("mini_small", "mini_classify", "classify", 58.0, 57.0),
        ),
        "granularity": (
            general("mini", "mini_ow", "ow", 200, 80, 40, 20, 50, 10),
            general("mini", "mini_cw", "cw", 240, 0, 0, 60, 100, 0),
            general("mini_small", "mini_cw", "cw", 210, 0, 0, 60, 100, 30),
        ),
        "variance": tuple(
            VarianceTerm(model="mini", label_set=HEADLINE, factors=names, share=share)
            for names, share in terms
        ),
        "missing": ("mini_small with prompt=role: does not exist",),
    }
    return made_up(**(values | more))


MARKUP = "\"'><img src=x onerror=alert(1)></script><script>alert(2)</script>--><!--$x_1$"
RIGHT_TO_LEFT = "\N{RIGHT-TO-LEFT OVERRIDE}\u05d0\u05d1\u05d2"
LONG = "w" * 2000


def hostile() -> StudyResults:
    """A study all of whose names are those of somebody who means harm."""
    names = (MARKUP, RIGHT_TO_LEFT, LONG, "\u4e2d\u6587 \x1b[2K", "{{ 7*7 }}")
    levels = [(name, 100 + 20 * place) for place, name in enumerate(names)]
    grid = [(f"{MARKUP}, class {LONG}, answer {each}", n) for each, n in levels]
    own = {"model": MARKUP, "label_set": LONG}
    found = [
        *(effect(f"{each}{place}", levels, names[0], **own) for place, each in enumerate(names)),
        effect("mapping", grid, grid[0][0], **own, held=MARKUP),
        effect("images_per_prompt", levels, names[0], **own),
        effect("distractors.rank", levels, names[0], **own),
        effect(
            "order_seed", levels, seeds=SeedSpread(n=5, mean=35, deviation=None, ci95=None), **own
        ),
        effect("labels", [(MARKUP, 200), (LONG, 220)], MARKUP, **own),
    ]
    gap = ModelGap(a=MARKUP, b=LONG, label_set=LONG, n=9, delta=None, ci95=None, p_mcnemar=1)
    return made_up(
        study=MARKUP, description=MARKUP + LONG, harness_version=MARKUP, task=MARKUP,
        models=(MARKUP, LONG), label_sets=(MARKUP, LONG), original=MARKUP, equivalences=MARKUP,
        scores=(score(MARKUP, MARKUP, LONG, 50, task=LONG),), factors=tuple(found),
        places=tuple(each.model_copy(update=own) for each in places()), gaps=(gap,),
        label_changes=tuple(label_change(MARKUP, each, "cw", 50, 60) for each in (MARKUP, LONG)),
        granularity=tuple(
            general(MARKUP, each, "ow", N, 0, 0, 0, 0, 0, label_set=LONG)
            for each in (LONG, MARKUP)
        ),
        variance=(VarianceTerm(model=MARKUP, label_set=LONG, factors=(MARKUP, LONG), share=None),),
        missing=(MARKUP, LONG, RIGHT_TO_LEFT),
    )  # fmt: skip
