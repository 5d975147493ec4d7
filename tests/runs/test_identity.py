"""A run goes on only as it began, and rows of two runs are never joined: what differs is named."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.adapters.base import Setting
from harness.adapters.registry import VERSIONS
from harness.data import sample
from harness.data.labels.of_task import NO_OVERRIDES
from harness.errors import DataError, SpecError, UserError
from harness.prompts import plan
from harness.runner.processes import Rank
from harness.runner.repeats import run_all
from harness.runner.session import RunOptions, run_task
from harness.runs.finish import Finished
from harness.runs.reopen import open_run, rescore
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.model import ModelSpec
from harness.store.directory import RunDirectory
from harness.store.identity import Identity
from harness.store.manifest import Manifest
from support.colours import ColourAdapter, N, write_task

ADAPTER = "support.colours:ColourAdapter"


@pytest.fixture
def weights(folder: Path) -> Path:
    """A folder with what a model may have."""
    path = folder / "weights"
    path.mkdir()
    for name in ("model.safetensors", "preprocessor_config.json", "chat_template.jinja"):
        (path / name).write_text(f"this is {name}")
    (path / "README.md").write_text("of no matter")
    return path


def run(
    catalogue: Catalogue,
    *settings: str,
    batch_size: int = 3,
    output: str = "runs",
    **more: object,
) -> tuple[Finished, int]:
    """Give what a run ended with, and how many images it asked the model about."""
    folder = catalogue.include_paths[0]
    pretrained = str(folder / "weights") if (folder / "weights").exists() else None
    model = ModelSpec.model_validate(
        {"model": "colour", "adapter": ADAPTER, "pretrained": pretrained, **more}
    )
    adapter = ColourAdapter(model, Setting())
    options = RunOptions(folder / output, batch_size, settings, show_progress=False)
    task = load_task(catalogue, "colours", settings)
    finished = run_task(catalogue, task, model, lambda: adapter, Rank(0, 1, Setting()), options)
    return finished, sum(adapter.calls)


@dataclass(frozen=True)
class Change:
    """Something that decides answers, changed between start and resume."""

    what: Callable[[Path, pytest.MonkeyPatch], object]
    named: str
    """What the refusal names."""


def replace_file(path: Path, text: str) -> None:
    """Write other contents of the same size under the same name and date."""
    about = path.stat()
    path.write_text(text.ljust(about.st_size)[: about.st_size])
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def edit(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


def note_other(folder: Path, *keys: str, value: object) -> None:
    """Let the run have noted another value, as if a default had been another one then."""
    path = folder / "runs" / "colour" / "colours" / "manifest.json"
    manifest = json.loads(path.read_text())
    place = manifest["identity"]
    for key in keys[:-1]:
        place = place[key]
    assert keys[-1] in place, "every value after defaults is noted"
    place[keys[-1]] = value
    path.write_text(json.dumps(manifest))


def brief(values: Path, _: pytest.MonkeyPatch) -> None:
    edit(values, "colours.yaml", "which?", "which one?")


CHANGES: dict[str, Change] = {
    "task": Change(brief, r"task\.doc_to_text: .* which\?. -> .* which one\?."),
    "protocol": Change(
        lambda folder, _: write_task(folder, protocol="cw_plus"),
        r"task\.protocol: 'cw' -> 'cw_plus'",
    ),
    "task default": Change(
        lambda folder, _: note_other(
            folder, "task", "generation_kwargs", "max_new_tokens", value=16
        ),
        r"task\.generation_kwargs\.max_new_tokens: 16 -> 32",
    ),
    "model default": Change(
        lambda folder, _: note_other(folder, "model", "generation", "num_beams", value=4),
        r"model\.generation\.num_beams: 4 -> 1",
    ),
    "class_list": Change(
        lambda folder, _: edit(folder, "classes.yaml", "name: blue", "name: azure"),
        r"class_list: '\w+' -> '\w+'",
    ),
    "adapter": Change(
        lambda _, patched: patched.setitem(VERSIONS, ADAPTER, 7), r"adapter: 1 -> 7"
    ),
    "order": Change(
        lambda _, patched: patched.setitem(sample.ORDERS, "dataset", 9),  # type: ignore[arg-type]
        r"order: 1 -> 9",
    ),
    "prompt": Change(
        lambda _, patched: patched.setattr(
            plan, "render", lambda *given: RENDER(*given).replace("which?", "Which?")
        ),
        r"prompt: '\w+' -> '\w+'",
    ),
    "contents": Change(
        lambda folder, _: replace_file(folder / "weights" / "model.safetensors", "others"),
        r"contents\.pretrained\.model\.safetensors: '\w+' -> '\w+'",
    ),
    "processor": Change(
        lambda folder, _: replace_file(folder / "weights" / "preprocessor_config.json", "{}"),
        r"contents\.pretrained\.preprocessor_config\.json: '\w+' -> '\w+'",
    ),
    "chat template": Change(
        lambda folder, _: (folder / "weights" / "chat_template.jinja").unlink(),
        r"contents\.pretrained\.chat_template\.jinja: '\w+' -> None",
    ),
    "a file more": Change(
        lambda folder, _: (folder / "weights" / "added_tokens.json").write_text("{}"),
        r"contents\.pretrained\.added_tokens\.json: None -> '\w+'",
    ),
    "data": Change(
        lambda folder, _: replace_file(folder / "images" / "i00.png", "no image"),
        r"images are not those that were answered\n  got: i00",
    ),
}  # fmt: skip
RENDER = plan.render


def test_every_field_of_the_identity_is_tried() -> None:
    by_another_test = {"model", "options"}
    assert set(Identity.model_fields) == (set(CHANGES) & set(Identity.model_fields)) | (
        by_another_test
    )


@pytest.mark.parametrize("limit", ["limit=5", "limit=12"])
@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_between_start_and_resume_is_named(
    catalogue: Catalogue,
    folder: Path,
    weights: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    limit: str,
) -> None:
    path = run(catalogue, limit)[0].path
    before = (path / "predictions.jsonl").read_bytes()
    CHANGES[name].what(folder, monkeypatch)
    with pytest.raises(UserError, match=CHANGES[name].named) as caught:
        run(catalogue)
    assert "--fresh" in str(caught.value), "the message says how to go on"
    assert (path / "predictions.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("key", "value"), [("system_prompt", "Be brief."), ("dtype", "float32"), ("revision", "v2")]
)
def test_a_changed_model_is_named(
    catalogue: Catalogue, weights: Path, key: str, value: str
) -> None:
    shutil.rmtree(weights)
    run(catalogue, "limit=5")
    with pytest.raises(UserError, match=rf"model\.{key}: .* -> '{value}'"):
        run(catalogue, **{key: value})


def test_what_decides_no_answer_may_change(
    catalogue: Catalogue, folder: Path, weights: Path
) -> None:
    run(catalogue, "limit=5", batch_size=5)
    shutil.copytree(weights, folder / "copy")
    shutil.rmtree(weights)
    (folder / "copy").rename(weights)  # other places and dates, the same contents
    (weights / "README.md").write_text("another text")
    write_task(folder, "description: of no matter\nmetric_list: [{metric: top5}]\n")
    edit(folder, "colours.yaml", "{version: 1}", "{version: 1, notes: of no matter}")
    finished, asked = run(catalogue, batch_size=1, description="of no matter")
    assert asked == N - 5 and finished.results is not None and finished.results.complete


def test_options_that_other_labels_bring_are_named_by_their_image(
    catalogue: Catalogue, folder: Path
) -> None:
    write_task(folder, "distractors: {n_options: 3}\n", protocol="mc")
    edit(folder, "colours.yaml", "classes |", "options |")
    run(catalogue, "limit=5")
    finished, asked = run(catalogue, "limit=7")
    assert asked == 2 and finished.results is not None and finished.results.complete
    edit(folder, "all.jsonl", '"i01", "labels": [1]', '"i01", "labels": [2]')
    with pytest.raises(UserError, match=r"asked otherwise.*\n  got: 1 with .* options: i01"):
        run(catalogue)


def copy_of_another_run(catalogue: Catalogue, folder: Path, how: str) -> Path:
    """Make a run of the same images that was asked otherwise; give its rows as a part."""
    if how == "prompt":
        edit(folder, "colours.yaml", "which?", "what?")
    elif how == "weights":
        replace_file(folder / "weights" / "model.safetensors", "other weights")
    path = run(catalogue, output="others")[0].path / "predictions.jsonl"
    if how == "prompt":
        edit(folder, "colours.yaml", "what?", "which?")
    elif how == "weights":
        replace_file(folder / "weights" / "model.safetensors", "this is model.safetensors")
    if how == "an older version":
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        texts = [json.dumps({k: v for k, v in row.items() if k != "mark"}) for row in rows]
        path.write_text("\n".join(texts) + "\n")
    return path


@pytest.mark.parametrize("place", ["parts/rank-0001-of-0002.jsonl", "predictions.jsonl"])
@pytest.mark.parametrize("how", ["prompt", "weights", "an older version"])
def test_rows_of_another_run_are_never_joined(
    catalogue: Catalogue, folder: Path, weights: Path, how: str, place: str
) -> None:
    path = run(catalogue, "limit=5")[0].path
    others = copy_of_another_run(catalogue, folder, how)
    (path / place).parent.mkdir(exist_ok=True)
    shutil.copy(others, path / place)
    before = {each: each.read_bytes() for each in path.rglob("*") if each.is_file()}
    for command in (lambda: rescore(catalogue, path, NO_OVERRIDES), lambda: run(catalogue)):
        with pytest.raises(DataError, match="rows of another run"):
            command()
    with pytest.raises(DataError):
        open_run(catalogue, path, NO_OVERRIDES)
    assert {each: each.read_bytes() for each in path.rglob("*") if each.is_file()} == before


def as_of_an_older_version(path: Path) -> None:
    """Take from a run what older versions did not note."""
    manifest = json.loads((path / "manifest.json").read_text())
    for key in ("prompt", "contents", "order"):
        del manifest["identity"][key]
    del manifest["mark"], manifest["data"]["ids_sha256"]
    for part, kept in (("task", "task protocol dataset_path class_list doc_to_text metadata"),
                       ("model", "model adapter pretrained")):  # fmt: skip
        values = manifest["identity"][part]
        manifest["identity"][part] = {key: values[key] for key in kept.split()}
    (path / "manifest.json").write_text(json.dumps(manifest))
    rows = [json.loads(line) for line in (path / "predictions.jsonl").read_text().splitlines()]
    texts = [json.dumps({k: v for k, v in row.items() if k != "mark"}) for row in rows]
    (path / "predictions.jsonl").write_text("\n".join(texts) + "\n")


def test_a_run_of_an_older_version_goes_on_and_says_what_it_does_not_know(
    catalogue: Catalogue, folder: Path, weights: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = run(catalogue, "limit=5")[0].path
    as_of_an_older_version(path)
    assert rescore(catalogue, path, NO_OVERRIDES).n == 5
    finished, asked = run(catalogue)
    assert asked == N - 5 and finished.results is not None and finished.results.complete
    assert "noted neither the contents of the model's files nor the prompt" in caplog.text
    assert open_run(catalogue, path, NO_OVERRIDES).manifest.mark is None
    replace_file(weights / "model.safetensors", "others")
    with pytest.raises(UserError, match=r"contents\.pretrained\.model\.safetensors"):
        run(catalogue)  # from here on they are known


def test_another_prompt_of_an_older_run_is_seen_in_its_rows(
    catalogue: Catalogue, folder: Path, weights: Path
) -> None:
    path = run(catalogue, "limit=5")[0].path
    as_of_an_older_version(path)
    rows = (path / "predictions.jsonl").read_text()
    first = json.loads(rows.splitlines()[0])["prompt_sha256"]
    (path / "predictions.jsonl").write_text(rows.replace(first, "0" * 64, 1))
    with pytest.raises(UserError, match="got: 1 with another prompt or other options: i00"):
        run(catalogue)


@pytest.mark.parametrize(
    "prompt", ["{{ classes | random }}", "{{ classes | map('upper') }}", "{{ classes.index }}"]
)
def test_a_prompt_that_is_another_one_each_time_is_refused(
    catalogue: Catalogue, folder: Path, prompt: str
) -> None:
    edit(folder, "colours.yaml", "{{ classes | join(' ') }}", prompt)
    with pytest.raises(SpecError):
        run(catalogue)
    assert not (folder / "runs").exists() or not list((folder / "runs").rglob("*.jsonl"))


def test_the_mark_is_the_same_wherever_the_run_lies(catalogue: Catalogue, weights: Path) -> None:
    marks = set()
    for output in ("one", "two"):
        path = run(catalogue, "limit=5", output=output)[0].path
        marks |= {row.mark for row in RunDirectory(path).rows().values()}
        marks.add(Manifest.read(path).mark)
    assert len(marks) == 1 and None not in marks


COMMANDS: dict[str, Callable[[Catalogue, Path], object]] = {
    "score and merge": lambda catalogue, path: rescore(catalogue, path, NO_OVERRIDES),
    "map, compare and pack": lambda catalogue, path: open_run(catalogue, path, NO_OVERRIDES),
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("change", ["protocol", "prompt", "tokens", "seed"])
def test_no_run_is_scored_as_another_task_than_it_was_asked(
    catalogue: Catalogue, folder: Path, change: str, name: str
) -> None:
    path = run(catalogue)[0].path
    before = {each: each.read_bytes() for each in path.iterdir()}
    if change == "protocol":
        write_task(folder, protocol="ow")
    elif change == "prompt":
        edit(folder, "colours.yaml", "which?", "what?")
    else:
        key = {"tokens": "max_new_tokens", "seed": "seed"}[change]
        write_task(folder, f"generation_kwargs: {{{key}: 5}}\n")
    named = {"protocol": "protocol: 'cw' -> 'ow'", "prompt": "doc_to_text: ",
             "tokens": r"max_new_tokens: 32 -> 5", "seed": r"seed: 0 -> 5"}[change]  # fmt: skip
    with pytest.raises(DataError, match=named) as caught:
        COMMANDS[name](catalogue, path)
    assert "put its YAML back" in str(caught.value)
    assert {each: each.read_bytes() for each in path.iterdir()} == before
    write_task(folder)
    COMMANDS[name](catalogue, path)


def test_labels_mapping_and_places_of_images_may_change_before_scoring(
    catalogue: Catalogue, folder: Path
) -> None:
    path = run(catalogue)[0].path
    write_task(folder, "tag: other\n")
    edit(folder, "colours.yaml", "dataset_path: images", "dataset_path: elsewhere")
    edit(folder, "colours.yaml", "encoder: lexical", "encoder: lexical, answer_template: photo")
    assert rescore(catalogue, path, NO_OVERRIDES).complete


def test_a_model_that_is_not_as_it_was_is_told_of(
    catalogue: Catalogue, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "colour.yaml").write_text(f"model: colour\nadapter: {ADAPTER}\n")
    path = run(catalogue)[0].path
    rescore(catalogue, path, NO_OVERRIDES)
    assert "not as it was" not in caplog.text
    (folder / "colour.yaml").write_text(f"model: colour\nadapter: {ADAPTER}\ndtype: float32\n")
    rescore(catalogue, path, NO_OVERRIDES)
    assert "dtype: 'auto' -> 'float32'" in caplog.text


def test_repeats_are_scored_again_with_their_seeds(catalogue: Catalogue, folder: Path) -> None:
    settings = ("repeats=2", "image_order=shuffled")
    task = load_task(catalogue, "colours", settings)
    model = ModelSpec(model="colour", adapter=ADAPTER)
    options = RunOptions(folder / "runs", 3, settings, show_progress=False)
    adapter = ColourAdapter(model, Setting())
    (runs,) = run_all(catalogue, [task], model, lambda: adapter, Rank(0, 1, Setting()), options)
    for each in runs:
        assert rescore(catalogue, each.path, NO_OVERRIDES) == each.results
