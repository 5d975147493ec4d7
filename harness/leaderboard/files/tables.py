"""The numbers of the tables as files, for people to take along and for the page's scripts."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.leaderboard.files.data_scripts import run_key, write_script
from harness.leaderboard.numbers.benchmark import Benchmark, Suspect
from harness.leaderboard.numbers.pairs import Pair, Pairs
from harness.leaderboard.numbers.ranking import Place, Ranking
from harness.leaderboard.numbers.site_model import Board, ScoredEntry, Site, outside
from harness.report.csv_text import csv_text
from harness.scores.long_form import METRICS, shares_of
from harness.scores.results import DECIMALS, Score
from harness.store.lines import write_json, write_text

SCHEMA_VERSION = 5
_DENSE = (",", ":")
MARKER = "boards.json"
"""A folder that has this in `data/` is a site."""
_SUSPECT = (
    *("image_id", "label_set", "labels", "label_names", "suggested", "suggested_name"),
    *("votes", "voters"),
)
"""Columns of `suspects.csv`."""


def write_boards(data: Path, site: Site) -> None:
    """Write `boards.json`, `boards.csv` and `boards.js`; of every benchmark the images whose labels
    look wrong, `NAME/suspects.csv` and, for `harness review make`, `NAME/suspects.jsonl`; and
    `NAME/pairs.js` of those that have runs on several boards.
    """
    write_json(data / MARKER, _whole(site))
    rows = [line for board in site.boards for line in _lines(site, board)]
    write_text(data / "boards.csv", csv_text(list(rows[0]) if rows else ["board"], rows))
    _write_for_scripts(data / "boards.js", site)
    for benchmark in site.benchmarks:
        _write_suspects(data, benchmark)
        if benchmark.crossed is not None:
            key = f"{benchmark.name}/pairs"
            write_script(data / f"{key}.js", f"pairs/{benchmark.name}", _crossed(benchmark.crossed))


def _write_suspects(data: Path, benchmark: Benchmark) -> None:
    found = benchmark.suspects
    rows = [_suspect(benchmark, each, len(found.voters)) for each in found.images] if found else []
    folder = data / benchmark.name
    write_text(folder / "suspects.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    for row in rows:
        row["labels"] = " ".join(map(str, row["labels"]))
        row["label_names"] = "; ".join(row["label_names"])
    write_text(folder / "suspects.csv", csv_text(_SUSPECT, rows))


def _suspect(benchmark: Benchmark, suspect: Suspect, voters: int) -> dict[str, Any]:
    return {
        "image_id": suspect.image_id,
        "label_set": benchmark.headline,
        "labels": suspect.labels,
        "label_names": [benchmark.class_name(label) for label in suspect.labels],
        "suggested": suspect.class_id,
        "suggested_name": benchmark.class_name(suspect.class_id),
        "votes": suspect.n_votes,
        "voters": voters,
    }


def _crossed(pairs: Pairs) -> dict[str, Any]:
    """Give runs, and of every pair both places, the interval and the corrected p."""
    places = {name: place for place, name in enumerate(pairs.names)}
    lines = [_pair(pair, places) for pair in pairs]
    return {"runs": pairs.names, "pairs": [[*line[:2], *line[6:8], line[9]] for line in lines]}


def _whole(site: Site) -> dict[str, Any]:
    """Give every number of the tables, with what they were computed by."""
    return {
        "schema_version": SCHEMA_VERSION,
        "harness_version": site.version,
        "date": site.date,
        "benchmarks": {each.name: _benchmark(each) for each in site.benchmarks},
        "outside": [asdict(each) for each in outside(site)],
        "boards": [
            {
                **_about(board),
                "original": board.original,
                "headline": board.headline,
                "n_images": board.n_images,
                "rows": [_row(board, row) for row in board.rows],
                "rankings": [_ranking(each) for each in board.rankings],
                "references": [
                    {**asdict(each), "accuracy": {k: _rounded(v) for k, v in each.accuracy.items()}}
                    for each in board.references
                ],
            }
            for board in site.boards
        ],
    }


def _benchmark(benchmark: Benchmark) -> dict[str, Any]:
    classes = benchmark.classes
    return {
        "class_list": {"name": classes.name, "n": len(classes), "sha256": classes.digest},
        "n_images": len(benchmark.image_ids),
        "original": benchmark.original,
        "headline": benchmark.headline,
        "groups": dict(benchmark.groups),
        "label_sets": {
            name: info.model_dump(mode="json") for name, info in benchmark.label_sets.items()
        },
    }


def _ranking(ranking: Ranking) -> dict[str, Any]:
    return {
        "label_set": ranking.label_set,
        "group": ranking.group,
        "n": ranking.n,
        "places": [
            {
                "entry": each.name,
                "n": each.n,
                "accuracy": _rounded(each.accuracy),
                "ci95": [_rounded(end) for end in each.ci95] if each.ci95 else None,
                **_place(each),
            }
            for each in ranking.places
        ],
    }


def _place(place: Place | None) -> dict[str, Any]:
    """Give what there is of a place; None for a run that is not ranked."""
    return {
        "rank": place.rank if place else None,
        "rank_interval": list(place.rank_interval) if place else None,
        "tier": place.tier if place else None,
    }


def _row(board: Board, row: ScoredEntry) -> dict[str, Any]:
    facts = row.entry.manifest
    strangers = {"reading": {"rules", "removed"}}  # names that the rows of an entry bring
    large = {"per_class": True, "label_sets": True, "class_list": True, "confusion": True}
    results = row.results.model_dump(mode="json", by_alias=True, exclude={**large, **strangers})
    return {
        "entry": row.name,
        "model": facts.model,
        "card": row.entry.card.model_dump(mode="json"),
        "level": row.entry.level,
        "claimed": row.claimed,
        "imported": row.run.is_imported,
        "date": facts.date,
        "made_with": facts.harness_version,
        **_place(board.place(row.name)),
        **_of_board(row),
        "results": results,
    }


def _about(board: Board) -> dict[str, Any]:
    names = ("slug", "benchmark", "task", "protocol", "claimed")
    return {name: getattr(board, name) for name in names}


def _of_board(row: ScoredEntry) -> dict[str, Any]:
    names = ("rank_original", "rank_on_common")
    return {**{name: getattr(row, name) for name in names}, "coverage": _rounded(row.coverage)}


def _lines(site: Site, board: Board) -> Iterator[dict[str, object]]:
    """Give one line for each row of a board and label set."""
    info = site.label_sets_of(board)
    for row in board.rows:
        card, facts = row.entry.card, row.entry.manifest
        shares = {key: _rounded(value) for key, (value, _) in shares_of(row.results).items()}
        for name in board.label_sets:
            place = board.place(row.name, name)
            low, high = place.rank_interval if place else (None, None)
            line = {
                "board": board.slug,
                "benchmark": board.benchmark,
                "task": board.task,
                "protocol": board.protocol,
                "label_set": name,
                "label_set_sha256": info[name].digest,
                "ranks": name == board.headline,
                "entry": row.name,
                "model": facts.model,
                "kind": card.kind,
                "parameters": card.parameters,
                "imagenet_train": card.training_data.imagenet_train,
                "imagenet_val": card.training_data.imagenet_val,
                "level": row.entry.level,
                "claimed": row.claimed or "",
                "imported": row.run.is_imported,
                "date": facts.date,
                "harness_version": site.version,
                "rank": place.rank if place else None,
                "rank_low": low,
                "rank_high": high,
                "tier": place.tier if place else None,
                **_of_board(row),
            }
            yield line | _numbers(row.results.scores[board.protocol][name]) | shares


def _numbers(score: Score) -> dict[str, object]:
    ends = {"ci95": score.ci95, "ci95_classes": score.ci95_classes}
    intervals = {
        f"{name}_{end}": _rounded(interval[place]) if interval else None
        for name, interval in ends.items()
        for place, end in enumerate(("low", "high"))
    }
    groups = {
        f"{name}_{what}": value
        for name, share in score.groups.items()
        for what, value in (("n", share.n), ("accuracy", _rounded(share.accuracy)))
    }
    return {
        "n": score.n,
        "n_right": score.n_right,
        "accuracy": _rounded(score.accuracy),
        **intervals,
        "n_empty": score.n_empty,
        "n_error": score.n_error,
        **{
            name: _rounded(metric.value(score))
            for name, metric in METRICS.items()
            if name != "accuracy_first_in_list"  # it is no figure of the site
        },
        **groups,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)


def _write_for_scripts(path: Path, site: Site) -> None:
    """Write what the scripts know of boards, pair by pair: all of them at once would not fit."""
    head = json.dumps(_benchmarks_for_scripts(site), separators=_DENSE)
    with path.open("w", encoding="ascii") as file:
        file.write(f'HARNESS.receive("boards", {{"benchmarks":{head},"boards":[')
        for place, board in enumerate(site.boards):
            own = json.dumps(_board_for_scripts(board), separators=_DENSE)
            file.write(f'{"," if place else ""}{own[:-1]},"pairs":[')
            places = {row.name: place for place, row in enumerate(board.rows)}
            for number, pair in enumerate(board.pairs):
                line = json.dumps(_pair(pair, places), separators=_DENSE, allow_nan=False)
                file.write(f"{',' if number else ''}{line}")
            file.write("]}")
        file.write("]});\n")


def _benchmarks_for_scripts(site: Site) -> dict[str, Any]:
    return {
        each.name: {
            "n": len(each.image_ids),
            "original": each.original,
            "headline": each.headline,
            "images": each.images,
            "crossed": each.crossed is not None,
            "groups": each.exclusive,
            "label_sets": list(each.label_sets),
        }
        for each in site.benchmarks
    }


def _board_for_scripts(board: Board) -> dict[str, Any]:
    rows = [
        {
            "entry": row.name,
            "model": row.entry.manifest.model,
            "kind": row.kind,
            "files": f"data/{run_key(board.benchmark, row.name, board.task)}",
        }
        for row in board.rows
    ]
    return {**_about(board), "rows": rows}


def _pair(pair: Pair, places: Mapping[str, int]) -> list[float | None]:
    low, high = pair.ci95 or (None, None)
    numbers = [_rounded(value) for value in (pair.delta, low, high)]
    p_values = [float(f"{value:.6g}") for value in (pair.p_mcnemar, pair.p_holm)]
    return [places[pair.a], places[pair.b], pair.n, pair.only_a, pair.only_b, *numbers, *p_values]
