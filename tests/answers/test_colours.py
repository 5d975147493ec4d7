"""Words that say what a thing looks like, and are classes of some lists."""

from harness.answers.parse import parse_name
from harness.data.classes import Class, ClassList

COLOURS = ClassList("colours", "test", (Class(0, "red"), Class(1, "orange")))
FRUIT = ClassList("fruit", "test", (Class(0, "apple"), Class(1, "orange")))


def test_a_colour_is_read_as_one_only_where_the_list_is_of_colours() -> None:
    assert parse_name("The fish is orange.", COLOURS).class_id == 1
    assert parse_name("The fish is orange.", FRUIT).class_id is None
    assert parse_name("It is orange.", FRUIT).class_id == 1
    assert parse_name("The fruit is an orange.", FRUIT).class_id == 1
