"""The parts of an evaluation, each a page: where they are, and which of them there are."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from modelyard.analysis.charts.words import TITLES
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.values import Value
from modelyard.web.pages import drift
from modelyard.web.pages.evaluations import ONE
from modelyard.web.pages.page import address

METRICS = f"{ONE}/metrics"
DIAGNOSTICS = f"{ONE}/diagnostics"
SCREEN = f"{ONE}/screens/{{screen}}"
SLICES = f"{ONE}/slices"
WORST = f"{ONE}/worst"
FAIRNESS = f"{ONE}/fairness"
ROWS = f"{ONE}/rows"
RESIDUALS = f"{ONE}/residuals"
ASSERTIONS = f"{ONE}/assertions"
EXPLANATIONS = f"{ONE}/explanations"


class Link(Value):
    """A part of an evaluation, as the navigation of its pages shows it."""

    label: str
    href: str
    count: int | None = None
    takes_threshold: bool = False
    """Whether it is told for another threshold of a binary model, too."""


def parts_of(
    found: Evaluation, group: Mapping[str, str], threshold: str = "", reports: int | None = None
) -> tuple[tuple[str, tuple[Link, ...]], ...]:
    """The navigation: links under headings, only to what there is.

    Screens stay with the group of rows that is looked at, if it is one, and with the threshold.
    `reports` is how many reports there are of the drift of an evaluation that keeps its rows.
    """
    moves = {"takes_threshold": "decision" in found.screens}
    at = {"threshold": threshold} if threshold and moves["takes_threshold"] else {}
    whole, some = (f"?{urlencode(asked)}" if asked else "" for asked in (at, {**group, **at}))
    named = {"project": found.project, "evaluation": found.id}
    overview = [Link(label="Summary", href=address(ONE, **named) + whole, **moves)]
    if found.metrics:
        overview.append(Link(label="Metrics", href=address(METRICS, **named) + whole, **moves))
    count = len(found.diagnostics)
    overview.append(Link(label="Diagnostics", href=address(DIAGNOSTICS, **named), count=count))
    screens = tuple(
        Link(label=TITLES[name], href=address(SCREEN, **named, screen=name) + some, **moves)
        for name in found.screens
    )
    groups = tuple(
        Link(label=label, href=address(path, **named))
        for label, path, there in (
            ("Slices", SLICES, True),
            ("Worst slices", WORST, True),
            ("Fairness", FAIRNESS, bool(found.classes)),
            ("Best and worst rows", ROWS, True),
            ("Residuals", RESIDUALS, found.prediction_type == "regression"),
        )
        if there and found.metrics and found.sample
    )
    if found.assertions:
        count = len(found.assertions)
        groups += (Link(label="Assertions", href=address(ASSERTIONS, **named), count=count),)
    explanations: tuple[Link, ...] = ()
    if found.metrics and found.sample:
        explanations = (Link(label="Explanations", href=address(EXPLANATIONS, **named)),)
    moved: tuple[Link, ...] = ()
    if found.sample:
        where = f"{address(drift.ALL, project=found.project)}?{urlencode({'evaluation': found.id})}"
        moved = (Link(label="Drift", href=where, count=reports),)
    parts = (
        ("Overview", tuple(overview)),
        ("Performance", screens),
        ("Rows and groups", groups),
        ("Explanation", explanations),
        ("Beside its reference", moved),
    )
    return tuple((label, links) for label, links in parts if links)
