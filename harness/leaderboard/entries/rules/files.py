"""Rules on the files of an entry, on all its text, and on its manifest and card."""

import hashlib
import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.data.opened import OpenTask
from harness.errors import DataError
from harness.leaderboard.entries.card import MAX_CARD, ModelCard, unfilled
from harness.leaderboard.entries.finding import Finding, inert, is_hidden, listed
from harness.leaderboard.entries.format import (
    CARD,
    MANIFEST,
    MAX_FILE,
    MAX_MANIFEST,
    SLUG,
    EntryManifest,
    EntryRun,
    FileFacts,
    read_bounded,
)
from harness.limits import below
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.task import WHERE_IMAGES_ARE
from harness.words import counted

_SECRETS = {
    "a key of OpenAI or Anthropic": r"\bsk-[A-Za-z0-9_-]{20,}",
    "a token of Hugging Face": r"\bhf_[A-Za-z0-9]{20,}",
    "a key of AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})",
    "a key of Google": r"\bAIza[0-9A-Za-z_-]{30,}",
    "a token of Slack": r"\bxox[abprs]-[0-9A-Za-z-]{10,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a URL with a password": r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"]{1,200}:[^\s/@\"]{1,200}@",
}
_JOINERS = "\u200c\u200d\u00ad"
"""Words of several scripts, and emoji, need them; they turn nothing."""
_MARKS = tuple(
    mark.encode()
    for mark in (
        *("sk-", "hf_", "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        *("AIza", "xox", "PRIVATE KEY", "://"),
    )
)
"""Each secret holds one of these; a line without any is passed over."""
_ANY = re.compile("|".join(f"({pattern})" for pattern in _SECRETS.values()).encode())
_NAMES = tuple(_SECRETS)


def check_secrets(where: str, lines: Iterable[bytes]) -> Iterator[Finding]:
    """Give the first line in which something looks like a secret (E105); not the secret itself."""
    found: list[Finding] = []
    for _ in watched(where, lines, found):
        if found:
            break
    yield from found


def watched(where: str, lines: Iterable[bytes], found: list[Finding]) -> Iterator[bytes]:
    """Give the lines, and add to `found` the first that seems to have a secret (E105)."""
    for number, line in enumerate(lines, start=1):
        suspect = not found and any(mark in line for mark in _MARKS)
        match = _ANY.search(line) if suspect else None
        if match and match.lastindex:
            what = _NAMES[match.lastindex - 1]
            found.append(Finding("E105", f"{where}:{number}", f"{what}; revoke it, then remove it"))
        yield line


def check_hidden(where: str, text: str) -> Iterator[Finding]:
    """Give the first character of a text that is hidden (E106)."""
    for number, line in enumerate(text.split("\n"), start=1):
        for character in line:
            if _misleads(character):
                yield Finding("E106", f"{where}:{number}", f"U+{ord(character):04X}")
                return


def check_manifest_text(where: str, data: bytes) -> Iterator[Finding]:
    """Do as `check_hidden` for all keys and strings of a JSON file, where an escape may hide them.

    `data` is JSON that was read before.
    """
    for text in _strings(json.loads(data)):
        if any(map(_misleads, text)):
            yield Finding("E106", where, f"in {inert(text)[:120]!r}")
            return


def _misleads(character: str) -> bool:
    return is_hidden(character) and character not in _JOINERS


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


MAX_FILES = 200
_IN_RUNS = rf"runs/{SLUG[1:-1]}"
_FILE = re.compile(rf"{MANIFEST}|{CARD}|{_IN_RUNS}/(predictions|prompts)\.jsonl\.gz")
_FOLDER = re.compile(rf"runs|{_IN_RUNS}")
_MOST = {MANIFEST: MAX_MANIFEST, CARD: MAX_CARD}


def check_files(folder: Path) -> Iterator[Finding]:
    """Check names, kinds and sizes of all files (E101, E102, E104), without opening any."""
    if folder.is_symlink() or not folder.is_dir():
        yield Finding("E102", ".", "is no folder")
        return
    for number, (name, status) in enumerate(_walk(folder, "")):
        if number == MAX_FILES:
            yield Finding("E104", ".", f"more than {MAX_FILES} files and folders")
            return
        yield from _check_file(name, status)


def is_inside(path: str) -> bool:
    """Whether a path that a manifest names can only lead to something inside of the entry."""
    parts = path.split("/")
    return not ({"", ".", ".."} & set(parts) or re.search(r"[\\:\x00-\x1f]", path))


def _walk(folder: Path, under: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as found:
        for each in sorted(found, key=lambda entry: entry.name):
            name = f"{under}{each.name}"
            yield name, each.stat(follow_symlinks=False)
            if each.is_dir(follow_symlinks=False) and _FOLDER.fullmatch(name):
                yield from _walk(folder / each.name, f"{name}/")


def _check_file(name: str, status: os.stat_result) -> Iterator[Finding]:
    if stat.S_ISDIR(status.st_mode):
        if not _FOLDER.fullmatch(name):
            yield Finding("E101", name, "a folder that no entry has")
    elif not stat.S_ISREG(status.st_mode):
        yield Finding("E102", name, "is a link or no plain file")
    elif not _FILE.fullmatch(name):
        yield Finding("E101", name, f"is none of {MANIFEST}, {CARD}, runs/<task>/…")
    elif status.st_size > (most := _MOST.get(name, MAX_FILE)):
        yield Finding("E104", name, f"{status.st_size} bytes; at most {most}")


def check_names(folder: Path, manifest: EntryManifest) -> Iterator[Finding]:
    """The entry is named as its folder, has one run a task, all of one model (E202)."""
    if manifest.entry != folder.resolve().name:
        yield Finding("E202", MANIFEST, f"names another entry than its folder: {manifest.entry}")
    for task, count in sorted(Counter(run.task for run in manifest.runs).items()):
        if count > 1:
            yield Finding("E202", MANIFEST, f"has {count} runs of one task: {task}")
    models = sorted({run.run.model for run in manifest.runs})
    if len(models) > 1:
        yield Finding("E202", MANIFEST, f"runs of several models, {listed(models)}")
    for run in manifest.runs:
        if run.run.task != run.task:
            yield Finding("E202", MANIFEST, f"a run of `{run.run.task}` stands under `{run.task}`")


def check_hashes(folder: Path, manifest: EntryManifest) -> Iterator[Finding]:
    """Every file is listed, there, inside the entry, and of its hash and size (E103, E203)."""
    outside = [path for path in manifest.files if not is_inside(path)]
    for path in outside:
        yield Finding("E103", MANIFEST, f"`files` has {path!r}")
    if outside:
        return
    needed = {CARD, *(run.predictions for run in manifest.runs)}
    allowed = needed | {run.prompts for run in manifest.runs}
    hashed = manifest.files.keys()
    for name in sorted(needed - hashed):
        yield Finding("E203", MANIFEST, f"has no hash of a file that an entry needs: {name}")
    for name in sorted(hashed - allowed):
        yield Finding("E203", MANIFEST, f"has the hash of a file that no entry has: {name!r}")
    for name in sorted(hashed & allowed):
        yield from _check_hash(folder, name, manifest.files[name])
    there = {path.relative_to(folder).as_posix() for path in below(folder) if path.is_file()}
    for name in sorted(there - manifest.files.keys() - {MANIFEST}):
        yield Finding("E203", name, "the manifest has no hash of it")


def _check_hash(folder: Path, name: str, facts: FileFacts) -> Iterator[Finding]:
    try:
        data = read_bounded(folder / name, MAX_FILE)
    except DataError as error:
        for problem in error.problems:
            yield Finding("E203", name, f"{problem.what}: {problem.got}")
        return
    digest = hashlib.sha256(data).hexdigest()
    if (digest, len(data)) != (facts.sha256, facts.bytes):
        got = f"{len(data)} bytes, sha256 {digest}"
        yield Finding("E203", name, f"is not the file of the manifest: {got}")


def check_card(card: ModelCard, manifest: EntryManifest) -> Iterator[Finding]:
    """The card is of the manifest's model and kind, and says what was trained on (E205, I206)."""
    if card.model != manifest.model:
        yield Finding("E205", CARD, f"is of `{card.model}`, the manifest of `{manifest.model}`")
    for run in manifest.runs:
        kind = run.run.model_facts.get("kind")
        if kind is not None and kind != card.kind:
            yield Finding("E205", CARD, f"kind `{card.kind}`; the run `{run.task}` is of {kind!r}")
    if "unknown" in (card.training_data.imagenet_train, card.training_data.imagenet_val):
        yield Finding("I206", CARD, "training_data is `unknown`")


def check_filled_in(text: str) -> Iterator[Finding]:
    """Nothing that a new card asks to replace is still in the text of the card (E209)."""
    left = unfilled(text)
    if left:
        yield Finding("E209", CARD, f"{counted(len(left), 'sentence')} to be replaced: {left[0]}")


def check_task(catalogue: Catalogue, run: EntryRun) -> Iterator[Finding]:
    """The task is one of the leaderboard's (E207). A path to a task of one's own is none."""
    if run.task not in catalogue.names(Kind.TASK):
        yield Finding("E207", MANIFEST, f"`{run.task}` is no task here; `harness list tasks`")


def check_comparable(run: EntryRun, opened: OpenTask) -> Iterator[Finding]:
    """The run was made over the classes and under the settings that the task has (E207, E208)."""
    classes = opened.classes
    if run.run.class_list.sha256 != classes.digest:
        yield Finding("E207", MANIFEST, f"`{run.task}`: other classes than `{classes.name}` now")
        return
    found = _differences(run, opened)
    if found:
        yield Finding("E208", MANIFEST, f"`{run.task}`, {listed(found)}")


def _differences(run: EntryRun, opened: OpenTask) -> list[str]:
    """Name what answers or mapping depend on and is another today: `key: the run's -> today's`."""
    task, identity = opened.task, run.run.identity
    was, now = (
        identity.model_copy(update={"task": _what_counts(keys)})
        for keys in (identity.task, task.identity())
    )
    found = [each.removeprefix("task.") for each in was.differences(now)]
    if run.protocol != task.protocol:
        found.append(f"protocol of the entry: {run.protocol!r} -> {task.protocol!r}")
    facts, how = run.run.mapping, task.mapping
    if facts is not None and not facts.is_by(how, opened.classes.digest):
        got = f"{facts.encoder}, {facts.class_template}, {facts.answer_template}"
        wanted = f"{how.encoder}, {how.class_template}, {how.answer_template}"
        found.append(f"mapping: {got} -> {wanted}")
    return found


def _what_counts(keys: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if key not in WHERE_IMAGES_ARE}
