"""The Hugging Face dataset: loaded offline by `datasets`, it says what the runs' files say."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
import pytest
import yaml
from huggingface_hub import (
    DatasetCard,
    eval_result_entries_to_yaml,
    parse_eval_result_entries,
)
from typer.testing import CliRunner

from harness.cli import app
from harness.export.hf.folder import HfOptions, export_hf
from harness.export.hf.tables import columns
from harness.scores.results import Results
from harness.specs.catalogue import Catalogue, own_root
from harness.store.directory import find_runs
from support.imported_runs import N, imported_run

CONFIGS = ("predictions", "labels", "classes", "scores")
OTHER = "second of two"
RIGHT = ("correct_mini_imgt", "correct_mini_regt")
RUNS = (
    ("first", "mini_cw"),
    ("first", "mini_ow"),
    ("first", "mini_mc_random"),
    (OTHER, "mini_cw"),
    ("ranker", "mini_classify"),
)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("runs")
    for model, task in RUNS:
        answers = ("{}", "bee-like {}") if model == OTHER else ("{}", "a Bee", "", "{}s")
        imported_run(output / task, model, task, ("limit=null",), answers=answers)
    return output


@pytest.fixture(scope="module")
def folder(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("hf") / "data"
    words = ["export", "hf", str(runs), "-o", str(made), "--repo", "me/data", "--license", "mit"]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert f"{len(RUNS)} runs" in done.stdout
    assert "labels `mini_regt`: licence apache-2.0" in done.stdout
    return made


@pytest.fixture(scope="module")
def tables(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[Row]]:
    cache = str(tmp_path_factory.mktemp("cache"))
    assert datasets.get_dataset_config_names(str(folder)) == list(CONFIGS)
    return {
        name: list(datasets.load_dataset(str(folder), name, split="test", cache_dir=cache))
        for name in CONFIGS
    }


def saved(runs: Path) -> Iterator[tuple[Results, list[Row]]]:
    """Read the runs' files as the plain JSON that they are."""
    for path in find_runs(runs):
        lines = (path / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
        results = json.loads((path / "results.json").read_text(encoding="utf-8"))
        yield Results.from_json(results), [json.loads(line) for line in lines]


def whole_n(scores: Iterable[Row]) -> int:
    return max(int(row["n"]) for row in scores if row["model"] == "whole")


def test_a_sample_is_called_one_and_is_on_no_leaderboard(tmp_path: Path) -> None:
    imported_run(tmp_path / "runs", "part", "mini_cw", ("limit=null", "sample.n=40"))
    imported_run(tmp_path / "runs", "first", "mini_cw")  # of a limit
    imported_run(tmp_path / "runs", "whole", "mini_cw", ("limit=null",))
    made = tmp_path / "data"
    export_hf(Catalogue(), [tmp_path / "runs"], made, HfOptions())
    card = (made / "README.md").read_text()
    assert re.search(r"\| part \| mini_cw \| 40, a sample of \d+ images, seed 0 \|", card)
    assert re.search(r"\| first \| mini_cw \| 60, the first ones of \d+ images \|", card)
    scores = pq.read_table(made / "scores" / "scores.parquet").to_pylist()
    chosen = {row["model"]: (row["sample"], row["sample_n"]) for row in scores}
    assert chosen == {"part": ("seed 0", 40), "first": ("the first ones", N), "whole": (None, None)}
    assert {row["sample_of"] for row in scores if row["sample"]} == {whole_n(scores)}
    assert [path.name for path in (made / ".eval_results").iterdir()] == ["whole.yaml"]


def test_predictions_are_those_of_the_runs(tables: Mapping[str, list[Row]], runs: Path) -> None:
    found = {(row["model"], row["task"], row["image_id"]): row for row in tables["predictions"]}
    assert len(found) == len(tables["predictions"])
    n = 0
    for results, rows in saved(runs):
        for row in rows:
            loaded = found[results.model, results.task, row["image_id"]]
            assert loaded["protocol"] == results.protocol
            assert {key: loaded[key] for key in row} == row
            others = loaded.keys() - row.keys() - {"model", "task", "protocol", "class_list"}
            others -= {"class_name", "option_names", "top_names", *RIGHT}
            assert all(loaded[key] in (None, []) for key in others)
            n += 1
    assert n == len(found) > 4 * N * 0.9


def test_columns_are_typed_and_told_in_the_card(
    folder: Path, tables: Mapping[str, list[Row]], tmp_path: Path
) -> None:
    card = (folder / "README.md").read_text(encoding="utf-8")
    meanings = columns(["mini_imgt", "mini_regt"])
    for config in CONFIGS:
        assert list(tables[config][0]) == list(meanings[config])
        assert all(f"| `{column}` |" in card for column in meanings[config])
    loaded = datasets.load_dataset(str(folder), split="test", cache_dir=str(tmp_path))
    kinds = {name: getattr(feature, "dtype", None) for name, feature in loaded.features.items()}
    assert kinds["class_id"] == "int64" and kinds["similarity"] == kinds["cost"] == "float64"
    assert loaded.features["top_scores"].feature.dtype == "float64"
    assert loaded.features["options"].feature.dtype == "int64"


def test_accuracy_can_be_counted_again(tables: Mapping[str, list[Row]], runs: Path) -> None:
    """As the card says, with nothing of the harness: equal to `scores` and to `results.json`."""
    counts_as = {row["class_id"]: row["counts_as"] for row in tables["classes"]}
    assert any(key != value for key, value in counts_as.items()), "two classes of mini are one"
    labels = {
        (row["label_set"], row["image_id"]): {counts_as[each] for each in row["class_ids"]}
        for row in tables["labels"]
    }
    scores = [row for row in tables["scores"] if row["metric"] == "accuracy"]
    for row in scores:
        scored = [
            (each, ids)
            for each in tables["predictions"]
            if (each["model"], each["task"]) == (row["model"], row["task"])
            and (ids := labels[row["label_set"], each["image_id"]])
        ]
        right = sum(
            not ids.isdisjoint(counts_as[given] for given in (each["class_id"], *each["also"]))
            for each, ids in scored
            if counts(row["protocol"], each)
        )
        assert row["n"] == len(scored) > 0
        assert row["value"] == round(100 * right / len(scored), 4)
        assert row["ci_low"] <= row["value"] <= row["ci_high"]
    expected = {
        (results.model, results.task, protocol, label_set): score.accuracy
        for results, _ in saved(runs)
        for protocol, by_labels in results.scores.items()
        for label_set, score in by_labels.items()
    }
    key = ("model", "task", "protocol", "label_set")
    assert {tuple(row[each] for each in key): row["value"] for row in scores} == expected
    assert len({*expected.values()}) > 4, "the runs differ"


def counts(protocol: str, row: Row) -> bool:
    """Whether an answer counts under a protocol, as the card says."""
    if protocol in ("ow", "classify"):
        return row["class_id"] is not None
    mapped = row["status"] == "oop" and row["rule"] == "mapped"
    return row["status"] == "ok" or (protocol == "cw_plus" and mapped)


def test_labels_are_sets_with_names(tables: Mapping[str, list[Row]]) -> None:
    names = {row["class_id"]: row["name"] for row in tables["classes"]}
    assert {row["label_set"]: row["original"] for row in tables["labels"]} == {
        "mini_imgt": True,
        "mini_regt": False,
    }
    assert all(
        row["names"] == [names[each] for each in row["class_ids"]] for row in tables["labels"]
    )
    sizes = {len(row["class_ids"]) for row in tables["labels"]}
    assert {0, 1, 2} <= sizes, "an image may have no class, and several"
    order = [(row["label_set"], row["image_id"]) for row in tables["labels"]]
    assert order == sorted(order)


def test_every_figure_has_its_denominator(tables: Mapping[str, list[Row]], runs: Path) -> None:
    found = {
        tuple(row[key] for key in ("model", "task", "protocol", "label_set", "metric")): row
        for row in tables["scores"]
    }
    assert len(found) == len(tables["scores"])
    for results, rows in saved(runs):
        here = (results.model, results.task)
        regt = results.scores[results.protocol]["mini_regt"]
        both = (*here, results.protocol, "mini_regt")
        checks = {
            (*both, "accuracy_empty_correct"): (regt.accuracy_empty_correct, regt.n + regt.n_empty),
            (*both, "mean_per_class"): (regt.mean_per_class, regt.n_classes),
            (*both, "accuracy_M"): (regt.groups["M"].accuracy, regt.groups["M"].n),
            (*here, results.protocol, None, "share_ok"): (results.shares["ok"], len(rows)),
        }
        change = results.changes["mini_imgt->mini_regt"]
        checks[*here, results.protocol, "mini_imgt->mini_regt", "change"] = (change.delta, change.n)
        for key, expected in checks.items():
            assert (found[key]["value"], found[key]["n"]) == expected
        digest = results.label_sets["mini_regt"].digest
        assert found[*both, "accuracy"]["label_set_sha256"] == digest
        assert found[*both, "accuracy"]["harness_version"]
    metrics = {row["metric"] for row in tables["scores"]}
    assert {"oop_strict", "mapped_share", "accuracy_of_mapped", "chance", "top5"} <= metrics


def test_figures_by_matching_are_those_of_the_results(
    tables: Mapping[str, list[Row]], runs: Path
) -> None:
    found = {
        tuple(row[key] for key in ("model", "task", "protocol", "label_set", "metric")): row
        for row in tables["scores"]
    }
    n = 0
    for results, rows in saved(runs):
        here = (results.model, results.task)
        for how in ("strict", "normalized"):
            if results.protocol in ("ow", "classify"):
                key = (*here, results.protocol, None, f"oop_{how}")
                assert key not in found
                continue
            out = found[*here, results.protocol, None, f"oop_{how}"]
            assert (out["value"], out["n"]) == (results.out_share(how), len(rows))
            for protocol, by_labels in results.scores.items():
                for name, score in by_labels.items():
                    row = found[*here, protocol, name, f"accuracy_{how}"]
                    assert (row["value"], row["n"]) == (score.accuracy_by(how), score.n)
                    n += 1
    assert n >= 8


def test_the_hub_reads_the_card(folder: Path) -> None:
    card = DatasetCard.load(folder / "README.md", ignore_metadata_errors=False)
    front = card.data.to_dict()
    assert front["license"] == ["apache-2.0", "mit"]
    assert front["size_categories"] == ["1K<n<10K"]
    assert [each["config_name"] for each in front["configs"]] == list(CONFIGS)
    assert "mllm-classification-harness" in front["tags"]
    for model, task in RUNS:
        assert f"| {model} | {task} |" in card.text
    assert 'load_dataset("me/data", "predictions", split="test")' in card.text


def test_the_hub_reads_the_results(folder: Path, tables: Mapping[str, list[Row]]) -> None:
    """By the hub's own reader; the leaderboards that they name are those of `eval.yaml`."""
    about = yaml.safe_load((folder / "eval.yaml").read_text(encoding="utf-8"))
    assert set(about) == {"name", "description", "evaluation_framework", "tasks"}
    assert all(set(task) == {"id", "config", "split"} for task in about["tasks"])
    found = {}
    for path in sorted((folder / ".eval_results").iterdir()):
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        entries = parse_eval_result_entries(raw)
        assert eval_result_entries_to_yaml(entries) == raw, "no key that the hub does not know"
        for entry in entries:
            assert entry.dataset_id == "me/data"
            assert entry.source_url == "https://huggingface.co/datasets/me/data"
            assert isinstance(entry.date, str)
            found[path.stem, entry.task_id] = entry.value
    assert {task for _, task in found} == {task["id"] for task in about["tasks"]}
    expected = {
        (plain(row["model"]), f"{row['task']}/{row['protocol']}/{row['label_set']}"): row["value"]
        for row in tables["scores"]
        if row["metric"] == "accuracy"
    }
    assert found == expected


def plain(name: str) -> str:
    """Give the file name of a model."""
    return name.replace("/", "_").replace(" ", "_")


def test_the_same_runs_give_the_same_bytes(folder: Path, runs: Path, tmp_path: Path) -> None:
    again = tmp_path / "data"
    again.mkdir()  # an empty folder is taken
    options = HfOptions(repo="me/data", license="mit")
    export_hf(Catalogue(), [*reversed(find_runs(runs)), runs], again, options)
    assert files(again) == files(folder)


@pytest.mark.slow
def test_nothing_tells_of_the_machine(folder: Path, runs: Path) -> None:
    for path, content in files(folder).items():
        for secret in (str(runs), str(own_root())):
            assert secret.encode() not in content, path
    texts = [*strings(tables_of(folder))]
    assert texts
    assert not [text for text in texts if str(own_root()) in text or str(runs) in text]


def tables_of(folder: Path) -> Iterator[Row]:
    import pyarrow.parquet as pq

    for path in folder.rglob("*.parquet"):
        yield from pq.read_table(path).to_pylist()


def strings(rows: Iterable[Row]) -> Iterator[str]:
    return (value for row in rows for value in row.values() if isinstance(value, str))


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
