"""Guesses which rows a model will refuse, from those it refused and accepted so far.

A guess only orders the search: every row is still asked for. So it may be simple, and wrong.
"""

from __future__ import annotations

from typing import Any, Callable, Iterator, List, NamedTuple, Set

import numpy as np
import pandas as pd

MOST_RULES = 4
LEAST_GAIN = 0.1
"""A rule is worth it when the share of refused rows that it explains is larger by so much than the
share of all rows that it suspects."""
MOST_LOOKED_AT = 500
"""Rows to guess a rule's share from."""


class Rule(NamedTuple):
    """What sets refused rows apart in one column."""

    column: Any
    holds: Callable[[pd.Series], np.ndarray]
    covered: np.ndarray
    """For each refused row, whether the rule explains it."""


def suspects(data: Any, fine: np.ndarray, refused: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Which of the rows `rest` are like the refused ones and unlike the fine ones, as a mask."""
    columns = _columns(data)
    rules = [rule for column in columns for rule in _rules(column, fine, refused)]
    few = rest[:: max(1, len(rest) // MOST_LOOKED_AT)]
    costs = [float(rule.holds(rule.column.iloc[few]).mean()) for rule in rules]
    found = np.zeros(len(rest), dtype=bool)
    unexplained = np.ones(len(refused), dtype=bool)
    for _ in range(MOST_RULES):
        gains = [
            float((rule.covered & unexplained).mean()) - cost for rule, cost in zip(rules, costs)
        ]
        if max(gains, default=0.0) <= LEAST_GAIN:
            break
        rule = rules[int(np.argmax(gains))]
        found |= rule.holds(rule.column.iloc[rest])
        unexplained &= ~rule.covered
    return found


def _columns(data: Any) -> List[pd.Series]:
    if isinstance(data, pd.DataFrame):
        return [data.iloc[:, at] for at in range(data.shape[1])]
    arrays = list(data.values()) if isinstance(data, dict) else [data]
    flat = [np.asarray(array) for array in arrays]
    return [
        pd.Series(array if array.ndim == 1 else array[:, at])
        for array in flat
        if array.ndim in (1, 2)
        for at in range(1 if array.ndim == 1 else array.shape[1])
    ]


def _rules(column: pd.Series, fine: np.ndarray, refused: np.ndarray) -> Iterator[Rule]:
    """Rules that hold for some refused rows and for no fine one."""
    good, bad = column.iloc[fine], column.iloc[refused]
    for rule in (_is_missing, _is_outside(good)):
        covered = rule(bad)
        if covered.any() and not rule(good).any():
            yield Rule(column, rule, covered)


def _is_missing(values: pd.Series) -> np.ndarray:
    return np.asarray(values.isna(), dtype=bool)


def _is_outside(good: pd.Series) -> Callable[[pd.Series], np.ndarray]:
    """Whether values lie outside of the range of the good ones, or if no numbers, among none."""
    known = good.dropna()
    if pd.api.types.is_numeric_dtype(good) and not pd.api.types.is_bool_dtype(good):
        low, high = known.min(), known.max()
        return lambda values: ((values < low) | (values > high)).fillna(value=False).to_numpy(bool)
    try:
        seen = set(known)
    except TypeError:  # lists and the like are in no set
        seen = set()
    return lambda values: _is_new(values, seen)


def _is_new(values: pd.Series, seen: Set[Any]) -> np.ndarray:
    try:
        new = [bool(seen) and value not in seen for value in values]
    except TypeError:
        return np.zeros(len(values), dtype=bool)
    found: np.ndarray = np.array(new, dtype=bool) & ~_is_missing(values)
    return found
