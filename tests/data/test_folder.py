"""No image of a folder is left out in silence, and nothing is taken that a person would not see."""

import os
from pathlib import Path

import pytest
from PIL import Image

from harness.data.image_ids import IMAGE_SUFFIXES
from harness.data.images.pixels import image_formats, image_suffixes
from harness.data.images.source import LOOP, READ_ALREADY, open_source, scan
from harness.errors import DataError
from support.tasks import task_over


def paint(path: Path, level: int = 9) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4), (level, 0, 0)).save(path, "PNG")


def ids(folder: Path) -> tuple[str, ...]:
    return open_source(task_over(folder)).ids


def passed(folder: Path) -> dict[str, int]:
    return dict(open_source(task_over(folder)).passed_over)


@pytest.mark.parametrize("suffix", sorted(image_suffixes()))
def test_whatever_pillow_opens_is_an_image_and_its_suffix_no_part_of_the_id(
    suffix: str, tmp_path: Path
) -> None:
    paint(tmp_path / f"a{suffix}")
    paint(tmp_path / f"b{suffix.upper()}")
    assert ids(tmp_path) == ("a", "b")
    assert suffix in IMAGE_SUFFIXES


def test_the_suffixes_that_were_left_out_are_among_them() -> None:
    named = {".jfif", ".jpe", ".pgm", ".pnm", ".tga", ".jp2", ".bmp", ".ico", ".psd", ".apng"}
    assert named <= image_suffixes()
    assert (".avif" in image_suffixes()) == ("AVIF" in image_formats())


@pytest.mark.parametrize(
    "name", ["a.pdf", "a.eps", "a.ps", "a.mpg", "a.mp4", "a.h5", "a.wmf", "a.svg", "a.txt", "a"]
)
def test_documents_films_and_texts_are_passed_over_by_kind(name: str, tmp_path: Path) -> None:
    paint(tmp_path / "cat.png")
    (tmp_path / name).write_bytes(b"x")
    assert ids(tmp_path) == ("cat",)
    suffix = Path(name).suffix
    assert passed(tmp_path) == {f"suffix {suffix}" if suffix else "no suffix": 1}


def test_what_systems_leave_behind_is_not_taken(tmp_path: Path) -> None:
    paint(tmp_path / "cat" / "1.png")
    for name in (
        "cat/._1.png", "cat/.DS_Store", ".cache/x.png", ".cache/deep/y.png", "__MACOSX/cat/._1.png",
        "cat/@eaDir/1.png/SYNOPHOTO_THUMB_M.png", "cat/Thumbs.db", "desktop.ini",
    ):  # fmt: skip
        paint(tmp_path / name)
    assert ids(tmp_path) == ("1",)
    assert passed(tmp_path) == {
        "hidden": 4,
        "in a folder @eaDir": 1,
        "in a folder __MACOSX": 1,
        "suffix .db": 1,
        "suffix .ini": 1,
    }


def test_a_folder_below_a_hidden_one_may_be_the_data_set(tmp_path: Path) -> None:
    paint(tmp_path / ".cache" / "set" / "cat.png")
    assert ids(tmp_path / ".cache" / "set") == ("cat",)


def test_many_kinds_are_told_by_their_most_frequent(tmp_path: Path) -> None:
    paint(tmp_path / "cat.png")
    for number in range(30):
        (tmp_path / f"x.{number:04}").touch()
    (tmp_path / "y.0003").touch()
    found = passed(tmp_path)
    assert next(iter(found.items())) == ("suffix .0003", 2)
    assert len(found) == 10 and found["other kinds"] == 21 and sum(found.values()) == 31


def test_a_class_folder_that_is_a_link_is_followed(tmp_path: Path) -> None:
    paint(tmp_path / "elsewhere" / "1.png")
    paint(tmp_path / "set" / "dog" / "2.png")
    (tmp_path / "set" / "cat").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "3.png").symlink_to(tmp_path / "elsewhere" / "1.png")
    assert ids(tmp_path / "set") == ("3", "1", "2")
    assert passed(tmp_path / "set") == {}


def test_a_data_set_that_is_a_link_itself(tmp_path: Path) -> None:
    paint(tmp_path / "real" / "cat" / "1.png")
    (tmp_path / "link").symlink_to("real")
    assert ids(tmp_path / "link") == ("1",)


def test_links_never_make_an_image_twice_nor_go_round(tmp_path: Path) -> None:
    top = tmp_path / "set"
    paint(top / "cat" / "1.png")
    paint(tmp_path / "outside" / "9.png")
    (top / "cat" / "round").symlink_to(top)
    (top / "up").symlink_to(tmp_path)
    (top / "again").symlink_to(top / "cat")
    (tmp_path / "outside" / "back").symlink_to(top)
    (top / "out").symlink_to(tmp_path / "outside")
    (top / "out2").symlink_to(tmp_path / "outside")
    (top / "gone").symlink_to(tmp_path / "nowhere")
    (top / "self").symlink_to(top / "self")
    assert ids(top) == ("1", "9")
    assert passed(top) == {LOOP: 3, READ_ALREADY: 2, "broken links": 2}


def test_a_link_into_a_hidden_store_is_followed(tmp_path: Path) -> None:
    paint(tmp_path / ".store" / "1.png")
    (tmp_path / "cat").symlink_to(".store")
    assert ids(tmp_path) == ("1",)


def test_a_folder_with_the_name_of_an_image_is_a_folder(tmp_path: Path) -> None:
    paint(tmp_path / "x.png" / "1.png")
    assert ids(tmp_path) == ("1",)


@pytest.mark.skipif(os.name == "nt", reason="a pipe of the file system")
def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    paint(tmp_path / "1.png")
    os.mkfifo(tmp_path / "2.png")
    assert ids(tmp_path) == ("1",)
    assert passed(tmp_path) == {"no files": 1}


def test_an_empty_folder_says_what_lies_there_instead(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    (tmp_path / "b.heic").touch()
    with pytest.raises(DataError, match=r"neither images nor .*1 suffix \.heic, 1 suffix \.mp4"):
        open_source(task_over(tmp_path))


def test_hidden_tables_do_not_hide_the_images(tmp_path: Path) -> None:
    paint(tmp_path / "cat.png")
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "x.parquet").touch()
    (tmp_path / "._y.parquet").touch()
    assert ids(tmp_path) == ("cat",)


def test_names_are_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for name in ("b/1.png", "a/2.png", "a.png", "a/10.png"):
        paint(tmp_path / name)
    assert scan(tmp_path).names == ("a.png", "a/10.png", "a/2.png", "b/1.png")


def test_the_state_changes_with_an_image_of_equal_name_size_and_date(tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    paint(path, 10)
    before, about = open_source(task_over(tmp_path)).fingerprint, path.stat()
    assert open_source(task_over(tmp_path)).fingerprint == before
    paint(path, 11)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert path.stat().st_size == about.st_size
    assert open_source(task_over(tmp_path)).fingerprint != before
