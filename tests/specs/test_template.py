"""A template is bounded before it is rendered, and depends on nothing but its values."""

import json
import re
import time
from pathlib import Path

import pytest

from harness.data.opened import open_task
from harness.errors import SpecError
from harness.prompts.plan import make_plan
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.load import load_task
from harness.specs.template import IMAGE_MARK, TemplateValues, check_template, render

VALUES = TemplateValues(
    classes=[f"name {i}" for i in range(1000)], options=("left", "right"), images=(1, 2, 3)
)
IMAGES = IMAGE_MARK * 3
LOOP = "{% for a in classes %}"
HOSTILE = {
    "nested loops": LOOP * 3 + "x" + "{% endfor %}" * 3,
    "nested loops over texts": "{% for a in classes | string %}" * 2 + "{% endfor %}" * 2,
    "loops that do nothing": LOOP * 4 + "{% endfor %}" * 4,
    "a range": "{% for i in range(10 ** 9) %}{% endfor %}",
    "repetition": "{{ 'x' * 1000000000 }}",
    "a power": "{{ 9 ** 9 ** 9 }}",
    "a wide number": "{{ '%01000000000d' % 1 }}",
    "division": "{{ 1 / 0 }}",
    "doubling": "{% set a = classes | join %}" + "{% set a = a ~ a %}" * 60,
    "doubling of lists": "{% set a = classes %}" + "{% set a = a + a %}" * 60,
    "doubling in a branch": "{% set a = 'xx' %}"
    + "{% if images %}{% set a = a ~ a %}{% endif %}" * 60,
    "replacing": "{{ classes | join | replace('n', classes | join) }}",
    "replacing nothing": "{{ classes | join | replace('', classes | join) }}",
    "a long separator": "{{ classes | join(classes | join(classes | join)) }}",
    "long values in a loop": LOOP + "{{ classes | join | length }}{{ classes | upper | length }}"
    + LOOP + "{{ a }}{% endfor %}{% endfor %}",
    "comparisons in a loop": LOOP * 2 + "{{ classes ~ classes == classes }}" + "{% endfor %}" * 2,
    "chance": "{{ classes | random }}",
    "an address": "{{ classes.append }}",
    "an address by item": "{{ classes['append'] }}",
    "an address by name": "{% for a in ['sort'] %}{{ classes[a] }}{% endfor %}",
    "the loop itself": "{% for i in images %}{{ loop }}{% endfor %}",
    "what a loop keeps": "{% for i in images %}{{ loop.previtem }}{% endfor %}",
    "a class": "{{ images.__class__.__mro__ }}",
    "a function": "{{ lipsum() }}",
    "a macro": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "an include": "{% include 'x' %}",
    "the template itself": "{{ self }}",
    "types": "{{ 'a' + 1 }}",
    "no place": "{{ classes[9999] }}",
    "digits": "{{ " + "9" * 5000 + " }}",
    "depth of brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "depth of sums": "{{ " + "+".join("1" * 5000) + " }}",
    "depth of conditions": "{% if 1 %}" * 500 + "{% endif %}" * 500,
    "depth of loops": "{% for i in images %}" * 25 + "{% endfor %}" * 25,
    "many signs": "{{ images }}" * 80_000,
    "a long text": "x" * (2 << 20),
    "a filter of attributes": "{{ classes | sort(attribute='x') }}",
    "a map of functions": "{{ classes | map('random') | join }}",
    "an order of nothing": "{{ [1, 'a'] | sort }}",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_is_one_error_at_once(name: str) -> None:
    began = time.process_time()
    with pytest.raises(ValueError) as error:
        check_template(HOSTILE[name])
        render(HOSTILE[name] + IMAGES, VALUES)
    assert type(error.value) is ValueError and len(str(error.value)) <= 500
    assert time.process_time() - began < 5


SOUND = {
    "{{ classes[:2] | join(' or ') }}": "name 0 or name 1",
    "{{ letters | join('/') }}: {{ options[-1] }}": "A/B: right",
    "{% for c in classes[:3] %}{{ c | upper }}{% if not loop.last %}, {% endif %}{% endfor %}":
        "NAME 0, NAME 1, NAME 2",
    "{% set n = classes | length %}{{ n + 1 }} {{ 'many' if n > 9 else 'few' }}": "1001 many",
    "{{ classes[:2] | map('title') | sort | reverse | join(';') }}": "Name 1;Name 0",
    "{% for a in letters %}{{ a }}{{ loop.index0 }}{% else %}none{% endfor %}": "A0B1",
    "{{ 'yes' if 'left' in options and images | length is odd else 'no' }}": "yes",
    "{{ options | first | replace('l', 'L') ~ '!' }}": "Left!",
    "{% set x = 'ab' %}{% for i in images %}{% set x = x ~ x %}{{ x }} {% endfor %}{{ x }}":
        "abab abab abab ab",
    "{% raw %}{{ x }}{% endraw %}": "{{ x }}",
}  # fmt: skip


@pytest.mark.parametrize("source", SOUND)
def test_what_prompts_need_is_there(source: str) -> None:
    check_template(source)
    assert render(source + IMAGES, VALUES) == f"{SOUND[source]}{IMAGES}"


def test_all_classes_of_imagenet_fit_in_a_prompt() -> None:
    names = [f"a name of class {number}, rather long" for number in range(21_841)]
    source = (
        "{% for c in classes %}{{ loop.index }}. {{ c }}{% if not loop.last %}; {% endif %}"
        "{% endfor %} {{ classes | join('; ') }} <image>"
    )
    text = render(source, TemplateValues(classes=names))
    assert text.startswith(f"1. {names[0]}; 2. {names[1]}") and text.endswith("<image>")


@pytest.mark.parametrize("name", ["loops that do nothing", "types", "chance"])
def test_the_error_says_where_the_template_stands(tmp_path: Path, name: str) -> None:
    base = Catalogue().named(Kind.TASK, "mini_cw")
    path = tmp_path / "t.yaml"
    path.write_text(f"include: {base}\ntask: t\ndoc_to_text: |-\n  {HOSTILE[name]}<image>\n")
    with pytest.raises(SpecError, match=f"^{re.escape(str(path))}(:3)?: "):
        make_plan(open_task(Catalogue(), load_task(Catalogue(), str(path))))


def test_a_template_in_a_setting_is_bounded_too() -> None:
    for name in ("chance", "an include", "repetition"):
        with pytest.raises(SpecError, match=r"filters|no functions"):
            load_task(
                Catalogue(), "mini_cw", [f"doc_to_text={json.dumps(HOSTILE[name] + IMAGE_MARK)}"]
            )
