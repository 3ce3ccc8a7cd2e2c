"""Charts and tables of the screens of evaluations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from modelyard import errors
from modelyard.analysis.charts.types import Drawn, Mode, Subject
from modelyard.analysis.charts.words import clean, quoted
from modelyard.analysis.group_types import Slices
from modelyard.analysis.screen_tables import (
    Columns,
    table_of,
    table_of_fairness,
    table_of_residuals,
    table_of_slices,
)
from modelyard.evaluations import repository
from modelyard.evaluations.charting.commands import (
    FAIRNESS,
    GROUPED,
    LISTED,
    RESIDUALS,
    AboutChart,
    AboutScreen,
)
from modelyard.evaluations.charting.drawing import drawing
from modelyard.evaluations.charting.listing import listed
from modelyard.evaluations.charting.types import Chart, ScreenTable
from modelyard.evaluations.commands import ShowScreen
from modelyard.evaluations.looking.commands import ShowFairness
from modelyard.evaluations.looking.comparing import compare_groups
from modelyard.evaluations.looking.residuals import residuals_by
from modelyard.evaluations.sample import open_sample
from modelyard.evaluations.screens import screen, slices_by
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context

R = TypeVar("R")
HEADLINES = ("auc", "mrocAUC", "r2")
OTHERS = "other classes"


@dataclass(frozen=True)
class Looked:
    """A screen of an evaluation, to be shown in either way.

    Args:
        evaluation: whose it is.
        draw: makes the chart.
        table: makes the table.
    """

    evaluation: Evaluation
    draw: Callable[[Mode], Drawn]
    table: Callable[[], Columns]


def chart_of(context: Context, asked: AboutChart[R]) -> Chart:
    """A screen as a chart; one that cannot be drawn says why.

    Raises:
        NotFound: there is no such evaluation, screen, class or metric.
        Invalid: the screen has no threshold or no classes.
    """
    found = _looked_up(context, asked)
    drawn = found.draw(asked.mode)
    if asked.group is not None:
        where = f"{drawn.title} where {clean(asked.by)} is {clean(asked.group)}"
        drawn = drawn.model_copy(update={"title": where})
    return Chart(
        **dict(drawn),
        evaluation=found.evaluation.id,
        project=asked.project,
        screen=asked.screen,
        threshold=asked.threshold,
        label=asked.label,
        by=asked.by,
        group=asked.group,
        reference=asked.reference,
        outcome=asked.outcome,
        mode=asked.mode,
    )


def table(context: Context, asked: AboutScreen[R]) -> ScreenTable:
    """The numbers of a screen; errors as in `chart_of`."""
    found = _looked_up(context, asked)
    columns = found.table()
    return ScreenTable(
        evaluation=found.evaluation.id,
        screen=asked.screen,
        columns=columns.names,
        rows=columns.rows,
    )


def undrawn(screen: str) -> Drawn:
    """What is told instead of a chart."""
    reason = f"{screen.replace('-', ' ')} are a table, of which there is no chart; ask for CSV"
    return Drawn(title=screen.capitalize(), description=reason, reason=reason)


def subject_of(evaluation: Evaluation) -> Subject:
    """The words of an evaluation's charts."""
    shared = Subject(
        target=evaluation.target or "truth",
        confidence=evaluation.confidence,
        weighted=evaluation.weights is not None,
    )
    if evaluation.prediction_type != "binary_classification":
        return shared
    positive = str(evaluation.positive)
    negative = next((str(x) for x in evaluation.classes if str(x) != positive), "not it")
    named = {
        "positive": quoted(positive),
        "negative": quoted(negative),
        "labels": (positive, negative),
        "threshold": evaluation.threshold,
    }
    return shared.model_copy(update=named)


def _looked_up(context: Context, asked: AboutScreen[R]) -> Looked:
    with context.read() as db:
        evaluation = repository.get(db, asked.project, asked.id)
    if asked.by is not None and asked.screen in GROUPED:
        return _groups(context, evaluation, asked, asked.by)
    if asked.screen in LISTED:
        return Looked(
            evaluation,
            lambda _mode: undrawn(asked.screen),
            lambda: listed(context, evaluation, asked),
        )
    subject = subject_of(evaluation)
    given = asked.model_dump(include=set(ShowScreen.model_fields))
    content: Mapping[str, Any] = screen(
        context, evaluation, ShowScreen.model_validate(given)
    ).content
    if asked.label is not None:
        subject, content = _of_one_class(asked.screen, content, subject, asked.label)
    return Looked(
        evaluation,
        lambda mode: drawing("draw")(asked.screen, content, subject, mode),
        lambda: table_of(asked.screen, content, subject.labels),
    )


def _groups(context: Context, evaluation: Evaluation, asked: AboutScreen[R], column: str) -> Looked:
    """What is told of the groups of a column.

    Raises:
        Invalid: there is no such column, group or class.
        Unsupported: it is not told of this prediction type.
    """
    if asked.screen == RESIDUALS:
        with open_sample(context, evaluation) as sample:
            residuals = residuals_by(sample, column)
        return Looked(
            evaluation,
            lambda mode: drawing("draw_residuals")(residuals, column, mode),
            lambda: table_of_residuals(residuals, column),
        )
    if asked.screen == FAIRNESS:
        given = asked.model_dump(include=set(ShowFairness.model_fields))
        with open_sample(context, evaluation) as sample:
            fairness = compare_groups(sample, ShowFairness.model_validate(given))
        return Looked(
            evaluation,
            lambda mode: drawing("draw_fairness")(fairness, mode),
            lambda: table_of_fairness(fairness),
        )
    slices = slices_by(context, evaluation, column)
    return Looked(
        evaluation,
        lambda mode: drawing("draw_slices")(slices, _metric(slices, asked.metric), mode),
        lambda: table_of_slices(slices),
    )


def _of_one_class(
    screen: str, content: Mapping[str, Any], subject: Subject, label: str
) -> tuple[Subject, Mapping[str, Any]]:
    """One class of several, as if there were two.

    Raises:
        Invalid: the screen has no curves of classes.
        NotFound: it has none of this class.
    """
    classes = content.get("classes")
    if "weights" in content or not isinstance(classes, list):
        raise errors.Invalid(f"the screen {screen} has no curve for each of several classes")
    found = next((each for each in classes if str(each["label"]) == label), None)
    if found is None:
        there = ", ".join(str(each["label"]) for each in classes[:20])
        raise errors.NotFound(f"there is no curve of a class {label!r}; there are: {there}")
    named = {"positive": quoted(label), "negative": OTHERS, "labels": (label, OTHERS)}
    return subject.model_copy(update=named), found


def headline_of(found: Slices) -> str:
    """The metric that lists of evaluations tell, else the first."""
    codes = [each.code for each in found.total.metrics]
    return next((code for code in HEADLINES if code in codes), codes[0] if codes else "")


def _metric(found: Slices, asked: str | None) -> str:
    """The metric that slices are drawn of.

    Raises:
        NotFound: it is none that slices have.
    """
    if asked is None:
        return headline_of(found)
    codes = [each.code for each in found.total.metrics]
    if asked not in codes:
        raise errors.NotFound(f"slices have no metric {asked!r}; they have: {', '.join(codes)}")
    return asked
