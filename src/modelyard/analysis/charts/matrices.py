"""Confusion matrices of many classes, as far as they can be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.analysis.charts import words
from modelyard.analysis.charts.points import drawable

MOST_CLASSES = 25
"""Classes that have a row and a column of their own; the others share one."""


def gathered(content: Mapping[str, Any]) -> tuple[list[str], list[list[float]]]:
    """Names and weights; all but the most frequent classes in one, which comes last.

    Args:
        content: the screen `confusion` of several classes, as JSON has it.
    """
    weights = [[w if drawable(w) else 0 for w in line] for line in content.get("weights") or ()]
    labels = list(content.get("classes") or ())
    if not labels or len(weights) != len(labels):
        return [], []
    if len(labels) <= MOST_CLASSES:
        return words.names_of(labels), weights
    order = sorted(range(len(labels)), key=lambda at: -sum(weights[at]))
    kept = sorted(order[: MOST_CLASSES - 1])
    place = {at: new for new, at in enumerate(kept)}
    rest = len(kept)
    found = [[0.0] * (rest + 1) for _ in range(rest + 1)]
    for actual, line in enumerate(weights):
        for predicted, weight in enumerate(line):
            # Rows of a class that is gathered, yet taken for another such, are right nowhere.
            found[place.get(actual, rest)][place.get(predicted, rest)] += weight
    names = words.names_of([*(labels[at] for at in kept), f"{len(labels) - rest} other classes"])
    return names, found
