"""How many images may fail."""

import pytest

from harness.errors import RunError, UserError
from harness.runner.budget import ErrorBudget, ErrorCount


@pytest.mark.parametrize(
    ("text", "images", "allowed"),
    [("0", 1000, 0), ("20", 5, 20), ("1", 5, 1), ("0.1", 1000, 100), ("0.1", 30, 10)],
)
def test_a_share_or_a_count(text: str, images: int, allowed: int) -> None:
    assert ErrorBudget.parse(text).allowed(images) == allowed


@pytest.mark.parametrize("text", ["-1", "1.5", "ten", "5%", "nan", "inf", ""])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="--max_errors"):
        ErrorBudget.parse(text)


def test_the_run_ends_with_the_first_that_is_too_many() -> None:
    count = ErrorCount(ErrorBudget.parse("2"), 100)
    count.add(["a", "b"])
    count.add([])
    with pytest.raises(RunError, match="3 images failed"):
        count.add(["the last"])
