"""A metric of the evaluations of a store, in the order of a label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC
from typing import TypeVar

from modelyard import errors
from modelyard.analysis.history_types import History, HistoryPoint, Reading
from modelyard.analysis.names import HEADLINES
from modelyard.evaluations import repository as evaluations
from modelyard.evaluations.labels import moment_of, number_of
from modelyard.evaluations.storing import repository
from modelyard.evaluations.storing.commands import AboutHistory
from modelyard.evaluations.storing.telling import verdict
from modelyard.evaluations.types import EvaluationSummary, Figure
from modelyard.evaluations.words import LEADING
from modelyard.kernel.context import Context
from modelyard.kernel.paging import ALL

R = TypeVar("R")
OWN = ("created", "name")
"""What evaluations have across beside their labels."""
DRAWN = 3
"""Metrics that are drawn where none is named."""
BARS = 2
"""So many evaluations at most are shown as bars."""


def history(context: Context, asked: AboutHistory[R]) -> History:
    """Read the evaluations of the store, and put them in order.

    Raises:
        NotFound: there is no such store; or none of its evaluations has the metric or the label.
    """
    with context.read() as db:
        store = repository.get(db, asked.project, asked.name)
        found: list[EvaluationSummary] = evaluations.list_all(
            db, asked.project, ALL, {"store": asked.name}, sort="created"
        )
    shown = [each for each in found if each.id not in asked.hidden]
    return arranged(asked, shown, store.reference)


def arranged(
    asked: AboutHistory[R], found: Sequence[EvaluationSummary], reference: str | None = None
) -> History:
    """Put evaluations, the oldest first, in the order of a label.

    Args:
        asked: the metric, the label and the lines.
        found: the evaluations.
        reference: id of the one that the last is told beside.

    Raises:
        NotFound: as `history`.
    """
    metric, x = asked.metric or headline(found), asked.x or usual_label(found)
    _require(metric, x, asked, found)
    expected = expected_code(metric)
    told = [each for each in found if any(_figure(each, x) is not None for x in (metric, expected))]
    placed = [each for each in told if across(each, x)]
    reading = read_as([across(each, x) for each in placed])
    points = [
        HistoryPoint(
            evaluation=each.id,
            name=each.name,
            x=across(each, x),
            called=each.name if x in OWN else across(each, x),
            at=_place(across(each, x), reading),
            line=" · ".join(each.labels.get(key, "–") for key in asked.colour),
            **each.metrics.get(metric, Figure()).model_dump(),
            expected=_figure(each, expected),
        )
        for each in placed
    ]
    if reading != "text":
        points.sort(key=lambda each: each.at or 0)
    known = [each for each in points if each.value is not None]
    is_told = len(known) > 1 and len({each.line for each in points}) == 1
    errors_of = [
        abs(each.value - each.expected)
        for each in points
        if each.value is not None and each.expected is not None
    ]
    return History(
        project=asked.project,
        store=asked.name,
        metric=metric,
        x=x,
        reading=reading,
        colour=asked.colour,
        shape="bars" if len(points) <= BARS else "lines",
        points=tuple(points),
        verdict=verdict(metric, known, reference) if is_told else None,
        expected_error=sum(errors_of) / len(errors_of) if errors_of else None,
        expected_of=len(errors_of),
        left_out=len(found) - len(points),
    )


def expected_code(metric: str) -> str:
    """The code of the same metric as it is expected to be where no truth is known."""
    return f"expected{metric[:1].upper()}{metric[1:]}"


def headline(found: Sequence[EvaluationSummary]) -> str:
    """The metric that says most about most of them; auc where there are none."""
    counted = Counter(each.metric for each in found if each.metric is not None)
    return counted.most_common(1)[0][0] if counted else HEADLINES[0]


def codes_of(found: Sequence[EvaluationSummary]) -> list[str]:
    """Metrics of which some evaluation has a value, in their order."""
    codes = (
        code for each in found for code, figure in each.metrics.items() if figure.value is not None
    )
    return list(dict.fromkeys(codes))


def usual_metrics(found: Sequence[EvaluationSummary], codes: Sequence[str]) -> list[str]:
    """The metrics that are drawn where none is named: of `codes` those that say most, and drift."""
    first = next((LEADING[each.prediction_type] for each in found), ())
    own = [code for code in first if code in codes]
    drift = [code for code in ("dataDrift",) if code in codes and own]
    return (own or list(codes))[:DRAWN] + drift


def usual_label(found: Sequence[EvaluationSummary]) -> str:
    """What tells evaluations best apart: the first own label of which each has another value.

    Without one, when they were made. Labels with a colon in their keys are the automatic ones.
    """
    if found:
        for key in found[0].labels:
            values = {each.labels.get(key) for each in found}
            if ":" not in key and None not in values and len(values) == len(found):
                return key
    return "created"


def across(each: EvaluationSummary, x: str) -> str:
    """The value of a label, or of what stands for one; empty where it has none."""
    own = {"created": f"{each.created.astimezone(UTC):%Y-%m-%d %H:%M:%S}", "name": each.name}
    return each.labels.get(x, own.get(x, ""))


def read_as(values: Sequence[str]) -> Reading:
    """How values are read: all as dates, else all as numbers, else as texts."""
    if values and all(moment_of(value) is not None for value in values):
        return "date"
    if values and all(number_of(value) is not None for value in values):
        return "number"
    return "text"


def _place(value: str, reading: Reading) -> float | None:
    if reading == "number":
        return number_of(value)
    moment = moment_of(value) if reading == "date" else None
    return None if moment is None else moment.timestamp()


def _figure(each: EvaluationSummary, metric: str) -> float | None:
    figure = each.metrics.get(metric)
    return None if figure is None else figure.value


def _require(
    metric: str, x: str, asked: AboutHistory[R], found: Sequence[EvaluationSummary]
) -> None:
    if not found:
        return
    metrics = dict.fromkeys(code for each in found for code in each.metrics)
    if asked.metric is not None and not {metric, expected_code(metric)} & metrics.keys():
        raise errors.NotFound.among("metric", metric, metrics)
    labels = dict.fromkeys(key for each in found for key in each.labels)
    for keys, among in (((x,), (*OWN, *labels)), (asked.colour, labels)):
        for key in keys:
            if key not in among:
                raise errors.NotFound.among("label", key, among)
