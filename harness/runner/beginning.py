"""The manifest of a run as it begins, goes on and ends."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass

from harness.data.class_names import Outputs
from harness.errors import Problem, UserError
from harness.prompts.plan import Plan
from harness.requests import ModelFacts
from harness.runner.batch_size import BatchSize
from harness.runner.identity import differences, refuse_other_model, revisions
from harness.specs.model import ModelSpec
from harness.specs.task import PARTS
from harness.store.directory import RunDirectory
from harness.store.identity import Identity
from harness.store.manifest import Manifest, manifest_of, now

log = logging.getLogger("harness")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a model that is loaded."""

    model: ModelFacts
    batch_size: int
    """The batch size that the run began with."""
    smaller_batch: int | None
    """The batch size that was left when memory had run out."""


def begun(
    plan: Plan,
    identity: Identity,
    settings: tuple[tuple[str, ...], tuple[str, ...]],
    batch_size: BatchSize,
    processes: int,
) -> Manifest:
    """Give the manifest of a run that begins now; `settings` are the task's and the model's."""
    return manifest_of(
        plan.opened,
        identity,
        settings=settings[0],
        model_settings=settings[1],
        n=len(plan.image_ids),
        skipped=dict(plan.skipped),
        model_outputs=plan.outputs.count if plan.outputs else None,
        batch_size=None if batch_size == "auto" else batch_size,
        auto_batch_size=batch_size == "auto",
        processes=processes,
    )


def resumed(
    old: Manifest, new: Manifest, model: ModelSpec, ordered: Outputs | None, *, has_rows: bool
) -> Manifest:
    """Give the manifest of a run that goes on. Raises UserError when it is another run's.

    `ordered` are a classifier's outputs in the order of its class list, by which the answers of
    earlier versions were read.
    """
    found = differences(as_part(old, new), new.identity, model)
    if found:
        fix = "choose another --output, or move the old run aside with --fresh"
        if any(each.startswith("model.pretrained: ") for each in found):
            fix += "; a name of its own: --model_args model=NAME"
        what = "the output directory holds a run of something else"
        got, expected = "; ".join(found), "the same task, model, classes and data"
        raise UserError(Problem(f"{new.model} on {new.task}", what, got, expected, fix))
    if old.identity.contents is None or old.identity.prompt is None:
        log.warning(
            "%s on %s was begun by an older version (%s), which noted neither the contents of the "
            "model's files nor the prompt: that they are the same cannot be checked",
            new.model, new.task, old.harness_version,
        )  # fmt: skip
    longer = old if old.n > new.n else new  # a smaller --limit, or sample, takes nothing away
    known = new.identity.knowing(old.identity)
    kept = {
        "started": old.started,
        "seconds": old.seconds,
        "model_facts": old.model_facts,
        "mapping": old.mapping,
        "batch_size": new.batch_size or old.batch_size,
        "smaller_batch": old.smaller_batch,
        "outputs_sha256": old.outputs_sha256 or (ordered.digest if ordered and has_rows else None),
        "identity": known.model_copy(update={"options": longer.identity.options}),
        "mark": old.mark if has_rows or old.mark else new.mark,
        "n": longer.n,
        "limit": longer.limit,
        "sample": longer.sample,
        "skipped": longer.skipped,
    }
    return new.model_copy(update=kept)


def as_part(old: Manifest, new: Manifest) -> Identity:
    """Give the identity of a run; of a sample that goes on as the whole, with nothing of the
    sample, unless its images share prompts with others than they would now.
    """
    was, now = old.identity.task, new.identity.task
    is_whole = new.limit is None and not any(key in now for key in PARTS)
    if "sample" not in was or not is_whole or now["images_per_prompt"] > 1:
        return old.identity
    task = {key: value for key, value in was.items() if key != "sample"}
    return old.identity.model_copy(update={"task": task})


class KeptFacts:
    """Keeps what is known of a model in its run's manifest: on disk before the answers that it is
    of, so that no kill parts them. Servers say more of themselves with their answers.
    """

    def __init__(self, directory: RunDirectory, known: Callable[[], Facts], *, write: bool) -> None:
        self._directory, self._known, self._write = directory, known, write
        self._kept: Facts | None = None

    def keep(self, *, again: bool = False) -> None:
        """Write what is known now, unless it is there; only one process of several writes.

        `again` writes it all the same: another slice, which began in between, may have written the
        manifest without it. Raises UserError where it is another model than that which has answered
        before.
        """
        facts = self._known()
        if facts == self._kept and not again:
            return
        manifest = Manifest.read(self._directory.path)
        refuse_other_model(manifest, facts.model)
        if self._write:
            manifest.model_copy(update=_known(manifest, facts)).write(self._directory.path)
        self._kept = facts


def note_end(directory: RunDirectory, seconds: float) -> None:
    """Write into a run's manifest when it ended."""
    manifest = Manifest.read(directory.path)
    total = round((manifest.seconds or 0.0) + seconds, 3)
    manifest.model_copy(update={"ended": now(), "seconds": total}).write(directory.path)


def _known(manifest: Manifest, facts: Facts) -> dict[str, object]:
    old = revisions(manifest.model_facts.get("revision"))  # a server says it only with an answer
    names = sorted(old | revisions(facts.model.revision))
    return {
        "model_facts": {**asdict(facts.model), "revision": ", ".join(names) or None},
        "batch_size": facts.batch_size,
        "smaller_batch": facts.smaller_batch or manifest.smaller_batch,
    }
