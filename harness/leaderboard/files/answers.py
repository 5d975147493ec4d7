"""The answers of every entry as files to take along, byte for byte as they were submitted."""

import hashlib
from pathlib import Path

from harness.errors import DataError, Problem
from harness.leaderboard.entries.format import MAX_FILE, EntryRun, read_bounded
from harness.leaderboard.numbers.site_model import Site


def answers_path(entry: str, run: EntryRun) -> str:
    """Give where the answers of an entry's run are, as seen from the top of the site."""
    return f"data/answers/{entry}/{run.task}.jsonl.gz"


def write_answers(folder: Path, site: Site) -> None:
    """Write the answers of all entries into a site's folder.

    Raises DataError for a file that is no longer the one that was scored.
    """
    for entry in site.entries:
        for run in entry.manifest.runs:
            source, path = entry.folder / run.predictions, folder / answers_path(entry.name, run)
            data = read_bounded(source, MAX_FILE)
            if hashlib.sha256(data).hexdigest() != entry.manifest.files[run.predictions].sha256:
                what, fix = "was changed while the site was built", "build the site again"
                raise DataError(Problem(str(source), what, fix=fix))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
