"""`harness new` on every form of a labelled data set, made of small pictures."""

import json
import shlex
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import datasets
import pytest
import yaml
from PIL import Image

from harness.checks.before import check_task
from harness.data.opened import open_task
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.load import load_task
from support.command import Said, harness

CLASSES = {"black_bear": 3, "cat": 2, "Dog": 2}
TASKS = ("ow", "mc", "cw", "cw_plus", "classify")


def paint(path: Path, level: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), (level, 0, 0)).save(path)
    return path


def pictures(folder: Path, classes: Mapping[str, int] = CLASSES) -> list[tuple[str, str]]:
    """Paint images in a folder for each class; give path and class of each."""
    made = []
    for level, name in enumerate(classes):
        for number in range(classes[name]):
            path = f"{name}/{name[0]}{number}.png"
            paint(folder / path, 20 * level + number)
            made.append((path, name))
    return made


def table(folder: Path) -> datasets.Dataset:
    made = pictures(folder)
    names = sorted(CLASSES)
    rows = {
        "image": [str(folder / path) for path, _ in made],
        "label": [names.index(name) for _, name in made],
    }
    return datasets.Dataset.from_dict(
        rows,
        features=datasets.Features(
            {"image": datasets.Image(), "label": datasets.ClassLabel(names=names)}
        ),
    )


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def new(*words: object) -> Said:
    said = harness("new", *words)
    assert said.code == 0, said.text
    assert max(map(len, said.stdout.splitlines())) <= 80
    return said


def refused(*words: object) -> str:
    said = harness("new", *words, "-o", "specs")
    assert said.code == 2, said.text
    assert not Path("specs").exists()
    return said.stderr


def names_by_image(
    name: str, specs: str = "specs", tasks: tuple[str, ...] = ("mc",)
) -> dict[str, set[str]]:
    """Give image id to names of classes, as the tasks have them; their checks must be green."""
    catalogue = Catalogue((Path(specs),))
    written = [task for task in tasks if f"{name}_{task}" in catalogue.names(Kind.TASK)]
    for task in written:
        findings = check_task(catalogue, f"{name}_{task}")
        assert [each for each in findings if each.level == "error"] == []
    opened = open_task(catalogue, load_task(catalogue, f"{name}_cw"))
    (labels,) = opened.labels.sets
    assert labels.original
    assert set(labels.labels) == set(opened.source.ids)
    by_id = opened.classes.by_id
    return {image: {by_id[each].name for each in ids} for image, ids in labels.labels.items()}


EXPECTED = {
    **{f"b{number}": {"black bear"} for number in range(3)},
    **{f"c{number}": {"cat"} for number in range(2)},
    **{f"D{number}": {"Dog"} for number in range(2)},
}


def folders(place: Path) -> str:
    pictures(place / "photos")
    return "photos"


def of_csv(place: Path) -> str:
    lines = [f"images/{path.split('/')[1]};{name}" for path, name in pictures(place / "made")]
    for path in sorted((place / "made").rglob("*.png")):
        (place / "photos" / "images").mkdir(parents=True, exist_ok=True)
        shutil.move(path, place / "photos" / "images" / path.name)
    (place / "photos" / "labels.csv").write_text("\n".join(["Filename;Category", *lines]))
    return "photos"


def of_metadata_csv(place: Path) -> str:
    lines = [f"{path},{name}" for path, name in pictures(place / "photos")]
    (place / "photos" / "metadata.csv").write_text("\n".join(["file_name,label", *lines]))
    return "photos"


def of_metadata_jsonl(place: Path) -> str:
    rows = [{"file_name": path, "label": name} for path, name in pictures(place / "photos")]
    (place / "photos" / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return "photos/metadata.jsonl"


def of_parquet(place: Path) -> str:
    (place / "photos").mkdir()
    table(place / "made").to_parquet(place / "photos" / "train-00000-of-00001.parquet")
    return "photos"


def of_parquet_file(place: Path) -> str:
    names = sorted(CLASSES)
    held = table(place / "made").cast_column("label", datasets.Value("int64"))
    texts = held.map(lambda row: {"class_name": names[row["label"]]}).remove_columns("label")
    texts.to_parquet(place / "photos.parquet")
    return "photos.parquet"


@pytest.mark.parametrize(
    "form",
    [folders, of_csv, of_metadata_csv, of_metadata_jsonl, of_parquet, of_parquet_file],
)
def test_every_form_gives_the_same_tasks(place: Path, form: Callable[[Path], str]) -> None:
    said = new(form(place), "-o", "specs")
    assert names_by_image("photos", tasks=TASKS) == EXPECTED
    assert "→ black bear" in said.stdout and "3, of 2 to 3 images each" in said.stdout
    classes = yaml.safe_load(Path("specs/classes.yaml").read_text())["classes"]
    assert [each["name"] for each in classes] == ["Dog", "black bear", "cat"]  # as `datasets` sorts
    assert classes[1]["aliases"] == ["black_bear"]
    assert "harness check photos_cw --include_path specs" in said.stdout


def test_the_commands_that_it_prints_can_be_typed(place: Path) -> None:
    """docs/new_dataset.md and its test run the second one."""
    pictures(place / "photos")
    said = new("photos", "-o", "my specs", "--name", "northern beasts")
    lines = said.stdout.replace(" \\\n", "").splitlines()
    commands = [shlex.split(line) for line in lines if line.startswith("  harness")]
    task = "northern beasts_cw"
    assert commands == [
        ["harness", "check", task, "--include_path", "my specs"],
        *(
            ["harness", "run", "--tasks", task, *model, "--include_path", "my specs"]
            for model in (["--model", "mini", "--limit", "20"], ["--model", "MODEL"])
        ),
    ]
    assert harness(*commands[0][1:]).code == 0


def test_one_of_several_splits_is_asked_for(place: Path) -> None:
    pictures(place / "photos" / "train")
    pictures(place / "photos" / "val", {"cat": 1, "Dog": 1})
    assert "such as `--split val`" in refused("photos")
    assert "no such folder of images" in refused("photos", "--split", "tests")
    new("photos", "-o", "specs", "--split", "val")
    assert names_by_image("photos") == {"c0": {"cat"}, "D0": {"Dog"}}


def test_one_of_several_splits_of_a_table(place: Path) -> None:
    both = table(place / "made")
    parts = datasets.DatasetDict({"train": both.select([0, 3]), "test": both.select([1, 4])})
    parts.save_to_disk(place / "saved")
    assert "has 2 splits: `train`, `test`" in refused("saved")
    assert "no such split" in refused("saved", "--split", "val")
    new("saved", "-o", "specs", "--split", "test")
    assert names_by_image("saved") == {"b1": {"black bear"}, "c1": {"cat"}}


def test_a_split_without_classes_is_not_proposed(place: Path) -> None:
    pictures(place / "photos" / "train")
    paint(place / "photos" / "test" / "1.png", 200)
    assert "such as `--split train`" in refused("photos")
    new("photos", "-o", "specs", "--split", "train")
    assert names_by_image("photos") == EXPECTED


def test_a_class_named_as_a_split_is_a_class(place: Path) -> None:
    pictures(place / "photos", {"train": 2, "bus": 2})
    new("photos", "-o", "specs")
    assert names_by_image("photos")["t0"] == {"train"}


def test_splits_without_class_folders_are_no_classes(place: Path) -> None:
    pictures(place / "photos", {"train": 2, "test": 2})
    assert "2 splits" in refused("photos")
    assert "in no folder of a class" in refused("photos", "--split", "test")


def test_numbers_are_no_names(place: Path) -> None:
    pictures(place / "photos", {"0": 1, "1": 1, "10": 1, "2": 1})
    said = refused("photos", "--name", "x")
    assert "asked whether it sees `0`\n  got: 0, 1, 2, 10\n" in said
    assert "fix: harness new photos -o specs --name x --names FILE" in said
    (place / "names.txt").write_text("ant\nbee\ncow\ndog\n")
    new("photos", "-o", "specs", "--names", "names.txt")
    found = names_by_image("photos")
    assert found["10/10"] == {"dog"}
    assert sorted(name for names in found.values() for name in names) == [
        "ant",
        "bee",
        "cow",
        "dog",
    ]


@pytest.mark.parametrize(
    ("numbers", "lines", "expected"),
    [
        (["1", "3"], 4, {"1": "name1", "3": "name3"}),
        (["1", "4"], 4, {"1": "name0", "4": "name3"}),
        (["5", "17"], 2, {"5": "name0", "17": "name1"}),
    ],
)
def test_how_numbers_mean_lines(
    place: Path, numbers: list[str], lines: int, expected: dict[str, str]
) -> None:
    for level, number in enumerate(numbers):
        paint(place / "photos" / number / f"i{number}.png", level)
    (place / "names.txt").write_text("".join(f"name{line}\n" for line in range(lines)))
    new("photos", "-o", "specs", "--names", "names.txt")
    assert names_by_image("photos") == {f"i{k}": {name} for k, name in expected.items()}


def test_names_that_do_not_fit(place: Path) -> None:
    pictures(place / "photos", {"0": 1, "7": 1})
    (place / "names.txt").write_text("ant\nbee\ncow\n")
    assert "3 names for 2 classes" in refused("photos", "--names", "names.txt")
    pictures(place / "words", {"cat": 1, "dog": 1})
    (place / "names.txt").write_text("dog\ncat\n")
    assert "`dog` is class 0 here and class 1" in refused("words", "--names", "names.txt")
    assert "the classes are folders" in refused("words", "--label", "breed")
    pictures(place / "twice", {"7": 1, "07": 1})
    assert "several classes are the number 7" in refused("twice", "--names", "names.txt")
    (place / "names.txt").write_text("Katze\nHund\n")
    new("words", "-o", "specs", "--names", "names.txt")
    assert names_by_image("words") == {"c0": {"Katze"}, "d0": {"Hund"}}


def test_wordnet_ids_have_imagenets_names(place: Path) -> None:
    pictures(place / "photos", {"n01440764": 1, "n01443537": 1, "n02085620-Chi_hua": 1})
    said = new("photos", "-o", "specs")
    text = " ".join(said.stdout.split())
    assert "3 classes by WordNet ids; their names are those of `imagenet1k`" in text
    classes = yaml.safe_load(Path("specs/classes.yaml").read_text())["classes"]
    assert [each["name"] for each in classes] == ["tench", "goldfish", "Chi hua"]
    assert [each["wnid"] for each in classes] == ["n01440764", "n01443537", "n02085620"]
    pictures(place / "other", {"n01440764": 1, "n99999999": 1})
    shutil.rmtree("specs")
    assert "1 class without a name\n  got: `n99999999`" in refused("other")


def test_numbers_in_front_of_names_are_left_out(place: Path) -> None:
    pictures(place / "photos", {"1.Black_footed_Albatross": 1, "2.Crow": 1, "10.Owl": 1})
    new("photos", "-o", "specs")
    classes = yaml.safe_load(Path("specs/classes.yaml").read_text())["classes"]
    assert [each["name"] for each in classes] == ["Black footed Albatross", "Crow", "Owl"]


def test_a_long_list_is_a_file_of_names(place: Path) -> None:
    pictures(place / "photos", {f"c{number:02}": 1 for number in range(60)})
    said = new("photos", "-o", "specs")
    assert said.stdout.count("→") == 10 and "… and 50 more" in said.stdout
    assert len(Path("specs/names.txt").read_text().splitlines()) == 60


def test_what_is_odd_is_counted_and_said(place: Path) -> None:
    pictures(place / "photos", {"cat": 2, "Cat ": 2, "dog": 1})
    (place / "photos" / "empty").mkdir()
    (place / "photos" / "notes.txt").write_text("x")
    (place / "photos" / "dog" / ".hidden").write_text("x")
    shutil.copy(place / "photos" / "cat" / "c0.png", place / "photos" / "dog" / "copy.png")
    paint(place / "photos" / "stray.png", 200)
    text = " ".join(new("photos", "-o", "specs").stdout.split())
    assert "1 name of several classes (`Cat` of class 0" in text
    assert "1 folder without images is no class: `empty`" in text
    assert "files passed over: 1 (hidden), 1 (suffix .txt)" in text
    assert "1 image with the same bytes as another" in text and "1 of these groups under" in text
    assert "1 image without a label, not asked about: `stray`" in text
    assert "stray" not in names_by_image("photos")


def test_rows_of_a_csv_that_are_odd(place: Path) -> None:
    for number in range(4):
        paint(place / "photos" / f"{number}.png", number)
    text = "path\tclass\n0.png\tcat\n1.png\tdog\n1.png\tdog\n2\t\ngone.png\tcat\n3.png\tcat; dog\n"
    (place / "photos" / "labels.tsv").write_text(text)
    said = " ".join(new("photos", "-o", "specs").stdout.split())
    assert "1 row of images that are not there: `gone.png`" in said
    assert "1 row without a label" in said and "1 row that repeat an earlier one" in said
    assert names_by_image("photos") == {"0": {"cat"}, "1": {"dog"}, "3": {"cat", "dog"}}
    assert "no multiple choice" in said and not Path("specs/photos_mc.yaml").exists()


def test_paths_of_a_csv_that_begin_above_the_folder(place: Path) -> None:
    for number in range(2):
        paint(place / "photos" / f"{number}.png", number)
    text = "path,class\n/home/x/0.png,cat\n/home/x/1.png,dog\n"
    (place / "photos" / "labels.csv").write_text(text)
    said = " ".join(new("photos", "-o", "specs").stdout.split())
    assert "begin with `/home/x/`, which is taken for this folder" in said
    assert names_by_image("photos") == {"0": {"cat"}, "1": {"dog"}}
    shutil.rmtree("specs")
    for other in ("train/1.png", "1.png"):
        (place / "photos" / "labels.csv").write_text(f"path,class\nval/0.png,cat\n{other},dog\n")
        assert "begin above the folder, in several ways" in refused("photos")


def labelled(place: Path, text: str, name: str = "labels.csv") -> None:
    for number in range(2):
        paint(place / "photos" / f"{number}.png", number)
    (place / "photos" / name).write_text(text)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("file_name,colour\n0.png,red\n", "no columns of images and labels"),
        ("file_name,label,class\n0.png,1,cat\n", "2 columns may be that of the labels"),
        ("file_name,label\n7.png,cat\n8.png,dog\n", "none of its 2 rows is of an image"),
        ("file_name,label\n0.png,cat\n0.png,dog\n", "labels.csv:3: a second row for `0.png`"),
        ("file_name,label\n0.png,cat\n1.png\n", "labels.csv:3: fewer cells"),
        ("file_name,label\n0.png,cat\n1.png,7\n", "class ids and names of classes beside"),
        ("file_name,label\n0.png,0\n1.png,1\n", "the labels are numbers"),
        ("file_name,label\n0.png,cat\n1.png,cat\n", "one class only"),
        ("file_name;label\n0.png;1,0\n1.png;2,0\n", "may be decimals with a comma"),
        ("file_name,label\n0.png,12345678901\n1.png,2\n", "the labels are numbers"),
    ],
)
def test_csv_that_is_refused(place: Path, text: str, what: str) -> None:
    labelled(place, text)
    assert what in refused("photos")


def test_a_column_of_another_name_is_chosen(place: Path) -> None:
    labelled(place, "file_name,label,Breed\n0.png,1,pug\n1.png,1,husky\n")
    assert "no column `race`" in refused("photos/labels.csv", "--label", "race")
    new("photos", "-o", "specs", "--label", "Breed")
    assert names_by_image("photos") == {"0": {"pug"}, "1": {"husky"}}


def test_columns_of_other_names_are_chosen(place: Path) -> None:
    labelled(place, "id_code,path,file,diagnosis\n0,x,x,mild\n1,x,x,severe\n")
    assert "no columns of images and labels" in refused("photos")
    given = ["photos/labels.csv", "--label", "diagnosis"]
    assert "2 columns may be that of the images\n  got: path, file" in refused(*given)
    assert "no column `id_cod`\n  fix: did you mean `id_code`?" in refused(
        *given, "--image", "id_cod"
    )
    new("photos", "-o", "specs", "--label", "diagnosis", "--image", "id_code")
    assert names_by_image("photos") == {"0": {"mild"}, "1": {"severe"}}


def test_images_of_a_table_are_chosen(place: Path) -> None:
    made = table(place / "made").rename_column("image", "front")
    paths = [str(paint(place / "backs" / f"{number}.png", number)) for number in range(len(made))]
    both = made.add_column("back", paths).cast_column("back", datasets.Image())
    both.to_parquet(place / "photos.parquet")
    assert "2 columns of images\n  got: front, back" in refused("photos.parquet")
    assert "no column `label` of images" in refused("photos.parquet", "--image", "label")
    new("photos.parquet", "-o", "specs", "--image", "front")
    assert names_by_image("photos")["b0"] == {"black bear"}


def test_one_of_several_splits_of_a_csv(place: Path) -> None:
    text = "file,label,Split\n0.png,cat,train\n1.png,dog,train\n2.png,cat,val\n3.png,dog,val\n"
    labelled(place, text)
    for number in (2, 3):
        paint(place / "photos" / f"{number}.png", number)
    assert "rows of 2 splits: `train`, `val`" in refused("photos")
    assert "there is no such split" in refused("photos", "--split", "test")
    new("photos", "-o", "specs", "--split", "val")
    assert names_by_image("photos") == {"2": {"cat"}, "3": {"dog"}}
    labelled(place, "file,label\n0.png,cat\n1.png,dog\n")
    shutil.rmtree("specs")
    assert "labels.csv has no splits" in refused("photos/labels.csv", "--split", "val")
    assert "labels.csv has no splits" in refused("photos", "--split", "val")


def test_folders_and_a_csv_are_two_answers(place: Path) -> None:
    made = pictures(place / "photos")
    lines = "".join(f"{path},{name}\n" for path, name in made)
    (place / "photos" / "labels.csv").write_text("file,label\n" + lines)
    assert "more than one thing says what the images show" in refused("photos")
    new("photos/labels.csv", "-o", "specs", "--name", "photos")
    assert names_by_image("photos") == EXPECTED


def test_other_things_that_are_refused(place: Path) -> None:
    assert "no such file or folder" in refused("nowhere")
    (place / "void").mkdir()
    assert "no images in it" in refused("void")
    paint(place / "flat" / "1.png", 1)
    assert "nothing says what they show" in refused("flat")
    pictures(place / "photos" / "a")
    paint(place / "photos" / "a" / "cat" / "close" / "x.png", 3)
    assert "images lie in `cat` and in a folder inside it" in refused("photos")
    pictures(place / "twice" / "one", {"bat": 1, "cat": 1})
    pictures(place / "twice" / "two", {"bat": 1})
    assert "2 folders bear the name `bat`" in refused("twice")
    labelled(place / "unread", "file_name,label\n0.png,é\n")
    (place / "unread" / "photos" / "labels.csv").write_bytes(b"file_name,label\n0.png,\xe9\n")
    assert "UTF-8" in refused("unread/photos")


def test_tables_that_are_refused(place: Path) -> None:
    made = table(place / "made")
    made.remove_columns("label").to_parquet(place / "a.parquet")
    assert "no column of labels\n  got: the columns image" in refused("a.parquet")
    made.add_column("category", ["x"] * len(made)).to_parquet(place / "b.parquet")
    assert "2 columns may be that of the labels\n  got: label, category" in refused("b.parquet")
    made.remove_columns("image").to_parquet(place / "c.parquet")
    assert "no column of images" in refused("c.parquet")
    mixed = made.add_column("split", ["train", *["val"] * (len(made) - 1)])
    mixed.to_parquet(place / "e.parquet")
    assert "rows of 2 splits: `train`, `val`" in refused("e.parquet")
    (place / "d.parquet").write_bytes(b"no parquet")
    assert "cannot be loaded" in refused("d.parquet")


def test_a_table_needs_ids_that_are_unique(place: Path) -> None:
    for name in ("cat", "dog"):
        paint(place / "photos" / name / "1.png", len(name))
    held = datasets.load_dataset("imagefolder", data_dir="photos", split="train")
    held.to_parquet(place / "photos.parquet")
    assert 'fix: write a column of unique ids into the table: data.add_column("image_id", ' in (
        refused("photos.parquet")
    )
    held.add_column("image_id", ["a", "b"]).to_parquet(place / "photos.parquet")
    new("photos.parquet", "-o", "specs")
    assert names_by_image("photos") == {"a": {"cat"}, "b": {"dog"}}


def test_json_lines_beside_images_are_a_table(place: Path) -> None:
    for number in range(2):
        paint(place / "photos" / "img" / f"{number}.png", number)
    rows = [{"file_name": f"img/{i}.png", "label": name} for i, name in enumerate(["cat", "dog"])]
    (place / "photos" / "labels.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert "is `labels.jsonl` a table of them? harness new photos/labels.jsonl" in refused("photos")
    new("photos/labels.jsonl", "-o", "specs")
    assert names_by_image("photos") == {"0": {"cat"}, "1": {"dog"}}


def test_an_image_that_cannot_be_read(place: Path) -> None:
    pictures(place / "photos")
    (place / "photos" / "cat" / "c0.png").write_bytes(b"no picture")
    assert "cat/c0.png" in refused("photos")


def test_names_and_places_that_are_taken(place: Path) -> None:
    pictures(place / "photos")
    assert "has a `mini_ow` of its own" in refused("photos", "--name", "mini")
    assert "is no name of a data set" in refused("photos", "--name", "a/b")
    new("photos", "-o", "specs")
    said = harness("new", "photos", "-o", "specs")
    assert said.code == 2 and "is there already, and is not empty" in said.stderr


def test_images_stay_where_they_are_and_the_whole_can_be_moved(place: Path) -> None:
    pictures(place / "set" / "photos")
    before = sorted((place / "set").rglob("*.png"))
    new("set/photos", "-o", "set/specs/own")
    assert yaml.safe_load(Path("set/specs/own/_photos.yaml").read_text())["dataset_path"] == (
        "../../photos"
    )
    assert sorted((place / "set").rglob("*.png")) == before
    shutil.move(place / "set", place / "moved")
    assert names_by_image("photos", "moved/specs/own") == EXPECTED
