"""`key=value` on the command line, or in a run's manifest, in place of what a YAML file says."""

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from harness.errors import Problem, SpecError
from harness.specs.yaml_file import Origin, YamlFile, construct

_NEXT = re.compile(r"\s*[A-Za-z_][\w.]*=")
_OPEN, _CLOSE = "[{(", "]})"


def split_settings(text: str) -> list[str]:
    """Split `a=1,b=2` into settings, as lm-eval writes them.

    A comma parts them where a key and `=` follow, outside of quotes and brackets; any other is
    part of a value.

    >>> split_settings("pretrained=o/n,base_url=[http://a,http://b],dtype=auto")
    ['pretrained=o/n', 'base_url=[http://a,http://b]', 'dtype=auto']
    """
    found, start, depth, quote = [], 0, 0, ""
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'" and text[place - 1 : place] in ("=", "[", ",", " "):
            quote = letter
        elif letter in _OPEN:
            depth += 1
        elif letter in _CLOSE:
            depth = max(0, depth - 1)
        elif letter == "," and depth == 0 and _NEXT.match(text, place + 1):
            found.append(text[start:place].strip())
            start = place + 1
    return [*found, text[start:].strip()]


def of_model() -> Origin:
    """Give where a setting of a model on the command line stands."""
    return Origin(Path("--set_model (or --model_args)").absolute(), 0)


def in_manifest() -> Origin:
    """Give where a setting of a run's manifest stands, whose paths are not followed."""
    return Origin(Path("settings of the run").absolute(), 0, is_followed=False)


def with_settings(file: YamlFile, settings: Sequence[str], at: Origin | None = None) -> YamlFile:
    """Give the file as if `key=value` (dots go into mappings) were written in it; `at` is where
    they stand if not under `--set`.

    Raises SpecError for what is no such pair, or no value in YAML.
    """
    at = at or Origin(Path("--set").absolute(), 0)
    data, origins = dict(file.data), dict(file.origins)
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key:
            fix = "write it as limit=10"
            raise SpecError(Problem(str(at), "is not key=value", setting, fix=fix))
        keys = tuple(key.split("."))
        place = data
        for part in keys[:-1]:
            inner = place.get(part)
            place[part] = dict(inner) if isinstance(inner, dict) else {}
            place = place[part]
        try:
            place[keys[-1]] = construct(text)
        except yaml.YAMLError as error:
            what, fix = "is not a value in YAML", "put the text in quotes"
            raise SpecError(Problem(f"{at} {key}", what, str(error), fix=fix)) from error
        origins = {old: origin for old, origin in origins.items() if old[: len(keys)] != keys}
        origins[keys] = at
    return YamlFile(file.path, data, origins)
