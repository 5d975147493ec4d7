"""File names that are not UTF-8, or that Python was told to take for ASCII."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from harness.checks.before import check_task
from harness.data.opened import open_task
from harness.errors import DataError, UserError
from harness.export.hf.folder import refuse_name
from harness.prompts.plan import make_plan
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task

NOT_UTF_8 = os.fsdecode(b"caf\xe9.png")  # as Latin-1 writes it


def test_an_image_whose_name_is_not_utf_8_is_one_clear_error(
    catalogue: Catalogue, folder: Path
) -> None:
    (folder / "images" / "i00.png").rename(folder / "images" / NOT_UTF_8)
    with pytest.raises(DataError) as caught:
        make_plan(open_task(catalogue, load_task(catalogue, "colours")))
    (problem,) = caught.value.problems
    assert "is no Unicode text" in problem.what
    assert problem.got == r"'caf\udce9.png'"
    (error,) = [each for each in check_task(catalogue, "colours") if each.level == "error"]
    assert (error.check, r"caf\udce9.png" in error.text) == ("opens", True)


def test_a_folder_whose_name_is_not_utf_8_holds_data_as_any(
    catalogue: Catalogue, folder: Path
) -> None:
    odd = folder / os.fsdecode(b"data \xff")
    odd.mkdir()
    for path in sorted(folder.iterdir()):
        if path != odd:
            path.rename(odd / path.name)
    found = check_task(Catalogue((odd,)), "colours")
    assert {each.level for each in found} == {"ok"}


def test_ids_are_the_same_where_python_takes_names_for_ascii(tmp_path: Path) -> None:
    names = ["café.png", "日本 1.png", "a.png"]
    for name in names:
        Image.new("RGB", (2, 2)).save(tmp_path / name)
    script = (
        "import sys; from pathlib import Path; from harness.data.images.folder import *;"
        "from harness.data.images.source import scan; found = scan(Path(sys.argv[1]));"
        "source = open_folder(found, image_names(found));"
        "print(ascii((sys.getfilesystemencoding(), source.ids, source.read(1).size)))"
    )
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | plain | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    ids = ("a", "café", "日本 1")
    assert done.stdout.strip() == ascii(("ascii", ids, (2, 2)))


def test_an_export_into_a_folder_whose_name_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    refuse_name(tmp_path / "café")
    with pytest.raises(UserError, match="is no Unicode text"):
        refuse_name(tmp_path / NOT_UTF_8)
