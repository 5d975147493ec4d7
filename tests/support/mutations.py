"""Files of every kind, broken at random: what reads them gives a result or one error.

A trial is made of its seed alone: which file, how it is changed, which command reads it.
"""

import gzip
import json
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.data.class_lists import load_class_list
from harness.data.labels.load import load_label_set
from harness.data.opened import open_task
from harness.errors import HarnessError
from harness.prompts.confusion import read_confusion
from harness.prompts.plan import make_plan
from harness.specs.catalogue import Catalogue, own_root
from harness.specs.label_set import LabelSetSpec
from harness.specs.load import (
    load_class_list_spec,
    load_encoder_spec,
    load_label_set_spec,
    load_model,
    load_task,
)
from support.broken_bytes import CHANGES, Change, linked
from support.command import harness
from support.drafts import Draft
from support.tiny_benchmark import tiny_entry, write_benchmark

LABELS: Mapping[str, tuple[str, str]] = {
    "jsonl": (".jsonl", '{"image_id": "a", "labels": [1, 2]}\n{"image_id": "b", "labels": []}\n'),
    "csv": (".csv", "id,proposed_labels,is_problematic\na,\"[1, 2]\",false\nb,3,true\n"),
    "imgt": (".json", '{"a.JPEG": 1, "b.JPEG": 2}'),
    "real": (".json", "[[1], [2, 3], []]"),
    "regt": (
        ".jsonl", '{"image_name": "a.JPEG", "original_class": 1, "reannotated_labels": [1, -1]}\n',
    ),
    "multilabel": (
        ".json", '{"a.JPEG": {"correct_multi_labels": [1], "unclear_multi_labels": [2], '
        '"is_problematic": false}}',
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """A folder with one sound file of every kind."""

    folder: Path
    yamls: tuple[Path, ...]

    @property
    def run(self) -> Path:
        """A scored run."""
        return self.folder / "runs-tiny" / "tiny" / "tiny_cw"

    @property
    def entry(self) -> Path:
        """An entry of it."""
        return self.folder / "entries" / "tiny"

    @property
    def own(self) -> tuple[str, str]:
        """The words that name the catalogue of the run's task."""
        return "--include_path", str(self.folder / "benchmark")


@dataclass(frozen=True, slots=True)
class Trial:
    """What was done, and what came of it."""

    seed: int
    what: str
    traceback: BaseException | None


def make_world(folder: Path) -> World:
    """Write sound files of every kind, and copies of all YAML files that are shipped."""
    own = folder / "catalogue"
    yamls = []
    for name in ("tasks", "models"):
        for path in sorted((own_root() / name).rglob("*.yaml")):
            target = own / path.relative_to(own_root())
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
            yamls.append(target)
    for name in ("tasks/mini", "tasks/classes"):
        shutil.copytree(own_root() / name, own / name, dirs_exist_ok=True)
    tiny = write_benchmark(folder / "benchmark")
    tiny_entry(tiny, folder / "entries" / "tiny", tasks=("tiny_cw", "tiny_mc"))
    (folder / "confusion.csv").write_text("0,1,2\n5,1,0\n2,4,1\n0,0,9\n")
    for kind, (suffix, text) in LABELS.items():
        (folder / f"{kind}{suffix}").write_text(text)
    rows = [
        {"image_id": "mini_val_00000001", "answer": "dog"},
        {"image_id": "mini_val_00000002", "answers": ["cat", "a dog"]},
        {"image_id": "mini_val_00000003", "class_id": 3},
        {"image_id": "mini_val_00000004", "top": [4, 5]},
    ]
    (folder / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return World(folder, tuple(yamls))


def attempt(world: World, seed: int) -> Trial:
    """Break one file, let a command read it, and mend it again."""
    dice = random.Random(seed)
    path, read = dice.choice(_SUBJECTS)(world, dice)
    how = dice.choice(CHANGES)
    what = f"{path.relative_to(world.folder)} by {how.__name__}"
    with _kept(world, path):
        _change(path, how, dice)
        try:
            read()
        except HarnessError as error:
            str(error)
        except Exception as error:  # noqa: BLE001  # what a person would see as a traceback
            return Trial(seed, what, error)
    return Trial(seed, what, None)


@contextmanager
def _kept(world: World, path: Path) -> Iterator[None]:
    """Put back what a trial changes: the file, and the run or the entry that it is of."""
    whole = next((each for each in (world.run, world.entry) if path.is_relative_to(each)), path)
    aside = world.folder / "aside"
    (shutil.copytree if whole.is_dir() else shutil.copy)(whole, aside)
    try:
        yield
    finally:
        _remove(whole)
        aside.rename(whole)
        for left in ("out", "new"):
            _remove(world.folder / left)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _change(path: Path, how: Change, dice: random.Random) -> None:
    """Change a file in place; of a packed one, mostly what is in it."""
    if how is linked:
        path.unlink()
        path.symlink_to(path)
        return
    data = path.read_bytes()
    packed = path.suffix == ".gz" and dice.random() < 0.8
    changed = how(gzip.decompress(data) if packed else data, dice)
    path.write_bytes(gzip.compress(changed) if packed else changed)


Subject = tuple[Path, Callable[[], object]]


def _yaml(world: World, dice: random.Random) -> Subject:
    path = dice.choice(world.yamls)
    return path, lambda: _load(path)


def _load(path: Path) -> None:
    """Load a YAML file as what its folder says it is, and what it names in the mini tasks."""
    catalogue, name = Catalogue(), str(path)
    if path.name.startswith("_") or (
        "tasks" in path.parts and path.parent.name in ("mini", "imagenet")
    ):
        task = load_task(catalogue, name)
        if path.parent.name == "mini" and task.distractors is None:
            make_plan(open_task(catalogue, task))
    elif path.parent.name == "classes":
        load_class_list(load_class_list_spec(catalogue, name))
    elif path.parent.name == "labels":
        load_label_set_spec(catalogue, name)
    elif path.parent.name == "encoders":
        load_encoder_spec(catalogue, name)
    else:
        load_model(catalogue, name)


def _run_file(world: World, dice: random.Random) -> Subject:
    names = (
        "manifest.json",
        "manifest.json",
        "predictions.jsonl",
        "predictions.jsonl",
        "results.json",
    )
    words = dice.choice(
        [
            ("score", world.run),
            ("merge", world.run),
            ("map", world.run, "--encoders", "lexical"),
            ("compare", world.run, world.run),
            ("submit", "pack", world.run, "-o", world.folder / "new"),
            ("export", "hf", world.run, "-o", world.folder / "new"),
        ]
    )
    return world.run / dice.choice(names), lambda: harness(*words, *world.own)


def _entry_file(world: World, dice: random.Random) -> Subject:
    files = sorted(path for path in world.entry.rglob("*") if path.is_file())
    words = dice.choice(
        [
            ("submit", "check", world.entry),
            ("submit", "check", world.entry.parent),
            ("leaderboard", "build", world.entry.parent, "-o", world.folder / "new"),
        ]
    )
    path, signed = dice.choice(files), dice.random() < 0.8

    def read() -> None:
        if signed and path.name != "manifest.json" and path.is_file():
            Draft(world.entry, parts=False).sign()
        harness(*words, *world.own)

    return path, read


def _label_file(world: World, dice: random.Random) -> Subject:
    kind = dice.choice(sorted(LABELS))
    path = world.folder / f"{kind}{LABELS[kind][0]}"
    values = {"label_set": "l", "format": kind, "class_list": "c", "path": str(path)}
    classes = load_class_list(load_class_list_spec(Catalogue(), "imagenet1k"))
    return path, lambda: load_label_set(LabelSetSpec.model_validate(values), classes)


def _answers(world: World, dice: random.Random) -> Subject:
    path = world.folder / "answers.jsonl"
    words = ("import", path, "--task", "mini_cw", "--model", "m", "--output", world.folder / "out")
    more = ("--set", "mapping.encoder=lexical", "--partial")
    return path, lambda: harness(*words, *more)


def _matrix(world: World, dice: random.Random) -> Subject:
    path = world.folder / "confusion.csv"
    return path, lambda: read_confusion(path, (0, 1, 2))


_SUBJECTS: tuple[Callable[[World, random.Random], Subject], ...] = (
    *[_yaml] * 3, *[_run_file] * 3, *[_entry_file] * 2, *[_label_file] * 2, _answers, _matrix,
)  # fmt: skip
