"""What is computed anew from the kept rows: another threshold, slices, the screens of a slice."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from modelyard import errors
from modelyard.analysis.group_types import Slices
from modelyard.analysis.grouping import Grouping, grouped
from modelyard.evaluations.commands import ShowScreen
from modelyard.evaluations.explaining.keeping import find_kept
from modelyard.evaluations.figures import Figures, Threshold
from modelyard.evaluations.judged import FIGURES
from modelyard.evaluations.keeping import CODE, WORST, kept_file, plain, screens_of
from modelyard.evaluations.sample import Sample, open_sample
from modelyard.evaluations.scored import Scored
from modelyard.evaluations.types import Evaluation, Screen
from modelyard.kernel.context import Context

MOST_NAMED = 20
KEPT = {
    "worst": (
        WORST,
        "the worst slices were not searched yet; `modelyard evaluations worst {id}` does",
    ),
    "custom-metrics": (CODE, "the evaluation {id} has no custom metrics whose code was kept"),
}
"""The files of screens that are kept one by one, and what is said where there is none."""


def screen(context: Context, evaluation: Evaluation, asked: ShowScreen) -> Screen:
    """One that was kept, or the same for another threshold or for a slice.

    Raises:
        NotFound: the evaluation has no such screen.
        Invalid: another threshold does not change it, there is no such slice, or it is an
            explanation, which is of no slice.
    """
    name = asked.screen
    if name not in evaluation.screens:
        return _explanation(context, evaluation, asked)
    if asked.threshold is not None:
        _require_threshold(evaluation, name)
    threshold = evaluation.threshold if asked.threshold is None else asked.threshold
    content: dict[str, Any]
    if asked.threshold is None and asked.by is None:
        content = screens_of(context, evaluation)[name]
    else:
        with open_sample(context, evaluation) as sample:
            scored = sample.scored()
            if asked.by is not None and asked.group is not None:
                grouping = grouped(sample.column(asked.by))
                scored = scored.part(grouping.codes == _place(grouping, asked.by, asked.group))
        content = plain(_figures(evaluation, scored, threshold).screens([name])[name])
    return Screen(
        evaluation=evaluation.id,
        name=name,
        threshold=threshold,
        by=asked.by,
        group=asked.group,
        content=content,
    )


def _explanation(context: Context, evaluation: Evaluation, asked: ShowScreen) -> Screen:
    name = asked.screen
    if name in KEPT:
        file, why_not = KEPT[name]
        content = kept_file(context, evaluation, file)
        if content is None:
            raise errors.NotFound(why_not.format(id=evaluation.id))
    else:
        content = find_kept(context, evaluation, name)
    if content is None:
        there = ", ".join(evaluation.screens) or evaluation.no_metrics
        more = "; `modelyard evaluations explanations` names what else is kept"
        raise errors.NotFound(f"the evaluation has no screen {name!r}; it has: {there}{more}")
    if asked.by is not None or asked.threshold is not None:
        raise errors.Invalid(f"{name} is told as it was asked for: of no slice and no threshold")
    return Screen(evaluation=evaluation.id, name=name, content=content)


def slices_by(context: Context, evaluation: Evaluation, column: str) -> Slices:
    """Metrics of each subgroup of a column.

    Raises:
        Invalid: there is no such column, or it holds lists or the like.
        Unsupported: nothing can be told of this prediction type.
    """
    with open_sample(context, evaluation) as sample:
        grouping = grouped(sample.column(column))
        scored = sample.scored()
    return _figures(evaluation, scored, evaluation.threshold).slices(column, grouping)


def slices_of_columns(
    sample: Sample, columns: Collection[str], code: str | None = None
) -> Iterator[Slices]:
    """Metrics of the subgroups of columns, one after another; errors as in `slices_by`.

    Args:
        sample: the rows of an evaluation.
        columns: which ones.
        code: of the only metric that is told; None: all of them.
    """
    figures = _figures(sample.evaluation, sample.scored(), sample.evaluation.threshold)
    for column in columns:
        yield figures.slices(column, grouped(sample.column(column)), code)


def _figures(evaluation: Evaluation, scored: Scored, threshold: float | None) -> Figures:
    compute = FIGURES[evaluation.prediction_type]
    return compute(evaluation, scored, Threshold(threshold, evaluation.threshold_from))


def _require_threshold(evaluation: Evaluation, name: str) -> None:
    if name != "confusion":
        raise errors.Invalid("only the screen confusion is told for another threshold")
    if evaluation.threshold is None:
        raise errors.Invalid(
            "the evaluation has no threshold: it takes a binary model that gives probabilities"
        )


def _place(grouping: Grouping, column: str, label: str) -> int:
    labels = [group.label for group in grouping.groups]
    if label not in labels:
        more = f" and {len(labels) - MOST_NAMED} more" if len(labels) > MOST_NAMED else ""
        named = ", ".join(map(repr, labels[:MOST_NAMED]))
        raise errors.NotFound(f"{column} has no group {label!r}; its groups: {named}{more}")
    return labels.index(label)
