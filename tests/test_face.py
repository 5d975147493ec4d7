"""The names that people import, and that they give what the command and the libraries give."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.proportion import proportion_confint

import harness
from harness.answers.outcome import Status
from harness.errors import DataError, UserError
from support.colours import ColourAdapter

NAMES = ["goldfish", "tabby cat", "tiger cat", "lynx"]


def test_the_names_of_the_face() -> None:
    assert harness.__all__ == [
        "Abilities", "Adapter", "Ahead", "Ask", "CLASSIFY", "Failed", "HarnessError",
        "ModelFacts", "OutOfMemoryError", "Request", "Response", "Scores", "Spec", "Text",
        "__version__", "class_bootstrap", "compare", "holm", "load_model", "load_task", "mcnemar",
        "read_answer", "run", "score", "student_t", "tiers", "wilson",
    ]  # fmt: skip
    for name in harness.__all__:
        assert getattr(harness, name).__doc__ or name == "__version__"
    with pytest.raises(AttributeError, match="no `scores_of`"):
        harness.scores_of  # noqa: B018


def test_the_names_that_mypy_sees_are_those_that_are_there(root: Path) -> None:
    text = (root / "harness" / "__init__.py").read_text(encoding="utf-8")
    seen = re.findall(r"^    from ([\w.]+) import (\w+) as \2$", text, flags=re.M)
    assert sorted(seen) == sorted((home, name) for name, home in harness._HOME_OF.items())


def test_statistics_need_no_model_and_no_data_set() -> None:
    code = (
        "import sys, harness; harness.wilson(3, 10); harness.tiers; harness.score\n"
        "heavy = {'torch', 'transformers', 'datasets', 'accelerate', 'sentence_transformers'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_ids_score_as_scikit_learn_scores_them() -> None:
    generator = np.random.default_rng(5)
    true, predicted = generator.integers(10, size=(2, 500))
    found = harness.score(predicted, true).scores["cw"]["labels"]
    assert found is not None and found.n == 500
    assert found.accuracy == pytest.approx(100 * accuracy_score(true, predicted))
    low, high = proportion_confint(found.n_right, 500, method="wilson")
    assert found.ci95 == pytest.approx((100 * low, 100 * high))
    assert harness.wilson(found.n_right, 500) == found.ci95


def test_texts_are_read_as_a_run_reads_them() -> None:
    answers = {"a": "Tabby cat.", "b": "a dog", "c": "", "d": "it is a lynx"}
    labels = {"a": "tabby cat", "b": [1, 2], "c": 0, "d": {"lynx", "goldfish"}, "e": 1}
    results = harness.score(answers, labels, NAMES)
    found = results.scores["cw"]["labels"]
    assert found is not None and (found.n, found.n_right) == (4, 2)
    assert (results.counts["oop"], results.counts["empty"]) == (1, 1)
    assert not results.complete  # nobody answered for e
    read = harness.read_answer("**Tabby cats**", NAMES)
    assert (read.status, read.class_id, read.rule) == (Status.OK, 1, "spelling")
    assert harness.read_answer("B", NAMES, "mc", (3, 1)).class_id == 1


def test_several_label_sets() -> None:
    sets = {"old": {"a": 0, "b": 1}, "new": {"a": [0, 3], "b": []}}
    results = harness.score({"a": 3, "b": 1}, sets, NAMES, original="old", draws=10)
    old, new = (results.scores["cw"][name] for name in ("old", "new"))
    assert old is not None and new is not None
    assert (old.accuracy, new.accuracy, new.n_empty) == (50, 100, 1)
    merged = harness.score({"a": 3, "b": 1}, sets, NAMES, equivalences=[[0, 3]], draws=10)
    assert merged.scores["cw"]["old"].accuracy == 100  # type: ignore[union-attr]


def test_two_models_are_compared_as_statsmodels_does() -> None:
    generator = np.random.default_rng(6)
    true = generator.integers(5, size=300)
    a, b = (np.where(generator.random(300) < share, true, 0) for share in (0.6, 0.7))
    (found,) = harness.compare(a, b, true)
    table = [[found.both_right, found.only_a], [found.only_b, found.both_wrong]]
    assert found.p_mcnemar == pytest.approx(reference_mcnemar(table, exact=True).pvalue)
    assert harness.mcnemar(found.only_a, found.only_b) == found.p_mcnemar
    assert found.delta == pytest.approx(100 * (np.mean(a == true) - np.mean(b == true)))
    assert "`delta` is a less b" in str(harness.compare.__doc__)
    right = np.array([a == true, b == true, true == true])
    assert harness.tiers(right)[2] == 1
    assert min(harness.tiers(right[:2])) == 1


@pytest.mark.parametrize(
    ("answers", "labels", "what"),
    [
        ([1, 2], [1], "2 answers, 1 labels"),
        ([1.7], [1], "neither a whole number nor a text"),
        ([1], [1.0], "neither a whole number nor a text"),
        ([1], np.eye(2, dtype=int), "not a table of 0 and 1"),
        ([1], [9], "a label that is no class"),
        ([1], ["dog"], "a label that is no class"),
        ([9], [1], "a class id that is no class"),
        ({"x": 1}, {"y": 1}, "none of its images"),
    ],
)
def test_what_does_not_fit_is_refused(answers: object, labels: object, what: str) -> None:
    with pytest.raises(DataError, match=what):
        harness.score(answers, labels, NAMES)  # type: ignore[arg-type]


def test_a_label_of_a_name_that_two_classes_bear_is_both() -> None:
    names = ["missile", "lynx", "missile"]
    found = harness.score([0, 2, 1], ["missile", "missile", "lynx"], names, draws=10)
    assert found.scores["cw"]["labels"].n_right == 3  # type: ignore[union-attr]


def test_texts_without_names_are_refused() -> None:
    with pytest.raises(DataError, match="needed for texts"):
        harness.score(["cat"], [1])
    with pytest.raises(DataError, match="no table of models"):
        harness.tiers(np.ones(3, dtype=np.bool_))


def test_a_run_by_name_and_by_class(folder: Path) -> None:
    found = harness.run("colours", ColourAdapter, limit=8, include_path=[folder])
    assert found.complete and found.n == 8
    task = harness.load_task("colours", ["repeats=2"], [folder])
    with pytest.raises(UserError, match="asks several times"):
        harness.run(task, ColourAdapter, include_path=[folder])
    with pytest.raises(UserError, match=r'load_task\("colours", \["limit=8"\]\)'):
        harness.run(task, ColourAdapter, limit=8, include_path=[folder])


def test_a_sample_and_the_images_of_a_file(folder: Path) -> None:
    def run(**part: Any) -> harness.scores.results.Results:
        return harness.run("colours", ColourAdapter, include_path=[folder], **part)

    drawn = run(sample=5).sample
    assert drawn is not None and (drawn.n, drawn.of, drawn.seed) == (5, 12, 0)
    drawn = run(sample={"n": 4, "seed": 3, "stratify": True}).sample
    assert drawn is not None and (drawn.n, drawn.seed, drawn.stratify) == (4, 3, True)
    (folder / "some ids.txt").write_text("i03\ni07\n")
    listed = run(ids=folder / "some ids.txt", output=folder / "runs")
    assert listed.n == 2 and listed.sample is not None and listed.sample.seed is None
    rows = next((folder / "runs").rglob("predictions.jsonl")).read_text().splitlines()
    assert [json.loads(row)["image_id"] for row in rows] == ["i03", "i07"]
    with pytest.raises(UserError, match="one of `limit`, `sample` and `ids`"):
        run(limit=3, sample=5)
    task = harness.load_task("colours", [], [folder])
    with pytest.raises(UserError, match=r'load_task\("colours", \["sample.n=5"\]\)'):
        harness.run(task, ColourAdapter, sample=5, include_path=[folder])


def test_the_example_of_the_readme(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.S)
    exec(compile(code, "README.md", "exec"), {})
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "1" and said[1].startswith("66.66") and said[1].endswith(" 1")
    assert said[2].startswith("33.33") and 0 < float(said[3]) < 100
