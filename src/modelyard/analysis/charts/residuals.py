"""Mean errors by groups of rows, around zero."""

from __future__ import annotations

from modelyard.analysis.charts import words
from modelyard.analysis.charts.layers import Groups, Sketch, of
from modelyard.analysis.charts.points import Point, drawable
from modelyard.analysis.charts.slices import MOST_SLICES
from modelyard.analysis.charts.types import NothingToDraw
from modelyard.analysis.regression_types import Residuals

TITLE = "Mean error"


def residuals(found: Residuals, column: str) -> Sketch:
    """A point with its interval for each group, around a line at zero.

    Args:
        found: the errors by group.
        column: whose values make the groups.

    Raises:
        NothingToDraw: no group has a row with an error.
    """
    count, column = len(found.label), words.clean(column)
    names = words.names_of(found.label[:MOST_SLICES])
    rows: list[Point] = [
        {"name": name, "value": value, "low": low, "high": high}
        for name, value, low, high in zip(names, found.mean, found.low, found.high, strict=False)
        if drawable(value)
    ]
    if not rows:
        raise NothingToDraw(f"no group of {column} has a row with an error")
    chart = Groups(names, TITLE, column)
    zero = of("zero").mark_rule(style="reference").encode(x=chart.x("value"))
    off = [row for row in rows if _leaves_out_zero(row)]
    least = min(rows, key=lambda row: float(row["value"]))
    most = max(rows, key=lambda row: float(row["value"]))
    more = f"; {count - len(names)} groups are not drawn" if count > len(names) else ""
    return Sketch(
        [zero, *chart.dots()],
        {"groups": rows, "zero": [{"value": 0}]},
        note=f"off zero in {len(off)} of {len(rows)} groups",
        description=f"{TITLE} by {column}: from {words.number(least['value'])} for "
        f"{words.quoted(least['name'])} to {words.number(most['value'])} for "
        f"{words.quoted(most['name'])}; the interval leaves out zero in {len(off)} of "
        f"{len(rows)} groups{more}.",
        height=max(120, 26 * len(names) + 30),
    )


def _leaves_out_zero(row: Point) -> bool:
    low, high = row["low"], row["high"]
    return low is not None and high is not None and not low <= 0 <= high
