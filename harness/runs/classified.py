"""From a classifier's scores to the class of an image, over the classes of the task."""

from harness.answers.outcome import Status
from harness.data.class_names import Outputs
from harness.data.classes import ClassList
from harness.errors import Problem, SpecError
from harness.prompts.plan import PlannedRequest
from harness.requests import Scores
from harness.runs.ranked import best_of
from harness.store.prediction import Prediction

SCORES = "scores"
"""The rule of a row whose class has the highest of a classifier's scores."""


def classified_row(
    request: PlannedRequest,
    digest: str,
    response: Scores,
    classes: ClassList,
    outputs: Outputs,
) -> Prediction:
    """Make the row of an image that was classified: the best class, and the best five.

    Classes that the model cannot tell apart share the best of their scores, and an answer stands
    for all of them. Of equal scores the lower class id wins. Raises ValueError when a score is not
    a number, SpecError when there are fewer or more scores than classes.
    """
    scores = response.scores
    if len(scores) != outputs.count:
        raise SpecError(
            Problem(
                "classifier",
                "has another number of outputs than classes",
                got=f"{len(scores)} scores",
                expected=f"{outputs.count}, one for each class it knows",
                fix="say in the model's YAML which `class_list` its outputs stand for",
            )
        )
    own = [scores[place] for place in outputs.places]
    best = best_of(own)
    if outputs.together:
        for group in outputs.together:
            highest = max(own[place] for place in group)
            for place in group:
                own[place] = highest
        best = best_of(own)
    same = next((group for group in outputs.together if best.places[0] in group), ())
    top = tuple(classes.ids[place] for place in best.places)
    return Prediction(
        image_id=request.image_ids[0],
        status=Status.OK,
        class_id=top[0],
        also=tuple(classes.ids[place] for place in same if place != best.places[0]),
        rule=SCORES,
        top=top,
        top_scores=best.scores,
        image_sha256=digest,
    )
