"""Runs as records of "Every Eval Ever": valid, true to the results, and no more than is known."""

import hashlib
import importlib.resources
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from statsmodels.stats.proportion import proportion_confint

from export.test_hf_refusals import Own, own, rewrite
from harness.errors import DataError, UserError
from harness.export.eee.folder import export_eee
from harness.export.eee.record import Source
from harness.scores.results import Results
from harness.specs.catalogue import Catalogue
from harness.store.lines import read_json
from support.command import harness
from support.imported_runs import imported_run

__all__ = ["own"]
TASKS = ("mini_classify", "mini_cw", "mini_mc_random", "mini_ow")
SAID = Source("Us", "third_party", "them")
REQUIRED = {
    "schema_version", "evaluation_id", "retrieved_timestamp", "source_metadata", "model_info",
    "eval_library", "evaluation_results",
}  # fmt: skip
REQUIRED_OF_SAMPLES = {
    "schema_version", "evaluation_id", "model_id", "evaluation_name", "sample_id",
    "interaction_type", "input", "output", "answer_attribution", "evaluation",
}  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for task in TASKS:
        imported_run(folder, "m", task)
    return folder


@pytest.fixture(scope="module")
def exported(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "eee"
    export_eee(Catalogue(), [runs], folder, SAID)
    return folder


def record_at(folder: Path, task: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    (path,) = folder.glob(f"data/{task}/*/*/*.json")
    record = json.loads(path.read_text(encoding="utf-8"))
    samples = path.with_name(f"{path.stem}_samples.jsonl")
    if not samples.is_file():
        return record, []
    return record, [json.loads(line) for line in samples.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("task", TASKS)
def test_accuracies_are_those_of_the_results_and_of_the_samples(
    runs: Path, exported: Path, task: str
) -> None:
    record, samples = record_at(exported, task)
    (run,) = runs.rglob(f"{task}/results.json")
    results = Results.from_json(read_json(run))
    right: Counter[str] = Counter()
    of = Counter(each["evaluation_result_id"] for each in samples)
    for each in samples:
        right[each["evaluation_result_id"]] += each["evaluation"]["is_correct"]
    expected = {f"{p}/{name}": s for p, by in results.scores.items() for name, s in by.items()}
    found = {each["evaluation_result_id"]: each for each in record["evaluation_results"]}
    assert found.keys() == expected.keys() == of.keys()
    for name, score in expected.items():
        details = found[name]["score_details"]
        assert (of[name], right[name]) == (score.n, score.n_right) and 0 < score.n_right < score.n
        assert details["score"] == score.n_right / score.n
        low, high = proportion_confint(score.n_right, score.n, method="wilson")
        interval = details["uncertainty"]["confidence_interval"]
        assert (interval["lower"], interval["upper"]) == pytest.approx((low, high), abs=1e-6)
        assert details["uncertainty"]["num_samples"] == score.n
        assert details["details"]["images_chosen"] == "the first ones"


def test_records_and_samples_have_what_is_required_and_name_each_other(exported: Path) -> None:
    for path in exported.glob("data/*/them/m/*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        assert record.keys() >= REQUIRED and len(path.stem) == 36 and path.stem[14] == "4"
        details = record["detailed_evaluation_results"]
        file = exported / details["file_path"]
        assert file == path.with_name(f"{path.stem}_samples.jsonl")
        assert hashlib.sha256(file.read_bytes()).hexdigest() == details["checksum"]
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        assert len(rows) == details["total_rows"] > 0
        for row in rows:
            assert row.keys() >= REQUIRED_OF_SAMPLES and row["output"].keys() >= {"raw"}
            assert row["evaluation_id"] == record["evaluation_id"]
            assert row["model_id"] == record["model_info"]["id"] == "m"
    assert len(list(exported.glob("data/*/them/m/*.json"))) == len(TASKS)


def test_what_is_not_known_of_imported_answers_is_left_out(exported: Path) -> None:
    record, samples = record_at(exported, "mini_cw")
    assert "evaluation_timestamp" not in record
    assert not any("generation_config" in each for each in record["evaluation_results"])
    model = record["model_info"]["additional_details"]
    assert model["deployment_type"] == model["model_availability"] == "unknown"
    assert record["eval_library"]["additional_details"]["answers"] == "imported"
    assert {each["input"]["raw"] for each in samples} == {"<image>"}


def test_a_class_stands_only_where_the_answer_counts_under_the_protocol(exported: Path) -> None:
    _, samples = record_at(exported, "mini_cw")
    read = {
        (each["evaluation_result_id"], each["sample_id"]): each["answer_attribution"]
        for each in samples
    }
    mapped = [each for each in samples if each["metadata"]["rule"] == "mapped"]
    assert mapped
    for each in mapped:
        protocol, label_set = each["evaluation_result_id"].split("/")
        assert bool(each["answer_attribution"]) == (protocol == "cw_plus")
        assert read[f"cw/{label_set}", each["sample_id"]] == []
    for each in samples:
        named = {part["extracted_value"] for part in each["answer_attribution"]}
        if named & set(each["input"]["reference"]):
            assert each["evaluation"]["is_correct"]
        assert each["output"]["raw"] or not named
    _, samples = record_at(exported, "mini_classify")
    assert all(each["output"]["raw"] == [] for each in samples)
    _, samples = record_at(exported, "mini_mc_random")
    assert all(len(each["input"]["choices"]) == 4 for each in samples)


def test_what_is_known_of_a_model_that_was_asked(tmp_path: Path) -> None:
    run = imported_run(tmp_path / "runs", "m", "mini_cw")
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["model_facts"] = {"kind": "mllm", "device": "cuda:0", "revision": "abc"}
    manifest["versions"]["transformers"] = "5.0"
    identity = manifest["identity"]
    identity["model"] = {"model": "m", "adapter": "hf", "pretrained": "owner/name"}
    rewrite(run / "manifest.json", **manifest)
    export_eee(Catalogue(), [run], tmp_path / "new", Source(developer="them"))
    record, samples = record_at(tmp_path / "new", "mini_cw")
    assert (tmp_path / "new" / "data" / "mini_cw" / "owner" / "name").is_dir()
    model = record["model_info"]
    assert (model["id"], model["name"], "developer" in model) == ("owner/name", "m", False)
    assert model["inference_engine"] == {"name": "transformers", "version": "5.0"}
    assert model["additional_details"]["deployment_type"] == "self_deployed"
    asked = record["evaluation_results"][0]["generation_config"]["generation_args"]
    assert asked == {"prompt_template": samples[0]["input"]["raw"], "max_tokens": 16}
    assert record["evaluation_timestamp"] == manifest["ended"]


def test_labels_that_may_not_be_passed_on(own: Own, tmp_path: Path) -> None:
    where = ("--include_path", tmp_path / "own")
    said = harness("export", "eee", own.run, *where, "-o", tmp_path / "here")
    assert said.code == 0, said.stderr
    assert "labels `gated`: for local use alone: no licence" in said.stdout
    assert "not known: --organization; instead stands `unknown`" in said.stdout
    said = harness("export", "eee", own.run, *where, "-o", tmp_path / "all", "--pass_on")
    assert "labels `gated`: left out: no licence that allows to pass it on" in said.stdout
    for folder, names in (("here", {"mini_imgt", "given", "gated", "file"}),
                          ("all", {"mini_imgt", "given"})):  # fmt: skip
        record, samples = record_at(tmp_path / folder, "own")
        found = {each["evaluation_result_id"].split("/")[1] for each in samples}
        assert found == names
        assert len(record["evaluation_results"]) == 8, "accuracies are passed on"


def test_without_samples_there_is_no_file_and_no_reference(tmp_path: Path, own: Own) -> None:
    (tmp_path / "own" / "task.yaml").write_text(
        (tmp_path / "own" / "task.yaml").read_text().replace("[mini_imgt, given, ", "[")
    )
    run = imported_run(tmp_path / "less", "one", "own", catalogue=own.catalogue)
    export_eee(own.catalogue, [run], tmp_path / "new", SAID, is_local=False)
    record, samples = record_at(tmp_path / "new", "own")
    assert "detailed_evaluation_results" not in record and samples == []
    assert not list((tmp_path / "new").rglob("*.jsonl"))


def test_what_is_refused_leaves_nothing(tmp_path: Path) -> None:
    run = imported_run(tmp_path / "runs", "m", "mini_cw")
    with pytest.raises(UserError, match="--developer: is no name of a folder"):
        export_eee(Catalogue(), [run], tmp_path / "new", Source(developer="../us"))
    results = json.loads((run / "results.json").read_text())
    results["scores"]["cw"]["mini_imgt"]["n_right"] += 1
    rewrite(run / "results.json", **results)
    with pytest.raises(DataError, match="are not of its predictions"):
        export_eee(Catalogue(), [run], tmp_path / "new", SAID)
    assert {each.name for each in tmp_path.iterdir()} == {"runs"}


@pytest.mark.parametrize("task", TASKS)
def test_the_schema_takes_them(exported: Path, task: str) -> None:
    """Where the package with the schema is installed, which needs Python 3.12."""
    pytest.importorskip("every_eval_ever")
    from jsonschema import Draft7Validator

    schemas = importlib.resources.files("every_eval_ever") / "schemas"
    record, samples = record_at(exported, task)
    for name, values in (("eval", [record]), ("instance_level_eval", samples)):
        schema = json.loads((schemas / f"{name}.schema.json").read_text(encoding="utf-8"))
        for value in values:
            Draft7Validator(schema).validate(value)
