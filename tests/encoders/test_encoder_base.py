import numpy as np

from harness.encoders.base import batches_by_length, unit_rows


def test_unit_rows_have_length_one_and_zeros_stay() -> None:
    rows = unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]]))
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0, 0]])


def test_batches_hold_every_index_once_longest_first() -> None:
    batches = [list(batch) for batch in batches_by_length(["a", "ccc", "bb", "dddd", "e"], 2)]
    assert batches == [[3, 1], [2, 0], [4]]
