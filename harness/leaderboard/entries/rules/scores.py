"""Rules on the claimed figures, which are made when an entry is packed: scoring the rows again must
give them.
"""

from collections.abc import Iterator

from harness.leaderboard.entries.case import RunCase
from harness.leaderboard.entries.finding import Finding
from harness.leaderboard.entries.manifest import MANIFEST, Claim
from harness.scores.results import Protocol, Results
from harness.scores.scoring import score_run

_ROUNDED = 1e-4
"""Claims have four decimals."""


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


def check_claims(case: RunCase) -> Iterator[Finding]:
    """Every claim is what scoring by today's label sets gives (E401).

    A claim is compared only where the labels are the same by their digest, and so are the classes
    that count as one: W402 says where they are not, I403 where a label set is not here, or was not
    there when the run was scored.
    """
    yield from compare_claims(case, score_run(case.opened, case.run.run, case.rows, draws=1))


def compare_claims(case: RunCase, results: Results) -> Iterator[Finding]:
    """Do as `check_claims` with what scoring gave."""
    run, now = case.run, claims_of(results)
    names = {name for claims in run.claims.values() for name in claims}
    for name in sorted(names ^ results.label_sets.keys()):
        side = "the leaderboard" if name in names else "the claim"
        yield Finding("I403", MANIFEST, f"`{run.task}`: {side} has no label set `{name}`")
    if run.claims.keys() != now.keys():
        got = ", ".join(sorted(run.claims)) or "nothing"
        yield Finding("E401", MANIFEST, f"`{run.task}`: claims under {got}")
    for protocol, claims in run.claims.items():
        for name, claim in claims.items():
            found = now.get(protocol, {}).get(name)
            if found is not None:
                what = f"`{run.task}` {protocol} {name}"
                yield from _compare(what, claim, found, sure=case.equivalences_are_known)


def _compare(what: str, claim: Claim, found: Claim, *, sure: bool) -> Iterator[Finding]:
    if claim.label_set_digest != found.label_set_digest:
        yield Finding("W402", MANIFEST, f"{what}: other labels than today's")
    elif not sure and not _same(claim, found):
        yield Finding("W402", MANIFEST, f"{what}: other classes may have counted as one")
    elif not _same(claim, found):
        text = f"claimed {_figures(claim)}; scored {_figures(found)}"
        yield Finding("E401", MANIFEST, f"{what}: {text}")


def _same(a: Claim, b: Claim) -> bool:
    names = ("n", "n_right", "accuracy", "accuracy_empty_correct")
    pairs = ((getattr(a, name), getattr(b, name)) for name in names)
    return all(
        one == two or (one is not None and two is not None and abs(one - two) <= _ROUNDED)
        for one, two in pairs
    )


def _figures(claim: Claim) -> str:
    return f"{claim.n_right}/{claim.n}, {claim.accuracy}, {claim.accuracy_empty_correct}"
