"""A run goes on over the images that its answers were given to, and says which are others."""

import json
import os
import shutil
from pathlib import Path

import datasets
import pytest
from PIL import Image

from harness.adapters.base import Setting
from harness.errors import UserError
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.runs.finish import Finished
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.model import ModelSpec
from harness.store.manifest import Manifest
from support.colours import COLOURS, ColourAdapter

MODEL = ModelSpec(model="colour", adapter="tests:ColourAdapter")


@pytest.fixture(autouse=True)
def _equal_sizes(folder: Path) -> None:
    for path in (folder / "images").iterdir():
        path.write_bytes(path.read_bytes().ljust(200, b"\0"))  # what follows a PNG is not read


def run(catalogue: Catalogue, *settings: str) -> tuple[Finished, int]:
    """Give what a run ended with, and how many images it asked the model about."""
    adapter = ColourAdapter(MODEL, Setting())
    output = catalogue.include_paths[0] / "runs"
    options = RunOptions(output, 3, settings, show_progress=False)
    task = load_task(catalogue, "colours", settings)
    finished = run_task(catalogue, task, MODEL, lambda: adapter, Rank(0, 1, Setting()), options)
    return finished, sum(adapter.calls)


def swap(folder: Path, one: str, other: str) -> None:
    """Exchange the contents of two images of equal size, and put their dates back."""
    paths = [folder / "images" / f"{name}.png" for name in (one, other)]
    abouts = [path.stat() for path in paths]
    assert abouts[0].st_size == abouts[1].st_size
    texts = [path.read_bytes() for path in paths]
    for path, text, about in zip(paths, reversed(texts), abouts, strict=True):
        path.write_bytes(text)
        os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def test_images_replaced_in_place_are_named_before_anything_is_asked(
    folder: Path, catalogue: Catalogue
) -> None:
    run(catalogue, "limit=6")
    swap(folder, "i00", "i01")
    with pytest.raises(UserError, match="images are not those that were answered") as caught:
        run(catalogue)
    assert caught.value.problems[0].got == "i00, i01"
    assert "--fresh" in str(caught.value)


def test_a_complete_run_is_not_told_again_over_other_images(
    folder: Path, catalogue: Catalogue
) -> None:
    run(catalogue)
    swap(folder, "i02", "i05")
    with pytest.raises(UserError, match="i02, i05"):
        run(catalogue)


def test_many_others_are_not_all_listed(folder: Path, catalogue: Catalogue) -> None:
    run(catalogue)
    for number in range(12):
        Image.new("RGB", (3, 3), (1, 2, number)).save(folder / "images" / f"i{number:02d}.png")
    with pytest.raises(UserError, match="i00, i01, i02, i03, i04 and perhaps more"):
        run(catalogue)


def test_images_that_wait_for_their_answer_may_change(folder: Path, catalogue: Catalogue) -> None:
    run(catalogue, "limit=6")
    swap(folder, "i06", "i07")
    finished, asked = run(catalogue)
    assert asked == 6 and finished.results is not None and finished.results.complete


def test_the_same_images_elsewhere_go_on(folder: Path, catalogue: Catalogue) -> None:
    run(catalogue, "limit=6")
    shutil.copytree(folder / "images", folder / "copy")
    shutil.rmtree(folder / "images")
    (folder / "copy").rename(folder / "images")
    assert run(catalogue)[1] == 6


def test_a_mended_image_is_asked_and_nothing_else(folder: Path, catalogue: Catalogue) -> None:
    path = folder / "images" / "i04.png"
    whole = path.read_bytes()
    path.write_bytes(whole[:30])
    first = run(catalogue)[0]
    assert first.results is not None and not first.results.complete
    path.write_bytes(whole)
    finished, asked = run(catalogue)
    assert asked == 1 and finished.results is not None and finished.results.complete


def test_a_table_that_was_written_anew_with_other_images(
    folder: Path, catalogue: Catalogue
) -> None:
    path = folder / "images.parquet"

    def write(order: list[int]) -> None:
        images = [Image.new("RGB", (3, 3), COLOURS[n % 4]) for n in order]
        rows = {"key": [f"i{n:02d}" for n in range(12)], "image": images}
        datasets.Dataset.from_dict(rows).to_parquet(str(path))

    settings = ("dataset_path=" + str(path), "doc_to_id=key")
    write(list(range(12)))
    run(catalogue, *settings, "limit=6")
    write(list(range(12)))
    assert run(catalogue, *settings, "limit=8")[1] == 2
    write([1, 0, *range(2, 12)])
    with pytest.raises(UserError, match="i00, i01"):
        run(catalogue, *settings)


@pytest.mark.parametrize("change", ["one more", "one less", "another name"])
def test_other_ids_are_another_data_set(change: str, folder: Path, catalogue: Catalogue) -> None:
    run(catalogue)
    images = folder / "images"
    if change == "one more":
        Image.new("RGB", (3, 3), COLOURS[0]).save(images / "new.png")
    elif change == "one less":
        (images / "i11.png").unlink()
    else:
        (images / "i11.png").rename(images / "j11.png")
    with pytest.raises(UserError, match="has other images than when the run began") as caught:
        run(catalogue)
    gone = "; answered, but not there: i11" if change != "one more" else ""
    now = {"one more": 13, "one less": 11, "another name": 12}[change]
    assert caught.value.problems[0].got == f"12 images, now {now}{gone}"


def test_an_answered_image_that_cannot_be_read_any_more_is_another(
    folder: Path, catalogue: Catalogue
) -> None:
    run(catalogue)
    (folder / "images" / "i03.png").write_bytes(b"")
    with pytest.raises(UserError, match="i03"):
        run(catalogue)


def test_a_run_of_an_earlier_version_is_compared_by_its_pixels(
    folder: Path, catalogue: Catalogue
) -> None:
    path = run(catalogue, "limit=6")[0].path / "manifest.json"
    old = json.loads(path.read_text())
    del old["data"]["ids_sha256"], old["data"]["images_sha256"]
    old["identity"]["data"] = old["data"]["fingerprint"] = "of names and sizes"
    path.write_text(json.dumps(old))
    swap(folder, "i00", "i01")
    with pytest.raises(UserError, match="i00, i01"):
        run(catalogue, "limit=6")
    swap(folder, "i00", "i01")
    assert run(catalogue)[1] == 6


def test_the_digest_of_the_images_is_of_their_pixels(folder: Path, catalogue: Catalogue) -> None:
    first = Manifest.read(run(catalogue)[0].path).data
    assert first.images_sha256 is not None
    for path in (folder / "images").iterdir():
        with Image.open(path) as image:
            image.save(path, compress_level=0)
    shutil.rmtree(folder / "runs")
    again = Manifest.read(run(catalogue)[0].path).data
    assert again.images_sha256 == first.images_sha256 and again.ids_sha256 == first.ids_sha256
    assert again.fingerprint != first.fingerprint
    swap(folder, "i00", "i01")
    shutil.rmtree(folder / "runs")
    assert Manifest.read(run(catalogue)[0].path).data.images_sha256 != first.images_sha256
