"""The prompts of a run, rendered again from its task: no image and no model is needed for that."""

from collections.abc import Mapping, Sequence

from harness.data.classes import ClassList
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
