"""Rules on the claimed figures: scoring the rows again must give them."""

from collections.abc import Iterator

from harness.entries.case import RunCase
from harness.entries.claims import claims_of, score_again
from harness.entries.finding import Finding
from harness.entries.manifest import MANIFEST, Claim

_ROUNDED = 1e-4
"""Claims have four decimals."""


def check_claims(case: RunCase) -> Iterator[Finding]:
    """Every claim is what scoring by today's label sets gives (E401).

    A claim is compared only where the labels are the same by their digest: W402 tells where they
    are not, I403 where a label set is not here, or was not there when the run was scored.
    """
    results = score_again(case.ending, case.run.run, case.rows)
    now = claims_of(results)
    names = {name for claims in case.run.claims.values() for name in claims}
    for name in sorted(names ^ results.label_sets.keys()):
        side = "the leaderboard" if name in names else "the claim"
        yield Finding("I403", MANIFEST, f"`{case.run.task}`: {side} has no label set `{name}`")
    if case.run.claims.keys() != now.keys():
        got = ", ".join(sorted(case.run.claims))
        yield Finding("E401", MANIFEST, f"`{case.run.task}`: claims under {got}")
    for protocol, claims in case.run.claims.items():
        for name, claim in claims.items():
            found = now.get(protocol, {}).get(name)
            if found is not None:
                yield from _compare(f"`{case.run.task}` {protocol} {name}", claim, found)


def _compare(what: str, claim: Claim, found: Claim) -> Iterator[Finding]:
    if claim.label_set_digest != found.label_set_digest:
        yield Finding("W402", MANIFEST, f"{what}: other labels than today's")
    elif not _same(claim, found):
        told = f"claimed {_figures(claim)}; scored {_figures(found)}"
        yield Finding("E401", MANIFEST, f"{what}: {told}")


def _same(a: Claim, b: Claim) -> bool:
    pairs = (
        (a.n, b.n),
        (a.n_right, b.n_right),
        (a.accuracy, b.accuracy),
        (a.accuracy_empty_correct, b.accuracy_empty_correct),
    )
    return all(
        one == two or (one is not None and two is not None and abs(one - two) <= _ROUNDED)
        for one, two in pairs
    )


def _figures(claim: Claim) -> str:
    return f"{claim.n_right}/{claim.n}, {claim.accuracy}, {claim.accuracy_empty_correct}"
