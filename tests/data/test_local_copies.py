"""Copies of the catalogue's data sets as they lie on disks: small folders made in each form."""

import gzip
import json
import pickle
from collections.abc import Iterable
from pathlib import Path

import datasets
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from harness.data.labels.of_task import Overrides
from harness.data.opened import OpenTask, open_task
from harness.errors import DataError, UserError
from harness.runs.preflight import check_data
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task

CATALOGUE = Catalogue()


def images(root: Path, names: Iterable[str]) -> Path:
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4), (number, 0, 0)).save(path)
    return root


def opened(task: str, *settings: str, labels: Path | None = None) -> OpenTask:
    name = task.removesuffix("_cw")
    overrides = Overrides({name: labels} if labels else {})
    return open_task(CATALOGUE, load_task(CATALOGUE, task, settings), overrides)


def found(case: OpenTask) -> dict[str, str]:
    """Give the class name of each image that is asked about."""
    (labels,) = case.labels.sets
    names = {each.id: each.name for each in case.classes.classes}
    return {each: names[min(labels.labels[each])] for each in case.image_ids}


def test_dtd(tmp_path: Path) -> None:
    """Folders of classes, and the split as a list of paths."""
    root = images(tmp_path / "images", [f"{each}/{each}_0001.jpg" for each in ("woven", "grid")]
                  + ["grid/grid_0002.jpg"])  # fmt: skip
    split = tmp_path / "test1.txt"
    split.write_text("woven/woven_0001.jpg\ngrid/grid_0002.jpg\n")
    case = opened("dtd_cw", f"dataset_path={root}", f"ids={split}")
    assert found(case) == {"grid_0002": "grid", "woven_0001": "woven"}


def test_folders_are_joined_by_name_without_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    case = opened("dtd_cw", f"dataset_path={images(tmp_path, ['woven/1.jpg', 'grid/2.jpg'])}")
    assert case.labels.sets[0].source == "column `label`, joined by name"
    assert not caplog.records


def test_sun397(tmp_path: Path) -> None:
    """Folders in folders, of which several bear one name; a list whose paths begin with a slash."""
    root = images(tmp_path / "SUN397", ["a/abbey/sun_a.jpg", "a/apse/indoor/sun_b.jpg",
                                        "c/church/indoor/sun_c.jpg"])  # fmt: skip
    split = tmp_path / "Testing_01.txt"
    split.write_text("/a/apse/indoor/sun_b.jpg\n/c/church/indoor/sun_c.jpg\n")
    case = opened("sun397_cw", f"dataset_path={root}", f"ids={split}")
    assert found(case) == {"sun_b": "apse indoor", "sun_c": "church indoor"}


def test_inat2021(tmp_path: Path) -> None:
    """Folders named by a number and the ranks above the species."""
    ranks = {"00000": "Animalia_Annelida_Clitellata_Haplotaxida_Lumbricidae_Lumbricus_terrestris",
             "09999": "Plantae_Tracheophyta_Polypodiopsida_Schizaeales_Lygodiaceae_"
                      "Lygodium_japonicum"}  # fmt: skip
    root = images(tmp_path / "val", [f"{n}_{each}/{n}.jpg" for n, each in ranks.items()])
    case = opened("inat2021_cw", f"dataset_path={root}")
    assert found(case) == {"00000": "Lumbricus terrestris", "09999": "Lygodium japonicum"}


def test_imagenet_v2_with_its_multilabels(tmp_path: Path) -> None:
    """The authors' file, whose images are named by hashes, beside those of ImageNet."""
    root = images(tmp_path / "v2", ["0/aa11.jpeg", "1/bb22.jpeg", "10/cc33.jpeg"])
    content = {
        "initial_annots": {
            "aa11": {"correct": ["n01440764", "n01443537"]},
            "cc33": {"correct": ["n01530575"]},
            "ILSVRC2012_val_00000001.JPEG": {"correct": ["n01440764"]},
        },
        "problematic_images": {"cc33": ""},
    }
    file = tmp_path / "human_accuracy_v3.0.0.json"
    file.write_text(json.dumps(content))
    task = load_task(CATALOGUE, "imagenet_v2_cw", [f"dataset_path={root}"])
    case = open_task(CATALOGUE, task, Overrides({"imagenet_v2_multilabel": file}))
    folders, refined = case.labels.sets
    assert {each: set(folders.labels[each]) for each in case.image_ids} == {
        "aa11": {0}, "bb22": {1}, "cc33": {10}
    }  # fmt: skip
    assert {each: refined.labels.get(each) for each in case.image_ids} == {
        "aa11": {0, 1}, "bb22": None, "cc33": None
    }  # fmt: skip


def test_food101(tmp_path: Path) -> None:
    """A list of paths without suffix."""
    root = images(tmp_path / "images", ["cheesecake/1.jpg", "cheese_plate/2.jpg", "pho/3.jpg"])
    split = tmp_path / "test.txt"
    split.write_text("cheesecake/1\ncheese_plate/2\n")
    case = opened("food101_cw", f"dataset_path={root}", f"ids={split}")
    assert found(case) == {"1": "cheesecake", "2": "cheese plate"}


@pytest.mark.parametrize("packed", [False, True])
def test_aircraft(tmp_path: Path, packed: bool) -> None:
    """A list of images and labels, both of which may hold signs; plain or gzipped."""
    root = images(tmp_path / "images", ["0034309.jpg", "0034958.jpg", "0037511.jpg"])
    text = "0034309 F-16A/B\n0037511 BAE 146-200\n"
    path = tmp_path / ("test.txt.gz" if packed else "images_variant_test.txt")
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    case = opened("fgvc_aircraft_cw", f"dataset_path={root}", f"ids={path}", labels=path)
    assert found(case) == {"0034309": "F-16A/B", "0037511": "BAE 146-200"}


def test_pets(tmp_path: Path) -> None:
    """The name of the file has the breed; the numbers beside it are left alone."""
    root = images(tmp_path / "images", ["Abyssinian_201.jpg", "great_pyrenees_1.jpg"])
    path = tmp_path / "test.txt"
    path.write_text("Abyssinian_201 1 1 1\ngreat_pyrenees_1 16 2 10\n")
    case = opened("oxford_pets_cw", f"dataset_path={root}", f"ids={path}", labels=path)
    assert found(case) == {"Abyssinian_201": "Abyssinian", "great_pyrenees_1": "Great Pyrenees"}


def test_flowers(tmp_path: Path) -> None:
    """MATLAB files with numbers from 1, and the numbers of the test images."""
    root = images(tmp_path / "jpg", [f"image_{each:05}.jpg" for each in (1, 2, 3)])
    labels, split = tmp_path / "imagelabels.mat", tmp_path / "setid.mat"
    savemat(labels, {"labels": np.array([[77, 102, 1]], dtype=np.uint8)})
    savemat(split, {"tstid": np.array([[1, 3]]), "trnid": np.array([[2]])})
    case = opened("flowers102_cw", f"dataset_path={root}", f"ids={split}", labels=labels)
    assert found(case) == {"image_00001": "passion flower", "image_00003": "pink primrose"}


def test_cars(tmp_path: Path) -> None:
    root = images(tmp_path / "cars_test", ["00001.jpg", "00002.jpg"])
    rows = np.array([("00001.jpg", 196), ("00002.jpg", 1)], dtype=[("fname", "O"), ("class", "i4")])
    path = tmp_path / "cars_test_annos_withlabels.mat"
    savemat(path, {"annotations": rows})
    case = opened("stanford_cars_cw", f"dataset_path={root}", labels=path)
    names = {"00001": "smart fortwo Convertible 2012", "00002": "AM General Hummer SUV 2000"}
    assert found(case) == names


def test_cub(tmp_path: Path) -> None:
    names = ["001.Black_footed_Albatross/a.jpg", "100.Brown_Pelican/b.jpg"]
    case = opened("cub200_cw", f"dataset_path={images(tmp_path / 'images', names)}")
    assert found(case) == {"a": "Black footed Albatross", "b": "Brown Pelican"}


@pytest.mark.parametrize(
    ("task", "folders"),
    [
        ("imagenet_sketch_cw", {"n01440764": "tench", "n01443537": "goldfish"}),
        ("imagenet_r_cw", {"n01443537": "goldfish", "n12267677": "acorn"}),
        ("imagenet_a_cw", {"n01498041": "stingray", "n12267677": "acorn"}),
        ("caltech101_cw", {"Faces": "off-center face", "airplanes": "airplane"}),
        ("eurosat_cw", {"SeaLake": "lake or sea", "River": "river"}),
        ("objectnet_cw", {"full_sized_towel": "Bath towel", "t-shirt": "T-shirt"}),
        ("cifar10_cw", {"truck": "truck", "airplane": "airplane"}),
        ("cifar100_cw", {"aquarium_fish": "aquarium fish", "rose": "rose"}),
    ],
)
def test_folders_of_classes(tmp_path: Path, task: str, folders: dict[str, str]) -> None:
    """Files of one name lie in each, so that the paths are the ids."""
    root = images(tmp_path, [f"{each}/x_1.jpg" for each in folders])
    case = opened(task, f"dataset_path={root}", "doc_to_target=label")
    assert found(case) == {f"{folder}/x_1": name for folder, name in folders.items()}


def test_numbered_folders_of_v2_are_class_ids(tmp_path: Path) -> None:
    """In the order of numbers, which torchvision's ImageFolder has in that of texts."""
    root = images(tmp_path, ["0/a.jpeg", "1/b.jpeg", "10/c.jpeg", "2/d.jpeg"])
    case = opened("imagenet_v2_cw", f"dataset_path={root}")
    assert found(case) == dict(a="tench", b="goldfish", c="brambling", d="great white shark")


def test_numbered_folders_of_others_are_refused(tmp_path: Path) -> None:
    root = images(tmp_path, ["0/a.jpeg", "1/b.jpeg", "10/c.jpeg", "2/d.jpeg"])
    with pytest.raises(DataError, match="numbers without names"):
        opened("food101_cw", f"dataset_path={root}")


def test_folders_of_other_classes_are_refused(tmp_path: Path) -> None:
    root = images(tmp_path, ["t-shirt/a.png", "blender/b.png"])
    with pytest.raises(DataError, match="`blender`"):
        opened("objectnet_cw", f"dataset_path={root}")


def test_parquet(tmp_path: Path) -> None:
    """Class numbers with names, in another order than ours, and images without a file name."""
    names = sorted(["horse", "airplane", "cat"], reverse=True)
    features = datasets.Features(
        {"img": datasets.Image(), "label": datasets.ClassLabel(names=names)}
    )
    pictures = [Image.new("RGB", (4, 4), (each, 0, 0)) for each in range(3)]
    rows = {"img": pictures, "label": [0, 1, 2]}
    datasets.Dataset.from_dict(rows, features).to_parquet(tmp_path / "test.parquet")
    case = opened("cifar10_cw", f"dataset_path={tmp_path / 'test.parquet'}")
    assert found(case) == {"000000": "horse", "000001": "cat", "000002": "airplane"}
    with pytest.raises(DataError, match="row_number"):
        opened("cifar10_cw", f"dataset_path={tmp_path / 'test.parquet'}", "doc_to_id=null")


def test_numbers_in_parquet_without_names_are_refused(tmp_path: Path) -> None:
    rows = {"img": [Image.new("RGB", (4, 4))], "label": [3]}
    features = datasets.Features({"img": datasets.Image(), "label": datasets.Value("int64")})
    datasets.Dataset.from_dict(rows, features).to_parquet(tmp_path / "test.parquet")
    with pytest.raises(DataError, match="numbers without names"):
        opened("cifar10_cw", f"dataset_path={tmp_path / 'test.parquet'}")


LISTS = {
    "0001.jpg\n": "no label after the image",
    "0001.jpg 1 2\n": "several numbers after the image",
    "0001.jpg 3\n0002.jpg 5\n": "count from 0 or from 1",
    "0001.jpg 0\n0002.jpg cat\n": "class ids and names",
    "0001.jpg cat\n0001.jpg dog\n": "more than one image",
    "0001.jpg caat\n": "is no class of",
    "": "no labels in it",
}


@pytest.mark.parametrize("text", LISTS)
def test_lists_that_are_refused(tmp_path: Path, text: str) -> None:
    root, path = images(tmp_path / "images", ["0001.jpg", "0002.jpg"]), tmp_path / "list.txt"
    path.write_text(text)
    with pytest.raises(DataError, match=LISTS[text]):
        opened("cifar10_cw", f"dataset_path={root}", labels=path)


@pytest.mark.parametrize(("low", "names"), [(0, ("airplane", "ship")), (1, ("airplane", "truck"))])
def test_numbers_of_a_list_count_from_0_or_from_1(
    tmp_path: Path, low: int, names: tuple[str, str]
) -> None:
    root, path = images(tmp_path / "images", ["1.jpg", "2.jpg"]), tmp_path / "list.txt"
    path.write_text(f"# a list\n1.jpg {low}\n2.jpg {8 if low == 0 else 10}\n")
    case = opened("cifar10_cw", f"dataset_path={root}", labels=path)
    assert found(case) == dict(zip(("1", "2"), names, strict=True))


@pytest.mark.parametrize("data", [b"no MATLAB", pickle.dumps([1])])
def test_files_that_are_no_matlab_files(tmp_path: Path, data: bytes) -> None:
    root, path = images(tmp_path / "images", ["1.jpg", "2.jpg"]), tmp_path / "x.mat"
    path.write_bytes(data)
    with pytest.raises(DataError, match="is no MATLAB file"):
        opened("flowers102_cw", f"dataset_path={root}", labels=path)


def test_a_matlab_file_on_which_scipy_crashes(tmp_path: Path) -> None:
    """One byte of a good file: the table is said to be of a kind that SciPy takes for a pointer."""
    root, path = images(tmp_path / "images", ["1.jpg", "2.jpg"]), tmp_path / "x.mat"
    rows = np.array([("1.jpg", 196), ("2.jpg", 1)], dtype=[("fname", "O"), ("class", "i4")])
    savemat(path, {"annotations": rows})
    data = bytearray(path.read_bytes())
    data[144] = 5
    path.write_bytes(data)
    with pytest.raises(DataError, match="is no MATLAB file"):
        opened("stanford_cars_cw", f"dataset_path={root}", labels=path)


def test_numbers_of_a_matlab_file_that_are_not_whole(tmp_path: Path) -> None:
    root, path = images(tmp_path / "images", ["1.jpg", "2.jpg"]), tmp_path / "x.mat"
    savemat(path, {"labels": np.array([[1.5, 2.0]])})
    with pytest.raises(DataError, match=r"1\.5, where a whole number should stand"):
        opened("flowers102_cw", f"dataset_path={root}", labels=path)


def test_files_that_hold_something_else(tmp_path: Path) -> None:
    root = images(tmp_path / "images", ["1.jpg", "2.jpg"])
    savemat(tmp_path / "x.mat", {"other": [1]})
    with pytest.raises(DataError, match="none of the variables"):
        opened("flowers102_cw", f"dataset_path={root}", labels=tmp_path / "x.mat")
    (tmp_path / "x.txt.gz").write_bytes(gzip.compress(b"1.jpg rose\n")[:-6])
    with pytest.raises(DataError, match="no whole gzip file"):
        opened("flowers102_cw", f"dataset_path={root}", labels=tmp_path / "x.txt.gz")
    (tmp_path / "x.pdf").write_bytes(b"")
    with pytest.raises(UserError, match="no label file by its name"):
        opened("flowers102_cw", f"dataset_path={root}", labels=tmp_path / "x.pdf")


def test_a_list_of_ids_that_names_an_image_twice(tmp_path: Path) -> None:
    root, path = images(tmp_path / "images", ["grid/1.jpg", "grid/2.jpg"]), tmp_path / "list.txt"
    path.write_text("grid/1.jpg\n1.jpg\n")
    with pytest.raises(DataError, match="more than once"):
        opened("dtd_cw", f"dataset_path={root}", f"ids={path}")


def test_a_label_file_takes_the_place_of_the_folders(tmp_path: Path) -> None:
    root, path = images(tmp_path / "images", ["grid/1.jpg", "woven/2.jpg"]), tmp_path / "l.csv"
    path.write_text("image_id,label\n1,woven\n2,woven\n")
    case = opened("dtd_cw", f"dataset_path={root}", labels=path)
    assert found(case) == {"1": "woven", "2": "woven"}


def test_another_number_of_images_is_noted(tmp_path: Path) -> None:
    case = opened("dtd_cw", f"dataset_path={images(tmp_path, ['grid/1.jpg', 'woven/2.jpg'])}")
    notes = [each.text for each in check_data(case, case.image_ids) if each.level == "note"]
    assert any("2 images" in each and "has 1880" in each for each in notes)
