"""Parts of comparisons: what is drawn of them, and what is put in rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from modelyard import errors
from modelyard.analysis.charts.compared import Compared, Gap
from modelyard.analysis.charts.types import Subject
from modelyard.analysis.charts.words import clean, quoted
from modelyard.analysis.names import HEADLINES, name_of
from modelyard.analysis.screen_tables import table_of
from modelyard.evaluations.charting.making import OTHERS, subject_of
from modelyard.evaluations.charting.parts import Part
from modelyard.evaluations.charting.types import Cell
from modelyard.evaluations.comparing.chart_commands import AboutComparisonPart
from modelyard.evaluations.comparing.chart_types import ComparisonPart
from modelyard.evaluations.comparing.commands import CompareSlices
from modelyard.evaluations.comparing.picking import PERMUTATION, Picked, pick
from modelyard.evaluations.comparing.showing import shown
from modelyard.evaluations.comparing.slicing import compared_slices
from modelyard.evaluations.comparing.types import (
    Challenge,
    ComparedSlices,
    ShownComparison,
    ShownItem,
)
from modelyard.kernel.context import Context
from modelyard.runtime.types import PredictionType

R = TypeVar("R")
Line = tuple[Cell, ...]
SIDE_BY_SIDE: dict[PredictionType, tuple[str, ...]] = {
    "binary_classification": ("auc", "f1", "recall", "precision"),
    "multiclass": ("mrocAUC", "accuracy", "f1", "recall"),
    "regression": ("rmse", "mae"),
    "other": (),
}
"""Metrics of one scale, which one chart shows."""
AROUND_ZERO: dict[PredictionType, tuple[str, ...]] = {
    "binary_classification": (
        *("auc", "averagePrecision", "recall", "precision", "f1", "mcc", "accuracy"),
        *("logLoss", "brierScore", "calibrationLoss"),
    ),
    "multiclass": ("mrocAUC", "accuracy", "precision", "recall", "f1", "logLoss"),
    "regression": ("rmse", "mae", "mape", "rmsle"),
    "other": (),
}
"""Metrics whose differences one chart shows: those of a regression as shares of the metric."""


def part_of(context: Context, asked: AboutComparisonPart[R]) -> Part:
    """The part that is asked for.

    Raises:
        NotFound: there is no such comparison, item, metric, class or column.
    """
    return PARTS.get(asked.part, _screen)(context, asked)


def _metrics(context: Context, asked: AboutComparisonPart[Any]) -> Part:
    found = pick(context, asked, asked.threshold)
    codes = [code for code in SIDE_BY_SIDE[found.prediction_type] if code in _codes(found)]
    contents = {each.key: _figures(each, codes, asked) for each in found.items}
    given = (found.compared(contents), codes)
    return Part(("side_by_side", "metrics"), given, *_values(found, _codes(found)))


def _metric(context: Context, asked: AboutComparisonPart[Any]) -> Part:
    found = pick(context, asked, asked.threshold)
    code = _code(asked.metric, _codes(found))
    contents = {each.key: _figures(each, [code], asked) for each in found.items}
    given = (found.compared(contents), code)
    return Part(("side_by_side", "metric"), given, *_values(found, [code]), title=name_of(code))


def _differences(context: Context, asked: AboutComparisonPart[Any]) -> Part:
    found = shown(context, asked.project, asked.name, asked.threshold)
    return differences_of(found, asked.item, intervals=asked.intervals)


def differences_of(found: ShownComparison, item: str | None, *, intervals: bool = True) -> Part:
    """The differences of an item, by its key; errors as in `challenged`."""
    challenge, one, other = challenged(found, item)
    by_code = {each.code: each for each in challenge.differences}
    is_share = found.prediction_type == "regression"
    gaps = []
    for code in AROUND_ZERO[found.prediction_type] or by_code:
        if code not in by_code or (is_share and code not in other.metrics):
            continue
        each = by_code[code]
        ends = (each.low, each.high) if intervals else (None, None)
        share = other.metrics[code].value if is_share else None
        gap = Gap.of(name_of(code), code, (each.difference, *ends), each.verdict, share_of=share)
        gaps.append(gap)
    head = ("item", "against", "metric", "difference", "low", "high", "p", "adjusted")
    rows = [
        (
            *(one.key, other.key, each.code, each.difference, each.low, each.high, each.p),
            *(each.adjusted, each.method, each.verdict, each.rows_needed, each.reason),
        )
        for each in challenge.differences
    ]
    return Part(
        ("side_by_side", "gaps"),
        (gaps, (one.name, other.name), (one.role, other.role), "Metric"),
        (*head, "method", "verdict", "rows_needed", "reason"),
        rows,
        title=f"{clean(one.name)} minus {clean(other.name)}",
    )


def _slices(context: Context, asked: AboutComparisonPart[Any]) -> Part:
    found = compared_slices(
        context,
        CompareSlices(
            project=asked.project,
            name=asked.name,
            by=asked.by or "",
            metric=asked.metric,
            threshold=asked.threshold,
        ),
    )
    roles = {each.key: each.role for each in pick(context, asked).items}
    return slices_of(found, asked.item, roles, intervals=asked.intervals)


def slices_of(
    found: ComparedSlices, item: str | None, roles: Mapping[str, str], *, intervals: bool = True
) -> Part:
    """The differences of an item by group.

    Raises:
        NotFound: no such item is compared with another one.
    """
    column = found.column
    names = dict(zip(found.items, found.names, strict=True))
    others = [key for key in found.items if key != found.against]
    if item is not None and item not in (*others, *found.left_out):
        raise errors.NotFound.among("challenger", item, others)
    key = item or next(iter(others), "")
    if key not in others or found.against is None:
        reason = next(iter(found.left_out.values()), "there is nothing to compare with")
        reason = found.left_out.get(key, reason)
        return Part(("side_by_side", "nothing"), (reason,), *_groups(found, names))
    at = found.items.index(key)
    gaps = []
    for group in found.groups:
        each = group.values[at].difference
        if each is None or each.difference is None:
            continue
        ends = (each.low, each.high) if intervals else (None, None)
        label = f"{column} = {group.group.label}"
        gaps.append(Gap.of(label, found.metric, (each.difference, *ends), each.verdict))
    gaps.sort(key=lambda gap: -(gap.value or 0.0))
    sides = (key, found.against)
    return Part(
        ("side_by_side", "gaps"),
        (gaps, tuple(names[one] for one in sides), tuple(roles[one] for one in sides), column),
        *_groups(found, names),
        title=f"{name_of(found.metric)} of {clean(names[key])} by {clean(column)}",
    )


def _groups(found: ComparedSlices, names: Mapping[str, str]) -> tuple[tuple[str, ...], list[Line]]:
    head = ("item", "group", "rows", "metric", "value", "low", "high", "difference")
    rows: list[Line] = [
        (
            *(names[one], group.group.label, group.rows, found.metric),
            *(getattr(value.metric, limit, None) for limit in ("value", "low", "high")),
            *(getattr(value.difference, part, None) for part in ("difference", "verdict")),
        )
        for group in found.groups
        for one, value in zip(found.items, group.values, strict=True)
    ]
    return (*head, "verdict"), rows


def challenged(found: ShownComparison, item: str | None) -> tuple[Challenge, ShownItem, ShownItem]:
    """An item beside the one that it is compared with, by its key; the first one for none.

    Raises:
        NotFound: no such item is compared with another one.
    """
    keys = [each.key for each in found.challenges]
    if not keys or (item is not None and item not in keys):
        raise errors.NotFound.among("challenger", item or "", keys)
    challenge = found.challenges[0 if item is None else keys.index(item)]
    items = {each.key: each for each in found.items}
    return challenge, items[challenge.key], items[challenge.against]


def _importances(context: Context, asked: AboutComparisonPart[Any]) -> Part:
    found = pick(context, asked)
    measure, metric, compared, left = found.importances(context)
    words = "Importance, as each model itself says"
    if measure == PERMUTATION:
        words = f"How much worse {name_of(metric) if metric else 'its metric'} gets without it"
    if not asked.intervals:
        compared = [_without_limits(each) for each in compared]
    rows = [
        (each.name, *line)
        for each in compared
        for line in zip(
            *(each.content[name] for name in ("column", "importance", "low", "high")), strict=True
        )
    ]
    head = ("item", "column", "importance", "low", "high")
    return Part(("side_by_side", "importances"), (compared, words, left), head, rows)


def _without_limits(each: Compared) -> Compared:
    none = [None] * len(each.content["column"])
    content = {**each.content, "low": none, "high": none}
    return Compared(each.name, each.role, each.dash, each.is_champion, content)


def _screen(context: Context, asked: AboutComparisonPart[Any]) -> Part:
    found = pick(context, asked)
    compared, left = found.screens(context, asked.part)
    subject = Subject()
    if compared:
        first = next(each for each in found.items if asked.part in each.screens)
        subject = subject_of(found.evaluation(context, first))
    if asked.label is not None:
        compared = [_of_class(each, asked.label) for each in compared]
        subject = subject.model_copy(update={"positive": quoted(asked.label), "negative": OTHERS})
    tables = [(each, table_of(asked.part, each.content, subject.labels)) for each in compared]
    names = dict.fromkeys(name for _, columns in tables for name in columns.names)
    rows: list[Line] = []
    for each, columns in tables:
        for line in columns.rows:
            row = dict(zip(columns.names, line, strict=True))
            rows.append((each.name, *(row.get(name) for name in names)))
    if not asked.intervals:
        compared = [_bare(each) for each in compared]
    if asked.part == "decision":
        given: tuple[Any, ...] = (compared, asked.metric or "f1", left)
        return Part(("comparing", "decision"), given, ("item", *names), rows)
    given = (asked.part, compared, subject, left)
    return Part(("comparing", "overlay"), given, ("item", *names), rows)


def _of_class(each: Compared, label: str) -> Compared:
    """The curve of one class of several.

    Raises:
        NotFound: there is none.
    """
    classes = each.content.get("classes") or []
    mine = next((one for one in classes if str(one.get("label")) == label), None)
    if mine is None:
        raise errors.NotFound.among("class", label, [str(one.get("label")) for one in classes])
    return Compared(each.name, each.role, each.dash, each.is_champion, mine)


def _bare(each: Compared) -> Compared:
    """Without what intervals are drawn of."""
    left = {name: x for name, x in each.content.items() if name not in ("band", "low", "high")}
    return Compared(each.name, each.role, each.dash, each.is_champion, left)


def _codes(found: Picked) -> list[str]:
    return list(dict.fromkeys(code for each in found.items for code in each.metrics))


def _code(asked: str | None, there: Sequence[str]) -> str:
    """The metric that is asked for, else the headline.

    Raises:
        NotFound: none of the items has it.
    """
    if asked is not None and asked not in there:
        raise errors.NotFound.among("metric", asked, there)
    usual = (*HEADLINES, *there)
    return asked or next((code for code in usual if code in there), "")


def _figures(
    each: ShownItem, codes: Iterable[str], asked: AboutComparisonPart[Any]
) -> dict[str, Any]:
    shown_of = {"value", "low", "high"} if asked.intervals else {"value"}
    return {
        code: each.metrics[code].model_dump(include=shown_of)
        for code in codes
        if code in each.metrics
    }


def _values(found: Picked, codes: Sequence[str]) -> tuple[tuple[str, ...], list[Line]]:
    rows: list[Line] = [
        (each.key, each.name, code, figure.value, figure.low, figure.high)
        for each in found.items
        for code in codes
        if (figure := each.metrics.get(code)) is not None
    ]
    return ("item", "name", "metric", "value", "low", "high"), rows


PARTS: dict[ComparisonPart, Callable[[Context, AboutComparisonPart[Any]], Part]] = {
    "metrics": _metrics,
    "metric": _metric,
    "differences": _differences,
    "slices": _slices,
    "importances": _importances,
}
