"""Finds the rows that a model itself refuses, by halving the rows it fails on."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Optional

import numpy as np
import pyarrow as pa

from .casting import Cast, take
from .loading import said
from .problems import Problem

HOPELESS = 32
"""After so many refused rows and none accepted, as many are tried that lie far apart; if the model
refuses them all, it is not the rows' fault."""


class Refusal(Exception):
    """The model itself raised `cause` when it was asked."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


Ask = Callable[[Any, int], pa.Table]
"""Predicts some data of so many rows; raises `Refusal`."""


class Answered(NamedTuple):
    """The pieces of an answer, in the order of the rows, and the rows that are in none."""

    pieces: List[pa.Table]
    rejects: List[Dict[str, Any]]


def answer(ask: Ask, made: Cast, *, skip: bool) -> Answered:
    """Predict all rows, or with `skip` all but those that the model refuses.

    Raises:
        Problem: without `skip`, the model refuses a row, which is named; with it, so many that it
            is no matter of single rows; or it fails for no single row (`failed`).
    """
    search = _Search(ask, made)
    try:
        return Answered([ask(made.data, made.size)], [])
    except Refusal as refusal:
        if skip:
            return search.all_but_refused()
        raise search.first_refused(refusal.cause) from refusal.cause


class _Search:
    """Asks for parts of the rows."""

    def __init__(self, ask: Ask, made: Cast) -> None:
        self._ask = ask
        self._made = made

    def _part(self, rows: np.ndarray) -> pa.Table:
        return self._ask(take(self._made.data, rows), len(rows))

    def _sent(self, row: int) -> int:
        """Where a row was in the table that was sent."""
        return row if self._made.rows is None else int(self._made.rows[row])

    def all_but_refused(self) -> Answered:
        """Ask for ever smaller halves of what fails."""
        pieces: List[pa.Table] = []
        rejects: List[Dict[str, Any]] = []
        waiting = [np.arange(self._made.size)]
        while waiting:
            rows = waiting.pop()
            try:
                pieces.append(self._part(rows))
            except Refusal as refusal:
                if len(rows) > 1:
                    half = len(rows) // 2
                    waiting += [rows[half:], rows[:half]]
                    continue
                reason = f"the model refused it: {said(refusal.cause)}"
                rejects.append({"row": self._sent(int(rows[0])), "reason": reason})
                if len(rejects) == HOPELESS and not pieces and not self._accepts_any():
                    raise self._hopeless(rejects, refusal) from refusal.cause
        return Answered(pieces, rejects)

    def _accepts_any(self) -> bool:
        apart = np.linspace(0, self._made.size - 1, HOPELESS).astype(int)
        return not all(self._refuses(np.array([row])) for row in np.unique(apart)[::-1])

    def _hopeless(self, rejects: List[Dict[str, Any]], refusal: Refusal) -> Problem:
        return Problem(
            "failed",
            f"the model refused the first {len(rejects)} rows and as many others that were tried, "
            f"so single rows are not to blame: {said(refusal.cause)}",
            row=rejects[0]["row"],
        )

    def first_refused(self, cause: Exception) -> Problem:
        """Name the first row that the model refuses by itself."""
        rows = np.arange(self._made.size)
        while len(rows) > 1:
            half = len(rows) // 2
            rows = rows[:half] if self._refuses(rows[:half]) else rows[half:]
        refusal = self._refuses(rows)
        if refusal is None:
            return Problem("failed", f"the model failed: {said(cause)}")
        row = self._sent(int(rows[0]))
        return Problem("failed", f"row {row}: the model refused it: {said(refusal.cause)}", row=row)

    def _refuses(self, rows: np.ndarray) -> Optional[Refusal]:
        try:
            self._part(rows)
        except Refusal as refusal:
            return refusal
        return None
