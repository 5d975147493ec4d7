"""A run goes on over the images that its answers were given to, and over no others."""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import compress

from PIL import Image

from harness.answers.outcome import Status
from harness.data.images.pixels import ImageError, pixels_sha256
from harness.data.images.source import Source
from harness.errors import Problem, UserError
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction
from harness.words import listed

log = logging.getLogger("harness")
_FEW = 256
"""Images that are decoded again even where no file has changed."""
_TOGETHER = 512
_SHOWN = 5


def check_same_images(
    old: Manifest, new: Manifest, source: Source, rows: Mapping[str, Prediction]
) -> None:
    """Raise UserError where a run would go on over other images than it began with.

    The ids must be the same. Where files have changed since, every answered image is decoded and
    its pixels compared with the SHA-256 in its row; else 256 of them, spread over the run. So a
    data set may be moved or written anew, and a broken image mended, without the run being lost.
    """
    where = f"{new.model} on {new.task}"
    here = set(source.ids)
    gone = [image_id for image_id in rows if image_id not in here]
    if gone or _has_other_ids(old, new):
        got = f"{old.data.n} images, now {new.data.n}"
        got += f"; answered, but not there: {listed(gone, _SHOWN)}" if gone else ""
        raise _refusal(where, "the data set has other images than when the run began", got)
    if source.read is None:
        return
    known = {
        row.image_id: row.image_sha256
        for row in rows.values()
        if row.status is not Status.ERROR and row.image_sha256
    }
    chosen = sorted(known)
    if old.identity.data == new.identity.data:
        step = max(1, len(chosen) // _FEW)
        chosen = chosen[::step]
    elif chosen:
        log.info("the data set's files have changed; comparing %d answered images", len(chosen))
    wrong = _differing(source, source.read, chosen, known)
    if wrong:
        first = ", ".join(wrong[:_SHOWN])
        got = f"{first} and perhaps more" if len(wrong) > _SHOWN else first
        raise _refusal(where, "images are not those that were answered", got)


def _has_other_ids(old: Manifest, new: Manifest) -> bool:
    if old.data.ids_sha256 is None:  # a manifest of an earlier version
        return old.data.n != new.data.n
    return old.data.ids_sha256 != new.data.ids_sha256


def _differing(
    source: Source,
    read: Callable[[int], Image.Image],
    chosen: Sequence[str],
    known: Mapping[str, str],
) -> list[str]:
    """List images whose pixels are not the known ones; it may end when some are found."""
    places = {image_id: place for place, image_id in enumerate(source.ids)}

    def differs(image_id: str) -> bool:
        try:
            return pixels_sha256(read(places[image_id])) != known[image_id]
        except ImageError:
            return True

    found: list[str] = []
    with ThreadPoolExecutor(thread_name_prefix="compare") as pool:
        for start in range(0, len(chosen), _TOGETHER):
            part = chosen[start : start + _TOGETHER]
            found += compress(part, pool.map(differs, part))
            if len(found) > _SHOWN:
                break
    return found


def _refusal(where: str, what: str, got: str) -> UserError:
    expected = "the images that the answers in the output directory were given to"
    fix = "put them back, choose another --output, or move the old run aside with --fresh"
    return UserError(Problem(where, what, got, expected, fix))
