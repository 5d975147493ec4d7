"""The grid of text encoders and templates as a table (`harness map`)."""

from typing import Any

from harness.report.table import INTERVAL, Cell, Column, Number, Table, names
from harness.runs.remap import MappingGrid, halves

_HALVES = ("choosing", "reporting", "all")


def grid_table(found: MappingGrid, label_set: str) -> Table:
    """Give one row for each combination under one label set, in percent with Wilson intervals."""
    rows = found.rows[label_set]
    chosen = [row.chosen for row in found.rows[found.by]]
    counts = halves(rows[0])
    columns = (
        *names("encoder", "class template", "answer template"),
        *(Column(name, f"{name} (n = {counts[name]['n']})", INTERVAL) for name in _HALVES),
    )
    cells: list[tuple[Cell, ...]] = [
        (row.encoder, row.class_template, row.answer_template, *_shares(halves(row), best))
        for row, best in zip(rows, chosen, strict=True)
    ]
    title = (
        f"{found.model} on {found.task}, {found.protocol}, label set {label_set}: accuracy (%) "
        "with 95 % Wilson interval"
    )
    caption = (
        f"* best on the choosing half of {found.by}; its honest score is that of the reporting "
        f"half. {found.n_mapped} answers are mapped, the others count as parsed. Equivalent "
        f"classes: {found.equivalences}."
    )
    return Table("grid", title, columns, cells, caption)


def _shares(of: dict[str, dict[str, Any]], best: bool) -> list[Number]:
    return [
        Number(of[name]["accuracy"], of[name]["ci95"], mark="*" if best else "") for name in _HALVES
    ]
