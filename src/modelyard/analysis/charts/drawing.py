"""Drawing: from the content of a screen to a Vega-Lite spec."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt

from modelyard.analysis.activity_types import ActivityChart, ActivityHistory
from modelyard.analysis.charts import (
    classes,
    confusion,
    curves,
    explanations,
    likelihoods,
    regression,
    thresholds,
    words,
)
from modelyard.analysis.charts.activity import CHARTS
from modelyard.analysis.charts.activity import TITLES as OF_ACTIVITY
from modelyard.analysis.charts.fairness import fairness
from modelyard.analysis.charts.history import history
from modelyard.analysis.charts.layers import Sketch
from modelyard.analysis.charts.overlays import CURVES
from modelyard.analysis.charts.residuals import residuals
from modelyard.analysis.charts.slices import slices
from modelyard.analysis.charts.theme import config
from modelyard.analysis.charts.types import Content, Drawn, Mode, NothingToDraw, Subject
from modelyard.analysis.charts.worst import worst
from modelyard.analysis.group_types import Fairness, Slices
from modelyard.analysis.history_types import History
from modelyard.analysis.names import name_of
from modelyard.analysis.regression_types import Residuals

Family = Callable[[Content, Subject], Sketch]
BINARY: dict[str, Family] = {
    "confusion": confusion.confusion,
    "decision": thresholds.decision,
    "roc": curves.roc,
    "precision-recall": curves.precision_recall,
    "gain": curves.gain,
    "lift": likelihoods.lift,
    "calibration": likelihoods.calibration,
    "density": likelihoods.density,
}
MULTICLASS: dict[str, Family] = {
    "confusion": confusion.confusion_of_classes,
    "classes": classes.per_class,
    "averages": classes.averages,
}
REGRESSION: dict[str, Family] = {
    "scatter": regression.scatter,
    "points": regression.sampled,
    "errors": regression.errors,
    "percentiles": regression.percentiles,
    "quantiles": regression.quantiles,
}
EXPLANATIONS: dict[str, Family] = {
    "importance": explanations.importance,
    "dependence": explanations.dependence,
    "own-importances": explanations.own,
}
KEPT: dict[str, Family] = {"worst": worst}
"""What is kept of searches."""


def draw(screen: str, content: Content, subject: Subject, mode: Mode = "light") -> Drawn:
    """The chart of a screen.

    Args:
        screen: its name; of a dependence with the column after a colon.
        content: as JSON has it; of several classes the one whose curve is drawn, or all of them.
        subject: in which words.
        mode: for a light or a dark ground.
    """
    name, _, of = screen.partition(":")
    chart = _drawn(name, lambda: _sketch(name, content, subject), mode)
    return (
        chart.model_copy(update={"title": f"{chart.title} on {words.clean(of)}"}) if of else chart
    )


def draw_slices(found: Slices, code: str, mode: Mode = "light") -> Drawn:
    """The chart of a metric by groups of rows.

    Args:
        found: the groups.
        code: of the metric.
        mode: for a light or a dark ground.
    """
    return _by(found.column, _drawn("slices", lambda: slices(found, code), mode))


def draw_residuals(found: Residuals, column: str, mode: Mode = "light") -> Drawn:
    """The chart of mean errors by groups of rows.

    Args:
        found: the errors by group.
        column: whose values make the groups.
        mode: for a light or a dark ground.
    """
    return _by(column, _drawn("residuals", lambda: residuals(found, column), mode))


def draw_fairness(found: Fairness, mode: Mode = "light") -> Drawn:
    """The chart of rates by groups of rows, beside those of the reference.

    Args:
        found: the rates.
        mode: for a light or a dark ground.
    """
    return _by(found.column, _drawn("fairness", lambda: fairness(found), mode))


def draw_history(found: History, mode: Mode = "light") -> Drawn:
    """The chart of a metric from one evaluation to the next.

    Args:
        found: the evaluations in their order.
        mode: for a light or a dark ground.
    """
    return _drawn(name_of(found.metric), lambda: history(found), mode)


def draw_activity(found: ActivityHistory, chart: ActivityChart, mode: Mode = "light") -> Drawn:
    """A chart of what a service answered over time.

    Args:
        found: what it answered.
        chart: which one.
        mode: for a light or a dark ground.
    """
    return _drawn(OF_ACTIVITY[chart], lambda: CHARTS[chart](found), mode)


def _by(column: str, chart: Drawn) -> Drawn:
    return chart.model_copy(update={"title": f"{chart.title} by {words.clean(column)}"})


def _sketch(screen: str, content: Content, subject: Subject) -> Sketch:
    if screen in CURVES and "classes" in content:
        return classes.of_classes(screen, content)
    if screen == "confusion" and "weights" in content:
        return confusion.confusion_of_classes(content, subject)
    return {**MULTICLASS, **REGRESSION, **BINARY, **EXPLANATIONS, **KEPT}[screen](content, subject)


def _drawn(screen: str, sketched: Callable[[], Sketch], mode: Mode) -> Drawn:
    return drawn({**words.TITLES, **words.EXPLANATIONS}.get(screen, screen), sketched, mode)


def drawn(title: str, sketched: Callable[[], Sketch], mode: Mode) -> Drawn:
    """A sketch with a theme, or the reason why there is nothing to draw."""
    try:
        sketch = sketched()
    except NothingToDraw as exc:
        reason = str(exc)
        return Drawn(title=title, description=f"{title}: {reason}.", reason=reason)
    return Drawn(
        title=title,
        note=sketch.note,
        description=sketch.description,
        spec=_spec(sketch, mode),
    )


def _spec(sketch: Sketch, mode: Mode) -> dict[str, Any]:
    """Altair writes the layers; data and theme need none of its copying and checking."""
    layered = alt.layer(*sketch.layers).to_dict(validate=False)
    marked: dict[str, Any] = {}
    if sketch.threshold is not None:
        marked = {"params": [{"name": "threshold", "value": sketch.threshold}]}
    return {
        **layered,
        **marked,
        "$schema": alt.SCHEMA_URL,
        "description": sketch.description,
        "width": "container",
        "height": sketch.height,
        "config": config(mode, sketch.roles),
        "datasets": sketch.data,
    }
