"""The order and the grouping of images."""

import hashlib

import pytest

from harness.data.classes import Class, ClassList
from harness.data.images.source import Source
from harness.data.sample import row_order
from harness.prompts.plan import Planner
from harness.specs.task import TaskSpec


def task(**more: object) -> TaskSpec:
    values: dict[str, object] = {
        "task": "t", "protocol": "ow", "dataset_path": "d", "class_list": "c",
        "label_sets": ["l"], "doc_to_text": "<image>?", "metadata": {"version": 0},
    }  # fmt: skip
    return TaskSpec.model_validate(values | more)


IDS = [f"i{number}" for number in range(20)]


def test_dataset_order_and_limit() -> None:
    assert row_order(task(), IDS, {}) == list(range(20))
    assert row_order(task(limit=3), IDS, {}) == [0, 1, 2]


def test_shuffling_is_fixed_by_the_seed() -> None:
    one = row_order(task(image_order="shuffled"), IDS, {})
    assert sorted(one) == list(range(20)) != one
    assert one == row_order(task(image_order="shuffled"), IDS, {})
    assert one != row_order(task(image_order="shuffled", order_seed=1), IDS, {})


def test_sorting_by_class_keeps_the_order_inside_and_puts_unknown_images_last() -> None:
    original = {"i0": 2, "i1": 1, "i2": 2, "i3": 1}
    assert row_order(task(image_order="class_sorted", limit=5), IDS, original) == [1, 3, 0, 2, 4]


@pytest.mark.parametrize("image_order", ["dataset", "shuffled", "class_sorted"])
def test_the_first_images_do_not_depend_on_the_limit(image_order: str) -> None:
    original = {image_id: number % 3 for number, image_id in enumerate(IDS)}
    whole = row_order(task(image_order=image_order, order_seed=3), IDS, original)
    for limit in (1, 7, 20, 30):
        limited = task(image_order=image_order, order_seed=3, limit=limit)
        assert row_order(limited, IDS, original) == whole[:limit]


def test_shuffled_images_keep_their_order_when_others_come() -> None:
    few = [IDS[row] for row in row_order(task(image_order="shuffled"), IDS[:9], {})]
    all_ = [IDS[row] for row in row_order(task(image_order="shuffled"), IDS, {})]
    assert [each for each in all_ if each in few] == few


@pytest.mark.parametrize(("images_per_prompt", "texts"), [(1, 1), (8, 2)])
def test_a_prompt_is_held_once(images_per_prompt: int, texts: int) -> None:
    """With as many classes as ImageNet has, a prompt is half a megabyte."""
    source = "{{ classes | join }}{% for i in images %}<image>{% endfor %}"
    asked = task(protocol="cw", doc_to_text=source, images_per_prompt=images_per_prompt)
    classes = ClassList("c", "clean", tuple(Class(i, f"kind {i}") for i in range(50)))
    planned = Planner(asked, classes, {}).plan(Source(tuple(IDS), None), range(20))
    assert tuple(each for request in planned for each in request.image_ids) == tuple(IDS)
    assert len({id(request.text) for request in planned}) == texts
    for request in planned:
        assert request.text.count("<image>") == len(request.rows) == len(request.image_ids)
        assert request.prompt_sha256 == hashlib.sha256(request.text.encode()).hexdigest()
