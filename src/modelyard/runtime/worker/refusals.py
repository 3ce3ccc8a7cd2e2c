"""Finds the rows that a model itself refuses, in few requests to it."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Optional

import numpy as np
import pyarrow as pa

from .casting import Cast, take
from .loading import said
from .predictions import RAW_SCORES, NoProbabilities
from .problems import Problem
from .suspects import suspects

HOPELESS = 32
"""After so many refused rows and none accepted, as many are tried that lie far apart; if the model
refuses them all, it is not the rows' fault."""


class Refusal(Exception):
    """The model itself raised `cause` when it was asked."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.reason = f"the model refused it: {said(cause)}"


class Odd(Refusal):
    """It answered, for some rows with numbers that are no probabilities."""

    def __init__(self, cause: NoProbabilities) -> None:
        super().__init__(cause)
        self.rows = cause.rows
        self.reasons = cause.reasons
        self.reason = cause.reasons[0]

    def named(self, row: int, size: int) -> Problem:
        """The problem, told of its first row.

        Args:
            row: where that was in the table that was sent.
            size: how many rows were asked for.
        """
        count = len(self.rows)
        more = f", as in {count - 1:,} more of the {size:,} asked with it" if count > 1 else ""
        said_of_it = f"row {row}: {self.reason}{more}; {RAW_SCORES}"
        return Problem("failed", said_of_it, row=row, part="activation")


PART_OF_GAP = 0.7
"""How many rows to ask for at once, by how far apart refused ones are: about every second part is
accepted then, which tells the most."""
FIRST_LOOK = 16
"""After so many refused rows it is looked for what they have in common, and at every doubling."""

Ask = Callable[[Any, int], pa.Table]
"""Predicts some data of so many rows; raises `Refusal`."""


class Answered(NamedTuple):
    """The pieces of an answer, the rows in them one after another, and the rows that are in none.

    `order` is None where there is one piece of all rows.
    """

    pieces: List[pa.Table]
    rejects: List[Dict[str, Any]]
    order: Optional[np.ndarray] = None


def answer(ask: Ask, made: Cast, *, skip: bool) -> Answered:
    """Predict all rows, or with `skip` all but those that the model refuses.

    Raises:
        Problem: without `skip`, the model refuses a row, which is named; with it, so many that it
            is no matter of single rows; or it fails for no single row (`failed`).
    """
    search = _Search(ask, made)
    try:
        return Answered([ask(made.data, made.size)], [])
    except Odd as odd:
        if skip:
            return search.all_but_odd(odd)
        raise search.named(odd) from odd.cause
    except Refusal as refusal:
        if skip:
            return search.all_but_refused(refusal)
        raise search.first_refused(refusal.cause) from refusal.cause


class _Search:
    """Asks for parts of the rows; each row ends in a part that was accepted, or refused alone."""

    def __init__(self, ask: Ask, made: Cast) -> None:
        self._ask = ask
        self._made = made
        self._pieces: List[pa.Table] = []
        self._accepted: List[np.ndarray] = []
        self._refused: List[int] = []
        self._rejects: List[Dict[str, Any]] = []

    def _part(self, rows: np.ndarray) -> pa.Table:
        return self._ask(take(self._made.data, rows), len(rows))

    def _sent(self, row: int) -> int:
        """Where a row was in the table that was sent."""
        return row if self._made.rows is None else int(self._made.rows[row])

    def named(self, odd: Odd) -> Problem:
        """The problem of rows whose probabilities are none."""
        return odd.named(self._sent(int(odd.rows[0])), self._made.size)

    def all_but_odd(self, odd: Odd) -> Answered:
        """Ask anew without the rows whose probabilities are none.

        Raises:
            Problem: they are most of many rows, so that single rows are not to blame.
        """
        size, rows = self._made.size, odd.rows
        if size >= HOPELESS and len(rows) > size / 2:
            raise self.named(odd) from odd.cause
        rejects: List[Dict[str, Any]] = [
            {"row": self._sent(int(row)), "reason": reason}
            for row, reason in zip(rows, odd.reasons)
        ]
        rest = np.setdiff1d(np.arange(size), rows)
        if not len(rest):
            return Answered([], rejects)
        sent = np.array([self._sent(int(row)) for row in rest])
        found = answer(self._ask, Cast(take(self._made.data, rest), len(rest), sent), skip=True)
        order = rest if found.order is None else rest[found.order]
        return Answered(found.pieces, [*rejects, *found.rejects], order)

    def all_but_refused(self, refusal: Refusal) -> Answered:
        """Find the refused rows, those that look like refused ones apart from the others."""
        size = self._made.size
        if size == 1:
            self._reject(0, refusal)
        waiting = [(np.arange(size if size > 1 else 0), max(1.0, size / 2 / PART_OF_GAP))]
        while waiting:
            rest = self._walk(*waiting.pop())
            if len(rest):
                rest = np.sort(np.concatenate([rest, *(rows for rows, _ in waiting)]))
                fine, refused = np.concatenate(self._accepted), np.array(self._refused)
                alike = suspects(self._made.data, fine, refused, rest)
                gap = (len(fine) + len(refused)) / len(refused)
                waiting = [(rest[alike], 1.0), (rest[~alike], len(rest) if alike.any() else gap)]
        order = np.concatenate(self._accepted) if self._accepted else np.arange(0)
        return Answered(self._pieces, self._rejects, order)

    def _walk(self, rows: np.ndarray, gap: float) -> np.ndarray:
        """Ask for one part after another, until a further look at the refused rows is worth it.

        Args:
            rows: to ask for, in order.
            gap: how far apart refused rows are expected to be; it is learned on the way.

        Returns:
            The rows that were not asked for.
        """
        at = since = fails_until = 0
        while at < len(rows):
            if fails_until - at > 1:  # somewhere in there is a refused row
                size = (fails_until - at) // 2
            else:
                size = 1 if fails_until > at else max(1, int(gap * PART_OF_GAP))
            part = rows[at : at + size]
            try:
                self._pieces.append(self._part(part))
            except Refusal as refusal:
                if len(part) > 1:
                    fails_until = at + len(part)
                    continue
                self._reject(int(part[0]), refusal)
                at += 1
                gap = (3 * gap + at - since) / 4 if gap < 2 * (at - since) else float(at - since)
                since = fails_until = at
                if self._is_time_to_learn():
                    return rows[at:]
            else:
                self._accepted.append(part)
                at += len(part)
                gap = max(gap, float(at - since))
        return rows[at:]

    def _is_time_to_learn(self) -> bool:
        count = len(self._refused)
        return bool(self._accepted) and count >= FIRST_LOOK and (count & (count - 1)) == 0

    def _reject(self, row: int, refusal: Refusal) -> None:
        self._refused.append(row)
        self._rejects.append({"row": self._sent(row), "reason": refusal.reason})
        if len(self._rejects) == HOPELESS and not self._pieces and not self._accepts_any():
            raise self._hopeless(self._rejects, refusal) from refusal.cause

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
        return Problem("failed", f"row {row}: {refusal.reason}", row=row)

    def _refuses(self, rows: np.ndarray) -> Optional[Refusal]:
        try:
            self._part(rows)
        except Refusal as refusal:
            return refusal
        return None
