"""Write the reference of the documentation site while `mkdocs build` makes it (see mkdocs.yml).

Nothing of it is kept in the repository: fields come from the schemas and their docstrings, commands
from the command line itself, names from the Python face, rules from the table of the parser.
"""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import typer.main
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import harness
from harness.answers.outcome import LEVELS, Level, Status
from harness.cli import app
from schema_fields import Schema, Source

ADAPTER_FILES: Final = ("specs", "adapters")
OUTSIDE: Final = re.compile(r"\[([^\]]*)\]\(\.\./[^)]*\)")
"""A link to a file of the repository that is no page of the site."""
CODE: Final = re.compile(r"`[^`\n]*`")
PAGES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "task": (
        "Fields of a task",
        {
            "TaskSpec": "Task",
            "GenerationSpec": "`generation_kwargs` of a task",
            "MappingSpec": "`mapping` of a task",
            "DistractorSpec": "`distractors` of a task",
            "SampleSpec": "`sample` of a task",
            "MetricSpec": "`metric_list` of a task",
            "MetadataSpec": "`metadata` of a task",
            "GroupSpec": "Group of tasks",
            "PromptSpec": "Prompt with a name",
        },
    ),
    "model": (
        "Fields of a model",
        {
            "ModelSpec": "Model",
            "ModelGeneration": "`generation` of a model",
            "Prices": "`options.prices` of the adapter `openai`",
            "EncoderSpec": "Text encoder",
        },
    ),
    "labels": (
        "Fields of label sets and class lists",
        {
            "LabelSetSpec": "Label set",
            "ClassListSpec": "Class list",
            "ClassEntry": "`classes` of a class list",
        },
    ),
    "study": ("Fields of a study", {"StudySpec": "Study", "OwnTaskSpec": "`baselines` of a study"}),
    "board": ("Fields of a board", {"SiteSpec": "`site.yaml` beside the entries"}),
}
READING: Final = """# Rules of reading

The row of every answer names the rule that read it, and its status. The rules in their order, with
an example of each and what each can get wrong: [how answers are read](../reading_answers.md);
where a status and a level are counted, in [the files of a run](../files.md).
"""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List pages that the navigation does not name under `More`, so that each can be found."""
    named = set(_named(config.nav))
    more = [each.name for each in sorted(Path(config.docs_dir).glob("*.md"))]
    more = [name for name in more if name not in named]
    if more and config.nav is not None:
        config.nav.append({"More": more})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the reference."""
    for name, lines in reference().items():
        files.append(File.generated(config, f"reference/{name}.md", content="\n".join(lines)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Keep the words of links that lead out of the site, to files of the repository; and take the
    backslash from strokes in the code of tables, which GitHub alone needs.
    """
    text = markdown if "/" in page.file.src_uri else OUTSIDE.sub(r"\1", markdown)
    return CODE.sub(lambda found: found[0].replace(r"\|", "|"), text)


def reference() -> Mapping[str, Sequence[str]]:
    """Give the lines of the pages of the reference, by name."""
    source = Source(ADAPTER_FILES)
    pages = {name: [*_fields(source, *page)] for name, page in PAGES.items()}
    for adapter, options in sorted(source.options().items()):
        pages["model"] += _schema(f"`options` of the adapter `{adapter}`", source.schema(options))
    return {**pages, "commands": [*_commands()], "python": [*_python()], "reading": [*_reading()]}


def _named(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    for each in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from _named(each)


def _fields(source: Source, title: str, parts: Mapping[str, str]) -> Iterator[str]:
    yield from (f"# {title}", "", "Any other key is an error, which names its file and line.")
    for name, heading in parts.items():
        yield from _schema(heading, source.schema(name))


def _schema(heading: str, schema: Schema) -> Iterator[str]:
    yield from ("", f"## {heading}", "", schema.text, "")
    yield from (
        "| key | what it holds | without it | what it is for |",
        "| --- | --- | --- | --- |",
    )
    for each in schema.fields:
        yield _row(f"`{each.name}`", each.type, each.default, each.text)


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", r"\|") for cell in cells) + " |"


def _commands() -> Iterator[str]:
    yield from ("# Commands", "", "`harness COMMAND --help` prints the same.")
    yield from _command("harness", typer.main.get_command(app))


def _command(words: str, command: Any) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner is not None:
        for name, each in inner.items():
            yield from _command(f"{words} {name}", each)
        return
    yield from ("", f"## {words}", "", inspect.cleandoc(command.help or ""), "")
    yield from ("| argument or option | without it | what it is for |", "| --- | --- | --- |")
    for each in command.params:
        yield _row(_option(each), _default(each), each.help or "")


def _option(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.name.upper()}`"
    return ", ".join(f"`{each}`" for each in (*parameter.opts, *parameter.secondary_opts))


def _default(parameter: Any) -> str:
    if parameter.required:
        return "**required**"
    if parameter.default in (None, False, (), []) or callable(parameter.default):
        return "–"
    return f"`{getattr(parameter.default, 'value', parameter.default)}`"


def _python() -> Iterator[str]:
    source = Source(("requests.py", "adapters/base.py"))
    yield from ("# Python", "", "What `import harness` gives; everything else may change.")
    for name in harness.__all__:
        found = getattr(harness, name)
        if name.startswith("_") or not callable(found):
            continue
        yield from ("", f"## harness.{name}", "")
        if not inspect.isclass(found):
            yield from ("```python", f"harness.{name}{_signature(found)}", "```", "")
        yield inspect.getdoc(found) or ""
        if name in source.classes:
            yield from _members(source.schema(name), found)


def _members(schema: Schema, found: type) -> Iterator[str]:
    if schema.fields:
        yield from ("", "| attribute | type | default | what it is |", "| --- | --- | --- | --- |")
    for each in schema.fields:
        yield _row(f"`{each.name}`", f"`{each.annotation}`", each.default, each.text)
    for name, method in vars(found).items():
        if not name.startswith("_") and inspect.isfunction(method) and method.__doc__:
            yield from ("", "```python", f"{name}{_signature(method)}", "```", "")
            yield inspect.getdoc(method) or ""


def _signature(function: Any) -> str:
    words, star = [], False
    for each in inspect.signature(function).parameters.values():
        if each.kind is each.KEYWORD_ONLY and not star:
            words.append("*")
            star = True
        words.append(re.sub(r"\b(?:[a-z_]+\.)+([A-Z])", r"\1", str(each)))
    return "(\n    " + ",\n    ".join(words) + ",\n)" if len(words) > 1 else f"({''.join(words)})"


def _reading() -> Iterator[str]:
    source = Source(("answers",))
    yield READING
    yield from ("## Status", "", "| status | what it means |", "| --- | --- |")
    texts = {each.name: each.text for each in source.members("Status")}
    yield from (_row(f"`{each.value}`", texts[each.name]) for each in Status)
    yield from (
        "",
        "## Levels",
        "",
        "| level | what a rule looks past | rules |",
        "| --- | --- | --- |",
    )
    texts = {each.name: each.text for each in source.members("Level")}
    for level in Level:
        rules = ", ".join(f"`{rule}`" for rule, its in LEVELS.items() if its is level)
        yield _row(level.name.lower(), texts[level.name], rules)
