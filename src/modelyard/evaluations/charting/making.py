"""Charts and tables of the screens of evaluations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

from modelyard import errors
from modelyard.analysis.charts.types import Drawn, Subject
from modelyard.analysis.charts.words import clean, quoted
from modelyard.analysis.group_types import Slices
from modelyard.analysis.screen_tables import table_of, table_of_slices
from modelyard.evaluations import repository
from modelyard.evaluations.charting.commands import SLICES, AboutChart, AboutScreen
from modelyard.evaluations.charting.types import Chart, ScreenTable
from modelyard.evaluations.commands import ShowScreen
from modelyard.evaluations.screens import screen, slices_by
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context

R = TypeVar("R")
HEADLINES = ("auc", "mrocAUC", "r2")
OTHERS = "other classes"


@dataclass(frozen=True)
class Looked:
    """What there is to show: an evaluation, and a screen of it or slices.

    Args:
        evaluation: whose it is.
        subject: the words of its charts.
        content: of the screen, or of one class of it.
        slices: where groups are asked for instead of a screen.
    """

    evaluation: Evaluation
    subject: Subject
    content: Mapping[str, Any]
    slices: Slices | None = None


def chart_of(context: Context, asked: AboutChart[R]) -> Chart:
    """A screen as a chart; one that cannot be drawn says why.

    Raises:
        NotFound: there is no such evaluation, screen, class or metric.
        Invalid: the screen has no threshold or no classes.
    """
    found = _looked_up(context, asked)
    # Altair takes most of a second to load, which no other command should wait for.
    drawing = import_module("modelyard.analysis.charts.drawing")
    if found.slices is not None:
        drawn: Drawn = drawing.draw_slices(
            found.slices, _metric(found.slices, asked.metric), asked.mode
        )
    else:
        drawn = drawing.draw(asked.screen, found.content, found.subject, asked.mode)
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
        mode=asked.mode,
    )


def table(context: Context, asked: AboutScreen[R]) -> ScreenTable:
    """The numbers of a screen; errors as in `chart_of`."""
    found = _looked_up(context, asked)
    if found.slices is not None:
        columns = table_of_slices(found.slices)
    else:
        columns = table_of(asked.screen, found.content, found.subject.labels)
    return ScreenTable(
        evaluation=found.evaluation.id,
        screen=asked.screen,
        columns=columns.names,
        rows=columns.rows,
    )


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
    subject = subject_of(evaluation)
    if asked.screen == SLICES and asked.by is not None:
        return Looked(evaluation, subject, {}, slices_by(context, evaluation, asked.by))
    given = asked.model_dump(include=set(ShowScreen.model_fields))
    content = screen(context, evaluation, ShowScreen.model_validate(given)).content
    if asked.label is None:
        return Looked(evaluation, subject, content)
    return Looked(evaluation, *_of_one_class(asked.screen, content, subject, asked.label))


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
