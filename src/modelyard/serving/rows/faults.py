"""What is wrong with a row, told by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from modelyard import errors

MOST_TOLD = 5
LONGEST_SEARCHED = 255


class RowFaults:
    """Collects what is wrong with a row.

    Args:
        row: as it was sent.
        at: which of several rows it is, from 0; None: it is the only one.
    """

    def __init__(self, row: Mapping[str, Any], at: int | None) -> None:
        self._row = row
        self._at = at
        self._found: dict[str, str] = {}

    def add(self, name: str, reason: str) -> None:
        """Remember what is wrong with a field; `reason` completes "feature 'x' "."""
        self._found[name] = reason

    def missing(self, name: str, names: Sequence[str]) -> None:
        """Remember that a field is missing, and which of the row's others may be meant."""
        others = {
            str(other).lower(): other
            for other in list(self._row)[:500]
            if other not in names and len(str(other)) <= LONGEST_SEARCHED
        }
        near = get_close_matches(name.lower(), others, 1, 0.75)
        hint = f" (is it {others[near[0]]!r}?)" if near else ""
        self.add(name, f"is missing{hint}")

    def check(self) -> None:
        """Raise Invalid if anything is wrong; its context has `field`, `fields` and `row`."""
        if not self._found:
            return
        where = "" if self._at is None else f"row {self._at}: "
        told_of = [
            f"feature {name!r} {reason}" for name, reason in list(self._found.items())[:MOST_TOLD]
        ]
        more = len(self._found) - len(told_of)
        detail = where + "; ".join(told_of) + (f"; and {more:,} more" if more else "")
        context = {} if self._at is None else {"row": self._at}
        fields = dict(list(self._found.items())[:100])
        raise errors.Invalid(detail, field=next(iter(self._found)), fields=fields, **context)


def told(exc: BaseException) -> str:
    """An exception of a library in one line."""
    return " ".join(str(exc).split())[:200]
