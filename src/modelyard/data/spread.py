"""How the values of a column spread: bins of histograms, quantiles, moments counted as numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import JsonValue

from modelyard.data.types import Bin

BINS = 20
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MICROSECONDS = {
    "date32[day]": (86_400_000_000, 1),
    "date64[ms]": (1_000, 1),
    "s": (1_000_000, 1),
    "ms": (1_000, 1),
    "us": (1, 1),
    "ns": (1, 1_000),
}
"""How many microseconds the units of Arrow have, as a fraction."""
Moment = Callable[[Any], JsonValue]


def edges(low: float, high: float, *, whole: bool) -> tuple[float, ...]:
    """The ends of bins of equal width; of few whole numbers each one has its own."""
    if whole and high - low < BINS:
        return tuple(float(at) - 0.5 for at in range(int(low), int(high) + 2))
    shares = np.linspace(0, 1, BINS + 1)
    places = {float(each) for each in low * (1 - shares) + high * shares}
    inner = sorted(each for each in places if low < each < high)
    return (float(low), *inner, float(high))


def bins(ends: Sequence[float], counts: Mapping[float, int], at: Moment | None) -> tuple[Bin, ...]:
    """The bins between some ends, with what was counted up to each of them."""
    shown = at or float
    return tuple(
        Bin(low=shown(low), high=shown(high), count=counts.get(high, 0))
        for low, high in pairwise(ends)
    )


def quantile(value: str, *, whole: bool, exact: bool) -> str:
    """What asks for quantiles of a column's values, as SQL; whole ones are values that occur."""
    ranks = ", ".join(map(str, QUANTILES))
    if not exact:
        return f"approx_quantile({value}, [{ranks}])"
    return f"{'quantile_disc' if whole else 'quantile_cont'}({value}, [{ranks}])"


def quantiles(found: Sequence[Any] | None, at: Moment | None) -> dict[str, JsonValue]:
    """Quantiles by their rank."""
    shown = at or float
    return {
        str(rank): shown(value) for rank, value in zip(QUANTILES, found or (), strict=bool(found))
    }


def moment(kind: pa.DataType) -> Moment:
    """What gives a day or moment as text (ISO 8601) for the number that Arrow keeps.

    None for what lies outside the years that Python knows.
    """
    is_day = pa.types.is_date(kind)
    many, parts = MICROSECONDS[str(kind) if is_day else kind.unit]
    epoch = datetime(1970, 1, 1, tzinfo=None if is_day or not kind.tz else UTC)

    def shown(count: float) -> JsonValue:
        try:
            at = epoch + timedelta(microseconds=math.floor(count) * many // parts)
        except OverflowError:
            return None
        return (at.date() if is_day else at).isoformat()

    return shown
