"""Random histories of runs: commands that are killed or find the disk full at any moment, gone on
with in any way that is allowed, and compared with what an undisturbed command makes.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import ClassVar, get_args

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from harness.store.directory import RunDirectory
from support.faults import NO_FAULT, Ended, Fault, Kind
from support.history_world import (
    CONFIGS,
    N,
    command,
    import_words,
    run_words,
    runs_in,
    snapshot,
    undisturbed,
    undisturbed_import,
    world,
)

WAYS = ("whole", "whole", "two processes", "1/2", "2/2")
VERBS = ("run",) * 5 + ("merge", "score", "map", "import", "pack", "export", "build")
counts: Counter[str] = Counter()
"""Of commands, by their verb and what befell them."""


@dataclass(frozen=True)
class Step:
    """A command of a history, and what befalls it."""

    verb: str
    fault: Fault
    limit: int
    way: str
    other: Fault
    """What befalls the second of two processes."""
    broken: bool
    """Whether the model fails on some images."""
    fresh: bool


def step_of(random: Random) -> Step:
    return Step(
        random.choice(VERBS),
        fault_of(random),
        random.choice((4, 7, N, N)),
        random.choice(WAYS),
        fault_of(random),
        random.random() < 0.3,
        random.random() < 0.5,
    )


def fault_of(random: Random) -> Fault:
    """One command in four is let be; a number beyond the events of a command does so too."""
    kind = random.choice(("none", "none", "kill", "kill", "kill", *get_args(Kind)[2:]))
    most = {"kill at an answer": 6, "kill in a write": 5000, "full in a write": 5000}
    return NO_FAULT if kind == "none" else Fault(kind, random.randint(1, most.get(kind, 40)))


SEED = st.binary(min_size=16, max_size=16)


class History(RuleBasedStateMachine):
    """A folder of runs to which things happen."""

    number: ClassVar = 0

    def __init__(self) -> None:
        super().__init__()
        History.number += 1
        self.steps = 0
        self.folder = Path(tempfile.mkdtemp(prefix="history-"))
        self.output = self.folder / "runs"
        self.entry = self.folder / "entries" / "tiny"
        self.limit = 0
        self.imported = False
        self.told = ""

    def apart(self, seed: bytes) -> Random:
        """Give a source of choices that no other step has. Hypothesis draws much the same again and
        again, which helps it find small failures; a history takes seconds, and none is to be like
        another. The price: a failure is not made smaller, and is told by its commands.
        """
        self.steps += 1
        return Random(seed + f"{History.number} {self.steps}".encode())

    @initialize(seed=SEED)
    def begin(self, seed: bytes) -> None:
        self.config = self.apart(seed).choice(CONFIGS)
        self.path = self.output / "tiny" / self.config.task

    @rule(seed=SEED)
    def happen(self, seed: bytes) -> None:
        step = step_of(self.apart(seed))
        getattr(self, step.verb if step.verb != "import" else "import_")(step)

    def run(self, step: Step) -> None:
        words = run_words(self.config, self.output, step.limit)
        words += ["--shard", step.way] if "/" in step.way else []
        faults = (step.fault, step.other) if step.way == "two processes" else (step.fault,)
        ended = self.do(words, *faults, broken=step.broken)
        if runs_in(self.path):
            self.limit = max(self.limit, step.limit)
        if faults == (NO_FAULT,):
            assert ended.codes[0] in (0, 1), self.after(ended)

    def merge(self, step: Step) -> None:
        self.settle(step, "merge")

    def score(self, step: Step) -> None:
        self.settle(step, "score")

    def settle(self, step: Step, verb: str) -> None:
        if self.limit:
            ended = self.do([verb, *runs_in(self.path)], step.fault)
            assert step.fault != NO_FAULT or ended.codes[0] in (0, 1), self.after(ended)

    def map(self, step: Step) -> None:
        if self.config.protocol in ("ow", "cw", "cw_plus"):
            self.complete()
            self.do(["map", runs_in(self.path)[0], "--encoders", "lexical"], step.fault)

    def import_(self, step: Step) -> None:
        of_text = self.config.output_type == "generate_until"
        if of_text and self.config.protocol in ("ow", "cw", "cw_plus"):
            fresh = ["--fresh"] if step.fresh else []
            ended = self.do([*import_words(self.config, self.output), *fresh], step.fault)
            self.imported = True
            assert step.fault != NO_FAULT or ended.codes == (0,), self.after(ended)

    def pack(self, step: Step) -> None:
        if self.config.repeats == 1 and not self.entry.exists():
            self.complete()
            words = ["submit", "pack", self.path, "-o", self.entry, "--card", world() / "card.md"]
            ended = self.do(words, step.fault)
            assert step.fault != NO_FAULT or ended.codes == (0,), self.after(ended)

    def export(self, step: Step) -> None:
        shutil.rmtree(self.folder / "hf", ignore_errors=True)
        self.complete()
        ended = self.do(
            ["export", "hf", runs_in(self.path)[0], "-o", self.folder / "hf"], step.fault
        )
        assert step.fault != NO_FAULT or ended.codes == (0,), self.after(ended)

    def build(self, step: Step) -> None:
        self.pack(replace(step, fault=NO_FAULT))
        if not self.entry.exists():
            return
        page = self.folder / "site" / "index.html"
        was = page.exists()
        ended = self.do(["leaderboard", "build", self.entry.parent, "-o", page.parent], step.fault)
        assert page.exists() or not was, f"there is no site\n{self.after(ended)}"
        assert page.exists() == page.parent.exists(), self.after(ended)
        assert step.fault != NO_FAULT or ended.codes == (0,), self.after(ended)

    def complete(self) -> None:
        """Have a run that may be packed."""
        self.limit = N
        self.finish()

    def do(self, words: Sequence[object], *faults: Fault, broken: bool = False) -> Ended:
        """Run a command; whatever happens to it, it ends with a message or is killed."""
        ended = command(self.folder, words, *faults, broken=broken)
        what = "killed" if ended.was_killed else f"exit {max(ended.codes)}"
        counts[f"{words[0]}, {faults[0].kind}: {what}"] += 1
        line = f"{' '.join(map(str, words))}: {' and '.join(map(str, faults))}"
        self.told += f"\n{line}{', broken' if broken else ''} -> {ended.codes}"
        assert 99 not in ended.codes and "Traceback" not in ended.said, self.after(ended)
        return ended

    def after(self, ended: Ended) -> str:
        """Tell what was done, and what the last command said."""
        return f"{self.told}\n{ended.said[-2000:]}"

    @invariant()
    def nothing_is_wrong(self) -> None:
        """Whatever stands on disk is what the undisturbed run says, or nothing."""
        for path in runs_in(self.path) if self.limit else ():
            now = snapshot(path)
            expected = undisturbed(self.config, N)[path.name].rows
            for image, row in now.rows.items():
                if row.get("class_id") is not None:
                    assert row["class_id"] == expected[image].get("class_id"), self.told
            if now.results and now.results["complete"] and not RunDirectory(path).parts():
                scored = [undisturbed(self.config, n)[path.name].results for n in (4, 7, N)]
                assert now.results in scored, self.told

    def teardown(self) -> None:
        try:
            if self.limit:
                self.finish()
            if self.imported:
                self.finish_import()
        finally:
            shutil.rmtree(self.folder)

    def finish(self) -> None:
        """The command is given again, and everything is as if nothing had happened."""
        ended = self.do(run_words(self.config, self.output, self.limit), NO_FAULT)
        assert ended.codes == (0,), self.after(ended)
        expected = undisturbed(self.config, self.limit)
        assert [path.name for path in runs_in(self.path)] == list(expected)
        for path in runs_in(self.path):
            now = snapshot(path)
            assert now.rows == expected[path.name].rows, self.told
            assert now.results == expected[path.name].results, self.told
            assert now.manifest == expected[path.name].manifest, self.told
        left = [*self.path.parent.rglob(".*"), *self.path.rglob("parts")]
        assert left == [], (left, self.told)

    def finish_import(self) -> None:
        ended = self.do(import_words(self.config, self.output), NO_FAULT)
        assert ended.codes == (0,), self.after(ended)
        assert snapshot(self.output / "imported" / self.config.task) == undisturbed_import(
            self.config
        ), self.told
        left = [path for path in (self.output / "imported").rglob(".*")]
        assert left == [], (left, self.told)
