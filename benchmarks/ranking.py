"""Ranking 1,000 class names by likelihood against scoring each in a pass of its own.

Run from the repository's root: `python benchmarks/ranking.py`. A LLaVA of some 12 million random
parameters ranks the names for a few images; the naive way is timed on a sample of the names and
multiplied, since all of them would take hours. The scores of the sample must agree within 1e-4.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from PIL import Image
from prefix import imagenet_names
from speed_models import QUESTION, SIDE, make_model

from harness.adapters.base import Setting
from harness.adapters.hf.adapter import HfAdapter
from harness.requests import Ask, Request
from harness.specs.model import ModelSpec


def noise(seed: int) -> Image.Image:
    """Draw a noisy image."""
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 255, (SIDE, SIDE, 3), generator=generator, dtype=torch.uint8)
    return Image.fromarray(pixels.numpy())


@torch.inference_mode()
def naive(adapter: HfAdapter, request: Request, name: str) -> float:
    """Score one name by a pass over the whole prompt and the name."""
    prompt = adapter._form.render(request.text)
    tokens = adapter._choice_tokens.after(prompt, (name,))[0]
    inputs = adapter._maker.make([prompt], [request.images], True)
    more = torch.tensor([tokens])
    inputs["input_ids"] = torch.cat([inputs["input_ids"], more], dim=1)
    mask = inputs["attention_mask"]
    inputs["attention_mask"] = torch.cat([mask, torch.ones_like(more)], dim=1)
    logits = adapter._model(**inputs, logits_to_keep=len(tokens) + 1).logits[0]
    logits = torch.log_softmax(logits.float(), dim=-1)
    return float(sum(logits[place, token] for place, token in enumerate(tokens)))


def main() -> None:
    """Print the two times for an image and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=8)
    parser.add_argument("--sample", type=int, default=12)
    parser.add_argument("--listed", action="store_true", help="names stand in the prompt too")
    options = parser.parse_args()
    names = imagenet_names()
    listed = f"Classes: {'; '.join(names)}.\n" if options.listed else ""
    with tempfile.TemporaryDirectory() as folder:
        make_model("llava", Path(folder), names)
        adapter = HfAdapter(
            ModelSpec(model="llava", adapter="hf", pretrained=folder, dtype="float32"), Setting()
        )
    images = [noise(seed) for seed in range(options.images)]
    text = f"{listed}<image>\n{QUESTION}"
    requests = [Request((image,), text) for image in images]
    ask = Ask(output_type="multiple_choice", choices=names)
    adapter.respond(ask, requests[:1])  # the tokens of the names, and the shared prefix, once a run
    adapter.respond(ask, requests[:1])
    started = time.perf_counter()
    ranked = [adapter.respond(ask, [request])[0] for request in requests]
    ours = (time.perf_counter() - started) / len(requests)
    sample = random.Random(0).sample(range(len(names)), options.sample)
    started = time.perf_counter()
    scores = [naive(adapter, requests[0], names[place]) for place in sample]
    theirs = (time.perf_counter() - started) / len(sample) * len(names)
    found = ranked[0].scores
    worst = max(abs(found[place] - score) for place, score in zip(sample, scores, strict=True))
    print(f"{len(names)} names, {'listed in' if listed else 'not in'} the prompt")
    print(f"ranked as a tree: {ours:.2f} s an image (mean of {len(requests)})")
    print(f"one pass a name: {theirs:.0f} s an image ({len(sample)} names timed, multiplied)")
    print(f"ratio {theirs / ours:.0f}; largest difference of the sample {worst:.1e}")


if __name__ == "__main__":
    main()
