"""`harness review make`: what it says, and each mistake as one error that leaves nothing."""

import json
import shutil
from pathlib import Path

import pytest

from harness.review.queue import Queue
from harness.specs.catalogue import Catalogue
from support.command import Said, harness
from support.embedded_runs import embedded_run
from support.imported_runs import imported_run


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "review"


def make(runs: list[Path], output: Path, *words: object) -> Said:
    usual = ("--n", 20, "--annotators", "ann,bob", "--disagree", 1)
    return harness("review", "make", *runs, "-o", output, *usual, *words)


def test_it_says_what_is_in_the_queue_and_what_to_do(mini_runs: list[Path], output: Path) -> None:
    words = (
        "--seed",
        3,
        "--split",
        "--low_margin",
        0.1,
        "--oop",
        "--groups",
        "S-,M",
        "--honeypots",
        2,
    )
    said = make(mini_runs, output, *words)
    assert said.code == 0, said.text
    queue = Queue.read(output)
    assert (queue.seed, queue.n, queue.overlap, queue.base) == (3, 20, 2, "mini_regt")
    assert queue.rules.groups == ("S-", "M") and queue.rules.low_margin == 0.1
    for text in (
        "20 images to correct mini_regt: blind, seed 3", "disagree: 1 or more models", "240",
        "Candidates an image", "control: 10 %", "honeypots", "ann", "bob", "2 annotators an image",
        "index.html (the images are in it)", "harness review agree", "is yours alone",
    ):  # fmt: skip
        assert text in " ".join(said.stdout.split()), text


def test_a_page_may_be_without_images(mini_runs: list[Path], output: Path) -> None:
    said = make(mini_runs, output, "--set", "metadata.redistribute_images=false")
    assert said.code == 0, said.text
    assert "no images are in it: each annotator chooses the folder" in " ".join(said.stdout.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--annotators", "ann,bob,Ann"), "--annotators: stand twice"),
        (("--annotators", "ann,../bob"), "--annotators: is no name of an annotator"),
        (("--annotators", "ann,bé"), "'b\\xe9'"),
        (("--annotators", "ann,NUL"), "'NUL'"),
        (("--annotators", "ann,-rf"), "a letter or digit first"),
        (("--annotators", f"ann,{'x' * 41}"), "at most 40"),
        (("--annotators", " , "), "--annotators: are no people"),
        (
            ("--overlap", "3"),
            "--overlap: each image is for as many annotators as there are, at most",
        ),
        (("--overlap", "0"), "1 to 2"),
        (("--n", "500"), "--n: there are not as many images: at most"),
        (("--control", "0"), "--control: is no share"),
        (("--control", "nan"), "--control: is no share"),
        (("--mode", "shwon"), "did you mean `shown`?"),
        (("--base", "mini_reg"), "did you mean `mini_regt`?"),
        (("--groups", "S-,X"), "--groups: is no group"),
        (("--disagree", "9"), "--disagree: is no number of the models"),
        (("--honeypots", "500"), "--honeypots: there are not as many images"),
        (("--flagged", "nowhere.txt"), "nowhere.txt: cannot be read"),
    ],
)
def test_a_mistake_is_one_error_and_makes_nothing(
    mini_runs: list[Path], output: Path, words: tuple[str, ...], message: str
) -> None:
    said = make(mini_runs, output, *words)
    assert said.code == 2 and message in said.text, said.text
    assert not output.exists()


def test_several_mistakes_are_said_at_once(mini_runs: list[Path], output: Path) -> None:
    said = make(mini_runs, output, "--annotators", "a b,c", "--overlap", 7, "--control", 2)
    assert said.text.count("--annotators") == said.text.count("--overlap") == 1
    assert "--control: is no share" in said.text


def test_a_queue_needs_a_rule_or_chance_alone(mini_runs: list[Path], output: Path) -> None:
    words = ("review", "make", *mini_runs, "-o", output, "--n", 20, "--annotators", "ann")
    said = harness(*words)
    assert said.code == 2 and "the queue: no rule chooses images" in said.text
    assert harness(*words, "--control", 1).code == 0
    queue = Queue.read(output)
    assert queue.overlap == 1 and {item.why for item in queue.items} == {("control",)}


def test_flagged_ids_that_are_unknown_are_named_with_their_line(
    mini_runs: list[Path], output: Path, tmp_path: Path
) -> None:
    file = tmp_path / "ids.txt"
    file.write_text("mini_val_00000007\nmini_val_99999999\nmini_val_00001000\nnone such\n")
    said = make(mini_runs, output, "--flagged", file)
    assert said.code == 2 and not output.exists()
    assert f"{file}:2: there is no such image" in said.text and f"{file}:4:" in said.text
    assert f"{file}:1:" not in said.text and f"{file}:3:" not in said.text
    file.write_text("mini_val_00000007\nmini_val_00001000\n")  # the second is of no run
    assert make(mini_runs, output, "--n", 100, "--flagged", file).code == 0
    items = {item.image_id: item for item in Queue.read(output).items}
    alone = items.get("mini_val_00001000")
    assert alone is None or (alone.predictions == () and alone.image_sha256 is None)


TASK = """
task: {name}
protocol: classify
dataset_path: ids.jsonl
doc_to_id: image_id
class_list: {classes}
label_sets: [{labels}]
metadata: {{version: 1}}
"""
CLASSES = "class_list: pair\nclasses: [{id: 0, name: dog}, {id: 1, name: wolf}]\n"
LABELS = (
    "label_set: pair_labels\nformat: jsonl\npath: labels.jsonl\nclass_list: pair\noriginal: true\n"
)


def test_runs_over_other_images_or_classes_are_refused(
    mini_runs: list[Path], output: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    ids = [f"mini_val_{number:08}" for number in range(1, 61)]
    rows = [{"image_id": each, "labels": [place % 2]} for place, each in enumerate(ids)]
    for name in ("ids", "labels"):
        (own / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (own / "classes.yaml").write_text(CLASSES)
    (own / "labels.yaml").write_text(LABELS)
    others = (("images", "mini", "mini_imgt"), ("classes", "pair", "pair_labels"))
    for name, classes, labels in others:
        text = TASK.format(name=name, classes=classes, labels=labels)
        (own / f"{name}_task.yaml").write_text(text)
        run = imported_run(tmp_path / "runs", "a", name, catalogue=Catalogue((own,)))
        said = make([mini_runs[0], run], output, "--include_path", own)
        what = "data sets" if name == "images" else "class lists"
        assert said.code == 2 and f"the runs are over different {what}" in said.text, said.text
        assert said.text.count("error:") == 1 and not output.exists()


def test_other_settings_over_the_same_images_go_together(
    mini_runs: list[Path], output: Path, tmp_path: Path
) -> None:
    other = imported_run(tmp_path / "runs", "a", "mini_cw")
    said = make([mini_runs[0], other], output)
    assert said.code == 0, said.text
    assert [run.model for run in Queue.read(output).runs] == ["mini_classifier", "a"]


def test_a_run_that_is_not_scored_or_named_twice_or_no_run_is_refused(
    mini_runs: list[Path], output: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy" / "mini_classify"
    shutil.copytree(mini_runs[0], copy)
    said = make([mini_runs[0], copy], output)
    assert said.code == 2 and "2 runs of one model under one task" in said.text
    said = make([mini_runs[0], mini_runs[0]], output)
    assert said.code == 2 and "is named twice" in said.text
    (copy / "results.json").unlink()
    said = make([copy], output)
    assert said.code == 2 and f"fix: harness score {copy}" in said.text
    said = make([tmp_path], output)
    assert said.code == 2 and "is not a run directory" in said.text
    assert not output.exists()


def test_another_picture_under_an_id_is_refused(
    mini_runs: list[Path], output: Path, tmp_path: Path
) -> None:
    other = embedded_run(tmp_path, "mini", "mini_cw", 30)
    file = other / "predictions.jsonl"
    first, *rest = file.read_text().splitlines()
    row = json.loads(first) | {"image_sha256": "0" * 64}
    file.write_text("\n".join([json.dumps(row), *rest]) + "\n")
    said = make([mini_runs[0], other], output)
    assert said.code == 2 and "is another picture for another of the runs" in said.text


def test_a_run_that_saw_grey_pictures_is_refused(output: Path, tmp_path: Path) -> None:
    run = imported_run(tmp_path / "runs", "a", "mini_ow", ("blank_images=true",))
    said = make([run], output)
    assert said.code == 2 and "was shown grey pictures" in said.text


def test_a_second_make_into_a_folder_is_refused(mini_runs: list[Path], output: Path) -> None:
    assert make(mini_runs, output).code == 0
    before = (output / "queue.json").read_bytes()
    said = make(mini_runs, output, "--seed", 9)
    assert said.code == 2 and "is there already, and is not empty" in said.text
    assert (output / "queue.json").read_bytes() == before
