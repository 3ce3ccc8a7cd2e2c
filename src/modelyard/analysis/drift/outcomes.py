"""What a column's tests amount to: drifted, to be looked at, or stable; and why, in a sentence.

One test decides, so that a share of false alarms is that of a column: PSI, or the first one that
has a statistic. A column is drifted if that is past its threshold: the larger of what matters and
what chance reaches. P-values alone never make a column drifted, as with enough rows all are small.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelyard.analysis.arrays import Floats
from modelyard.analysis.drift import measures
from modelyard.analysis.drift.bins import Bins
from modelyard.analysis.drift.compared import Compared, DriftTest
from modelyard.analysis.drift.sentences import counted
from modelyard.analysis.drift.types import DriftSettings, DriftTestResult, Outcome

DECIDES = "psi"
LEAST_ROWS = 30
"""Rows below which a side is too small for an outcome."""
BLIND = 0.9
"""A bin with such a share of the reference hides what the others do."""
RATIO = 1.25
"""By which factor the share of all other bins is to change to be told beside a blind test."""
IDENTIFIER = 0.9
"""Share of different values from which on categories are identifiers."""
LEAST_VALUES = 100


def outcome(
    compared: Compared,
    tests: Sequence[DriftTest],
    results: Sequence[DriftTestResult],
    settings: DriftSettings,
) -> tuple[Outcome, str]:
    """The outcome of a column, and the sentence that says why.

    Args:
        compared: the column.
        tests: that were run.
        results: of these, with corrected p-values.
        settings: for the level of p-values.
    """
    reason = _too_little(compared)
    if reason:
        return "unknown", reason
    usable = [pair for pair in zip(tests, results, strict=True) if pair[1].statistic is not None]
    if not usable:
        return "unknown", "no test has a statistic"
    test, result = next((pair for pair in usable if pair[0].name == DECIDES), usable[0])
    told = f"{test.label} of {_word(result.statistic)}"
    if result.exceeded:
        by_chance = (
            ", which the reference's own chunks rarely reach"
            if result.threshold_from == "reference"
            else ""
        )
        return "drifted", f"{told} is past {_word(result.threshold)}{by_chance}"
    told += f" is not past {_word(result.threshold)}"
    for other, found in usable:
        if found is not result and found.exceeded and _no_chance(found, settings):
            return "look", f"{told}, but {other.label} of {_word(found.statistic)} is past " + (
                _word(found.threshold)
            )
    threshold = settings.thresholds.get(test.name, test.threshold)
    hidden = _hidden(compared.bins, threshold) if test.name == DECIDES else None
    small = next((pair for pair in usable if _significant(pair[1], settings)), None)
    if hidden and small:
        return "look", f"{told}, but {hidden}, and that is beyond chance ({_chance(*small)})"
    if small:
        return "stable", f"{told}; the change is beyond chance ({_chance(*small)}), but small"
    return "stable", told


def _too_little(compared: Compared) -> str | None:
    for side, rows in (
        ("the reference", compared.reference.rows),
        ("current", compared.current.rows),
    ):
        if rows < LEAST_ROWS:
            return f"{side} has {counted(rows, 'row')}; an outcome needs at least {LEAST_ROWS}"
    held = compared.reference.categories
    known = compared.reference.rows - compared.reference.missing
    if held and held.distinct >= max(LEAST_VALUES, IDENTIFIER * known):
        return "nearly all values differ from each other, as identifiers do"
    return None


def _hidden(bins: Bins, threshold: float) -> str | None:
    """What the rows outside of a bin that holds nearly all do, if they do otherwise."""
    old, new = bins.reference_shares, bins.current_shares
    largest = int(old.argmax())
    if old[largest] < BLIND or old[largest] == 1:
        return None
    rest_old, rest_new = 1 - old[largest], 1 - new[largest]
    name = bins.names[largest]
    alone = f"{old[largest]:.1%} of the reference are {name}, which hides the rest from it"
    if not rest_old / RATIO < rest_new < rest_old * RATIO:
        return f"{alone}: these went from {rest_old:.2%} to {rest_new:.2%}"
    apart: Floats = np.arange(len(old)) != largest
    inner = float(measures.psi(old[apart] / rest_old, new[apart] / rest_new))
    return f"{alone}: among these PSI is {_word(inner)}" if inner > threshold else None


def _significant(result: DriftTestResult, settings: DriftSettings) -> bool:
    return result.corrected is not None and result.corrected < settings.level


def _no_chance(result: DriftTestResult, settings: DriftSettings) -> bool:
    return result.corrected is None or result.corrected < settings.level


def _chance(test: DriftTest, result: DriftTestResult) -> str:
    p = result.corrected or 0.0
    return f"{test.title}, p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}"


def _word(number: float | None) -> str:
    return (
        "none"
        if number is None
        else f"{number:.3g}"
        if number >= 0.001 or not number
        else "less than 0.001"
    )
