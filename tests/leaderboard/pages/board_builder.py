"""Boards of a hand-made site: rows, pairs and references with numbers that fit together."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from harness.answers.outcome import Status
from harness.leaderboard.entries.entry import Entry
from harness.leaderboard.entries.finding import Report
from harness.leaderboard.numbers import gallery
from harness.leaderboard.numbers import site_model as model
from harness.leaderboard.numbers.pairs import Pair
from harness.leaderboard.numbers.ranking import Place, Ranking
from harness.scores.results import MATCHED, Change, Protocol
from harness.scores.statistics import wilson
from leaderboard.pages.results_builder import LABEL_SETS, N_EMPTY, N, results_of, score_of


@dataclass(frozen=True, slots=True)
class BoardPlan:
    """Which board to make."""

    task: str
    protocol: Protocol
    base: float
    distractors: dict[str, object] | None = None
    claimed: bool = False

    @property
    def slug(self) -> str:
        return f"{self.task}--{self.protocol}"


@dataclass(frozen=True, slots=True)
class Texts:
    """What comes from submitters, so that a test can make it hostile."""

    model: str = "Model {place}"
    organization: str = "Institute of Examples"
    answer: str = "a fox, probably"
    prompt: str = "Classes: red fox; grey wolf.\n<image>\nReply with the class name only."
    card: str = "# About\n\nTrained on **examples**. See [the page](https://example.org/model).\n"
    reason: str = "Every figure was computed again."
    description: str = "All class names are in the prompt."
    refused: tuple[Report, ...] = ()


PLANS = (
    BoardPlan("toy_ow", "ow", 58.0),
    BoardPlan("toy_mc_hard", "mc", 66.0, {"strategy": "embedding", "rank": [1, 3]}),
    BoardPlan("toy_mc_easy", "mc", 88.0, {"strategy": "embedding", "rank": [21, 40]}),
    BoardPlan("toy_cw", "cw", 63.0),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Counts:
    place: int
    right: int
    original: int


def make_board(plan: BoardPlan, entries: Sequence[Entry], texts: Texts) -> model.Board:
    source = random.Random(f"{plan.slug} {len(entries)}")
    drawn = []
    for place in range(len(entries)):
        right = round(N * (plan.base + source.uniform(-18, 10)) / 100)
        drawn.append(_Counts(place, right, max(1, round(right * source.uniform(0.82, 0.95)))))
    drawn.sort(key=lambda item: (-item.right, f"model-{item.place}"))
    rows = tuple(_row(plan, item, drawn, entries[item.place], texts) for item in drawn)
    return model.Board(
        slug=plan.slug,
        benchmark="toy",
        task=plan.task,
        protocol=plan.protocol,
        claimed=plan.claimed,
        description=texts.description,
        original="toy_imgt",
        headline="toy_regt",
        label_sets=LABEL_SETS,
        n_images=N + N_EMPTY,
        distractors=plan.distractors,
        rows=rows,
        rankings=tuple(_rankings(plan, rows)),
        references=(
            model.Reference(
                "Chance", "Blind guessing among all classes.", {"toy_imgt": 16.67, "toy_regt": 21.2}
            ),
            model.Reference(
                "Original labels",
                "toy_imgt answered as if by a model.",
                {"toy_imgt": 100.0, "toy_regt": 79.74},
            ),
            model.Reference(
                "Constant", "Nothing is known of it.", {"toy_imgt": None, "toy_regt": None}
            ),
        ),
        pairs=tuple(_pair(a, b) for a, b in combinations(rows, 2)),
    )


def _rankings(plan: BoardPlan, rows: Sequence[model.ScoredEntry]) -> Iterator[Ranking]:
    """By both label sets, on all images and on those of two groups; tiers are made up."""
    for name, group in product(LABEL_SETS, ("A", "S", "M-")):
        shares = {row.name: row.results.scores[plan.protocol][name].groups[group] for row in rows}
        order = sorted(shares, key=lambda each: (-(shares[each].accuracy or 0), each))
        places = []
        for each in order:
            n, accuracy = shares[each].n, shares[each].accuracy or 0
            rank = 1 + sum((other.accuracy or 0) > accuracy for other in shares.values())
            ends = (max(1, rank - 1), min(len(order), rank + 1))
            ci95 = wilson(round(accuracy * n / 100), n)
            places.append(Place(each, n, accuracy, ci95, rank, ends, 1 + (rank - 1) // 2))
        yield Ranking(name, group, max(share.n for share in shares.values()), tuple(places))


def _row(
    plan: BoardPlan, item: _Counts, drawn: Sequence[_Counts], entry: Entry, texts: Texts
) -> model.ScoredEntry:
    matched = plan.protocol in MATCHED
    original = score_of(item.original, N + N_EMPTY, 0, matched)
    before = 100 * item.original / N
    headline = score_of(item.right, N, N_EMPTY, matched)
    delta = 100 * (item.right - item.original) / N
    both = min(item.original, item.right) - 30
    rank = 1 + sum(other.right > item.right for other in drawn)
    return model.ScoredEntry(
        entry=entry,
        run=next(run for run in entry.manifest.runs if run.task == plan.task),
        protocol=plan.protocol,
        claimed="no text to read" if plan.claimed else None,
        results=results_of(plan.task, plan.protocol, item.place, original, headline),
        headline=headline,
        change=Change(
            protocol=plan.protocol,
            n=N,
            from_=before,
            to=100 * item.right / N,
            delta=delta,
            ci95=(delta - 1.5, delta + 1.5),
            both=100 * both / N,
            p_mcnemar=0.001,
            p_holm=0.001,
        ),
        decomposition=gallery.Decomposition(
            n=N,
            right_right=both,
            wrong_right=item.right - both,
            right_wrong=item.original - both,
            wrong_wrong=N - item.right - item.original + both - 20,
            no_class=20,
        ),
        best=(gallery.ClassScore(0, 200, 93.5), gallery.ClassScore(1, 210, 90.0)),
        worst=(gallery.ClassScore(4, 190, 31.05), gallery.ClassScore(5, 200, 33.5)),
        confused=(gallery.Confused(4, 5, 88), gallery.Confused(2, 3, 41)),
        out_of_prompt=_gallery(texts) if plan.protocol in ("ow", "cw") else (),
        prompt=texts.prompt,
        is_mapped=plan.protocol == "ow",
        n_answered=N + N_EMPTY,
        images=model.OnImages(),
        rank_original=1 + sum(other.original > item.original for other in drawn),
        rank_on_common=rank,
        coverage=100.0,
    )


def _gallery(texts: Texts) -> tuple[gallery.OutOfPrompt, ...]:
    return tuple(
        gallery.OutOfPrompt(
            image_id=f"toy_{number:05d}",
            answer=texts.answer,
            status=(Status.OOP, Status.UNPARSED)[number % 2],
            class_id=number if number % 2 == 0 else None,
            similarity=0.71 if number % 2 == 0 else None,
            right=number == 0 if number % 2 == 0 else None,
        )
        for number in range(4)
    )


def _pair(a: model.ScoredEntry, b: model.ScoredEntry) -> Pair:
    discord = a.headline.n_right - b.headline.n_right
    only_b = 40
    p_value = 0.0001 if discord > 30 else 0.4
    delta = 100 * discord / N
    return Pair(
        a=a.name,
        b=b.name,
        n=N,
        only_a=only_b + discord,
        only_b=only_b,
        delta=delta,
        ci95=(delta - 2, delta + 2),
        p_mcnemar=p_value,
        p_holm=min(1.0, 3 * p_value),
    )
