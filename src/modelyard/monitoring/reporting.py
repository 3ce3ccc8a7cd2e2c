"""The report of an evaluation store: its evaluations over time, their drift, their checks."""

from __future__ import annotations

from collections.abc import Sequence

from modelyard import errors
from modelyard.analysis.charts.words import clean
from modelyard.evaluations.charting.files import write
from modelyard.evaluations.charting.report_parts import Excerpt
from modelyard.evaluations.charting.report_pictures import pictures
from modelyard.evaluations.commands import ListEvaluations
from modelyard.evaluations.drifting.commands import ListDrift
from modelyard.evaluations.drifting.types import DriftSummary
from modelyard.evaluations.storing.commands import ShowHistory, ShowStore
from modelyard.evaluations.storing.history import codes_of, usual_metrics
from modelyard.evaluations.storing.reporting import Listing, drawn, movable, of_drift, page
from modelyard.kernel.context import Context
from modelyard.monitoring.commands import ListChecks, ReportStore
from modelyard.monitoring.types import CheckSummary, ReportedStore


def report(context: Context, command: ReportStore) -> ReportedStore:
    """Write the report.

    Raises:
        NotFound: there is no such store; none of its evaluations has a metric or the label.
        Conflict, Failed, Forbidden: as in `write`.
    """
    project, name = command.project, command.name
    ask = context.caller.run
    store = ask(ShowStore(project=project, name=name))
    found = ask(ListEvaluations(project=project, store=name, sort="created"))
    codes = list(dict.fromkeys(command.metrics)) or usual_metrics(found, codes_of(found))
    histories = (
        [ask(ShowHistory(project=project, name=name, metric=code, x=command.x)) for code in codes]
        if found
        else []
    )
    moved: list[DriftSummary] = ask(ListDrift(project=project))
    drift = of_drift(found, moved)
    checks = _of_checks(name, _checks(context, project, name))
    sections = [each for each in (drift, checks) if each.table.rows]

    workbenches = movable(context, project, found)

    def made() -> bytes:
        with pictures(context.progress) as making:
            metrics = drawn(making, histories)
            return page(store, found, histories, metrics, workbenches, sections).encode()

    size = write(context, command.output, made, replace=command.replace)
    return ReportedStore(
        store=name,
        evaluations=len(found),
        metrics=tuple(codes),
        drift=drift.table.of,
        checks=checks.table.of,
        workbenches=len(workbenches),
        size=size,
    )


def _checks(context: Context, project: str, store: str) -> list[CheckSummary]:
    """Those with a result; none for whoever may not read them."""
    try:
        found = context.caller.run(ListChecks(project=project, store=store))
    except errors.Forbidden:
        return []
    return [each for each in found if each.outcome is not None]


def _of_checks(store: str, found: Sequence[CheckSummary]) -> Listing:
    """What came last of each check."""
    rows = [
        [
            clean(each.name),
            each.kind,
            (each.outcome or "").replace("_", " "),
            each.message,
            "–" if each.checked is None else f"{each.checked:%Y-%m-%d %H:%M}",
        ]
        for each in found
    ]
    names = ("check", "kind", "outcome", "what was found", "checked")
    about = "What came last of each check, on the newest evaluation that it was run on."
    command = f"modelyard checks list --store {store}"
    return Listing("checks", "Checks", about, Excerpt(names, rows, len(rows)), command)
