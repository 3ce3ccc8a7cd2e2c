"""Numbers of evaluations as people read them."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from modelyard.analysis.types import Metric


def interval(each: Metric) -> str:
    """Its limits, or why there are none."""
    if each.low is None or each.high is None:
        return each.reason or ""
    return f"{number(each.low)} to {number(each.high)}"


def number(value: float | None) -> str:
    """To four digits behind the point, large ones to two."""
    if value is None:
        return "–"
    if value.is_integer() and abs(value) > 1:
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.2f}"


def chance(p: float | None) -> str:
    """A p-value as papers tell it."""
    if p is None:
        return ""
    return f"{p:.3f}" if p >= 0.001 else "<0.001"


def number_table(first: str, *others: str) -> Table:
    """Words in the first column, numbers in the others."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(Text(first))
    for name in others:
        table.add_column(name, justify="right")
    return table
