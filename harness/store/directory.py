"""The directory of a run: parts that processes append to, and the final file they merge into."""

import contextlib
import logging
import shutil
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from harness.answers.outcome import EXACT, MAPPED, UNREADABLE, Status
from harness.errors import DataError, Problem, RunError
from harness.limits import below
from harness.store.lines import Appender, read_predictions, write_predictions, writing
from harness.store.lock import MERGED_PARTS, is_aside
from harness.store.manifest import Manifest, is_entry
from harness.store.prediction import Prediction
from harness.words import listed

log = logging.getLogger("harness")
_QUIET = 30 * 60  # seconds without a row, after which a process is taken for lost
_UNSAFE = str.maketrans({character: "_" for character in '/\\:*?"<>| '})


def run_path(output: Path, model: str, task: str) -> Path:
    """Give `<output>/<model>/<task>`, with characters that no file system minds."""
    return output / model.translate(_UNSAFE) / task.translate(_UNSAFE)


def find_runs(*folders: Path) -> list[Path]:
    """List the run directories in folders, or a folder itself when it is one, in their order. One
    that is named twice, as by a folder that holds it, counts once, with a warning.

    Runs that were moved aside are left out, and what a kill has left of one that was being
    made; so are entries that were packed of runs into the same folder. Raises DataError when
    there is none in a folder.
    """
    found: dict[Path, Path] = {}
    for path in (each for folder in folders for each in _runs_in(folder)):
        if (real := path.resolve()) in found:
            log.warning("%s is named twice, and counts once", path)
        found.setdefault(real, path)
    return list(found.values())


def _runs_in(folder: Path) -> list[Path]:
    if (folder / "manifest.json").is_file():
        return [folder]
    named = below(folder, "manifest.json", strict=folder.is_dir())
    found = sorted(path.parent for path in named if path.name == "manifest.json")
    whole = [path for path in found if not any(map(is_aside, path.relative_to(folder).parts))]
    runs = [path for path in whole if not is_entry(path)]
    if not runs:
        kind = "entries and no run" if whole else "no run"
        what = f"holds {kind}" if folder.is_dir() else "is not a run directory"
        fix = "give the folder that holds manifest.json, or one above it"
        raise DataError(Problem(str(folder), what, fix=fix))
    return runs


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """`manifest.json`, `predictions.jsonl`, `results.json` and, while a run goes on, `parts/`."""

    path: Path

    @property
    def predictions(self) -> Path:
        """The final rows, one for each image, sorted by id."""
        return self.path / "predictions.jsonl"

    @property
    def results(self) -> Path:
        """The scores."""
        return self.path / "results.json"

    @property
    def started(self) -> bool:
        """Whether a run was begun here."""
        return (self.path / "manifest.json").is_file()

    def set_aside(self) -> Path:
        """Move the run to `<name>.old-1`, `-2`, …; nothing is deleted. Gives the new path."""
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.old-{number}")).exists():
            number += 1
        with writing(self.path):
            self.path.rename(aside)
        return aside

    def parts(self) -> list[Path]:
        """List the files that are not merged yet. Raises DataError where `parts` is no folder."""
        folder = self.path / "parts"
        if folder.exists() and not folder.is_dir():
            fix = "move it away: the rows of a run that goes on stand in a folder of that name"
            raise DataError(Problem(str(folder), "is no folder", fix=fix))
        return sorted(folder.glob("*.jsonl"))

    def append(self, part: int, count: int, mark: str | None = None) -> Appender:
        """Open the file that this process alone appends to; the rows bear the run's `mark`."""
        return Appender(self.path / "parts" / f"{_part_name(part, count)}.jsonl", mark)

    def mark_finished(self, part: int, count: int) -> None:
        """Note that a process has answered all that it owed."""
        with writing(self.path / "parts"):
            (self.path / "parts").mkdir(parents=True, exist_ok=True)
            for note in self._notes([part], count):
                note.touch()

    def forget_finished(self, parts: Iterable[int], count: int) -> None:
        """Remove what an earlier launch noted of these processes."""
        with writing(self.path / "parts"):
            for note in self._notes(parts, count):
                note.unlink(missing_ok=True)

    def wait_finished(self, parts: Iterable[int], count: int, check: Callable[[], None]) -> None:
        """Wait until all these processes have noted their end; `check` may raise in between.

        Nothing goes over the network. It is for the launcher to notice a process that died, and to
        stop this one. Raises RunError when no process has written for half an hour.
        """
        notes = self._notes(parts, count)
        quiet_since = time.monotonic()
        newest = 0.0
        while notes := {note for note in notes if not note.exists()}:
            check()
            time.sleep(0.1)
            latest = max((each.stat().st_mtime for each in self.parts()), default=0.0)
            if latest > newest:
                newest, quiet_since = latest, time.monotonic()
            if time.monotonic() - quiet_since > _QUIET:
                lost = ", ".join(sorted(note.stem for note in notes))
                what = f"{lost} did not finish and has written nothing for {_QUIET // 60} minutes"
                fix = "give the same command again; what was answered is kept"
                raise RunError(str(Problem(str(self.path), what, fix=fix)))

    def _notes(self, parts: Iterable[int], count: int) -> set[Path]:
        return {self.path / "parts" / f"{_part_name(part, count)}.finished" for part in parts}

    def rows(self, *, scored: bool = False) -> dict[str, Prediction]:
        """Give every row by image id, from the final file and all parts.

        An answer replaces an error of the same image, and of several images that were asked again
        together the last attempt counts. A torn last row is none; where the rows were scored
        already, it is a mistake. Raises RunError when two rows of one image differ in answer or
        class, DataError when a file is broken or holds a row of another run.
        """
        read: list[tuple[Path, list[Prediction]]] = []
        if self.predictions.exists():
            final = read_predictions(self.predictions, torn=not scored)
            read.append((self.predictions, list(final)))
        read += [(part, list(read_predictions(part, torn=True))) for part in self.parts()]
        if self.started:
            mark = Manifest.read(self.path).mark
            for path, rows in read:
                _refuse_others(path, rows, mark)
        last = _last_attempts(row for _, rows in read for row in rows)
        found: dict[str, Prediction] = {}
        for path, rows in read:
            _add(found, [row for row in rows if row.attempt == last.get(row.image_id)], path)
        return found

    def merge(self, image_ids: Collection[str] | None = None) -> list[Prediction]:
        """Merge all rows into `predictions.jsonl`, sorted by id, and remove the parts.

        With `image_ids`, rows of other images are an error. Merging again changes nothing.
        """
        found = self.rows()
        foreign = found.keys() - set(image_ids) if image_ids is not None else set()
        if foreign:
            what, got = "holds rows of images not in the run", listed(sorted(foreign), 5)
            fix = "give another --output, or --fresh to move the old rows aside"
            raise RunError(str(Problem(str(self.path), what, got, fix=fix)))
        ordered = (found[image_id] for image_id in sorted(found))
        rows = [replace(row, attempt=None) if row.attempt else row for row in ordered]
        self.replace(rows)
        return rows

    def replace(self, rows: Iterable[Prediction]) -> None:
        """Make `rows` the final file, whole or not at all, and then remove all parts at once."""
        self.parts()  # refuses what is no folder, before anything is written
        write_predictions(self.predictions, rows)
        parts, gone = self.path / "parts", self.path / MERGED_PARTS
        shutil.rmtree(gone, ignore_errors=True)  # left by a process that was killed
        with writing(parts), contextlib.suppress(FileNotFoundError):
            parts.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _part_name(part: int, count: int) -> str:
    return f"rank-{part:04d}-of-{count:04d}"


def _refuse_others(path: Path, rows: Iterable[Prediction], mark: str | None) -> None:
    """Raise DataError for rows that do not bear the mark of the run."""
    others = [row for row in rows if row.mark != mark]
    if others:
        one = others[0]
        what = "holds rows of another run: of another task, model, prompt, or other weights"
        got = f"{len(others)} with the mark {one.mark or 'of no run'}, as image `{one.image_id}`"
        expected = f"the mark {mark}" if mark else "rows of an older version, without a mark"
        fix = "remove the file, if it was put there by hand; else run again with --fresh"
        raise DataError(Problem(str(path), what, got, expected, fix))


def _last_attempts(rows: Iterable[Prediction]) -> dict[str, int]:
    """Give the last attempt of the images that were asked again in a group."""
    last: dict[str, int] = {}
    for row in rows:
        if row.attempt is not None:
            last[row.image_id] = max(row.attempt, last.get(row.image_id, 0))
    return last


def _add(found: dict[str, Prediction], rows: Iterable[Prediction], path: Path) -> None:
    for row in rows:
        old = found.get(row.image_id)
        if old is None or old.status is Status.ERROR:
            found[row.image_id] = row
        elif row.status is not Status.ERROR and not _agree(old, row):
            what = f"image `{row.image_id}` was answered twice, differently"
            fix = "two runs wrote into one directory; run again with --fresh"
            got = f"{_shown(old)} and {_shown(row)}"
            raise RunError(str(Problem(str(path), what, got, fix=fix)))


def _agree(one: Prediction, other: Prediction) -> bool:
    """Whether two rows answer the same. One of them may be mapped, and the other not yet."""
    if _asked_and_answered(one) != _asked_and_answered(other):
        return False
    if _decided(one) == _decided(other):
        return True
    bare = [row for row in (one, other) if row.class_id is None]
    by_mapping = any(row.rule in (MAPPED, EXACT, UNREADABLE) for row in (one, other))
    return bool(bare) and by_mapping


def _asked_and_answered(row: Prediction) -> tuple[object, ...]:
    asked = (row.image_sha256, row.prompt_sha256, row.options)
    return (*asked, row.answer, row.answers, row.meant, row.top, row.top_per_token)


def _decided(row: Prediction) -> tuple[object, ...]:
    return row.status, row.class_id, row.also


def _shown(row: Prediction) -> str:
    return f"{row.answer!r} ({row.status.value}, class {row.class_id})"
