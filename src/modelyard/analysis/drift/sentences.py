"""Words of verdicts: sizes with their intervals, names in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from modelyard.analysis.charts.words import clean, listed, number
from modelyard.analysis.drift.types import ColumnDrift
from modelyard.analysis.types import Metric

NAMED = 3
"""Columns that a sentence names."""
LABELS = {"psi": "PSI", "ks": "KS", "js": "Jensen-Shannon", "chi2": "Cramér's V"}


def size_of(column: ColumnDrift) -> str:
    """The test that decided, with its size."""
    past = [each for each in column.tests if each.exceeded and each.statistic is not None]
    decided = next((each for each in past if each.test == "psi"), past[0] if past else None)
    if decided is None:
        return ""
    return f" ({LABELS.get(decided.test, decided.test)} {statistic(decided.statistic)})"


def statistic(value: float | None) -> str:
    """The size of a change."""
    return "below 0.001" if value is not None and 0 < value < 0.001 else number(value)


def named(columns: Sequence[ColumnDrift]) -> str:
    """The first columns by name; nothing if there are none."""
    return some([clean(each.name) for each in columns]) if columns else ""


def some(told: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    left = len(told) - NAMED
    return listed([*told[:NAMED], f"{left} more"] if left > 0 else told)


def with_confidence(metric: Metric, confidence: float) -> str:
    """A difference with its interval."""
    if metric.low is None or metric.high is None:
        return signed(metric.value)
    limits = f"{signed(metric.low)} to {signed(metric.high)}"
    return f"{signed(metric.value)}, {confidence * 100:.4g} % {limits}"


def in_brackets(metric: Metric) -> str:
    """A part of a change with its interval in brackets."""
    if metric.low is None or metric.high is None:
        return signed(metric.value)
    return f"{signed(metric.value)} ({signed(metric.low)} to {signed(metric.high)})"


def signed(value: float | None) -> str:
    """A difference with its sign."""
    return f"+{number(value)}" if value is not None and value > 0 else number(value)


def with_limits(metric: Metric) -> str:
    """A metric with its interval."""
    if metric.low is None or metric.high is None:
        return number(metric.value)
    return f"{number(metric.value)} ({number(metric.low)} to {number(metric.high)})"


def counted(count: int, word: str) -> str:
    """So many of a thing."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def whole_sentence(text: str) -> str:
    """A text with a capital letter and a full stop."""
    return sentence(text[:1].upper() + text[1:])


def sentence(text: str) -> str:
    """A text with a full stop."""
    return text if text.endswith(".") else f"{text}."
