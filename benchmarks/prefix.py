"""What the shared prefix gives, by the number of class names in the prompt.

Run from the repository's root, in the full environment: `python benchmarks/prefix.py`. Models of
some 12 million random parameters answer the same images with and without the shared prefix, in
processes of their own, one after the other; the answers must be equal. Times are of the whole
process (start, loading, scoring) and of the model's calls alone.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from speed_models import make_model, write_tasks

from harness.data.class_lists import load_class_list
from harness.data.labels.files import lines_of
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_class_list_spec


@dataclass(frozen=True, slots=True)
class Timed:
    """One run: seconds of the process, seconds of the model for an image, and its answers."""

    process: float
    per_image: float
    prompt_tokens: int
    answers: tuple[str, ...]


def imagenet_names() -> tuple[str, ...]:
    """Give ImageNet's 1,000 class names."""
    return load_class_list(load_class_list_spec(Catalogue(()), "imagenet1k")).names


def timed(folder: Path, family: str, task: str, images: int, batch: int, shared: bool) -> Timed:
    """Run a task in a process of its own."""
    output = folder / f"runs-{shared}-{batch}"
    words = ["--tasks", task, "--model", family, "--include_path", str(folder)]
    more = ["--limit", str(images), "--batch_size", str(batch), "--output", str(output)]
    option = ["--set_model", f"options={{shared_prefix: {str(shared).lower()}}}", "--json"]
    command = [sys.executable, "-m", "harness", "run", *words, *more, *option]
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process = time.perf_counter() - started
    text = (output / family / task / "predictions.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in lines_of(text)]
    seconds = sum(row["seconds"] for row in rows) / len(rows)
    answers = tuple(row["answer"] for row in rows)
    return Timed(process, seconds, rows[0]["prompt_tokens"], answers)


def main() -> None:
    """Print one line for each model, number of names and batch size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--names", default="10,100,1000")
    parser.add_argument("--batches", default="8")
    parser.add_argument("--families", default="llava,qwen2_5_vl")
    options = parser.parse_args()
    counts = [int(each) for each in options.names.split(",")]
    print("| model | names | prompt tokens | batch | s/image, shared | without | ratio |", end="")
    print(" process, shared | without | ratio | answers |\n|" + "---|" * 11)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tasks(folder, imagenet_names(), counts, options.images)
        for family in options.families.split(","):
            make_model(family, folder / family, imagenet_names())
            yaml = f"model: {family}\nadapter: hf\npretrained: {family}\ndtype: float32\n"
            (folder / f"{family}.yaml").write_text(yaml)
            for count in counts:
                for batch in map(int, options.batches.split(",")):
                    task = f"speed_cw_{count}"
                    with_it = timed(folder, family, task, options.images, batch, True)
                    without = timed(folder, family, task, options.images, batch, False)
                    same = "equal" if with_it.answers == without.answers else "DIFFERENT"
                    print(
                        f"| {family} | {count} | {without.prompt_tokens} | {batch} "
                        f"| {with_it.per_image:.3f} | {without.per_image:.3f} "
                        f"| {without.per_image / with_it.per_image:.1f} "
                        f"| {with_it.process:.1f} s | {without.process:.1f} s "
                        f"| {without.process / with_it.process:.1f} | {same} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
