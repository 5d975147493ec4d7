"""Train the small models that the embedded model `mini` is compared with, on the same world.

`classifier` learns the flawed original labels, as networks learn ImageNet's; `dual` learns pairs of
a picture and a name of what it shows; `knn` draws the training pictures of the k-NN. Both networks
have the vision tower of `mini`, so that what differs is what they learn from.

Usage: python tools/make_mini_baselines.py classifier|dual|knn [--steps N --seed 0]
"""

import argparse
import io
import time
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from datasets import Dataset, Features, Image, Value
from numpy.random import Generator
from PIL import Image as PILImage
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn
from transformers import (
    CLIPConfig,
    CLIPForImageClassification,
    CLIPModel,
    CLIPProcessor,
    CLIPTextConfig,
    PreTrainedTokenizerFast,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from mini_classes import CLASSES, THINGS, same_as
from mini_llava import make_vision_config
from mini_training import BATCH, Phase, Pictures, optimise
from mini_world import SIZE, Split, draw_scene

PROJECTION: Final = 128
TEXT_WIDTH: Final = 96
TEXT_LAYERS: Final = 2
TEXT_LENGTH: Final = 24
PAIRS: Final = 2 * BATCH
CAPTIONS: Final = (
    *("{}", "a photo of a {}.", "itap of a {}.", "a bad photo of the {}.", "a origami {}."),
    *("a photo of the large {}.", "a {} in a video game.", "art of the {}."),
    "a photo of the small {}.",
)
P_ALIAS: Final = 0.4
PAD, BEGIN, END, UNKNOWN = "<pad>", "<begin>", "<end>", "<unknown>"
STEPS: Final = {"classifier": 5500, "dual": 4000}
NEIGHBOURS: Final = 20  # pictures a class for the k-NN
QUALITY: Final = 85  # of their JPEGs, so that all are small enough to be committed


def make_image_processor() -> CLIPImageProcessorPil:
    """Return what turns a picture into pixels in [-1, 1], as `Pictures.tensor` does."""
    side = {"height": SIZE, "width": SIZE}
    half = [0.5, 0.5, 0.5]
    return CLIPImageProcessorPil(
        size=side, crop_size=side, do_center_crop=False, image_mean=half, image_std=half
    )


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer of whole lower-case words, which are few."""
    names = [name for thing in THINGS for name in (thing.name, *thing.aliases)]
    split = pre_tokenizers.BertPreTokenizer()
    words = {word for text in (*names, *CAPTIONS) for word, _ in split.pre_tokenize_str(text)}
    words -= {"{", "}"}
    vocabulary = [
        PAD,
        UNKNOWN,
        BEGIN,
        END,
        *sorted(words),
    ]  # END is not 2: CLIP takes that for another thing
    tokenizer = Tokenizer(
        models.WordLevel({word: place for place, word in enumerate(vocabulary)}, UNKNOWN)
    )
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = split
    ends = [(BEGIN, vocabulary.index(BEGIN)), (END, vocabulary.index(END))]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A {END}", special_tokens=ends
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        unk_token=UNKNOWN,
        bos_token=BEGIN,
        eos_token=END,
        model_max_length=TEXT_LENGTH,
        padding_side="right",
        model_input_names=["input_ids", "attention_mask"],
    )


def make_classifier() -> CLIPForImageClassification:
    """Return the untrained classifier; its text configuration stands for nothing."""
    config = CLIPConfig(vision_config=make_vision_config().to_dict())
    config.num_labels = len(CLASSES)
    config.id2label = {number: thing.name for number, thing in enumerate(CLASSES)}
    config.label2id = {thing.name: number for number, thing in enumerate(CLASSES)}
    return CLIPForImageClassification(config)


def make_dual(tokenizer: PreTrainedTokenizerFast) -> CLIPModel:
    """Return the untrained dual encoder that belongs to a tokenizer."""
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=TEXT_WIDTH,
        intermediate_size=2 * TEXT_WIDTH,
        num_hidden_layers=TEXT_LAYERS,
        num_attention_heads=4,
        max_position_embeddings=TEXT_LENGTH,
        projection_dim=PROJECTION,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    vision = make_vision_config()
    vision.projection_dim = PROJECTION
    return CLIPModel(
        CLIPConfig(
            text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=PROJECTION
        )
    )


def label_loss(
    rng: Generator, pictures: Pictures, model: CLIPForImageClassification
) -> tuple[str, Tensor]:
    """Cross entropy of one batch against the labels it was collected with, wrong ones and all."""
    index = rng.integers(len(pictures), size=BATCH)
    logits = model(pixel_values=pictures.tensor(index, rng)).logits
    return "label", nn.functional.cross_entropy(logits, torch.from_numpy(pictures.originals[index]))


def caption(rng: Generator, thing: int) -> str:
    """Name a thing in a sentence, sometimes by a synonym."""
    names = (THINGS[thing].name, *THINGS[thing].aliases)
    alias = len(names) > 1 and rng.random() < P_ALIAS
    name = names[int(rng.integers(1, len(names)))] if alias else names[0]
    return CAPTIONS[int(rng.integers(len(CAPTIONS)))].format(name)


def pair_loss(
    rng: Generator, pictures: Pictures, model: CLIPModel, tokenizer: PreTrainedTokenizerFast
) -> tuple[str, Tensor]:
    """CLIP's symmetric cross entropy over the pairs of a batch.

    With so few things, many pairs of a batch name the same one; all of them count as matches.
    """
    index = rng.integers(len(pictures), size=PAIRS)
    shown = [int(rng.choice(pictures.things[number])) for number in index]
    texts = [caption(rng, int(rng.choice(same_as(thing)))) for thing in shown]
    tokens = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    output = model(
        pixel_values=pictures.tensor(index, rng),
        input_ids=tokens["input_ids"],
        attention_mask=tokens["attention_mask"],
    )
    one = torch.tensor([min(same_as(thing)) for thing in shown])
    match = (one[:, None] == one[None, :]).float()
    target = match / match.sum(1, keepdim=True)
    loss = nn.functional.cross_entropy
    both = loss(output.logits_per_image, target) + loss(output.logits_per_text, target)
    return "pair", both / 2


def train_classifier(options: argparse.Namespace, rng: Generator, pictures: Pictures) -> None:
    """Train the classifier and save it with its image processor."""
    model = make_classifier()
    print(f"{sum(p.numel() for p in model.parameters())} parameters", flush=True)
    loss = partial(label_loss, rng, pictures, model)
    optimise([(1.0, model)], loss, Phase("classifier", options.steps))
    save(model, options.out)
    make_image_processor().save_pretrained(options.out)


def train_dual(options: argparse.Namespace, rng: Generator, pictures: Pictures) -> None:
    """Train the dual encoder and save it with its processor."""
    tokenizer = make_tokenizer()
    model = make_dual(tokenizer)
    print(f"{sum(p.numel() for p in model.parameters())} parameters", flush=True)
    loss = partial(pair_loss, rng, pictures, model, tokenizer)
    optimise([(1.0, model)], loss, Phase("dual", options.steps))
    save(model, options.out)
    CLIPProcessor(make_image_processor(), tokenizer).save_pretrained(options.out)


def save(model: Any, folder: Path) -> None:
    """Save weights and configuration, readable by all."""
    model.eval().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)


def draw_neighbours(seed: int, folder: Path) -> None:
    """Draw the k-NN's training pictures, NEIGHBOURS under each flawed label, as one parquet.

    They are the first of the split VALIDATION, on which nothing else is trained or measured.
    """
    labels = np.arange(len(CLASSES)).repeat(NEIGHBOURS)
    scenes = [draw_scene(seed, Split.VALIDATION, n, int(k)) for n, k in enumerate(labels)]
    rows = {
        "image": [
            {"bytes": jpeg(scene.pixels), "path": f"mini_train_{n + 1:08d}.jpg"}
            for n, scene in enumerate(scenes)
        ],
        "label": [scene.original for scene in scenes],
    }
    folder.mkdir(parents=True, exist_ok=True)
    features = Features({"image": Image(), "label": Value("int32")})
    Dataset.from_dict(rows, features=features).to_parquet(folder / "train.parquet")


def jpeg(pixels: Any) -> bytes:
    """Encode a picture, small."""
    buffer = io.BytesIO()
    PILImage.fromarray(pixels).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def main() -> None:
    """Read the options and make one of the baselines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["classifier", "dual", "knn"])
    parser.add_argument("--steps", type=int, help="default: 5500, of pairs 4000 (twice as large)")
    parser.add_argument("--pictures", type=int, default=40000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="default: models/mini_<what>")
    options = parser.parse_args()
    options.out = options.out or Path("models") / f"mini_{options.what}"
    if options.what == "knn":
        draw_neighbours(options.seed, options.out)
        return
    options.steps = options.steps or STEPS[options.what]
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    start = time.perf_counter()
    key = (len(Split), 2 + ["classifier", "dual"].index(options.what))  # 0 and 1 are mini's
    rng = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=key))
    pictures = Pictures.draw(options.seed, Split.TRAINING, options.pictures)
    print(f"{len(pictures)} pictures in {time.perf_counter() - start:.0f} s", flush=True)
    {"classifier": train_classifier, "dual": train_dual}[options.what](options, rng, pictures)
    print(f"{time.perf_counter() - start:.0f} s in all")


if __name__ == "__main__":
    main()
