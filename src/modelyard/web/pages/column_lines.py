"""Columns of datasets as tables show them: numbers cut to what is read, bars, words for them."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import JsonValue

from modelyard.data.types import Bin, ColumnStatistics
from modelyard.kernel.values import Value
from modelyard.web.pages.formats import MINUS, NOTHING, number, percent

LONGEST = 40
FREQUENT = 3


class Share(Value):
    """A frequent value and how large a share of the rows has it."""

    value: str
    share: float


class ColumnLine(Value):
    """A column as a line of a table."""

    name: str
    type: str
    missing: int
    missing_share: float
    infinite: int
    distinct: int | None
    distinct_is_exact: bool
    bars: tuple[float, ...]
    """Heights of its histogram, from 0 to 1."""
    seen: str
    """What is to be seen in the histogram, in words."""
    frequent: tuple[Share, ...]
    low: str
    middle: str
    high: str
    mean: str
    std: str


def line_of(column: ColumnStatistics, rows: int) -> ColumnLine:
    """A column's statistics over some rows."""
    most = max((each.count for each in column.histogram), default=0)
    return ColumnLine(
        name=column.name,
        type=column.type,
        missing=column.missing,
        missing_share=column.missing / rows if rows else 0.0,
        infinite=column.infinite,
        distinct=column.distinct,
        distinct_is_exact=column.distinct_is_exact,
        bars=tuple(each.count / most for each in column.histogram) if most else (),
        seen=_seen(column),
        frequent=tuple(
            Share(value=short(each.value), share=each.count / rows)
            for each in column.frequent[:FREQUENT]
        ),
        low=short(column.min),
        middle=short(column.quantiles.get("0.5")),
        high=short(column.max),
        mean=short(column.mean),
        std=short(column.std),
    )


def short(value: JsonValue) -> str:
    """A value in a few letters."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return _number(value)
    text = _moment(value) if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _number(value: float) -> str:
    """Four digits that count, whole numbers whole unless they are enormous."""
    if value and not 1e-4 <= abs(value) < 1e12:
        return f"{value:.3e}".replace("e-", f"e{MINUS}").replace("-", MINUS).replace("e+", "e")
    if float(value).is_integer() or abs(value) >= 10_000:
        return number(round(value))
    text = (
        f"{value:,.{max(0, 4 - len(str(int(abs(value)))))}f}" if abs(value) >= 1 else f"{value:.4g}"
    )
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", MINUS)


def _moment(text: str) -> str:
    """A moment without seconds; other texts as they are."""
    try:
        found = datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        return text
    return f"{found:%Y-%m-%d %H:%M}" if isinstance(found, datetime) else text


def _seen(column: ColumnStatistics) -> str:
    """Where most values lie."""
    if not column.histogram:
        return ""
    largest: Bin = max(column.histogram, key=lambda each: each.count)
    total = sum(each.count for each in column.histogram)
    share = percent(largest.count / total) if total else NOTHING
    return (
        f"{column.name}: from {short(column.min)} to {short(column.max)}, most of them, {share}, "
        f"between {short(largest.low)} and {short(largest.high)}"
    )
