"""With the prompt's beginning computed once, every family gives the same tokens and scores."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from harness.adapters.base import Setting
from harness.adapters.hf.adapter import HfAdapter
from harness.adapters.hf.prefix_cache import PrefixCache
from harness.requests import Ask, Request
from harness.specs.model import ModelSpec
from harness.specs.task import GenerationSpec
from support.tiny_checkpoints import FAMILIES, make_checkpoint

NAMES = tuple(f"{a} {b}" for a in ("red", "blue", "big", "small") for b in ("cat", "dog", "car"))
LISTED = f"Classes: {'; '.join(NAMES * 3)}.\n<image>\nWhich one is it?"
GENERATION = GenerationSpec(max_new_tokens=6)
FREE = Ask(GENERATION)
RANK = Ask(GENERATION, "multiple_choice", NAMES)
# PaliGemma reads its image before any text.
NOT_SHARED = {"paligemma2"}


@pytest.fixture(scope="module", params=sorted(FAMILIES))
def family(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if FAMILIES[name].missing:
        pytest.skip(f"its processor needs {', '.join(FAMILIES[name].missing)}")
    return name


@pytest.fixture(scope="module")
def checkpoint(family: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(family, tmp_path_factory.mktemp(family))


def load(checkpoint: Path, shared: bool, attn_implementation: str | None = None) -> HfAdapter:
    spec = ModelSpec(
        model="tiny",
        adapter="hf",
        pretrained=str(checkpoint),
        attn_implementation=attn_implementation,
        options={"shared_prefix": shared},
    )
    return HfAdapter(spec, Setting())


@pytest.fixture(scope="module")
def plain(checkpoint: Path) -> HfAdapter:
    return load(checkpoint, False)


@pytest.fixture(scope="module")
def sharing(checkpoint: Path) -> HfAdapter:
    return load(checkpoint, True)


def pictures(count: int) -> list[Image.Image]:
    """Images of different shapes, so that some families need padding."""
    sizes = [(40, 40), (70, 40), (40, 90), (28, 28), (64, 64)]
    made = []
    for number in range(count):
        generator = torch.Generator().manual_seed(number)
        width, height = sizes[number % len(sizes)]
        pixels = torch.randint(0, 255, (height, width, 3), generator=generator, dtype=torch.uint8)
        made.append(Image.fromarray(pixels.numpy()))
    return made


def requests(count: int) -> list[Request]:
    return [Request((image,), LISTED) for image in pictures(count)]


def test_the_same_tokens_batch_after_batch(
    family: str, plain: HfAdapter, sharing: HfAdapter
) -> None:
    asked = requests(7)
    expected = [each.text for each in plain.respond(FREE, asked)]
    for step in (3, 2, 7):
        batches = [asked[start : start + step] for start in range(0, len(asked), step)]
        assert [each.text for batch in batches for each in sharing.respond(FREE, batch)] == expected
    shared = sharing._prefix
    assert shared is not None
    if family in NOT_SHARED:
        assert shared.used == 0
        assert shared.why_not
    else:
        assert shared.used > 100
        assert "read once a batch" in str(shared)


def test_the_prefix_is_held_once_for_all_rows(family: str, sharing: HfAdapter) -> None:
    """Layers that see all tokens hold one row of it; Gemma 3 has others, which hold it in each."""
    if family in NOT_SHARED:
        pytest.skip("it shares no prefix")
    sharing.respond(FREE, requests(2))
    sharing.respond(FREE, requests(7))
    assert sharing._prefix is not None and sharing._prefix._held is not None
    beginning, cache = sharing._prefix._held
    assert cache is not None
    apart = [each.before.prefix for each in cache.layers if each.before and each.before.prefix]
    assert {keys.shape[:3:2] for keys, _ in apart} == {(1, len(beginning))}
    text = sharing._model.config.get_text_config(decoder=True)
    sliding = [kind == "sliding_attention" for kind in getattr(text, "layer_types", None) or ()]
    assert len(apart) == text.num_hidden_layers - sum(sliding) > 0


def test_another_attention_holds_it_in_every_row(
    checkpoint: Path, family: str, plain: HfAdapter
) -> None:
    adapter = load(checkpoint, True, attn_implementation="eager")
    asked = requests(6)
    expected = [each.text for each in plain.respond(FREE, asked)]
    found = [each.text for n in (0, 3) for each in adapter.respond(FREE, asked[n : n + 3])]
    assert found == expected
    if family not in NOT_SHARED:
        assert str(adapter._prefix).endswith("read once a row")


def test_a_model_that_changes_keys_before_it_attends_has_it_in_every_row(
    family: str, checkpoint: Path, plain: HfAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As code of a model's own may: the attention never meets the keys that the cache gave."""
    if family in NOT_SHARED:
        pytest.skip("it shares no prefix")
    given = PrefixCache.update
    monkeypatch.setattr(
        PrefixCache, "update", lambda *args, **more: tuple(x.clone() for x in given(*args, **more))
    )
    adapter = load(checkpoint, True)
    asked = requests(6)
    expected = [each.text for each in plain.respond(FREE, asked)]
    assert [
        each.text for n in (0, 3) for each in adapter.respond(FREE, asked[n : n + 3])
    ] == expected
    assert str(adapter._prefix).endswith("read once a row")


def test_a_window_that_only_the_attention_is_told_of_is_kept(tmp_path: Path) -> None:
    """Mistral's config names a window and no kinds of layers."""
    folder = make_checkpoint("llava", tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config["text_config"] |= {"model_type": "mistral", "sliding_window": 24}
    (folder / "config.json").write_text(json.dumps(config))
    plain, sharing = load(folder, False), load(folder, True)
    assert "Mistral" in type(sharing._model.model.language_model).__name__
    asked = requests(6)
    expected = [each.text for each in plain.respond(FREE, asked)]
    assert [
        each.text for n in (0, 3) for each in sharing.respond(FREE, asked[n : n + 3])
    ] == expected
    assert str(sharing._prefix).endswith("read once a row")
    ranked = requests(2)
    for response, request in zip(sharing.respond(RANK, ranked), ranked, strict=True):
        assert response.scores == pytest.approx(naive(plain, request), abs=1e-4)


def test_several_images_in_a_prompt(family: str, plain: HfAdapter, sharing: HfAdapter) -> None:
    if not FAMILIES[family].several_images:
        pytest.skip("its prompts hold one image")
    text = LISTED.replace("<image>", "1: <image>\n2: <image>")
    images = pictures(8)
    asked = [Request(tuple(images[n : n + 2]), text) for n in range(0, 8, 2)]
    expected = [each.text for each in plain.respond(FREE, asked)]
    batches = (asked[:3], asked[3:])
    assert [each.text for batch in batches for each in sharing.respond(FREE, batch)] == expected
    shared = sharing._prefix
    assert shared is not None and (shared.used > 100) == (family not in NOT_SHARED)


def test_ranking_is_the_sum_over_each_name(plain: HfAdapter, sharing: HfAdapter) -> None:
    asked = requests(3)
    expected = [naive(plain, request) for request in asked]
    assert len({tuple(sums) for sums in expected}) == 3, "the scores must depend on the image"
    for adapter in (sharing, plain):
        for response, sums in zip(adapter.respond(RANK, asked), expected, strict=True):
            assert response.scores == pytest.approx(sums, abs=1e-4)


def test_constrained_text_is_always_a_name(plain: HfAdapter, sharing: HfAdapter) -> None:
    asked, ask = requests(4), Ask(GENERATION, "constrained", NAMES)
    found = sharing.respond(ask, asked)
    assert {each.text.strip() for each in found if each.text} <= set(NAMES)
    assert [each.text for each in found] == [each.text for each in plain.respond(ask, asked)]
    assert all(each.outside is not None and 0 < each.outside <= 1 for each in found)


def naive(adapter: HfAdapter, request: Request) -> list[float]:
    """Score every name by a pass of its own over the whole prompt."""
    prompt = adapter._form.render(request.text)
    model, sums = adapter._model, []
    for tokens in adapter._choice_tokens.after(prompt, NAMES):
        inputs = adapter._maker.make([prompt], [request.images], True)
        length = inputs["input_ids"].shape[1]
        more = torch.tensor([tokens])
        for key, value in (("input_ids", more), ("attention_mask", torch.ones_like(more))):
            inputs[key] = torch.cat([inputs[key], value], dim=1)
        for key in ("token_type_ids", "mm_token_type_ids"):
            if key in inputs:
                # To PaliGemma 0 is the part that sees itself whole, to the others what is no image.
                kind = torch.full_like(more, int(type(model).__name__.startswith("PaliGemma")))
                inputs[key] = torch.cat([inputs[key], kind], dim=1)
        with torch.inference_mode():
            logits = torch.log_softmax(model(**inputs).logits[0].float(), dim=-1)
        places = range(length - 1, length - 1 + len(tokens))
        sums.append(sum(float(logits[p, t]) for p, t in zip(places, tokens, strict=True)))
    return sums
