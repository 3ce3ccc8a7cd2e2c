"""The pages of one evaluation: its summary, its metrics, its diagnostics, each of its screens."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from modelyard.analysis.types import Metric
from modelyard.evaluations.commands import ShowEvaluation, ShowScreen
from modelyard.evaluations.types import Diagnostic, Evaluation
from modelyard.kernel.values import Value
from modelyard.web.pages import evaluations
from modelyard.web.pages.evaluation_parts import DIAGNOSTICS, METRICS, SCREEN, Link, parts_of
from modelyard.web.pages.evaluation_words import (
    ADVICE,
    HEADLINES,
    LEFT_OUT,
    SCREENS,
    SUMMARY,
    reading_of,
)
from modelyard.web.pages.evaluations import ONE, title_of
from modelyard.web.pages.page import Crumb, Page, View, Visit, address
from modelyard.web.pages.workbench import Workbench, workbench

FIRST = 4
"""Metrics that stand above all."""


class Told(Value):
    """Something that one should know of an evaluation, and what to do about it."""

    diagnostic: Diagnostic
    advice: str


class Chart(Value):
    """A chart, as a card shows it."""

    name: str
    label: str
    href: str
    """Of the page of its screen."""
    sub: str


class EvaluationView(View):
    """What all pages about one evaluation show."""

    evaluation: Evaluation
    parts: tuple[tuple[str, tuple[Link, ...]], ...]
    """The navigation: links under headings."""
    dropped: tuple[tuple[int, str], ...]
    """How many rows were left out, and why."""
    may_write: bool


class SummaryView(EvaluationView):
    """The most important of it."""

    headlines: tuple[Metric, ...]
    told: tuple[Told, ...]
    workbench: Workbench | None
    charts: tuple[Chart, ...]


class MetricsView(EvaluationView):
    """All metrics."""


class DiagnosticsView(EvaluationView):
    """What one should know before trusting it, and what was evaluated how."""

    told: tuple[Told, ...]


class ScreenView(EvaluationView):
    """One screen."""

    name: str
    label: str
    reading: str
    workbench: Workbench | None
    content: dict[str, JsonValue]


def shown(visit: Visit) -> EvaluationView:
    """The evaluation of the address, with what pages about it share."""
    key, identifier = visit.path["project"], visit.path["evaluation"]
    found = visit.run(ShowEvaluation(project=key, id=identifier))
    return EvaluationView(
        title=title_of(found.version, found.dataset),
        crumbs=evaluations.crumbs(key),
        evaluation=found,
        parts=parts_of(found),
        dropped=_dropped(found),
        may_write=visit.may("evaluations:write"),
    )


def summary(visit: Visit) -> SummaryView:
    """Headlines, what to know, the threshold, the main charts."""
    view = shown(visit)
    found = view.evaluation
    codes = [code for code in HEADLINES[found.prediction_type] if code in found.metrics]
    return SummaryView(
        **dict(view),
        headlines=tuple(found.metrics[code] for code in _computed_first(found, codes)[:FIRST]),
        told=_told(found),
        workbench=workbench(visit, found) if _has_threshold(found) else None,
        charts=tuple(
            _chart(found, name)
            for name in SUMMARY[found.prediction_type]
            if name in found.screens and name in SCREENS
        ),
    )


def metrics(visit: Visit) -> MetricsView:
    """All of them, with their intervals."""
    return MetricsView(**within(shown(visit), "Metrics"))


def diagnostics(visit: Visit) -> DiagnosticsView:
    """What to know, and what was evaluated how."""
    view = shown(visit)
    return DiagnosticsView(**within(view, "Diagnostics"), told=_told(view.evaluation))


def screen(visit: Visit) -> ScreenView:
    """One screen."""
    view, name = shown(visit), visit.path["screen"]
    found = view.evaluation
    content = visit.run(ShowScreen(project=found.project, id=found.id, screen=name)).content
    words = SCREENS[name]
    return ScreenView(
        **within(view, words.label),
        name=name,
        label=words.label,
        reading=reading_of(name, found.prediction_type),
        workbench=workbench(visit, found) if _has_threshold(found, name) else None,
        content=content,
    )


def within(view: EvaluationView, title: str) -> dict[str, Any]:
    """The fields of a page below the evaluation's own."""
    found = view.evaluation
    here = Crumb(label=view.title, href=evaluations.href(found.project, found.id))
    return {**dict(view), "title": title, "crumbs": (*view.crumbs, here)}


def _has_threshold(found: Evaluation, screen: str = "confusion") -> bool:
    """Whether a screen is the matrix of two classes."""
    is_binary = found.prediction_type == "binary_classification"
    return is_binary and screen == "confusion" and screen in found.screens


def _computed_first(found: Evaluation, codes: list[str]) -> list[str]:
    return sorted(codes, key=lambda code: found.metrics[code].value is None)


def _told(found: Evaluation) -> tuple[Told, ...]:
    return tuple(
        Told(diagnostic=each, advice=ADVICE.get(each.code, "")) for each in found.diagnostics
    )


def _dropped(found: Evaluation) -> tuple[tuple[int, str], ...]:
    counted = (
        []
        if found.intake is None
        else [(getattr(found.intake, name), why) for name, why in LEFT_OUT]
    )
    return tuple((count, why) for count, why in [*counted, (found.rejected, "refused")] if count)


def _chart(found: Evaluation, name: str) -> Chart:
    where = address(SCREEN, project=found.project, evaluation=found.id, screen=name)
    return Chart(name=name, label=SCREENS[name].label, href=where, sub="")


PAGES = (
    Page(ONE, summary, "evaluation.html"),
    Page(METRICS, metrics, "evaluation_metrics.html"),
    Page(DIAGNOSTICS, diagnostics, "evaluation_diagnostics.html"),
    Page(SCREEN, screen, "evaluation_screen.html"),
)
