"""Make an entry of runs: rows, prompts, card, and last the manifest that has all their hashes."""

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import harness
from harness.data.labels.of_task import NO_OVERRIDES, Overrides
from harness.errors import DataError, Problem
from harness.leaderboard.entries.card import MAX_CARD, ModelCard, new_card, parse_card, unfilled
from harness.leaderboard.entries.check import examine_run
from harness.leaderboard.entries.entry import Entry
from harness.leaderboard.entries.finding import errors_in
from harness.leaderboard.entries.format import (
    CARD,
    MANIFEST,
    ROW_FIELDS,
    SLUG,
    EntryManifest,
    EntryRun,
    FileFacts,
    read_bounded,
)
from harness.leaderboard.entries.rules.replay import claims_of
from harness.leaderboard.entries.rules.rows import render_prompts
from harness.limits import below
from harness.runs.reopen import OpenRun, open_run, share_among_runs
from harness.scores.scoring import score_run
from harness.specs.catalogue import Catalogue
from harness.store.lines import write_json
from harness.store.manifest import Manifest
from harness.store.new_folder import new_folder
from harness.store.prediction import Prediction

_HALF_PAIR = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class PackOptions:
    """What the command line says beside the runs."""

    output: Path
    name: str | None = None
    """The model's name on the leaderboard; by default the card's, else the runs'."""
    card: Path | None = None
    overrides: Overrides = NO_OVERRIDES


def pack(catalogue: Catalogue, paths: Sequence[Path], options: PackOptions) -> EntryManifest:
    """Make the folder of an entry, which bears the entry's name. It appears whole or not at all.

    Raises UserError when there is something in the folder; DataError when runs are not complete and
    scored, are of several models or twice of one task, when their prompts are not those that the
    task renders, when the checker would refuse what was packed (images without a row, answers that
    are not mapped, other settings than the task's), or for a card that is given and is not filled
    in, or as `parse_card`.
    """
    entry = options.output.resolve().name
    _check_slug(entry, f"-o {options.output}", "an entry's name")
    overrides = share_among_runs(catalogue, paths, options.overrides)
    runs = [open_run(catalogue, path, overrides) for path in paths]
    _check_runs(runs)
    with new_folder(options.output) as folder:
        packed = tuple(_write_run(folder, run) for run in runs)
        card = _write_card(folder, [run.manifest for run in runs], options)
        manifest = EntryManifest(
            entry=entry,
            model=card.model,
            harness_version=harness.__version__,
            date=max((run.manifest.ended or run.manifest.started)[:10] for run in runs),
            runs=packed,
            files={name: _facts(folder / name) for name in _names(folder)},
        )
        write_json(folder / MANIFEST, json.loads(_whole(manifest.model_dump(mode="json"))))
        _refuse_faults(catalogue, Entry(folder, manifest, card, "", ""), runs, overrides)
    return manifest


def write_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Write gzip over JSON lines; the same lines give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=9, fileobj=raw, mtime=0) as file,
    ):
        for line in lines:
            file.write(_whole(line).encode() + b"\n")


def _whole(values: Mapping[str, Any]) -> str:
    """Give JSON without halves of surrogate pairs, which a model may emit and no reader takes."""
    text = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _HALF_PAIR.sub("\ufffd", text)


def row_values(row: Prediction) -> dict[str, Any]:
    """Give what stands in an entry's row."""
    return {key: value for key, value in row.to_json().items() if key in ROW_FIELDS}


def _check_runs(runs: Sequence[OpenRun]) -> None:
    fix = "give the command of the run again until no image has an error"
    problems = [
        Problem(str(run.path), "is not complete", got=run.manifest.status, fix=fix)
        for run in runs
        if run.manifest.status != "complete"
    ]
    problems += [
        Problem(
            str(run.path),
            "is of a sample, and an entry has a row for every image of its task",
            got=f"{run.manifest.sample.n} of {run.manifest.sample.of} images",
            fix="give the command of the run again without --sample, --ids and what chooses images "
            "by --set; a sample then goes on as the whole",
        )
        for run in runs
        if run.manifest.sample is not None
    ]
    models = sorted({run.manifest.model for run in runs})
    if len(models) > 1:
        what, fix = "are runs of several models", "make an entry for each model"
        problems.append(Problem("RUN…", what, got=", ".join(models), fix=fix))
    tasks = [run.manifest.task for run in runs]
    problems += [
        Problem("RUN…", "has two runs of one task", got=task, fix="name one of them")
        for task in sorted({task for task in tasks if tasks.count(task) > 1})
    ]
    if problems:
        raise DataError(problems)
    for run in runs:
        _check_slug(run.manifest.task, str(run.path), "a task's name in an entry")


def _check_slug(name: str, where: str, what: str) -> None:
    if re.fullmatch(SLUG, name) is None:
        fix = "use at most 64 of a-z, 0-9, `.`, `_` and `-`, a letter or digit first"
        raise DataError(Problem(where, f"cannot be {what}", got=name, fix=fix))


def _write_run(folder: Path, run: OpenRun) -> EntryRun:
    packed = EntryRun(
        task=run.manifest.task,
        protocol=run.opened.task.protocol,
        run=_without_paths(run.manifest),
        claims=claims_of(score_run(run.opened, run.manifest, run.rows, draws=1)),
    )
    rows = sorted(run.rows, key=lambda row: row.image_id)
    write_lines(folder / packed.predictions, map(row_values, rows))
    hashes = {row.prompt_sha256 for row in rows} - {None}
    if hashes:
        prompts = render_prompts(run.opened.task, run.opened.classes, rows)
        if prompts.keys() != hashes:
            what = "the prompts of the run are not those that its task renders now"
            got = f"{len(hashes - prompts.keys())} of {len(hashes)} are others"
            fix = "pack with the version of the task that the run was made with"
            raise DataError(Problem(str(run.path), what, got, fix=fix))
        lines = [{"sha256": digest, "text": prompts[digest]} for digest in sorted(prompts)]
        write_lines(folder / packed.prompts, lines)
    return packed


def _refuse_faults(
    catalogue: Catalogue, entry: Entry, runs: Sequence[OpenRun], overrides: Overrides
) -> None:
    """Raise DataError for every rule by which the checker would refuse what was packed."""
    problems = []
    for packed, run in zip(entry.manifest.runs, runs, strict=True):
        errors = errors_in(examine_run(catalogue, entry, packed, overrides).findings)
        cut = run.manifest.limit is not None and any(each.code == "E302" for each in errors)
        fix = "give the command of the run again without --limit" if cut else None
        problems += [each.as_problem(str(run.path), fix) for each in errors]
    if problems:
        raise DataError(problems)


def _write_card(folder: Path, manifests: list[Manifest], options: PackOptions) -> ModelCard:
    """Write the card and give what it says."""
    path = folder / CARD
    if options.card is None:
        text = new_card(options.name or manifests[0].model, manifests)
        path.write_text(text, encoding="utf-8")
        return parse_card(text.encode(), path)[0]
    data = read_bounded(options.card, MAX_CARD)
    card, text = parse_card(data, options.card)
    left = unfilled(text)
    if left:
        what, fix = "is not filled in", "replace the text of the template; E209 of docs/submit.md"
        raise DataError(Problem(str(options.card), what, got=left[0], fix=fix))
    if options.name not in (None, card.model):
        where = f"--name {options.name}"
        raise DataError(Problem(where, "is not the model of the card", fix=f"--name {card.model}"))
    path.write_bytes(data)
    return card


def _names(folder: Path) -> list[str]:
    files = (path for path in below(folder) if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in files)


def _facts(path: Path) -> FileFacts:
    data = path.read_bytes()
    return FileFacts(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))


def _without_paths(manifest: Manifest) -> Manifest:
    """Leave of absolute paths, which are nobody's business, only the last name."""
    return Manifest.model_validate(_bare(manifest.model_dump(mode="json")))


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_bare(each) for each in value]
    if not isinstance(value, str):
        return value
    key, equals, path = value.rpartition("=")
    if path.startswith(("/", "~/")) and "\n" not in path:
        return f"{key}{equals}…/{PurePosixPath(path).name}"
    return value
