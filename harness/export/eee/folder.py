"""Write runs as records of "Every Eval Ever" (`harness export eee`)."""

import hashlib
import json
import time
import uuid
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data.labels.of_task import NO_OVERRIDES, Overrides
from harness.errors import Problem, UserError
from harness.export.eee.record import Source, place, record_of, unknown_of
from harness.export.eee.samples import samples_of
from harness.export.hf.labels import Admission, LabelFacts, admission_of
from harness.export.hf.runs import ExportRun, file_name, read_runs
from harness.runs.reopen import OpenRun, open_locked_run
from harness.specs.catalogue import Catalogue
from harness.store.lines import write_json
from harness.store.new_folder import new_folder, refuse_full, refuse_name


@dataclass(frozen=True, slots=True)
class EeeWritten:
    """What was exported."""

    records: dict[str, int]
    """Path of each record in the folder, to the number of its samples."""
    label_sets: dict[str, LabelFacts]
    unknown: dict[str, str]
    """Option to what stands where the schema asks for what it would say."""


def export_eee(
    catalogue: Catalogue,
    paths: Sequence[Path],
    folder: Path,
    source: Source,
    *,
    overrides: Overrides = NO_OVERRIDES,
    is_local: bool = True,
) -> EeeWritten:
    """Write runs (or all runs in folders) into a new folder, which appears whole or not at all:
    `data/TASK/DEVELOPER/MODEL/UUID.json`, and its samples beside it; of label sets that may not be
    passed on only where the folder `is_local`.

    Each record is a new one, with a UUID and a time of its own. Raises UserError for a folder that
    is not empty or a developer that is no folder's name, and as `read_runs`, `admission_of` and
    `open_run`; DataError where rows, labels and results contradict each other.
    """
    refuse_full(folder)
    refuse_name(folder)
    developer = source.developer
    if developer is not None and file_name(developer) != developer:
        fix = "use letters, digits and . _ -, as in a hub id"
        raise UserError(Problem("--developer", "is no name of a folder", developer, fix=fix))
    written = EeeWritten({}, {}, {})
    with ExitStack() as held:
        runs = read_runs(paths, held)
        admission = admission_of(catalogue, runs, overrides, is_local)
        hidden = held.enter_context(new_folder(folder))
        for run in runs:
            _write(run, admission, hidden, source, written)
    return written


def _write(
    run: ExportRun, admission: Admission, folder: Path, source: Source, written: EeeWritten
) -> None:
    opened = open_locked_run(admission.catalogue, run.path, admission.overrides)
    facts = {
        name: admission.facts_of(run, opened.opened, name)[0] for name in run.results.label_sets
    }
    record = record_of(run, opened.opened.task, source, f"{time.time():.6f}")
    name = f"{place(run, source)}/{uuid.uuid4()}"
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    here = {each.name for each in facts.values() if each.left_out is None}
    samples = f"{name}_samples.jsonl"
    n = _write_samples(folder / samples, run, opened, here, record)
    write_json(folder / f"{name}.json", record)
    written.records[f"{name}.json"] = n
    written.label_sets.update(facts)
    written.unknown.update(unknown_of(run, source))


def _write_samples(
    path: Path, run: ExportRun, opened: OpenRun, names: Collection[str], record: dict[str, Any]
) -> int:
    """Write the samples, refer to them in the record, and give their number; no file for none."""
    n, digest = 0, hashlib.sha256()
    with path.open("wb") as file:
        for line in samples_of(run, opened, names, record):
            n += 1
            text = json.dumps(line).encode() + b"\n"
            file.write(text)
            digest.update(text)
    if n:
        record["detailed_evaluation_results"] = {
            "format": "jsonl",
            "file_path": path.relative_to(path.parents[4]).as_posix(),
            "hash_algorithm": "sha256",
            "checksum": digest.hexdigest(),
            "total_rows": n,
        }
    else:
        path.unlink()
    return n
