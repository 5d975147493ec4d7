"""Errors of other processes arrive whole; shipping images is no part of what answers depend on."""

import pickle

from harness.errors import DataError, Problem
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task


def test_an_error_of_another_process_keeps_its_problems() -> None:
    error = DataError([Problem("a", "b", got="c"), Problem("d", "e", fix="f")])
    found = pickle.loads(pickle.dumps(error))
    assert type(found) is DataError
    assert found.problems == error.problems
    assert str(found) == str(error)


def test_whether_images_are_shipped_changes_no_run() -> None:
    shipped = load_task(Catalogue(), "mini_cw")
    kept = load_task(Catalogue(), "mini_cw", ["metadata.redistribute_images=false"])
    assert shipped.metadata.redistribute_images
    assert not kept.metadata.redistribute_images
    assert shipped.identity() == kept.identity()
    assert shipped.identity()["metadata"] == {"version": 1}
