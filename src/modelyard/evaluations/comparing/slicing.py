"""A metric of all items of a comparison by the groups of a column: where each wins and loses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelyard import errors
from modelyard.analysis.charts.words import clean
from modelyard.analysis.grouping import Grouping, grouped
from modelyard.analysis.names import HEADLINES
from modelyard.analysis.paired.estimates import holm, verdict_of
from modelyard.analysis.paired.types import PairedVerdict
from modelyard.analysis.slices import LEAST
from modelyard.analysis.types import Metric
from modelyard.evaluations.comparing import repository
from modelyard.evaluations.comparing.commands import CompareSlices
from modelyard.evaluations.comparing.resolving import Resolved, resolved
from modelyard.evaluations.comparing.rows import (
    CODES,
    difference_in,
    rows_of,
    why_not_paired,
    why_other_rows,
)
from modelyard.evaluations.comparing.showing import called, compared_with
from modelyard.evaluations.comparing.telling import listed, short
from modelyard.evaluations.comparing.types import ComparedGroup, ComparedSlices, SliceValue
from modelyard.evaluations.figures import Threshold
from modelyard.evaluations.judged import FIGURES
from modelyard.evaluations.sample import Sample, open_sample
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context

MOST_NAMED = 5
Values = dict[str, SliceValue]
"""What is told of an item, by the labels of groups."""


def compared_slices(context: Context, asked: CompareSlices) -> ComparedSlices:
    """Put the rows in groups, and compare the items on each of them.

    Raises:
        NotFound: there is no such comparison, or nobody has such a metric.
        Invalid: there is no such column, or its values make no groups.
        Unsupported: no item has rows whose truth is known.
    """
    with context.read() as db:
        comparison = repository.get(db, asked.project, asked.name)
        found = resolved(db, comparison)
    names = dict(zip((each.item.key for each in found), called(found), strict=True))
    against = compared_with(comparison, found)
    base = next((each.evaluation for each in found if each.item.key == against), None)
    if base is None or against is None:
        raise errors.Unsupported(f"the comparison {asked.name!r} has no item with numbers")
    code = _metric(base, asked.metric)
    others = [each for each in found if not each.item.hidden and each.item.key != against]
    with open_sample(context, base) as sample:
        grouping = grouped(sample.column(asked.by))
        columns = {against: _alone(against, sample, asked.by, grouping, code, asked.threshold)}
        left_out: dict[str, str] = {}
        for at, each in enumerate(others):
            context.progress(f"comparing {at + 1} of {len(others)}", fraction=at / len(others))
            told = _beside(context, sample, each, asked, grouping, code)
            if isinstance(told, str):
                left_out[each.item.key] = told
            else:
                columns[each.item.key] = told
        rows = np.bincount(grouping.codes, minlength=len(grouping.groups)).tolist()
    keys = [each.item.key for each in found if each.item.key in columns]
    corrected = {key: _judged(columns[key], base.confidence) for key in keys}
    return ComparedSlices(
        name=asked.name,
        column=asked.by,
        metric=code,
        against=against,
        items=tuple(keys),
        names=tuple(names[key] for key in keys),
        groups=tuple(
            ComparedGroup(
                group=group,
                rows=count,
                values=tuple(corrected[key][group.label] for key in keys),
            )
            for group, count in zip(grouping.groups, rows, strict=True)
        ),
        left_out=left_out,
        sentences=tuple(
            _sentence(names[key], asked.by, code, corrected[key]) for key in keys if key != against
        ),
    )


def _metric(base: Evaluation, asked: str | None) -> str:
    known = CODES.get(base.prediction_type, ())
    if asked is None:
        first = next((each for each in HEADLINES if base.metrics.get(each)), None)
        usable = first is not None and base.metrics[first].value is not None
        return first if first is not None and usable else next(iter(base.metrics), "accuracy")
    if asked not in known:
        raise errors.NotFound.among("metric", asked, known)
    return asked


def _alone(
    key: str, sample: Sample, by: str, grouping: Grouping, code: str, threshold: float | None
) -> Values:
    """The metric of one item on each group."""
    metrics = _metrics(sample, by, grouping, code, threshold)
    return {
        each.label: SliceValue(key=key, metric=metrics.get(each.label)) for each in grouping.groups
    }


def _metrics(
    sample: Sample, by: str, grouping: Grouping, code: str, threshold: float | None
) -> dict[str, Metric]:
    of = sample.evaluation
    cut = of.threshold if threshold is None or of.threshold is None else threshold
    figures = FIGURES[of.prediction_type](of, sample.scored(), Threshold(cut, of.threshold_from))
    return {
        each.group.label: metric
        for each in figures.slices(by, grouping, code).slices
        if each.group is not None
        for metric in each.metrics
        if metric.code == code
    }


def _beside(
    context: Context,
    base: Sample,
    each: Resolved,
    asked: CompareSlices,
    grouping: Grouping,
    code: str,
) -> Values | str:
    """The metric of another item and its differences on each group; or why it has none."""
    of = each.evaluation
    if of is None:
        return each.gone or "it has no numbers"
    if reason := why_not_paired(base.evaluation, of):
        return reason
    with open_sample(context, of) as sample:
        if reason := why_other_rows(rows_of(base), rows_of(sample)):
            return reason
        metrics = _metrics(sample, asked.by, grouping, code, asked.threshold)
        values = {}
        for at, group in enumerate(grouping.groups):
            some = np.flatnonzero(grouping.codes == at)
            difference = None
            if len(some) >= LEAST:
                one = rows_of(base, asked.threshold, some=some)
                two = rows_of(sample, asked.threshold, one.side.blocks, some)
                difference = difference_in(one, two, code)
            metric = metrics.get(group.label)
            values[group.label] = SliceValue(
                key=each.item.key, metric=metric, difference=difference
            )
    return values


def _judged(values: Values, confidence: float) -> Values:
    """Differences with verdicts, corrected for the number of groups."""
    tested = {
        label: each.difference.p
        for label, each in values.items()
        if each.difference is not None and each.difference.p is not None
    }
    corrected = dict(zip(tested, holm(list(tested.values())), strict=True))
    found: Values = {}
    for label, each in values.items():
        gap, p = each.difference, corrected.get(label)
        if gap is not None:
            facts = {"adjusted": p, "verdict": verdict_of(gap, p, confidence)}
            found[label] = each.model_copy(update={"difference": gap.model_copy(update=facts)})
        else:
            found[label] = each
    return found


def _sentence(name: str, column: str, code: str, values: Values) -> str:
    """Where an item wins and loses."""
    by_verdict: dict[PairedVerdict, list[str]] = {}
    for label, each in values.items():
        if each.difference is not None:
            by_verdict.setdefault(each.difference.verdict, []).append(clean(label))
    parts = [
        f"{verdict} on {column} = {_some(by_verdict[verdict])}"
        for verdict in ("better", "worse")
        if verdict in by_verdict
    ]
    if same := len(by_verdict.get("indistinguishable", ())):
        groups = "1 group" if same == 1 else f"{same} groups"
        parts.append(f"not distinguishable on {groups}{' more' if parts else ''}")
    if not parts:
        return f"{clean(name)} cannot be tested on any group of {column}."
    return f"By {short(code)}, {clean(name)} is {', '.join(parts)}."


def _some(labels: Sequence[str]) -> str:
    if len(labels) <= MOST_NAMED:
        return listed(labels)
    return f"{', '.join(labels[:MOST_NAMED])} and {len(labels) - MOST_NAMED} more"
