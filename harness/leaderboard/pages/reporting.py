"""Reports of wrong labels: the address of an issue that a reader only has to send."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from harness.leaderboard.numbers.benchmark import Benchmark
from harness.leaderboard.pages.typeset import cut

_LONGEST = 200
"""Characters of an id or a name in a report."""


def report_address(
    repository: str | None,
    benchmark: Benchmark,
    image_id: str,
    labels: Mapping[str, Sequence[int]],
    suggestion: str = "",
) -> str | None:
    """Give the address of a new issue of the repository, filled in; None where none is known.

    `labels` are the image's, by label set; `suggestion` says which are right, and is left to the
    reader where it is empty. The same text as textOf of `static/report.js`.
    """
    if repository is None:
        return None
    lines = [f"Image: {cut(image_id, _LONGEST)}", f"Benchmark: {benchmark.name}"]
    for name, ids in labels.items():
        names = ", ".join(cut(benchmark.class_name(each), _LONGEST) for each in ids)
        lines.append(f"Labels of {name}: {names or 'no label'}")
    lines.append(f"Suggested labels: {suggestion}")
    title = f"Label of {cut(image_id, _LONGEST)} ({benchmark.name})"
    body = quote("\n".join(lines), safe="")
    return f"{repository.rstrip('/')}/issues/new?title={quote(title, safe='')}&body={body}"
