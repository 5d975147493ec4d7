from pathlib import Path

import numpy as np
import pytest

from harness.errors import DataError
from harness.prompts.confusion import read_confusion

MATRIX = np.array([[9, 1, 0], [2, 8, 5], [3, 4, 7]])


def npz(folder: Path, **arrays: object) -> Path:
    path = folder / "matrix.npz"
    np.savez(path, **arrays)
    return path


def text(folder: Path, content: str) -> Path:
    path = folder / "matrix.csv"
    path.write_text(content, encoding="utf-8")
    return path


def test_npz_with_ids_is_put_in_the_task_s_order(tmp_path: Path) -> None:
    path = npz(tmp_path, confusion=MATRIX, class_ids=[5, 2, 9])
    np.testing.assert_array_equal(read_confusion(path, [5, 2, 9]), MATRIX)
    np.testing.assert_array_equal(read_confusion(path, [2, 9]), [[8, 5], [4, 7]])


def test_npz_without_ids_and_with_an_out_of_prompt_column(tmp_path: Path) -> None:
    path = npz(tmp_path, confusion=np.hstack([MATRIX, [[100], [100], [100]]]))
    found = read_confusion(path, [2, 5, 9])
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, MATRIX)
    np.testing.assert_array_equal(read_confusion(path, [9, 5, 2]), MATRIX[::-1, ::-1])


@pytest.mark.parametrize(
    "content",
    [
        "5,2,9\n9,1,0\n2,8,5\n3,4,7\n",
        "5,2,9,oop\r\n9,1,0,1\r\n2,8,5,1\r\n3,4,7,1\r\n",
        "\ufeffclass_id,5,2,9\n5,9,1,0\n2,2,8,5\n9,3,4,7\n",
        ",5,2,9,oop\n9,3,4,7,1\n\n5,9,1,0,1\n2,2,8,5,1\n",
    ],
    ids=["bare", "out of prompt", "byte-order mark and row ids", "rows in another order"],
)
def test_csv(tmp_path: Path, content: str) -> None:
    path = text(tmp_path, content)
    np.testing.assert_array_equal(read_confusion(path, [5, 2, 9]), MATRIX)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("5,2,9\n", "wrong shape"),
        ("5,2,9\n1,2,3\n1,2,3\n", "wrong shape"),
        ("5,2,9\n1,2,3\n1,2\n1,2,3\n", "line 3: not as wide as the header"),
        ("5,2,9\n1,2,3\n1,x,3\n1,2,3\n", "line 3: a cell is no number"),
        ("5,two,9\n1,2,3\n1,2,3\n1,2,3\n", "a cell is no class id"),
        ("5,2,5\n1,2,3\n1,2,3\n1,2,3\n", "class ids stand there twice"),
        ("5,2,9\n1,2,3\n1,-2,3\n1,2,3\n", "negative or no numbers"),
        ("5,2,9\n1,2,3\n1,nan,3\n1,2,3\n", "negative or no numbers"),
        ("id,5,2,9\n5,1,2,3\n2,1,2,3\n7,1,2,3\n", "not of the same classes"),
        ("id,5,2,9\nnan,1,2,3\n2,1,2,3\n9,1,2,3\n", "a cell is no class id"),
        ("5,2,8\n1,2,3\n1,2,3\n1,2,3\n", "1 of the task's 3 classes are not in the matrix"),
    ],
)
def test_bad_csv(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_confusion(text(tmp_path, content), [5, 2, 9])


def test_bad_npz(tmp_path: Path) -> None:
    ids = [5, 2, 9]
    with pytest.raises(DataError, match="no array `confusion`"):
        read_confusion(npz(tmp_path, other=MATRIX), ids)
    with pytest.raises(DataError, match="wrong shape"):
        read_confusion(npz(tmp_path, confusion=MATRIX[:2]), ids)
    with pytest.raises(DataError, match="not a readable"):
        read_confusion(npz(tmp_path, confusion=np.array([["x"]])), ids)
    with pytest.raises(DataError, match="not a readable"):
        read_confusion(npz(tmp_path, confusion=np.array([{}], dtype=object)), ids)
    path = npz(tmp_path, confusion=MATRIX)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(DataError, match="not a readable"):
        read_confusion(path, ids)
    with pytest.raises(DataError, match="no such file"):
        read_confusion(tmp_path / "none.csv", ids)


def test_latin_1_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "matrix.csv"
    path.write_bytes("é,5\n5,1\n".encode("latin-1"))
    with pytest.raises(DataError, match="not a readable CSV"):
        read_confusion(path, [5])
