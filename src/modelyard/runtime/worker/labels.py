"""Class labels: those of the model, those the user gives, and which belongs to which."""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from .problems import Problem

MOST_LISTED = 20


def plain(value: Any) -> Any:
    """A label as JSON has it: bool, int, float, str, or None where it is missing."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def text(label: Any) -> str:
    """How a label reads in a column's name."""
    return str(label).lower() if isinstance(label, bool) else str(label)


def listed(labels: Sequence[Any]) -> str:
    """Labels one after another, as people read them."""
    shown = ", ".join(map(text, labels[:MOST_LISTED]))
    return f"{shown}, …" if len(labels) > MOST_LISTED else shown


def spelled(label: Any) -> str:
    """The same for labels that differ in type alone: 1, 1.0 and "1"; True and "true"."""
    if isinstance(label, bool):
        return "true" if label else "false"
    if isinstance(label, (int, float)):
        whole = isinstance(label, int) or label.is_integer()
        return str(int(label)) if whole else repr(label)
    try:
        number = float(label)
    except ValueError:
        return label.lower() if label.lower() in ("true", "false") else str(label)
    return spelled(number) if math.isfinite(number) else str(label)


def numbered(label: Any) -> str:
    """As `spelled`, with True as 1 and False as 0."""
    return {"true": "1", "false": "0"}.get(spelled(label), spelled(label))


SPELLINGS: Sequence[Callable[[Any], str]] = (str, spelled, numbered)


class Classes(NamedTuple):
    """The classes of a prediction, in the model's order.

    `own` as the model names them (None: it does not tell), `shown` as the user does.
    """

    own: Optional[Sequence[Any]]
    shown: Sequence[Any]
    notes: Sequence[str] = ()

    def positions(self, raw: Any, notes: List[str]) -> np.ndarray:
        """The class of each raw label, as a position; -1 where it is missing.

        What had to be assumed is added to `notes`.

        Raises:
            Problem: a label is none of the classes (`failed`).
        """
        codes, found = pd.factorize(np.asarray(raw))
        values = [plain(value) for value in found]
        classes = self.shown if self.own is None else self.own
        known = _lookup(classes, values)
        if known is None and self.own is None and _are_positions(values, classes):
            known = [int(value) for value in values]
            notes.append(f"the model's numbers were taken as positions in {listed(classes)}")
        if known is None:
            odd = next(value for value in values if _lookup(classes, [value]) is None)
            raise Problem(
                "failed",
                f"the model returned {text(odd)}, which is none of its classes: {listed(classes)}; "
                "correct --classes or --interpretation",
                label=odd,
                part="rule" if isinstance(odd, float) and not odd.is_integer() else "classes",
            )
        return np.array([*known, -1], dtype=np.int64)[codes]

    def column(self, positions: np.ndarray) -> pa.Array:
        """The labels at positions, typed as the classes are; -1 is missing."""
        return typed([*self.shown, None], positions)


def typed(labels: Sequence[Any], positions: np.ndarray) -> pa.Array:
    """An Arrow column of `labels[position]`, of the one type that holds all labels."""
    kinds = {type(label) for label in labels if label is not None}
    if kinds == {int, float}:
        values = pa.array(
            [None if label is None else float(label) for label in labels], pa.float64()
        )
    elif len(kinds) > 1:
        values = pa.array([None if label is None else text(label) for label in labels], pa.string())
    else:
        values = pa.array(list(labels))
    return values.take(pa.array(np.where(positions < 0, len(labels) - 1, positions)))


def as_they_come(raw: Any) -> pa.Array:
    """Labels of unknown classes as an Arrow column."""
    codes, found = pd.factorize(np.asarray(raw))
    return typed([*(plain(value) for value in found), None], codes)


def _lookup(classes: Sequence[Any], values: Sequence[Any]) -> Optional[List[int]]:
    """The position of each value among the classes; None where one is not there."""
    for spelling in SPELLINGS:
        places: Dict[str, int] = {spelling(label): at for at, label in enumerate(classes)}
        if len(places) == len(classes):
            found = [places.get(spelling(value)) for value in values]
            if None not in found:
                return [at for at in found if at is not None]
    return None


def _are_positions(values: Sequence[Any], classes: Sequence[Any]) -> bool:
    """Whether whole numbers stand for named classes, by position."""
    named = not any(isinstance(label, (bool, int, float)) for label in classes)
    places = {str(at) for at in range(len(classes))}
    return named and all(
        not isinstance(value, str) and numbered(value) in places for value in values
    )


def settle(own: Optional[Sequence[Any]], user: Optional[Sequence[Any]]) -> Optional[Classes]:
    """Bring the model's own classes and the user's together.

    Args:
        own: the model's, in its order; None where it does not tell.
        user: the user's, in the model's order; None to take the model's own.

    Returns:
        None where neither is known.

    Raises:
        Problem: their number or their order differs (`invalid`); both are named.
    """
    if own is not None and len(own) == 0:
        own = None
    if user is None or len(user) == 0:
        return None if own is None else Classes(own, own)
    if own is None:
        return Classes(None, user)
    said = (
        f"the classes as the model names them are {listed(own)}, in this order; the version names "
        f"them {listed(user)}"
    )
    facts = {"own": list(own), "given": list(user), "part": "classes"}
    if len(own) != len(user):
        raise Problem("invalid", f"{said}: these are not as many", **facts)
    order = _lookup(own, user)
    if order == list(range(len(own))):
        return Classes(own, user)
    if order is not None and sorted(order) == list(range(len(own))):
        raise Problem(
            "invalid",
            f"{said}: probabilities would be given to the wrong classes; use the model's order",
            **facts,
        )
    if [numbered(label) for label in own] == [str(at) for at in range(len(own))]:
        pairs = ", ".join(f"{mine} is {yours!r}" for mine, yours in zip(own, user))
        return Classes(own, user, (f"the model numbers its classes; by position {pairs}",))
    raise Problem("invalid", f"{said}: these are not the same", **facts)
