"""Print the grid of mappings as a table, the chosen combination marked."""

from typing import TYPE_CHECKING, Any

from rich.table import Table

from harness.report.terminal import escape

if TYPE_CHECKING:
    from harness.runs.remap import MappingGrid


def grid_table(found: "MappingGrid", label_set: str) -> Table:
    """Give one row for each combination under one label set, in percent with Wilson intervals."""
    from harness.runs.remap import halves

    table = Table(
        title=escape(
            f"{found.model} on {found.task}, {found.protocol}, label set {label_set}: accuracy (%) "
            "with 95 % Wilson interval"
        )
    )
    for name in ("", "encoder", "class template", "answer template"):
        table.add_column(name, overflow="fold")
    rows = found.rows[label_set]
    chosen = [row.chosen for row in found.rows[found.by]]
    counts = halves(rows[0])
    for name in ("choosing", "reporting", "all"):
        table.add_column(f"{name} (n = {counts[name]['n']})", justify="right")
    for row, best in zip(rows, chosen, strict=True):
        cells = halves(row)
        table.add_row(
            "*" if best else "",
            escape(row.encoder),
            escape(row.class_template),
            escape(row.answer_template),
            *(_cell(cells[name]) for name in ("choosing", "reporting", "all")),
        )
    table.caption = (
        f"* best on the choosing half of {escape(found.by)}; its honest score is that of the "
        f"reporting half. {found.n_mapped} answers are mapped, the others count as parsed. "
        f"Equivalent classes: {escape(found.equivalences)}."
    )
    return table


def _cell(share: dict[str, Any]) -> str:
    if share["accuracy"] is None:
        return "–"
    low, high = share["ci95"]
    return escape(f"{share['accuracy']:.2f} [{low:.2f}, {high:.2f}]")
