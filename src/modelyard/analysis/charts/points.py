"""Points of charts out of columns that may have gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modelyard.analysis.charts.types import NothingToDraw

LARGEST = 1e300
"""Beyond this no axis has room."""
Point = dict[str, Any]


def drawable(value: Any) -> bool:
    """Whether a value is a number that an axis can hold."""
    return isinstance(value, int | float) and abs(value) <= LARGEST


def points(
    content: Mapping[str, Any], needed: Sequence[str], optional: Sequence[str] = ()
) -> list[Point]:
    """One point per row of columns; those are left out that lack a number which is needed.

    Args:
        content: columns of one length by name.
        needed: columns whose numbers place a point.
        optional: columns of which a point may lack the number, which is then none.
    """
    columns = [content.get(name) or () for name in (*needed, *optional)]
    found = []
    for values in zip(*columns, strict=False):
        if all(map(drawable, values[: len(needed)])):
            kept = (value if drawable(value) else None for value in values)
            found.append(dict(zip((*needed, *optional), kept, strict=True)))
    return found


def required(found: list[Point], *told: Mapping[str, Any] | None) -> list[Point]:
    """The points themselves.

    Raises:
        NothingToDraw: there are none; the reason is that of the metrics, where they have one.
    """
    if not found:
        reasons = (each.get("reason") for each in told if each)
        raise NothingToDraw(next(filter(None, reasons), "there are no rows to draw"))
    return found


def at_threshold(found: Iterable[Point], threshold: float | None) -> Point | None:
    """The point that a threshold leads to: the last whose own is not below it."""
    if threshold is None:
        return None
    reached = [p for p in found if p["threshold"] is not None and p["threshold"] >= threshold]
    return reached[-1] if reached else None
