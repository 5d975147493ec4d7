"""Rules on the manifest and the card: do they fit each other, the files, and the leaderboard."""

from collections.abc import Iterator
from pathlib import Path

from harness.data.opened import OpenTask
from harness.leaderboard.entries.card import ModelCard
from harness.leaderboard.entries.card_file import unfilled
from harness.leaderboard.entries.comparable import differences
from harness.leaderboard.entries.finding import Finding, listed
from harness.leaderboard.entries.manifest import CARD, MANIFEST, EntryManifest, EntryRun
from harness.leaderboard.entries.read import changed_files, named_wrongly
from harness.leaderboard.entries.rules.files import is_inside
from harness.specs.catalogue import Catalogue, Kind


def check_names(folder: Path, manifest: EntryManifest) -> Iterator[Finding]:
    """The entry is named as its folder, has one run a task, all of one model (E202)."""
    for problem in named_wrongly(folder, manifest):
        yield Finding("E202", MANIFEST, f"{problem.what}: {problem.got}")
    models = sorted({run.run.model for run in manifest.runs})
    if len(models) > 1:
        yield Finding("E202", MANIFEST, f"runs of several models, {listed(models)}")
    for run in manifest.runs:
        if run.run.task != run.task:
            yield Finding("E202", MANIFEST, f"a run of `{run.run.task}` stands under `{run.task}`")


def check_hashes(folder: Path, manifest: EntryManifest) -> Iterator[Finding]:
    """Every file is told of, is there, and has its hash and size; and every path is one inside the
    entry (E103, E203).
    """
    outside = [path for path in manifest.files if not is_inside(path)]
    for path in outside:
        yield Finding("E103", MANIFEST, f"`files` has {path!r}")
    if outside:
        return
    for problem in changed_files(folder, manifest):
        where = problem.where.removeprefix(f"{folder}/")
        yield Finding("E203", where, f"{problem.what}: {problem.got}")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for name in sorted(there - manifest.files.keys() - {MANIFEST}):
        yield Finding("E203", name, "the manifest has no hash of it")


def check_card(card: ModelCard, manifest: EntryManifest) -> Iterator[Finding]:
    """The card is of the manifest's model and of its kind, and tells of the training data (E205,
    I206).
    """
    if card.model != manifest.model:
        yield Finding("E205", CARD, f"is of `{card.model}`, the manifest of `{manifest.model}`")
    for run in manifest.runs:
        kind = run.run.model_facts.get("kind")
        if kind is not None and kind != card.kind:
            yield Finding("E205", CARD, f"kind `{card.kind}`; the run `{run.task}` is of {kind!r}")
    if "unknown" in (card.training_data.imagenet_train, card.training_data.imagenet_val):
        yield Finding("I206", CARD, "training_data is `unknown`")


def check_filled_in(text: str) -> Iterator[Finding]:
    """Nothing that a new card asks to replace is still in the text of the card (E209)."""
    left = unfilled(text)
    if left:
        yield Finding("E209", CARD, f"{len(left)} sentences, the first: {left[0]}")


def check_task(catalogue: Catalogue, run: EntryRun) -> Iterator[Finding]:
    """The task is one of the leaderboard's (E207). A path to a task of one's own is none."""
    if run.task not in catalogue.names(Kind.TASK):
        yield Finding("E207", MANIFEST, f"`{run.task}` is no task here; `harness list tasks`")


def check_comparable(run: EntryRun, opened: OpenTask) -> Iterator[Finding]:
    """The run was made over the classes and under the settings that the task has (E207, E208)."""
    classes = opened.classes
    if run.run.class_list.sha256 != classes.digest:
        yield Finding("E207", MANIFEST, f"`{run.task}`: other classes than `{classes.name}` now")
        return
    found = differences(run, opened)
    if found:
        yield Finding("E208", MANIFEST, f"`{run.task}`, {listed(found)}")
