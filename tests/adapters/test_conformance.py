"""One suite for every adapter that is installed; `support/conformance.py` says how to add one."""

import importlib.util
import io
import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PIL import Image

from harness.adapters.base import Adapter, Setting
from harness.adapters.registry import checked_class
from harness.answers.outcome import Status
from harness.data.class_lists import load_class_list
from harness.data.images.source import open_source
from harness.requests import Ask, Failed, Request, Response, Scores, Text
from harness.runner.asking import Asker
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_class_list_spec, load_task
from harness.specs.model import ModelSpec
from harness.specs.task import GenerationSpec
from harness.store.lines import read_predictions
from harness.store.manifest import Manifest
from support.conformance import Case, all_cases

PROMPTS = ("<image>\nWhat is it?", "Look at this image with care, then answer: <image>\nName it.")
N = 6


@dataclass(frozen=True, slots=True)
class Loaded:
    """A case whose model is loaded, and what it was loaded from."""

    case: Case
    spec: ModelSpec
    adapter: Adapter


@pytest.fixture(scope="module", params=all_cases())
def loaded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Loaded]:
    case: Case = request.param
    for package in case.needs:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{case.name} needs the package `{package}`, which is not installed")
    with ExitStack() as stack:
        spec = case.spec(tmp_path_factory.mktemp(case.name.replace("/", "-")), stack)
        yield Loaded(case, spec, checked_class(spec)(spec, Setting()))


@pytest.fixture(scope="module")
def images() -> list[Image.Image]:
    source = open_source(load_task(Catalogue(), "mini_ow"))
    assert source.read is not None
    found = [source.read(row) for row in range(0, 40 * N, 40)]
    found[1] = found[1].resize((90, 40))
    return found


@pytest.fixture(scope="module")
def ask(loaded: Loaded) -> Ask:
    if loaded.case.protocol == "classify":
        return Ask(choices=load_class_list(load_class_list_spec(Catalogue(), "mini")).names)
    return Ask(GenerationSpec(max_new_tokens=6))


@pytest.fixture(scope="module")
def requests(loaded: Loaded, images: list[Image.Image]) -> list[Request]:
    if loaded.case.protocol == "classify":
        return [Request((image,)) for image in images]
    asked = [
        Request((image,), PROMPTS[number % len(PROMPTS)]) for number, image in enumerate(images)
    ]
    if loaded.case.several_images:
        asked.append(Request(tuple(images[:2]), "1: <image>\n2: <image>\nBoth?"))
    return asked


@pytest.fixture(scope="module")
def alone(loaded: Loaded, ask: Ask, requests: list[Request]) -> list[Response]:
    """Each request asked on its own."""
    return [loaded.adapter.respond(ask, [request])[0] for request in requests]


def test_a_class_says_what_it_needs_before_it_is_made(loaded: Loaded) -> None:
    made = type(loaded.adapter)
    can = made.abilities
    assert loaded.case.protocol in can.protocols
    assert "pretrained" in can.keys or not loaded.spec.pretrained
    assert can.options.model_config["extra"] == "forbid"


def test_one_response_for_each_request_and_nothing_in_it_twice(
    loaded: Loaded, ask: Ask, requests: list[Request], alone: list[Response]
) -> None:
    assert loaded.adapter.respond(ask, []) == []
    for response in alone:
        if loaded.case.protocol == "classify":
            assert isinstance(response, Scores)
            assert all(math.isfinite(score) for score in response.scores)
        else:
            assert isinstance(response, Text)
            for count in (response.tokens, response.prompt_tokens):
                assert count is None or count > 0


def test_order_is_the_order_of_the_requests(
    loaded: Loaded, ask: Ask, requests: list[Request], alone: list[Response]
) -> None:
    """Answers of a batch, and of the batch turned round, are those of each request alone."""
    assert_same(loaded.adapter.respond(ask, requests), alone, loaded.case.tolerance)
    turned = loaded.adapter.respond(ask, requests[::-1])
    assert_same(turned[::-1], alone, loaded.case.tolerance)
    assert len(set(map(_answer, alone))) > 1, "all answers equal: proves nothing"


def test_the_same_question_twice_gives_the_same_answer(
    loaded: Loaded, ask: Ask, requests: list[Request]
) -> None:
    assert loaded.adapter.respond(ask, requests[:3]) == loaded.adapter.respond(ask, requests[:3])


def test_a_request_that_cannot_be_answered_is_an_error_and_spoils_no_other(
    loaded: Loaded, ask: Ask, requests: list[Request], alone: list[Response]
) -> None:
    bad = replace(requests[1], images=())
    mixed = [requests[0], bad, *requests[2:4]]
    first, failed, *others = Asker(loaded.adapter, ask, len(mixed)).respond(mixed)
    assert isinstance(failed, Failed) and failed.error
    assert_same([first, *others], [alone[0], *alone[2:4]], loaded.case.tolerance)


def test_what_is_known_of_the_model_is_told(loaded: Loaded, alone: list[Response]) -> None:
    facts = loaded.adapter.facts
    assert facts.kind in ("mllm", "dual_encoder", "supervised", "knn")
    assert (facts.kind == "mllm") == (loaded.case.protocol == "ow")


def test_an_image_that_cannot_be_decoded_is_an_error_row_of_a_whole_run(
    loaded: Loaded, images: list[Image.Image], tmp_path: Path
) -> None:
    name = _write_benchmark(tmp_path, images, loaded.case)
    catalogue = Catalogue((tmp_path,))
    options = RunOptions(tmp_path / "runs", batch_size=4, show_progress=False)
    alone = Rank(0, 1, Setting())
    finished = run_task(
        catalogue, load_task(catalogue, name), loaded.spec, lambda: loaded.adapter, alone, options
    )
    rows = {row.image_id: row for row in read_predictions(finished.path / "predictions.jsonl")}
    broken = {key: row for key, row in rows.items() if row.status is Status.ERROR}
    assert sorted(broken) == ["cut", "junk"]
    assert len(rows) == N + 2
    for image_id, row in broken.items():
        assert row.error is not None and f"{image_id}.jpg" in row.error
        assert row.answer is None and row.class_id is None and row.top == ()
    assert finished.results is not None and not finished.results.complete
    assert Manifest.read(finished.path).counts["error"] == 2


def assert_same(got: list[Response], expected: list[Response], tolerance: float) -> None:
    assert len(got) == len(expected)
    for one, other in zip(got, expected, strict=True):
        assert type(one) is type(other)
        if isinstance(one, Scores):
            assert one.scores == pytest.approx(other.scores, abs=tolerance, rel=tolerance)
        else:
            assert _answer(one) == _answer(other)


def _answer(response: Response) -> object:
    if isinstance(response, Text):
        return response.text, response.reasoning
    return response.scores if isinstance(response, Scores) else response.error


def _write_benchmark(folder: Path, images: list[Image.Image], case: Case) -> str:
    """Write a folder of JPEGs, two of them broken, and a task over it; give the task's name."""
    data = folder / "images"
    data.mkdir()
    for number, image in enumerate(images):
        image.save(data / f"good{number}.jpg")
    buffer = io.BytesIO()
    images[0].save(buffer, "JPEG")
    (data / "cut.jpg").write_bytes(buffer.getvalue()[:300])
    (data / "junk.jpg").write_bytes(b"no image at all")
    ids = [path.stem for path in sorted(data.iterdir())]
    lines = [f'{{"image_id": "{image_id}", "labels": [0]}}\n' for image_id in ids]
    (folder / "labels.jsonl").write_text("".join(lines))
    prompt = "" if case.protocol == "classify" else 'doc_to_text: "<image> What is it?"\n'
    limit = "" if case.protocol == "classify" else "generation_kwargs: {max_new_tokens: 6}\n"
    (folder / "task.yaml").write_text(
        f"task: conformance\ndescription: A folder of JPEGs, two of them broken.\n"
        f"protocol: {case.protocol}\ndataset_path: images\nclass_list: mini\n"
        "label_sets: [labels.jsonl]\nmapping: {encoder: lexical}\nmetadata: {version: 1}\n"
        + prompt + limit
    )  # fmt: skip
    return "conformance"
