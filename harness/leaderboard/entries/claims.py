"""What a run claims to have scored: made when an entry is packed, held against a new scoring."""

from collections.abc import Sequence

from harness.data.opened import OpenTask
from harness.leaderboard.entries.manifest import Claim
from harness.score.results import Protocol, Results
from harness.score.scoring import ScoreRequest, score
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction


def score_again(opened: OpenTask, manifest: Manifest, rows: Sequence[Prediction]) -> Results:
    """Score rows by today's label sets. The bootstrap's intervals are not for use: one draw.

    Raises DataError as `score`.
    """
    facts = manifest.mapping
    request = ScoreRequest(
        task=manifest.task,
        model=manifest.model,
        protocol=opened.task.protocol,
        class_list=opened.classes,
        label_sets=opened.labels.sets,
        equivalences=opened.labels.equivalences,
        mapping=facts.model_dump() if facts else None,
        n_expected=manifest.n,
        n_images=manifest.data.n,
        draws=1,
    )
    return score(rows, request)


def claims_of(results: Results) -> dict[Protocol, dict[str, Claim]]:
    """Give the claims of a run, by protocol and label set."""
    return {
        protocol: {
            name: Claim(
                n=score.n,
                n_right=score.n_right,
                accuracy=score.accuracy,
                accuracy_empty_correct=score.accuracy_empty_correct,
                label_set_digest=results.label_sets[name].digest,
            )
            for name, score in scores.items()
        }
        for protocol, scores in results.scores.items()
    }
