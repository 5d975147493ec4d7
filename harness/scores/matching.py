"""Scores by how closely answers are matched with what the prompt listed."""

import numpy as np

from harness.answers.outcome import Status
from harness.answers.rules import Level
from harness.scores import metrics
from harness.scores.answers import Answers
from harness.scores.judgement import Judgement
from harness.scores.results import (
    MATCHED,
    MATCHINGS,
    Matched,
    Matching,
    OutShare,
    Protocol,
    ReadingInfo,
)


def matched_scores(
    answers: Answers, judged: Judgement, protocol: Protocol
) -> dict[Matching, Matched]:
    """Give what is right under each way to match answers with names."""
    n = int(np.count_nonzero(judged.scope.scored))

    def matched(level: Level) -> Matched:
        read = judged.right[protocol]
        right = metrics.right_at(answers, judged.truth, protocol, read, level)
        if right is None:
            return Matched(n_right=None, accuracy=None)
        n_right = int(np.count_nonzero(right & judged.scope.scored))
        return Matched(n_right=n_right, accuracy=metrics.percent(n_right, n))

    return {matching: matched(level) for matching, level in MATCHINGS.items()}


def out_of_prompt(answers: Answers) -> dict[Matching, OutShare]:
    """Give the answers that are out of prompt under each way to match them with names."""
    n = int(np.count_nonzero(answers.answered))
    out = {
        name: int(np.count_nonzero(metrics.out_rows(answers, level)))
        for name, level in MATCHINGS.items()
    }
    return {name: OutShare(n=count, share=metrics.percent(count, n)) for name, count in out.items()}


def reading_info(answers: Answers, protocol: Protocol) -> ReadingInfo:
    """Give the counts of how answers were read; levels where the protocol matches names."""
    read = answers.has(Status.OK) & ~answers.mapped
    levels: dict[Matching, int] = {}
    if protocol in MATCHED:
        levels = {
            name: int(np.count_nonzero(read & (answers.level == level)))
            for name, level in MATCHINGS.items()
        }
    counts = answers.reading
    return ReadingInfo(
        rules=dict(counts.rules),
        levels=levels,
        removed=dict(counts.removed),
        n_truncated=counts.n_truncated,
        n_tied=counts.n_tied,
        n_several=counts.n_several,
    )
