"""A small but complete `Site` made by hand, for the tests of pages and of scripts."""

from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

from harness.data.classes import Class, ClassList
from harness.leaderboard.entries.card import ModelCard, TrainingData
from harness.leaderboard.entries.entry import Entry
from harness.leaderboard.entries.format import Claim, EntryManifest, EntryRun, FileFacts
from harness.leaderboard.entries.ledger import Decision
from harness.leaderboard.numbers import site_model as model
from harness.leaderboard.numbers.benchmark import Benchmark, Difference
from harness.specs.model import Kind
from harness.store.manifest import (
    ClassListFacts,
    DataFacts,
    Identity,
    Manifest,
    MappingFacts,
)
from leaderboard.pages.board_builder import PLANS, BoardPlan, Texts, make_board
from leaderboard.pages.results_builder import CLASS_NAMES, N_EMPTY, SHA, N, label_sets

KINDS: tuple[Kind, ...] = ("mllm", "mllm", "dual_encoder", "supervised", "knn")


def make_site(
    n_models: int = 5, plans: Sequence[BoardPlan] = PLANS, texts: Texts | None = None
) -> model.Site:
    """Give a site of `n_models` models, all of them on every board; equal for equal arguments."""
    texts = texts or Texts()
    kinds = tuple(islice(cycle(KINDS), n_models))
    decisions = tuple(
        Decision(
            date="2026-11-20",
            entry=f"model-{place}",
            manifest_sha256=SHA,
            decision="accepted",
            level="re-scored" if place % 2 else "parse-replayed",
            reason=texts.reason,
        )
        for place in range(n_models)
    )
    withdrawn = Decision(
        date="2026-11-23",
        entry="gone",
        manifest_sha256=SHA,
        decision="withdrawn",
        reason=texts.reason,
    )
    entries = tuple(
        _entry(place, kinds[place], plans, texts, decisions) for place in range(n_models)
    )
    return model.Site(
        version="0.1.0",
        date="2026-11-23",
        benchmarks=(_benchmark(),),
        boards=tuple(make_board(plan, entries, texts) for plan in plans),
        entries=tuple(sorted(entries, key=lambda entry: entry.name)),
        decisions=(withdrawn, *reversed(decisions)),
        refused=texts.refused,
    )


def _classes() -> ClassList:
    rows = tuple(Class(number, name) for number, name in enumerate(CLASS_NAMES))
    return ClassList("toy", "clean", rows)


def _benchmark() -> Benchmark:
    differences = tuple(
        Difference(f"toy_{place:05d}", (place % 6,), ((place + 1) % 6, (place + 2) % 6), "M-")
        for place in range(150)
    )
    return Benchmark(
        name="toy",
        classes=_classes(),
        image_ids=tuple(f"toy_{place:05d}" for place in range(N + N_EMPTY)),
        label_sets=label_sets(),
        original="toy_imgt",
        headline="toy_regt",
        groups={
            "A": N,
            "N": N_EMPTY,
            "S": 900,
            "S+": 800,
            "S-": 100,
            "M": 334,
            "M+": 184,
            "M-": 150,
        },
        exclusive=("N", "S+", "S-", "M+", "M-"),
        differences=differences,
        images="images/toy/{image_id}.png",
    )


def _manifest(plan: BoardPlan, place: int) -> Manifest:
    return Manifest(
        harness_version="0.1.0",
        status="complete",
        task=plan.task,
        model=f"model-{place}",
        identity=Identity(
            task={"task": plan.task, "protocol": plan.protocol},
            model={"model": f"model-{place}", "adapter": "hf"},
            class_list=SHA,
            data=SHA,
        ),
        class_list=ClassListFacts(name="toy", name_set="clean", n=len(CLASS_NAMES), sha256=SHA),
        data=DataFacts(dataset_path="toy", split="test", fingerprint=SHA, n=N + N_EMPTY),
        n=N + N_EMPTY,
        mapping=MappingFacts(
            encoder="minilm",
            encoder_sha256=SHA,
            class_template="raw",
            answer_template="raw",
            class_list_sha256=SHA,
        ),
        batch_size=8,
        processes=2,
        versions={"python": "3.12.1", "torch": "2.9.0"},
        started="2026-11-19T10:00:00+00:00",
        ended="2026-11-19T10:02:00+00:00",
        seconds=120.5,
        counts={"ok": N + N_EMPTY},
        tokens=None if place == 1 else 4000,
        prompt_tokens=None if place == 1 else 90000,
        cost=0.25 if place == 0 else None,
    )


def _entry(
    place: int,
    kind: Kind,
    plans: Sequence[BoardPlan],
    texts: Texts,
    decisions: Sequence[Decision],
) -> Entry:
    name = f"model-{place}"
    title = texts.model.replace("{place}", str(place))
    claim = Claim(
        n=N, n_right=700, accuracy=56.7, accuracy_empty_correct=None, label_set_digest=SHA
    )
    runs = tuple(
        EntryRun(
            task=plan.task,
            protocol=plan.protocol,
            run=_manifest(plan, place),
            claims={plan.protocol: {"toy_regt": claim}},
        )
        for plan in plans
    )
    card = ModelCard(
        model=title,
        kind=kind,
        training_data=TrainingData(imagenet_train="yes", imagenet_val="unknown"),
        organization=texts.organization,
        url="https://example.org/model",
        license="Apache-2.0",
        parameters=None if place == 1 else 7_000_000_000 + place,
    )
    return Entry(
        folder=Path(name),
        manifest=EntryManifest(
            entry=name,
            model=title,
            harness_version="0.1.0",
            date="2026-11-19",
            runs=runs,
            files={run.predictions: FileFacts(sha256=SHA, bytes=123456) for run in runs},
        ),
        card=card,
        card_text=texts.card,
        sha256=SHA,
        decisions=tuple(item for item in decisions if item.entry == name),
    )
