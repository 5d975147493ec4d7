"""Images on which people's last answers differ, as a review: one more person decides, and why."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError, Problem, UserError
from harness.review import page_data
from harness.review.deciding import Ballot, ballots_of, vote_of
from harness.review.make import NAME, NAME_FIX
from harness.review.opening import Review
from harness.review.queue import ANSWERS, PAGE, Item, Queue, digest, place
from harness.store.new_folder import new_folder, refuse_full


@dataclass(frozen=True, slots=True)
class Adjudication:
    """An adjudication that was made."""

    queue: Queue
    n_several: int
    """Images, but for honeypots, that two people or more have answered."""


def adjudication_of(review: Review, annotator: str = "adjudicator") -> Adjudication:
    """Give the queue of the images on which people's last answers differ: their labels, or that one
    is unsure and another is not. Honeypots are left out, as their labels are known.

    Candidates are those of the review, and what people named beside them. Raises UserError for what
    can be no annotator's name, and where nobody differs.
    """
    if not NAME.fullmatch(annotator):
        raise UserError(Problem("--annotator", "is no name", ascii(annotator)[:80], fix=NAME_FIX))
    asked = {item.image_id: item for item in review.queue.items if item.known is None}
    ballots = ballots_of(asked, review.answers.latest.values(), "last")
    seed = review.queue.seed
    items = tuple(
        _item(asked[ballot.image_id], ballot, annotator, seed)
        for ballot in ballots
        if ballot.differs
    )
    if not items:
        what = "there is nothing to adjudicate: on no image do two people's last answers differ"
        fix = "harness review merge with --rule unanimous"
        raise UserError(Problem(str(review.folder), what, fix=fix))
    queue = review.queue.model_copy(
        update={
            "sha256": "",
            "mode": "adjudicate",
            "n": len(items),
            "overlap": 1,
            "annotators": (annotator,),
            "items": items,
            "adjudicates": review.queue.sha256,
        }
    )
    several = sum(len(ballot.rows) > 1 for ballot in ballots)
    return Adjudication(queue.model_copy(update={"sha256": digest(queue)}), several)


def _item(item: Item, ballot: Ballot, annotator: str, seed: int) -> Item:
    named = {label for row in ballot.rows for label in row.labels}
    rows = sorted(ballot.rows, key=lambda row: place("vote", seed, item.image_id, row.annotator))
    return item.model_copy(
        update={
            "candidates": tuple(sorted(named.union(item.candidates))),
            "annotators": (annotator,),
            "votes": tuple(map(vote_of, rows)),
        }
    )


def write_adjudication(review: Review, queue: Queue, folder: Path) -> None:
    """Write the folder of an adjudication, whole or not at all, with the page's files and images of
    the review. Raises UserError for a folder that is there, DataError where that page is not whole.
    """
    refuse_full(folder)
    images, files = _images_of(review)
    kept = {images[item.image_id] for item in queue.items if item.image_id in images}
    others = {Path(path).name for path in set(images.values()) - kept}
    with new_folder(folder) as hidden:
        queue.write(hidden)
        (hidden / ANSWERS).mkdir()
        shutil.copytree(
            review.folder / PAGE,
            hidden / PAGE,
            copy_function=shutil.copyfile,
            ignore=lambda _, names: {each for each in names if each in {*others, "annotators"}},
        )
        page_data.write_queue_data(hidden, queue, has_images=bool(images))
        page_data.write_items(hidden, queue, images, files)


def _images_of(review: Review) -> tuple[dict[str, str], dict[str, str]]:
    """Give by image id the images in a review's page, and the file names of those that are not."""
    images: dict[str, str] = {}
    files: dict[str, str] = {}
    for name in review.queue.annotators:
        path = review.folder / PAGE / "annotators" / f"{name}.js"
        try:
            for item in page_data.read_script(path, "REVIEW_ITEMS")["items"]:
                place, where = (images, item["image"]) if item["image"] else (files, item["file"])
                if where:
                    place[item["image_id"]] = where
        except (DataError, KeyError, TypeError) as error:
            what = "is not as `harness review make` wrote it"
            fix = "make the review again into another folder, and take `page/` from there"
            raise DataError(Problem(str(path), what, got=str(error), fix=fix)) from error
    return images, files
