"""How much worse a model is on slices than elsewhere."""

from __future__ import annotations

from modelyard.analysis.charts import words
from modelyard.analysis.charts.layers import Groups, Sketch, of
from modelyard.analysis.charts.points import Point
from modelyard.analysis.charts.slices import MOST_SLICES
from modelyard.analysis.charts.types import Content, NothingToDraw, Subject
from modelyard.analysis.group_types import WorstSlices, named
from modelyard.analysis.names import name_of


def worst(content: Content, _subject: Subject) -> Sketch:
    """A point with its interval for each slice, beside a line at the other rows.

    Raises:
        NothingToDraw: no slice is worse than the other rows.
    """
    shared = {name: content[name] for name in WorstSlices.model_fields if name in content}
    found = WorstSlices.model_validate(shared)
    if not found.slices:
        raise NothingToDraw(found.reason or "no slice is worse than the other rows")
    some = found.slices[:MOST_SLICES]
    names = words.names_of(named(each.conditions) for each in some)
    rows: list[Point] = [
        {"name": name, "value": each.loss - each.rest, "low": each.low, "high": each.high}
        for name, each in zip(names, some, strict=True)
    ]
    loss = name_of(found.loss)
    chart = Groups(names, f"{loss}, less that of the other rows", "Slice")
    zero = of("zero").mark_rule(style="reference").encode(x=chart.x("value"))
    first = rows[0]
    return Sketch(
        [zero, *chart.dots()],
        {"groups": rows, "zero": [{"value": 0}]},
        note=f"{len(found.slices)} of {found.looked_at:,} slices",
        description=f"{loss} of slices, less that of the other rows: surest of "
        f"{words.quoted(first['name'])}, {words.number(first['value'])} "
        f"({words.number(first['low'])} to {words.number(first['high'])}).",
        height=max(120, 26 * len(names) + 30),
    )
