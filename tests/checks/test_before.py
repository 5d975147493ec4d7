"""Each check, made to fail."""

from pathlib import Path

from harness.checks.before import Finding, check_class_list, check_model, check_task
from harness.data.opened import open_task
from harness.prompts.plan import make_plan
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from support.colours import write_task


def of(findings: list[Finding], check: str) -> list[Finding]:
    return [each for each in findings if each.check == check]


def errors(findings: list[Finding]) -> set[str]:
    return {each.check for each in findings if each.level == "error"}


def test_a_sound_task_has_no_errors(catalogue: Catalogue) -> None:
    found = check_task(catalogue, "colours")
    assert errors(found) == set()
    assert {each.check for each in found} >= {
        "loads",
        "names",
        "labels",
        "images",
        "prompt",
        "gold",
    }
    assert {each.level for each in found} == {"ok"}


def test_a_file_that_does_not_load(catalogue: Catalogue, folder: Path) -> None:
    write_task(folder, "colour: 1\n")
    assert errors(check_task(catalogue, "colours")) == {"loads"}


def test_colliding_names_are_noted(catalogue: Catalogue, folder: Path) -> None:
    text = (folder / "classes.yaml").read_text().replace("name: blue", "name: Red")
    (folder / "classes.yaml").write_text(text)
    (note,) = of(check_task(catalogue, "colours"), "names")
    assert note.level == "note" and "`red` names classes 0, 2" in note.text
    assert of(check_class_list(catalogue, "colours"), "names")[0].level == "note"


def test_data_that_is_not_there(catalogue: Catalogue, folder: Path) -> None:
    (folder / "images").rename(folder / "moved")
    assert errors(check_task(catalogue, "colours")) == {"opens"}


def test_a_label_set_that_is_not_there_is_noted(catalogue: Catalogue, folder: Path) -> None:
    (folder / "all.jsonl").unlink()
    found = of(check_task(catalogue, "colours"), "labels")
    assert [each.level for each in found] == ["note", "ok"]


def test_labels_of_another_data_set(catalogue: Catalogue, folder: Path) -> None:
    text = (folder / "first.jsonl").read_text().replace(': "i', ': "other')
    (folder / "first.jsonl").write_text(text)
    (folder / "all.jsonl").write_text(text)
    assert "labels" in errors(check_task(catalogue, "colours"))


def test_an_image_that_does_not_decode(catalogue: Catalogue, folder: Path) -> None:
    (folder / "images" / "i01.png").write_bytes(b"no image")
    assert errors(check_task(catalogue, "colours")) == {"images"}


def test_a_gold_answer_that_is_not_read_as_its_class(catalogue: Catalogue, folder: Path) -> None:
    text = (folder / "classes.yaml").read_text()
    (folder / "classes.yaml").write_text(text.replace("name: blue", "name: '<think>'"))
    assert "gold" in errors(check_task(catalogue, "colours"))


def test_no_question_at_all(catalogue: Catalogue, folder: Path) -> None:
    write_task(folder, "distractors: {n_options: 2}\n", protocol="mc")
    text = (folder / "colours.yaml").read_text().replace("classes |", "options |")
    (folder / "colours.yaml").write_text(text)
    for name in ("first", "all"):
        lines = (folder / f"{name}.jsonl").read_text().splitlines()
        emptied = [line.split('"labels"')[0] + '"labels": []}\n' for line in lines]
        (folder / f"{name}.jsonl").write_text("".join(emptied))
    assert "prompt" in errors(check_task(catalogue, "colours"))


def test_the_first_prompt_is_shown_in_full(catalogue: Catalogue) -> None:
    (found,) = of(check_task(catalogue, "colours"), "prompt")
    lead, *lines = found.text.split("\n")
    prompt = make_plan(open_task(catalogue, load_task(catalogue, "colours"))).requests[0].text
    assert [line.removeprefix("|").strip() for line in lines] == prompt.strip().split("\n")
    assert lead == f"the first, {len(prompt)} characters, of `i00`; `|` begins its lines"


def test_of_a_long_prompt_beginning_and_end_are_shown(catalogue: Catalogue, folder: Path) -> None:
    text = (folder / "colours.yaml").read_text()
    (folder / "colours.yaml").write_text(text.replace("<image>", "word " * 1000 + "<image>"))
    (found,) = of(check_task(catalogue, "colours"), "prompt")
    assert len(found.text) < 800 and "characters more" in found.text and "<image>" in found.text


def test_a_model_with_an_unknown_adapter(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("model: m\nadapter: hff\n")
    assert errors(check_model(Catalogue((tmp_path,)), "m")) == {"loads"}
    (tmp_path / "m.yaml").write_text("model: m\nadapter: hf\npretrained: some/where\n")
    assert errors(check_model(Catalogue((tmp_path,)), "m")) == set()


def test_weights_that_are_not_where_the_model_says(tmp_path: Path) -> None:
    for told, level in (("./weights", "error"), ("weights", "error"), ("some/where", "note")):
        (tmp_path / "m.yaml").write_text(f"model: m\nadapter: hf\npretrained: {told}\n")
        (finding,) = of(check_model(Catalogue((tmp_path,)), "m"), "weights")
        assert finding.level == level
    (tmp_path / "some" / "where").mkdir(parents=True)
    (finding,) = of(check_model(Catalogue((tmp_path,)), "m"), "weights")
    assert finding.level == "ok" and str(tmp_path) in finding.text
