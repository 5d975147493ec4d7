"""Open a closed world of as many classes as ImageNet has, over as many images as its val set.

    python benchmarks/many_classes.py [--classes 21841] [--images 50000] [--images_per_prompt 1]

Prints how long it takes until the first request is known, and the most memory that it took; both
are to stay below 5 s and 1 GB.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

_TASK = """\
task: many
protocol: cw
dataset_path: ids.jsonl
doc_to_id: image_id
class_list: many
label_sets: [first.jsonl]
images_per_prompt: {images_per_prompt}
doc_to_text: |-
  Classes: {{{{ classes | join("; ") }}}}.
  {{% for image in images %}}<image>{{% endfor %}}
  Which one?
metadata: {{version: 1}}
"""


def write(folder: Path, n_classes: int, n_images: int, images_per_prompt: int) -> Path:
    """Write class list, labels, ids and task; give the path of the task."""
    names = "".join(f"kind {number} of the {number % 977}th sort\n" for number in range(n_classes))
    (folder / "names.txt").write_text(names)
    (folder / "many.yaml").write_text("class_list: many\npath: names.txt\n")
    with (folder / "first.jsonl").open("w") as labels, (folder / "ids.jsonl").open("w") as ids:
        for number in range(n_images):
            row = {"image_id": f"image {number:06}", "labels": [number % n_classes]}
            labels.write(json.dumps(row) + "\n")
            ids.write(json.dumps({"image_id": row["image_id"]}) + "\n")
    path = folder / "task.yaml"
    path.write_text(_TASK.format(images_per_prompt=images_per_prompt))
    return path


def main() -> None:
    """Open the task and say what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--classes", type=int, default=21_841)
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--images_per_prompt", type=int, default=1)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write(folder, words.classes, words.images, words.images_per_prompt)
        began, used = time.perf_counter(), time.process_time()
        from harness.data.opened import open_task
        from harness.prompts.plan import make_plan
        from harness.runs.preflight import preflight
        from harness.specs.catalogue import Catalogue
        from harness.specs.load import load_task

        catalogue = Catalogue((folder,))
        plan = make_plan(open_task(catalogue, load_task(catalogue, str(path))))
        preflight(plan.opened, plan.image_ids)
        digests = {request.prompt_sha256 for request in plan.requests}
        seconds, of_cpu = time.perf_counter() - began, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    print(
        f"{words.classes} classes, {len(plan.requests)} requests, {len(digests)} prompts: "
        f"{seconds:.1f} s ({of_cpu:.1f} s of CPU), {peak:.2f} GB"
    )
    if words.images_per_prompt == 1 and (of_cpu > 5 or peak > 1):
        sys.exit("more than 5 s of CPU or 1 GB")


if __name__ == "__main__":
    main()
