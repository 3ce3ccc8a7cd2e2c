"""Screens as tables: columns and rows, one row per point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelyard.analysis.group_types import Fairness, GroupRates, Slice, Slices, WorstSlice, named
from modelyard.analysis.regression_types import Residuals

Cell = bool | int | float | str | None
Row = tuple[Cell, ...]
ACROSS = {"roc": "false_positive_rate", "precision-recall": "recall", "gain": "targeted"}
"""The column that the band of a screen has, too."""
UP = {"roc": "true_positive_rate", "precision-recall": "precision"}
"""The other column of the curves over all classes."""
APART = {"wizard_targeted", "wizard_found", "metrics", "curves"}
"""What has rows of its own: corners of a line that follows from the rest, curves of single rows."""


@dataclass(frozen=True)
class Columns:
    """Columns by name, with as many rows in each."""

    names: tuple[str, ...]
    rows: tuple[Row, ...]


def table_of(screen: str, content: Mapping[str, Any], labels: Sequence[str] = ()) -> Columns:
    """The table of a screen; of several classes each row names its own in the column `class`.

    After the points of a curve come the limits of its band, which has points of its own.

    Args:
        screen: its name.
        content: as JSON has it.
        labels: of the positive and the negative class.
    """
    if "slices" in content:
        return _worst(content["slices"])
    if "effects" in content:
        return _own(content)
    if "cells" in content:
        return _confusion(content["cells"], labels)
    if "weights" in content and "classes" in content:
        return _matrix(content["classes"], content["weights"])
    if "classes" in content:
        return _stacked(_by_class(screen, content), first=("class",))
    return _stacked(_curve(screen, content))


def table_of_slices(found: Slices) -> Columns:
    """A row per group, that of all rows first; three columns per metric."""
    codes = [each.code for each in found.total.metrics]
    facts = ("rows", "weight", "share", "excluded", "actual", "predicted")
    limits = [f"{code}{end}" for code in codes for end in ("", "_low", "_high")]
    rows = tuple(_group(each, codes, facts) for each in (found.total, *found.slices))
    return Columns((found.column, "kind", "from", "to", *facts, *limits), rows)


def table_of_residuals(found: Residuals, column: str) -> Columns:
    """A row per group of a column."""
    names = [name for name in Residuals.model_fields if name != "label"]
    columns = [getattr(found, name) for name in names]
    return Columns((column, *names), tuple(zip(found.label, *columns, strict=True)))


def table_of_fairness(found: Fairness) -> Columns:
    """A row per group, that says whether it is the reference; three columns per rate."""
    names = [name for name in GroupRates.model_fields if name != "label"]
    is_reference = [each == found.reference for each in found.rates.label]
    columns = [getattr(found.rates, name) for name in names]
    rows = zip(found.rates.label, is_reference, *columns, strict=True)
    return Columns((found.column, "reference", *names), tuple(rows))


def _group(each: Slice, codes: Sequence[str], facts: Sequence[str]) -> Row:
    group = each.group
    named: Row = (
        ("all rows", "all", None, None)
        if group is None
        else (group.label, group.kind, group.low, group.high)
    )
    metrics = {metric.code: metric for metric in each.metrics}
    values = [
        getattr(metrics.get(code), part, None)
        for code in codes
        for part in ("value", "low", "high")
    ]
    return (*named, *(getattr(each, fact) for fact in facts), *values)


def _stacked(
    parts: Iterable[tuple[Mapping[str, Cell], Mapping[str, Any]]], first: tuple[str, ...] = ()
) -> Columns:
    """Tables of which each may lack columns of the others, one below the other.

    Args:
        parts: what is the same in all rows of a part, and its columns.
        first: columns that come before the others.
    """
    given = list(parts)
    names = dict.fromkeys((*first, *(name for _, part in given for name in part)))
    rows: list[Row] = []
    for same, part in given:
        for values in zip(*part.values(), strict=False):
            row = {**same, **dict(zip(part, values, strict=True))}
            rows.append(tuple(row.get(name) for name in names))
    return Columns(tuple(names), tuple(rows))


def _curve(
    screen: str, content: Mapping[str, Any], **same: Cell
) -> Iterator[tuple[Mapping[str, Cell], Mapping[str, Any]]]:
    """The columns of a screen, then those of its band."""
    yield (
        same,
        {
            name: column
            for name, column in content.items()
            if isinstance(column, list | tuple) and name not in APART
        },
    )
    band = content.get("band")
    if band:
        yield same, {ACROSS[screen]: band["x"], "low": band["low"], "high": band["high"]}


def _by_class(
    screen: str, content: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, Cell], Mapping[str, Any]]]:
    for each in content["classes"]:
        of_class = {name: value for name, value in each.items() if name != "label"}
        yield from _curve(screen, of_class, **{"class": each["label"]})
    for mean in ("macro", "micro"):
        told = content.get(mean)
        if told:
            columns = {ACROSS[screen]: told["x"], UP[screen]: told["y"]}
            yield {"class": f"{mean} average"}, columns


def _worst(slices: Sequence[Mapping[str, Any]]) -> Columns:
    """A row per slice; one of a single column has no second one."""
    facts = ("rows", "weight", "loss", "rest", "low", "high", "effect", "share_of_loss", "p", "q")
    rows = []
    for each in slices:
        found = WorstSlice.model_validate(each)
        parts = [(one.column, one.group.label) for one in found.conditions]
        (first, second) = (*parts, (None, None))[:2]
        also = "; ".join(named(conditions) for conditions in found.also) or None
        rows.append((*first, *second, *(getattr(found, fact) for fact in facts), also))
    names = ("column", "group", "second_column", "second_group", *facts, "also")
    return Columns(names, tuple(rows))


def _own(content: Mapping[str, Any]) -> Columns:
    """A row per feature, then the intercept; a column per class or output."""
    kind, effects = content["kind"], content["effects"]
    outcomes = [each["outcome"] for each in effects]
    names = (f"{kind} for {one}" if one is not None else kind for one in outcomes)
    rows = list(zip(content["features"], *(each["values"] for each in effects), strict=True))
    starts = [each["intercept"] for each in effects]
    if any(start is not None for start in starts):
        rows.append(("(intercept)", *starts))
    return Columns(("feature", *names), tuple(rows))


def _confusion(cells: Mapping[str, float], labels: Sequence[str]) -> Columns:
    yes, no = labels
    weights = [
        [cells["true_positive"], cells["false_negative"]],
        [cells["false_positive"], cells["true_negative"]],
    ]
    return _matrix([yes, no], weights)


def _matrix(labels: Sequence[Cell], weights: Sequence[Sequence[float]]) -> Columns:
    down = [sum(line) for line in weights]
    across = [sum(column) for column in zip(*weights, strict=True)]
    rows = tuple(
        (
            labels[actual],
            labels[predicted],
            weight,
            weight / down[actual] if down[actual] else None,
            weight / across[predicted] if across[predicted] else None,
        )
        for actual, line in enumerate(weights)
        for predicted, weight in enumerate(line)
    )
    return Columns(("actual", "predicted", "weight", "of_actual", "of_predicted"), rows)
