"""Labels of evaluations: what they may be called, and in which order their values are."""

from __future__ import annotations

import math
import re
import struct
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from modelyard.kernel.values import OneLine


def _without_equals(key: str) -> str:
    if not key or "=" in key:
        raise ValueError("a label's key is one text without '=', such as month")
    return key


def _not_empty(value: str) -> str:
    if not value:
        raise ValueError("a label has a value, such as month=2")
    return value


LONGEST = 200
"""Letters of a value, at most."""

LabelKey = Annotated[OneLine, Field(max_length=100), AfterValidator(_without_equals)]
LabelText = OneLine
"""The value of a label, or empty where it is to be taken away."""
LabelValue = Annotated[OneLine, AfterValidator(_not_empty)]


MONTH = re.compile(r"\d{4}-\d{2}")


def place_of(value: str) -> str:
    """A text by which values are sorted as they are read: dates, then numbers, then other texts.

    What is compared letter by letter is then in the order of the moments or numbers, in whatever
    order a database has letters: there are digits only before the texts.
    """
    moment, number = moment_of(value), number_of(value)
    if moment is not None:
        return f"0{_rising((moment - datetime(1, 1, 1, tzinfo=UTC)).total_seconds())}"
    return f"2{value.casefold()}" if number is None else f"1{_rising(number)}"


def moment_of(value: str) -> datetime | None:
    """A date of ISO 8601 that has hyphens, such as 2026-11 or 2026-11-25T12:30Z; else None.

    It is taken for UTC where it says nothing else.
    """
    try:
        moment = datetime.fromisoformat(f"{value}-01" if MONTH.fullmatch(value) else value)
    except ValueError:
        return None
    if "-" not in value[4:5]:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def number_of(value: str) -> float | None:
    """A finite number; else None."""
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _rising(number: float) -> str:
    """20 digits that rise with the number: the bits of a double are in its order but for signs."""
    (bits,) = struct.unpack(">Q", struct.pack(">d", number))
    return f"{(bits ^ (2**64 - 1)) if bits >> 63 else bits | 1 << 63:020d}"
