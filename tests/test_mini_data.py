"""The embedded benchmark and model `mini`: the committed files agree with one another."""

import importlib
import json
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from datasets import load_dataset
from transformers import AutoModelForImageTextToText, AutoProcessor

ROOT = Path(__file__).parents[1]
TASKS = ROOT / "tasks"
MODEL = ROOT / "models" / "mini"
MEGABYTE = 10**6


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Any:
    cache = str(tmp_path_factory.mktemp("datasets"))
    return load_dataset(str(TASKS / "mini" / "data"), split="test", cache_dir=cache)


@pytest.fixture(scope="module")
def classes() -> list[dict[str, Any]]:
    spec = yaml.safe_load((TASKS / "classes" / "mini.yaml").read_text(encoding="utf-8"))
    assert spec["class_list"] == "mini"
    return list(spec["classes"])


@pytest.fixture(scope="module")
def original() -> dict[str, int]:
    rows = read_jsonl(TASKS / "mini" / "labels" / "imgt.jsonl")
    assert all(len(row["labels"]) == 1 for row in rows)
    return {row["image_id"]: row["labels"][0] for row in rows}


@pytest.fixture(scope="module")
def corrected() -> dict[str, dict[str, Any]]:
    rows = read_jsonl(TASKS / "mini" / "labels" / "reannotation.jsonl")
    return {row["image_name"].removesuffix(".png"): row for row in rows}


@pytest.fixture(scope="module")
def equivalent() -> dict[str, list[int]]:
    path = TASKS / "mini" / "labels" / "class_update_config.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))["eq_classes"])


@pytest.fixture(scope="module")
def world() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        module = importlib.import_module("make_mini_data")
        if module.font_digest() is None:
            pytest.skip("the font Noto Color Emoji is not installed")
        card = (TASKS / "mini" / "data" / "README.md").read_text(encoding="utf-8")
        if module.font_digest() not in card:
            pytest.skip("another version of Noto Color Emoji than the dataset card names")
        yield module


def test_every_image_has_one_id_and_both_labels(
    images: Any, original: dict[str, int], corrected: dict[str, dict[str, Any]]
) -> None:
    ids = images["image_id"][:]
    assert len(ids) == len(set(ids)) == 1280
    assert dict(zip(ids, images["label"][:], strict=True)) == original
    assert list(corrected) == list(ids)
    assert {name: row["original_class"] for name, row in corrected.items()} == original


def test_every_original_label_has_twenty_images(
    original: dict[str, int], classes: list[dict[str, Any]]
) -> None:
    counts = Counter(original.values())
    assert counts == {row["id"]: 20 for row in classes}


def test_class_ids_and_names(classes: list[dict[str, Any]]) -> None:
    assert [row["id"] for row in classes] == list(range(64))
    names = [name for row in classes for name in (row["name"], *row["aliases"])]
    normalized = [" ".join(name.lower().split()) for name in names]
    assert len(set(normalized)) == len(normalized)


def test_corrected_labels_are_classes(
    corrected: dict[str, dict[str, Any]], classes: list[dict[str, Any]]
) -> None:
    ids = {row["id"] for row in classes}
    for row in corrected.values():
        labels = row["reannotated_labels"]
        assert ids.issuperset(labels)
        assert labels == sorted(set(labels))


def test_equivalent_classes_have_two_names(
    equivalent: dict[str, list[int]], classes: list[dict[str, Any]]
) -> None:
    assert {key: [classes[k]["name"] for k in ids] for key, ids in equivalent.items()} == {
        "sofa": ["sofa", "couch"]
    }


def test_flaws_are_as_many_as_stated(
    corrected: dict[str, dict[str, Any]], equivalent: dict[str, list[int]]
) -> None:
    merged = {k: min(ids) for ids in equivalent.values() for k in ids}
    wrong = none = several = 0
    for row in corrected.values():
        labelled = merged.get(row["original_class"], row["original_class"])
        valid = {merged.get(k, k) for k in row["reannotated_labels"]}
        none += not valid
        wrong += bool(valid) and labelled not in valid
        several += len(valid) > 1
    assert 0.06 < wrong / 1280 < 0.10
    assert 0.03 < none / 1280 < 0.05
    assert 0.22 < several / 1280 < 0.28
    card = (TASKS / "mini" / "data" / "README.md").read_text(encoding="utf-8")
    for count in (wrong, none, several):
        assert f"| {count} ({100 * count / 1280:.2f} %) |" in card


def test_files_stay_small() -> None:
    parquet = list((TASKS / "mini" / "data" / "data").glob("*.parquet"))
    assert sum(path.stat().st_size for path in parquet) < 8 * MEGABYTE
    assert sum(path.stat().st_size for path in MODEL.iterdir()) < 6 * MEGABYTE


def test_redrawing_gives_the_same_pixels(images: Any, world: ModuleType) -> None:
    for number in range(8):
        row = images[number]
        scene = world.draw_scene(0, world.Split.EVALUATION, number, row["label"])
        assert world.image_id(number) == row["image_id"]
        np.testing.assert_array_equal(scene.pixels, np.asarray(row["image"]))


def test_splits_share_no_picture(world: ModuleType) -> None:
    drawn = {
        world.draw_scene(0, split, number, 0).pixels.tobytes()
        for split in world.Split
        for number in range(50)
    }
    assert len(drawn) == 50 * len(world.Split)


@pytest.fixture(scope="module")
def processor() -> Any:
    return AutoProcessor.from_pretrained(MODEL)


@pytest.fixture(scope="module")
def model() -> Any:
    return AutoModelForImageTextToText.from_pretrained(MODEL).eval()


def answer(processor: Any, model: Any, questions: list[str], pictures: list[Any]) -> list[str]:
    chats = [
        [
            {
                "role": "user",
                "content": [{"type": "image"}, {"type": "text", "text": f"\n{question}"}],
            }
        ]
        for question in questions
    ]
    text = processor.apply_chat_template(chats, add_generation_prompt=True)
    inputs = processor(text=text, images=pictures, padding=True, return_tensors="pt")
    with torch.inference_mode():
        output = model.generate(**inputs, do_sample=False)
    said = output[:, inputs["input_ids"].shape[1] :]
    return list(processor.batch_decode(said, skip_special_tokens=True))


def test_model_answers_alike_alone_and_in_a_batch(images: Any, processor: Any, model: Any) -> None:
    questions = [
        "What is the main object in this image? Reply with its name only.",
        "Which option is shown?\nA dog\nB sofa\nC violin\nD owl\nReply with the letter only.",
    ] * 4
    pictures = images["image"][: len(questions)]
    together = answer(processor, model, questions, pictures)
    alone = [
        answer(processor, model, [question], [picture])[0]
        for question, picture in zip(questions, pictures, strict=True)
    ]
    assert together == alone
    assert all(text.strip() for text in together)
    assert set(together[1::2]) <= set("ABCD")
