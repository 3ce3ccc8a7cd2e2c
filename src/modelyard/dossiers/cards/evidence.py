"""The sections of a model card about evidence: figures, groups, explanations, monitoring, files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelyard.analysis.charts.types import Drawn, Subject
from modelyard.analysis.charts.words import RATES, clean, number
from modelyard.analysis.names import name_of
from modelyard.analysis.screen_tables import table_of_fairness
from modelyard.dossiers.cards.known import Known
from modelyard.dossiers.cards.sections import facts, missing, moment, said, table
from modelyard.dossiers.types import CardSection, CardTable
from modelyard.evaluations.charting.drawing import drawing
from modelyard.evaluations.charting.making import subject_of
from modelyard.evaluations.looking.types import FairnessReport
from modelyard.evaluations.types import Evaluation
from modelyard.evaluations.words import LEADING

SCREENS = ("roc", "calibration", "confusion", "classes", "scatter", "errors")
"""Those that a card shows, where the evaluation has them."""
MOST_SCREENS = 3
IMPORTANCE, OWN = "importance", "own-importances"


def of_evidence(known: Known) -> Iterator[CardSection]:
    """What evaluations say, and what the version was found to be."""
    yield _metrics(known)
    yield _evaluation_data(known)
    yield _training_data(known)
    yield _analyses(known)
    yield _explanations(known)
    yield _monitoring(known)
    yield _scan(known)


def _metrics(known: Known) -> CardSection:
    found = known.evaluation
    told: tuple[CardTable, ...] = ()
    if found is not None:
        rows = (
            (name_of(each.code), each.value, _interval(each.low, each.high), each.reason or "")
            for each in _ordered(found)
        )
        columns = ("Metric", "Value", f"{found.confidence:.0%} interval", "Why there is none")
        told = table(f"{found.name}, on {found.dataset or 'other data'}", columns, rows)
    return CardSection(
        name="metrics",
        title="Metrics",
        texts=known.basis.texts["metrics"],
        facts=facts(
            ("Threshold", found.threshold if found else None),
            ("Threshold from", found.threshold_from if found and found.threshold else None),
        ),
        tables=told,
        missing=missing(known, "metrics"),
    )


def _ordered(found: Evaluation) -> list[Any]:
    first = LEADING.get(found.prediction_type, ())
    rank = {code: place for place, code in enumerate(first)}
    codes = sorted(found.metrics, key=lambda code: (rank.get(code, len(rank)), code))
    return [found.metrics[code] for code in codes]


def _interval(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{number(low)} to {number(high)}"


def _evaluation_data(known: Known) -> CardSection:
    rows = (
        (
            each.id,
            each.dataset or "–",
            each.store or "none",
            each.rows,
            f"{name_of(each.metric)} {number(each.value)}" if each.metric else "–",
            _interval(each.low, each.high),
            each.diagnostics,
            each.created,
        )
        for each in known.basis.evaluations
    )
    columns = ("Evaluation", "Dataset", "Store", "Rows", "Metric", "Interval", "Warnings", "Made")
    found = known.evaluation
    return CardSection(
        name="evaluation-data",
        title="Evaluation data",
        texts=known.basis.texts["evaluation_data"],
        facts=facts(
            ("Evaluation that stands for it", found.id if found else None),
            ("Dataset", found.dataset if found else None),
            ("Sample", found.sampling.in_words if found else None),
            ("Fingerprint of the data", found.fingerprint if found else None),
        ),
        tables=table("Evaluations, the newest first", columns, rows),
        missing=missing(known, "evaluation_data"),
    )


def _training_data(known: Known) -> CardSection:
    of = known.basis.version.lineage
    return CardSection(
        name="training-data",
        title="Training data",
        texts=known.basis.texts["training_data"],
        facts=facts(("Training dataset", of.train_dataset), ("Test dataset", of.test_dataset)),
        missing=missing(known, "training_data"),
    )


def _analyses(known: Known) -> CardSection:
    found = known.evaluation
    charts: list[Drawn] = []
    if found is not None:
        shown = [name for name in SCREENS if name in known.screens][:MOST_SCREENS]
        subject = subject_of(found)
        charts = [drawing("draw")(name, known.screens[name], subject) for name in shown]
    reports = [each for each in known.fairness if isinstance(each, FairnessReport)]
    charts += [drawing("draw_fairness")(each) for each in reports]
    why = tuple(each for each in known.fairness if isinstance(each, str))
    return CardSection(
        name="analyses",
        title="Quantitative analyses",
        texts=known.basis.texts["fairness"],
        tables=tuple(told for each in reports for told in _fairness(each)),
        charts=tuple(each for each in charts if each.spec is not None),
        missing=(*why, *missing(known, "fairness")),
    )


def _fairness(found: FairnessReport) -> tuple[CardTable, ...]:
    """The largest disparity of each criterion, and the rates of the groups."""
    largest = (
        (
            name_of(each.criterion),
            each.group,
            RATES.get(each.rate or "", "–"),
            each.difference.value,
            _interval(each.difference.low, each.difference.high),
        )
        for each in found.disparities
    )
    names = ("Criterion", "Group that differs most", "Rate", "Difference", "Interval")
    columns = table_of_fairness(found)
    places = [0, *(columns.names.index(name, 1) for name in ("weight", *RATES))]
    rates = ([row[place] for place in places] for row in columns.rows)
    by = clean(found.column)
    return (
        *table(f"Fairness by {by}, beside {clean(found.reference)}", names, largest),
        *table(f"Rates by {by}", (by, "Rows", *RATES.values()), map(tuple, rates)),
    )


def _explanations(known: Known) -> CardSection:
    told: tuple[CardTable, ...] = ()
    subject = subject_of(known.evaluation) if known.evaluation else Subject()
    charts = [
        drawing("draw")(name, known.explanations[name], subject)
        for name in (IMPORTANCE, OWN)
        if name in known.explanations
    ]
    permuted = known.explanations.get(IMPORTANCE)
    if permuted:
        rows = (
            (name, value, _interval(low, high))
            for name, value, low, high in zip(
                *(permuted[each] for each in ("column", "importance", "low", "high")), strict=True
            )
        )
        title = f"How much worse {name_of(permuted['metric'])} gets without a column"
        told = table(title, ("Column", "Importance", "Interval"), rows)
    return CardSection(
        name="explanations",
        title="Explanations",
        texts=known.basis.texts["explanations"],
        tables=told,
        charts=tuple(each for each in charts if each.spec is not None),
        missing=missing(known, "explanations"),
    )


def _monitoring(known: Known) -> CardSection:
    drift, checks = known.item.facts.get("drift", {}), known.item.facts.get("checks", {})
    stores: dict[str, Any] = known.item.facts.get("monitoring", {})
    outcomes: Any = checks.get("outcomes") or {}
    kept = (
        (name, each["count"], moment(each["first"]["created"]), moment(each["newest"]["created"]))
        for name, each in sorted(stores.items())
    )
    run = (
        (name, each["outcome"], each["title"] or each["message"], moment(each["evaluated"]))
        for name, each in sorted(outcomes.items())
    )
    return CardSection(
        name="monitoring",
        title="Drift and checks",
        facts=facts(
            ("Drift", drift.get("headline")),
            ("Outcome", drift.get("outcome")),
            ("Told apart with accuracy", drift.get("accuracy")),
            ("Columns that drifted", drift.get("drifted")),
            ("Drift found", moment(said(drift["created"])) if drift.get("created") else None),
            ("Worst check", checks.get("worst")),
        ),
        tables=(
            *table("Evaluation stores", ("Store", "Evaluations", "First", "Newest"), kept),
            *table("Checks", ("Check", "Outcome", "Said", "Looked at"), run),
        ),
    )


def _scan(known: Known) -> CardSection:
    scan = known.basis.version.scan
    rows = ((each.file, each.verdict, each.what, each.detail) for each in scan.findings)
    return CardSection(
        name="scan",
        title="Scan of the files",
        facts=facts(
            ("Verdict", scan.verdict.replace("_", " ")),
            ("Files scanned", scan.files_scanned),
            ("Scanner", scan.scanner),
        ),
        tables=table("Findings", ("File", "Verdict", "What", "Detail"), rows),
    )
