"""What a mapped closed world keeps beside the class that was read, for closer matching."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.data.labels.of_task import NO_OVERRIDES
from harness.runs.importing import ImportOptions, import_answers
from harness.runs.reopen import rescore
from harness.scores.results import MATCHINGS, Results
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.store.directory import RunDirectory
from harness.store.lines import read_predictions
from harness.store.prediction import Prediction
from support.colours import NAMES, N

LABELS = "colours_first"


def imported(catalogue: Catalogue, answers: dict[int, str], *settings: str) -> tuple[Path, Results]:
    """Import right answers, but for those given."""
    folder = catalogue.include_paths[0]
    path = folder / "answers.jsonl"
    texts = [answers.get(place, NAMES[place % 4]) for place in range(N)]
    rows = [{"image_id": f"i{place:02d}", "answer": text} for place, text in enumerate(texts)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ImportOptions("given", folder / "runs", fresh=True, settings=settings)
    task = load_task(catalogue, "colours", settings)
    finished = import_answers(catalogue, task, path, options)
    assert finished.results is not None
    return finished.path, finished.results


def rows_of(path: Path) -> list[Prediction]:
    return list(read_predictions(path / "predictions.jsonl"))


def accuracies(results: Results, protocol: str = "cw_plus") -> Sequence[float | None]:
    score = results.scores[protocol][LABELS]  # type: ignore[index]
    return [score.accuracy_by(matching) for matching in MATCHINGS]


LOOSE = {0: "reddish", 1: "Green.", 2: "Answer: blue"}


def test_names_that_are_not_strictly_one_are_mapped_beside_their_class(
    catalogue: Catalogue,
) -> None:
    path, results = imported(catalogue, LOOSE)
    rows = rows_of(path)
    assert [row.nearest for row in rows[:4]] == [(), (1,), rows[2].nearest, ()]
    assert len(rows[2].nearest) == 1
    assert [row.class_id for row in rows[1:3]] == [1, 2]  # as they were read
    assert (rows[0].rule, rows[0].class_id) == ("mapped", 0)
    assert results.mapping is not None and results.mapping.n_mapped == 1
    strict = 100 * (N - 1 + (rows[2].nearest == (2,))) / N
    assert accuracies(results) == [strict, strict, 100.0, 100.0]
    assert accuracies(results, "cw") == [100 * (N - each) / N for each in (3, 2, 1, 1)]


def test_a_closed_world_with_nothing_to_map_needs_no_encoder(catalogue: Catalogue) -> None:
    path, results = imported(catalogue, {1: "Green."})
    assert (results.mapping, set(results.scores)) == (None, {"cw"})
    assert not any(row.nearest for row in rows_of(path))
    path, results = imported(catalogue, {1: "Green."}, "protocol=cw_plus")
    assert rows_of(path)[1].nearest == (1,)
    assert accuracies(results) == [100.0] * 4


def test_rows_that_lack_what_they_would_be_mapped_to_are_mapped_again(
    catalogue: Catalogue,
) -> None:
    path, results = imported(catalogue, LOOSE)
    rows = rows_of(path)
    RunDirectory(path).replace([replace(row, nearest=()) for row in rows])
    assert rescore(catalogue, path, NO_OVERRIDES) == results
    assert rows_of(path) == rows
