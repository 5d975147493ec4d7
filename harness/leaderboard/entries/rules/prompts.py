"""Rules on the prompts: each row has one, each prompt has a row, and the task renders them, for
which no image and no model is needed.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from harness.data.classes import ClassList
from harness.leaderboard.entries.case import RunCase
from harness.leaderboard.entries.finding import Finding, listed
from harness.prompts.plan import PlannedRequest, Planner
from harness.specs.task import TaskSpec
from harness.store.prediction import Prediction


def render_prompts(
    task: TaskSpec, classes: ClassList, rows: Sequence[Prediction]
) -> Mapping[str, str]:
    """Give every different prompt that the task has for these rows, SHA-256 to text.

    A prompt depends on the options of its row and on how many images shared it, not on the images.
    A task without prompts has none. Raises ValueError when the template does not fit the options.
    """
    if task.doc_to_text is None:
        return {}
    found: dict[tuple[tuple[int, ...], int], PlannedRequest] = {}
    for row in rows:
        count = row.images_in_prompt or 1
        if (row.options, count) not in found:
            planner = Planner(task, classes, {row.image_id: row.options})
            request = planner.request(range(count), [row.image_id] * count)
            found[row.options, count] = request
    return {request.prompt_sha256: request.text for request in found.values()}


def check_prompts(case: RunCase) -> Iterator[Finding]:
    """Every row names a prompt that is there (E308); every prompt is of its hash and of a row
    (E309). Imported runs and the protocol `classify` have no prompts.
    """
    known = Counter(each.sha256 for each in case.prompts)
    asked = {row.prompt_sha256 for row in case.rows}
    needed = case.protocol != "classify" and not case.is_imported
    without = [
        row.image_id
        for row in case.rows
        if (row.prompt_sha256 is None and needed)
        or (row.prompt_sha256 is not None and row.prompt_sha256 not in known)
    ]
    if without:
        yield Finding("E308", case.where, listed(without))
    for what, hashes in (
        ("not of its hash", [x.sha256 for x in case.prompts if _digest(x.text) != x.sha256]),
        ("stands twice", [digest for digest, count in known.items() if count > 1]),
        ("of no row", [digest for digest in known if digest not in asked]),
    ):
        if hashes:
            yield Finding("E309", case.run.prompts, f"{what}, {listed(hashes)}")


def check_rendered(case: RunCase) -> Iterator[Finding]:
    """The prompts are those that the task renders today (W310)."""
    if not case.prompts:
        return
    rendered = render_prompts(case.opened.task, case.opened.classes, case.rows)
    others = [each.sha256 for each in case.prompts if each.sha256 not in rendered]
    if others:
        yield Finding("W310", case.run.prompts, listed(others))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
