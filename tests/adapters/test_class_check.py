"""An adapter of one's own is checked before it is made; all that it lacks is named at once."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from harness.adapters.base import Setting
from harness.adapters.class_check import class_problems
from harness.adapters.registry import ADAPTERS, adapter_class, load_adapter
from harness.checks.before import check_model
from harness.errors import MissingPackageError, Problem, SpecError
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model
from harness.specs.model import ModelSpec

SOUND = """\
from harness.adapters.base import CLASSIFY, Abilities
from harness.requests import ModelFacts
from harness.specs.base import Spec

class Own:
    facts = ModelFacts()
    def __init__(self, spec, setting): ...
    def respond(self, ask, requests): ...
"""
OLD = """\
from harness.adapters.base import CLASSIFY
from harness.requests import ModelFacts
from harness.specs.base import Spec

class Own:
    protocols = CLASSIFY
    keys = frozenset({"class_list"})
    counts_tokens = True
    class Options(Spec):
        favourite: int = 0
    facts = ModelFacts()
    def __init__(self, spec, setting): ...
    def respond(self, requests): ...
"""
_NUMBERS = itertools.count()


@pytest.fixture
def name_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Writes a module that can be imported; gives the name of its class `Own`."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(code: str) -> str:
        module = f"own_adapter_{next(_NUMBERS)}"
        (tmp_path / f"{module}.py").write_text(code)
        return f"{module}:Own"

    return write


def problems(name: str) -> list[Problem]:
    with pytest.raises(SpecError) as caught:
        load_adapter(load_model(Catalogue(()), name), Setting())
    return list(caught.value.problems)


def told(name: str) -> list[str]:
    return [each.what for each in problems(name)]


def test_a_sound_class_passes(name_of) -> None:
    name = name_of(SOUND)
    assert load_adapter(load_model(Catalogue(()), name), Setting()).facts.kind == "mllm"
    (finding,) = check_model(Catalogue(()), name)
    assert (finding.level, finding.text) == ("ok", f"adapter {name}")


@pytest.mark.parametrize("name", [name for name in ADAPTERS if name not in ("timm", "open_clip")])
def test_the_harness_own_adapters_pass(name: str) -> None:
    assert class_problems(adapter_class(ModelSpec(model="m", adapter=name)), name) == []


def test_the_old_form_is_named_with_what_to_write_now(name_of) -> None:
    name = name_of(OLD)
    takes, old = problems(name)
    assert takes.where == old.where == f"adapter `{name}`"
    assert (takes.what, takes.got) == (
        "`respond` takes other arguments",
        "def respond(self, requests)",
    )
    assert takes.fix == "def respond(self, ask, requests)"
    assert old.what == "has attributes that are not read any more"
    assert old.got == "protocols, Options, keys, counts_tokens"
    assert old.fix == "abilities = Abilities(protocols=…, options=…, keys=…, counts_tokens=…)"


def test_all_that_lacks_is_named_at_once(name_of) -> None:
    assert told(name_of("class Own: ...\n")) == [
        "has no `facts`", "has no `__init__`", "has no `respond`",
    ]  # fmt: skip


def test_a_preview_needs_no_model(name_of) -> None:
    own = "    def preview(self, spec): ...\n"
    assert told(name_of(SOUND + own)) == [
        "`preview` is no class method, as no model is loaded for it"
    ]
    load_adapter(load_model(Catalogue(()), name_of(f"{SOUND}    @classmethod\n{own}")), Setting())


def test_wrong_arguments(name_of) -> None:
    code = SOUND.replace("spec, setting", "spec").replace("ask, requests", "ask, requests, more")
    code += "    def prepare(self): ...\n"
    expected = ["__init__", "respond", "prepare"]
    assert told(name_of(code)) == [f"`{each}` takes other arguments" for each in expected]
    flexible = SOUND.replace("spec, setting", "*args").replace(
        "ask, requests", "ask, requests, x=1"
    )
    assert check_model(Catalogue(()), name_of(flexible))[0].level == "ok"


@pytest.mark.parametrize(
    ("abilities", "what", "words"),
    [
        ("CLASSIFY", "`abilities` is of another kind", "frozenset"),
        ("Abilities", "`abilities` is of another kind", "Abilities(…)"),
        ("Abilities({'clasify'})", "`abilities.protocols` holds an unknown name", "`classify`?"),
        (
            "Abilities(output_types={'x'})",
            "`abilities.output_types` holds an unknown",
            "one of const",
        ),
        ("Abilities(keys={'pretraind'})", "`abilities.keys` holds an unknown", "`pretrained`?"),
        ("Abilities(generation={'top_p'})", "`abilities.generation` holds an unk", "`top_k`?"),
        ("Abilities('classify')", "`abilities.protocols` is no set of names", "'classify'"),
        ("Abilities(options=dict)", "`abilities.options` is no spec", "harness.specs.base.Spec"),
    ],
)
def test_abilities_of_another_kind(abilities: str, what: str, words: str, name_of) -> None:
    (problem,) = problems(name_of(SOUND + f"    abilities = {abilities}\n"))
    assert problem.what.startswith(what) and words in str(problem)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("async def respond(self, ask, requests): ...", "`respond` is asynchronous"),
        ("def respond(self, ask, requests): yield 1", "`respond` yields"),
        ("def respond(self, ask, requests) -> str: ...", "`respond` returns something else"),
        ("def respond(self, ask, requests) -> None: ...", "`respond` returns something else"),
        ("def respond(self, ask, requests) -> list[str]: ...", "`respond` returns something else"),
        ("facts = {'architecture': 'Own'}", "`facts` is no ModelFacts"),
    ],
)
def test_what_is_of_another_kind_is_known_before_the_model_is_made(
    line: str, what: str, name_of
) -> None:
    (problem,) = problems(name_of(f"{SOUND}    {line}\n"))
    assert problem.what.startswith(what)
    assert problem.fix


@pytest.mark.parametrize(
    "said",
    ["list[Response]", "'list[Text | Failed]'", "Sequence[Scores]", "list", "Any", "list[Any]",
     "object", "'list[NotThere]'"],
)  # fmt: skip
def test_what_respond_may_say_that_it_returns(said: str, name_of) -> None:
    more = "from collections.abc import Sequence\nfrom typing import Any\n"
    more += "from harness.requests import Failed, Response, Scores, Text\n"
    line = f"    def respond(self, ask, requests) -> {said}: ...\n"
    load_adapter(load_model(Catalogue(()), name_of(f"{more}{SOUND}{line}")), Setting())


def test_facts_that_a_loaded_model_gives_are_looked_at(name_of) -> None:
    (problem,) = problems(name_of(f"{SOUND}    @property\n    def facts(self): return 'x'\n"))
    assert (problem.what, problem.got) == ("`facts` is no ModelFacts", "str")


def test_what_is_no_class_or_not_there(name_of) -> None:
    assert told(name_of("Own = 3\n")) == ["is no class"]
    (problem,) = problems(name_of("class Owm: ...\n"))
    assert "has no class `Own`" in problem.what and problem.fix == "did you mean `Owm`?"
    (problem,) = problems(name_of("import nothing_like_it from\n"))
    assert "cannot be imported" in problem.what and "SyntaxError" in (problem.got or "")
    (problem,) = problems(name_of("from harness.requests import Responses\n"))
    assert "cannot import name" in (problem.got or "")
    with pytest.raises(MissingPackageError, match="make `not_there` importable"):
        load_adapter(load_model(Catalogue(()), "not_there:Own"), Setting())


def test_the_command_names_them(tmp_path: Path, root: Path) -> None:
    (tmp_path / "old_form.py").write_text(OLD)
    command = [sys.executable, "-m", "harness", "check", "old_form:Own"]
    paths = f"{root}:{tmp_path}"
    done = subprocess.run(
        command, capture_output=True, text=True, env={"PYTHONPATH": paths, "COLUMNS": "300"}
    )
    assert done.returncode == 2, done.stderr
    assert "`respond` takes other arguments" in done.stdout
    assert "fix: abilities = Abilities(protocols=…" in done.stdout
    assert "1 error" in done.stdout
