"""A metric by groups of rows, around that of all rows."""

from __future__ import annotations

from modelyard.analysis.charts import words
from modelyard.analysis.charts.layers import Groups, Sketch, of
from modelyard.analysis.charts.points import Point, drawable
from modelyard.analysis.charts.types import NothingToDraw
from modelyard.analysis.group_types import Slice, Slices
from modelyard.analysis.names import name_of
from modelyard.analysis.types import Metric

MOST_SLICES = 40


def slices(found: Slices, code: str) -> Sketch:
    """A point with its interval for each group, around a line and a band of all rows.

    Raises:
        NothingToDraw: no group has a value of this metric.
    """
    shown = found.slices[:MOST_SLICES]
    names = words.names_of(_label(each) for each in shown)
    column, title = words.clean(found.column), name_of(code)
    rows: list[Point] = []
    for name, each in zip(names, shown, strict=True):
        metric = _metric(each, code)
        if metric is not None and drawable(metric.value):
            rows.append({"name": name, **metric.model_dump(include={"value", "low", "high"})})
    if not rows:
        raise NothingToDraw(f"no group of {column} has a value of {title}")
    overall = _metric(found.total, code)
    whole = "" if overall is None else words.metric(overall.model_dump())
    chart = Groups(names, title, column)
    ground = []
    data: dict[str, list[Point]] = {"groups": rows, "all": [], "few": _few(names, shown, rows)}
    if overall is not None and drawable(overall.value):
        data["all"] = [overall.model_dump(include={"value", "low", "high"})]
        if overall.low is not None and overall.high is not None:
            ground.append(of("all").mark_rect(style="wide").encode(x=chart.x("low"), x2="high"))
        ground.append(of("all").mark_rule(style="reference").encode(x=chart.x("value")))
    few = of("few").mark_text(style="remark").encode(x=chart.x("value"), y=chart.y(), text="why:N")
    least = min(rows, key=lambda row: float(row["value"]))
    most = max(rows, key=lambda row: float(row["value"]))
    beside = "" if not data["all"] else f", {words.number(data['all'][0]['value'])} for all rows"
    more = (
        f"; {len(found.slices) - len(shown)} groups are not drawn"
        if found.slices[MOST_SLICES:]
        else ""
    )
    return Sketch(
        [*ground, few, *chart.dots()],
        data,
        note=f"{whole} of all rows" if whole else "",
        description=f"{title} by {column}: from {words.number(least['value'])} for "
        f"{words.quoted(least['name'])} to {words.number(most['value'])} for "
        f"{words.quoted(most['name'])}{beside}{more}.",
        height=max(120, 26 * len(names) + 30),
    )


def _few(names: list[str], shown: tuple[Slice, ...], rows: list[Point]) -> list[Point]:
    """Groups that have no value, in the middle of the others."""
    known = {row["name"] for row in rows}
    middle = sum(row["value"] for row in rows) / len(rows)
    return [
        {"name": name, "value": middle, "why": "too few rows" if each.excluded else "no value"}
        for name, each in zip(names, shown, strict=True)
        if name not in known
    ]


def _label(each: Slice) -> str:
    return "all rows" if each.group is None else each.group.label


def _metric(each: Slice, code: str) -> Metric | None:
    return next((one for one in each.metrics if one.code == code), None)
