"""Whether a run answers the task that the leaderboard has now, and may stand on its board."""

from collections.abc import Mapping
from typing import Any

from harness.data.opened import OpenTask
from harness.leaderboard.entries.manifest import EntryRun
from harness.specs.task import WHERE_IMAGES_ARE


def differences(run: EntryRun, opened: OpenTask) -> list[str]:
    """Name what answers, or their mapping, depend on and is not what the task says today; each as
    `key: the run's -> today's`.
    """
    task, identity = opened.task, run.run.identity
    was, now = (
        identity.model_copy(update={"task": _what_counts(keys)})
        for keys in (identity.task, task.identity())
    )
    found = [each.removeprefix("task.") for each in was.differences(now)]
    if run.protocol != task.protocol:
        found.append(f"protocol of the entry: {run.protocol!r} -> {task.protocol!r}")
    facts, how = run.run.mapping, task.mapping
    if facts is not None and not facts.is_by(how, opened.classes.digest):
        got = f"{facts.encoder}, {facts.class_template}, {facts.answer_template}"
        wanted = f"{how.encoder}, {how.class_template}, {how.answer_template}"
        found.append(f"mapping: {got} -> {wanted}")
    return found


def _what_counts(keys: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if key not in WHERE_IMAGES_ARE}
