"""At 80 columns no command breaks a name or cuts a figure; a pipe and `--wide` have all of it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from harness.report import comparison_tables, show
from support.colours import COLOURS, NAMES, N
from support.command import harness

TASK = "squares_of_four_colours_closed_world_and_mapped"
LABELS = ("labels_of_the_dataset", "labels_of_the_people")
MODELS = tuple(f"Qwen3-VL-30B-A3B-Instruct-{each}" for each in ("FP8", "bfloat16", "q4_k_m"))
FIGURE = re.compile(r"[-+]?\d+\.\d\d(?: \[[-+]?\d+\.\d\d, [-+]?\d+\.\d\d\]| \(\d+/\d+\))?")
Print = Callable[..., str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A task of long names with the answers of three models to it."""
    folder = tmp_path_factory.mktemp("narrow")
    (folder / "images").mkdir()
    for number in range(N):
        Image.new("RGB", (3, 3), COLOURS[number % 4]).save(folder / f"images/i{number:02d}.png")
    classes = "".join(f"  - {{id: {i}, name: {name}}}\n" for i, name in enumerate(NAMES))
    (folder / "classes.yaml").write_text(f"class_list: colours\nclasses:\n{classes}")
    for place, name in enumerate(LABELS):
        rows = [
            {"image_id": f"i{i:02d}", "labels": [0, 3] if place and i % 4 == 3 else [i % 4]}
            for i in range(N)
        ]
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
        (folder / f"{name}.yaml").write_text(
            f"label_set: {name}\nclass_list: colours\nformat: jsonl\npath: {name}.jsonl\n"
            f"original: {str(not place).lower()}\n"
        )
    (folder / f"{TASK}.yaml").write_text(
        f"task: {TASK}\nprotocol: cw_plus\ndataset_path: images\nclass_list: colours\n"
        f"label_sets: [{', '.join(LABELS)}]\nmetadata: {{version: 1}}\n"
        "doc_to_text: \"<image>{{ classes | join(' ') }} which?\"\nmapping: {encoder: lexical}\n"
    )
    for place, model in enumerate(MODELS):
        answers = [
            {"image_id": f"i{i:02d}", "answer": "reddish" if i % 4 >= 3 - place else NAMES[i % 4]}
            for i in range(N)
        ]
        file = folder / f"{model}.jsonl"
        file.write_text("\n".join(map(json.dumps, answers)))
        words = ("--task", TASK, "--model", model, "--output", folder / "runs")
        assert harness("import", file, *words, "--include_path", folder).code == 0
    return folder


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, world: Path) -> tuple[Print, Print]:
    """The command on a terminal of 80 columns, and in a pipe."""
    monkeypatch.chdir(world)

    def pipe(*words: object) -> str:
        said = harness(*words, "--include_path", world)
        assert said.code == 0, said.stderr
        return said.stdout

    def narrow(*words: object) -> str:
        with monkeypatch.context() as patch:
            for module in (show, comparison_tables):
                patch.setattr(module, "room", lambda wide=False: None if wide else 80)
            patch.setenv("COLUMNS", "80")
            return pipe(*words)

    return narrow, pipe


A, B, C = (f"runs/{model}/{TASK}" for model in MODELS)
REVIEW = ("--n", 4, "--annotators", "somebody_with_a_long_name,another_person", "--disagree", 1)
COMMANDS = (
    ("score", "runs"),
    ("score", A),
    ("show", A),
    ("show", "runs"),
    ("compare", A, B),
    ("compare", A, B, C),
    ("map", B, "--encoders", "lexical"),
    ("plot", A, B, "-o", "labels.png"),
    ("plot", A, B, "-o", "oop.png", "--figure", "oop"),
    ("plot", A, B, "-o", "classes.png", "--figure", "classes"),
    ("list", "tasks"),
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words)[:24])
def test_no_name_is_broken_and_no_figure_cut(
    terminal: tuple[Print, Print], words: tuple[object, ...]
) -> None:
    narrow, pipe = terminal
    whole, text = pipe(*words), narrow(*words)
    lines = [line for line in text.splitlines() if not line.startswith("files: ")]
    assert max(map(len, lines)) <= 80
    for name in (TASK, *LABELS, *MODELS):
        assert (name in text) == (name in whole)
    for name in (TASK, *LABELS, *MODELS):
        ends = tuple(name[:length] for length in range(12, len(name)))
        assert not any(line.endswith(ends) for line in lines)
    figures = set(FIGURE.findall(whole))
    missing = figures - set(FIGURE.findall(text))
    assert not missing or "No room for: " in text
    if words[0] not in ("list",):
        assert figures and set(FIGURE.findall(text)) <= figures


def test_wide_is_what_a_pipe_has(terminal: tuple[Print, Print]) -> None:
    narrow, pipe = terminal
    text = narrow("show", A, "--wide")
    assert text == pipe("show", A) and max(map(len, text.splitlines())) > 100


def test_a_review_is_made_and_read_at_80_columns(
    terminal: tuple[Print, Print], world: Path
) -> None:
    narrow, _ = terminal
    text = narrow("review", "make", A, B, C, "-o", "queue", *REVIEW)
    assert "somebody_with_a_long_name" in text
    tables = text.partition("page")[0]
    assert max(map(len, tables.splitlines())) <= 80
