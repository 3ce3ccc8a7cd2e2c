"""The report of an evaluation store: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from modelyard.analysis.charts.words import clean, number
from modelyard.analysis.history_types import History
from modelyard.analysis.names import name_of
from modelyard.analysis.screen_tables import Columns
from modelyard.evaluations.charting.drawing import drawing
from modelyard.evaluations.charting.report_page import template
from modelyard.evaluations.charting.report_parts import Excerpt, Part, cut
from modelyard.evaluations.charting.report_pictures import Pictures
from modelyard.evaluations.charting.reporting import benches
from modelyard.evaluations.charting.workbench import Bench, fingerprint, script
from modelyard.evaluations.drifting.types import DriftSummary
from modelyard.evaluations.storing.types import EvaluationStore
from modelyard.evaluations.types import EvaluationSummary
from modelyard.kernel.context import Context
from modelyard.kernel.version import __version__

LINES = 100
"""Evaluations, and reports of drift, that are told one by one; the newest ones."""
MOST_BENCHES = 3
"""Evaluations whose threshold can be moved, the newest ones."""
LABELS = 4
"""Labels that have a column."""
ABOUT_DRIFT = (
    "Whether data, predictions or performance moved from the reference of the store, or of "
    "the version, to an evaluation."
)


@dataclass(frozen=True)
class Listing:
    """A table with what it is about.

    Args:
        name: by which links find it.
        title: above it.
        about: what it tells.
        table: its rows.
        all: the command that has those that are left out.
    """

    name: str
    title: str
    about: str
    table: Excerpt
    all: str


def page(
    store: EvaluationStore,
    found: Sequence[EvaluationSummary],
    histories: Sequence[History],
    metrics: Sequence[Part],
    workbenches: Sequence[tuple[str, Bench]],
    sections: Sequence[Listing],
) -> str:
    """The report as HTML.

    Args:
        store: what it is about.
        found: its evaluations, the oldest first.
        histories: metrics as they went, the headline first.
        metrics: the same, drawn.
        workbenches: thresholds of some evaluations that can be moved, with their names.
        sections: what else is told of them.
    """
    codes = [each.metric for each in histories]
    return template("store.html").render(
        store=store,
        title=f"Evaluation store {store.name}",
        facts=_facts(store, found),
        verdict=histories[0].verdict if histories else None,
        evaluations=_lines(found, codes),
        metrics=metrics,
        benches=workbenches,
        script=Markup(script()),  # noqa: S704  our own
        fingerprint=fingerprint(),
        sections=sections,
        version=__version__,
    )


def movable(
    context: Context, project: str, found: Sequence[EvaluationSummary]
) -> list[tuple[str, Bench]]:
    """Workbenches of the newest evaluations of two classes.

    Args:
        context: the workspace.
        project: key of the project.
        found: the evaluations of a store, the oldest first.
    """
    binary = [each for each in found if each.prediction_type == "binary_classification"]
    named = [(each.name, each.id) for each in reversed(binary)][:LINES]
    return benches(context, project, named, MOST_BENCHES)


def drawn(pictures: Pictures, histories: Sequence[History]) -> list[Part]:
    """Each metric over time, with what was expected, and its numbers."""
    told = []
    for at, each in enumerate(histories):
        pictures.step("drawing metrics", at, len(histories))
        chart = drawing("draw_history")(each, "light")
        tables = (_points(each),)
        told.append(pictures.part(f"metric-{at}", chart, _about(each), tables, screen=each.metric))
    return told


def of_drift(found: Sequence[EvaluationSummary], reports: Sequence[DriftSummary]) -> Listing:
    """What came of drift for each evaluation that has a report, the newest first.

    Args:
        found: the evaluations of a store, the oldest first.
        reports: of them and others, the newest first.
    """
    last = {each.evaluation: each for each in reversed(reports)}
    told = [(each, last[each.id]) for each in reversed(found) if each.id in last]
    rows = [
        [
            clean(each.name),
            report.outcome,
            f"{report.drifted:,}",
            number(report.accuracy),
            report.headline,
        ]
        for each, report in told[:LINES]
    ]
    names = ("evaluation", "outcome", "columns that drifted", "told apart", "verdict")
    return Listing(
        "drift", "Drift", ABOUT_DRIFT, Excerpt(names, rows, len(told)), "modelyard drift list"
    )


def _facts(store: EvaluationStore, found: Sequence[EvaluationSummary]) -> list[str]:
    models = dict.fromkeys(
        f"{each.model} {each.version or ''}".strip() for each in found if each.model
    )
    facts = [f"{len(found):,} evaluation{'' if len(found) == 1 else 's'}"]
    if models:
        names = list(models)
        more = f" and {len(names) - 6} more" if len(names) > 6 else ""
        facts.append(f"of {', '.join(map(clean, names[:6]))}{more}")
    if found:
        days = dict.fromkeys(f"{each.created:%Y-%m-%d}" for each in (found[0], found[-1]))
        facts.append(f"made {' to '.join(days)}")
    if store.reference is not None:
        facts.append(f"drift is told from {store.reference}")
    return facts


def _about(each: History) -> str:
    if each.expected_error is None:
        return ""
    return (
        f"Dashed: what was expected without a truth; off by {number(each.expected_error)} in the "
        f"mean of {each.expected_of:,}."
    )


def _points(found: History) -> Excerpt:
    label = found.x if found.x not in {"created", "name"} else "evaluation"
    names = (label, *found.colour, "value", "from", "to", "expected")
    rows = tuple(
        (
            each.called if found.x == "name" else each.x,
            *each.line.split(" · ", len(found.colour) - 1)[: len(found.colour)],
            each.value,
            each.low,
            each.high,
            each.expected,
        )
        for each in found.points
    )
    return cut(Columns(names, rows))


def _lines(found: Sequence[EvaluationSummary], codes: Sequence[str]) -> Excerpt:
    """The evaluations with their labels and metrics, the newest first."""
    own = dict.fromkeys(key for each in found for key in each.labels if ":" not in key)
    keys = list(own)[:LABELS]
    rows = []
    for each in list(reversed(found))[:LINES]:
        told = {code: each.metrics.get(code) for code in codes}
        values = [number(None if figure is None else figure.value) for figure in told.values()]
        limits = [told[codes[0]]] if codes else []
        rows.append(
            [
                clean(each.name),
                *(clean(each.labels.get(key, "–")) for key in keys),
                clean(" ".join(filter(None, (each.model, each.version))) or "–"),
                f"{each.rows:,}",
                *values[:1],
                *(
                    "–"
                    if figure is None or figure.low is None or figure.high is None
                    else f"{number(figure.low)} to {number(figure.high)}"
                    for figure in limits
                ),
                *values[1:],
            ]
        )
    metrics = [name_of(code) for code in codes]
    interval = ["interval"] if codes else []
    names = ("evaluation", *map(clean, keys), "of", "rows", *metrics[:1], *interval, *metrics[1:])
    return Excerpt(names, rows, len(found), ", the newest")
