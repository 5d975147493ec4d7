"""What a run claims to have scored: made when an entry is packed, held against a new scoring."""

from harness.leaderboard.entries.manifest import Claim
from harness.score.results import Protocol, Results


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
