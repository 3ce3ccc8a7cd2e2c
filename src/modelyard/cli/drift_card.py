"""Drift reports for people."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from modelyard.analysis.drift.types import (
    ColumnDrift,
    DriftTestResult,
    Expected,
    GlobalDrift,
    Outcome,
    PerformanceDrift,
    PredictionDrift,
    Shares,
    TextDrift,
    Why,
)
from modelyard.analysis.names import name_of
from modelyard.analysis.types import Metric
from modelyard.cli.numbers import interval, number, number_table
from modelyard.cli.words import words
from modelyard.evaluations.drifting.types import Drift, DriftChart, Side

STYLE: dict[Outcome, str] = {
    "drifted": "red",
    "look": "yellow",
    "stable": "green",
    "unknown": "dim",
}
MOST_COLUMNS = 50
"""Columns that are shown; those that moved first."""
HEADINGS = {
    "psi": "PSI",
    "ks": "KS",
    "wasserstein": "Wasserstein",
    "js": "JS",
    "chi2": "V",
    "new": "New",
}
"""What the statistics of tests are called."""
MOST_SHARES = 12
FIRST: dict[Outcome, int] = {"drifted": 0, "look": 1, "unknown": 2, "stable": 3}


def drift_card(found: Drift) -> RenderableType:
    """The verdict, then the figures it rests on; `--json` has every detail."""
    parts: list[RenderableType] = [
        Text(f"{found.current.name} against {found.reference.name}", style="bold"),
        Text(found.verdict.headline, style=STYLE[found.verdict.outcome]),
        *(Padding(Text(each), (0, 0, 0, 2)) for each in found.verdict.details),
        Padding(_facts(found), (0, 0, 0, 2)),
    ]
    for title, shown in (
        ("All columns together", _together(found.global_)),
        ("Columns", _columns(found.columns)),
        ("Texts", _texts(found.texts)),
        ("Predictions", _predictions(found.predictions)),
        ("Performance", _performance(found.performance)),
        ("Performance to be expected", _expected(found.expected)),
        ("Why it changed", _why(found.why)),
    ):
        rows = list(shown)
        if rows:
            parts += [Text(title, style="bold"), *(Padding(row, (0, 0, 0, 2)) for row in rows)]
    parts += [Text(each, style="yellow") for each in found.warnings]
    return Group(*parts)


def drift_chart_words(found: DriftChart) -> RenderableType:
    """What is to be seen on a chart, and how it is written to a file."""
    parts = [Text(found.title, style="bold"), Text(found.description)]
    if found.spec is not None:
        asked = "".join(
            f" --{name} {shlex.quote(value)}"
            for name in ("column", "label")
            if (value := getattr(found, name)) is not None
        )
        line = f"  modelyard drift export {found.report} {found.part} {found.part}.svg{asked}"
        parts.append(Text(line, "dim"))
    return Group(*parts)


def _facts(found: Drift) -> Table:
    model = f"{found.model} {found.version}" if found.model else ""
    facts = [
        ("Id", found.id),
        ("Reference", _side(found.reference)),
        ("Current", _side(found.current)),
        ("Predictions against", found.prediction_reference and _side(found.prediction_reference)),
        ("Performance against", found.performance_reference and _side(found.performance_reference)),
        ("By profile", _by_profile(found)),
        ("Model", model),
        ("Computed", f"{words(found.created)} by {words(found.created_by)}"),
    ]
    grid = Table.grid(padding=(0, 2))
    for name, text in facts:
        if text:
            grid.add_row(Text(name, style="dim"), Text(text))
    return grid


def _by_profile(found: Drift) -> str:
    """What was compared with the reference's profile; all else was with its rows."""
    columns = sum(each.by_profile for each in found.columns)
    told = [f"{columns} of {len(found.columns)} columns"] if columns else []
    return " and ".join([*told, *(["predictions"] if found.predictions.by_profile else [])])


def _side(side: Side) -> str:
    of = f", evaluation {side.evaluation}" if side.evaluation else ""
    rows = "1 row" if side.rows == 1 else f"{side.rows:,} rows"
    return f"{side.name}, {rows}{of}"


def _together(found: GlobalDrift) -> Iterator[RenderableType]:
    if found.reason:
        yield Text(found.reason)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("", "Value", "Interval", "p"):
        table.add_column(name, justify="left" if name in ("", "Interval") else "right")
    table.add_row(
        "Accuracy", number(found.accuracy.value), interval(found.accuracy), _p(found.p_value)
    )
    table.add_row("ROC AUC", number(found.auc.value), interval(found.auc), "")
    yield table
    if found.note:
        yield Text(f"{found.note}.")


def _columns(columns: tuple[ColumnDrift, ...]) -> Iterator[RenderableType]:
    if not columns:
        return
    ordered = sorted(columns, key=lambda each: (FIRST[each.outcome], -_decisive(each)))
    shown = ordered[:MOST_COLUMNS]
    told: dict[str, list[RenderableType]] = {"Kind": [each.kind for each in shown]}
    for test in dict.fromkeys(each.test for column in columns for each in column.tests):
        if test != "missing":  # its shares are told
            told[HEADINGS.get(test, test)] = [_sized(column, test) for column in shown]
    told["p, corrected"] = [_p(_least(each)) for each in shown]
    told["Missing"] = [_change(each.reference_missing, each.current_missing) for each in shown]
    told["Tells apart"] = [_percent(each.drift_importance) for each in shown]
    told["Used"] = [_percent(each.model_importance) for each in shown]
    told["Outcome"] = [Text(each.outcome, style=STYLE[each.outcome]) for each in shown]
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("Column", overflow="fold")
    for name, cells in told.items():
        if any(map(str, cells)):
            words_only = name in ("Kind", "Outcome")
            table.add_column(Text(name), justify="left" if words_only else "right", no_wrap=True)
    for at, column in enumerate(shown):
        cells = [some[at] for some in told.values() if any(map(str, some))]
        table.add_row(Text(column.name), *cells)
    yield table
    if len(columns) > MOST_COLUMNS:
        yield Text(f"the first {MOST_COLUMNS} of {len(columns)} columns; --json has all", "dim")
    for column in shown:
        if column.outcome in ("unknown", "look") and column.why:
            yield Text(f"{column.name}: {column.why}")


def _texts(found: tuple[TextDrift, ...]) -> Iterator[RenderableType]:
    for each in found:
        if each.reason:
            yield Text(f"{each.name}: {each.reason}")
            continue
        table = number_table(each.name, "Value")
        table.add_column("Interval")
        if each.accuracy is not None:
            told = number(each.accuracy.value)
            table.add_row("told apart by words", told, interval(each.accuracy))
        vectors = each.embedding
        if vectors is not None and vectors.auc is not None:
            told = number(vectors.auc.value)
            table.add_row(f"ROC AUC by {vectors.embedding}", told, interval(vectors.auc))
        if each.unknown is not None:
            told = number(each.unknown.value)
            table.add_row("unknown words, difference", told, interval(each.unknown))
        lengths = f"{number(each.reference_length)} → {number(each.current_length)}"
        table.add_row("mean length", lengths, "")
        yield table
        if vectors is not None and vectors.reason:
            yield Text(f"{vectors.embedding}: {vectors.reason}")
        if each.new_words:
            yield Text(f"new words: {', '.join(each.new_words)}")


def _predictions(found: PredictionDrift) -> Iterator[RenderableType]:
    if found.reason:  # the verdict tells it
        return
    yield Text(found.outcome, style=STYLE[found.outcome])
    table = number_table("Test", "Statistic", "Threshold", "p")
    for each in found.tests:
        name = each.test if each.of is None else f"{each.test} of {each.of}"
        table.add_row(Text(name), number(each.statistic), number(each.threshold), _p(each.p_value))
    yield table
    if found.shares is not None:
        yield _shares(found.shares)


def _shares(shares: Shares) -> Table:
    table = number_table("Predicted", "Reference", "Current")
    rows = list(zip(shares.bin, shares.reference, shares.current, strict=True))
    for name, before, after in rows[:MOST_SHARES]:
        table.add_row(Text(name), _percent(before), _percent(after))
    if len(rows) > MOST_SHARES:
        table.caption = f"the first {MOST_SHARES} of {len(rows)}; --json has all"
    return table


def _performance(found: PerformanceDrift) -> Iterator[RenderableType]:
    if found.reason:
        return
    table = number_table("Metric", "Reference", "Current", "Difference")
    table.add_column("Interval")
    table.add_column("Change")
    for each in found.metrics:
        style = {"worse": "red", "better": "green"}.get(each.change, "")
        table.add_row(
            name_of(each.code),
            number(each.reference.value),
            number(each.current.value),
            number(each.difference.value),
            interval(each.difference),
            Text(each.change, style=style),
        )
    yield table


def _expected(found: Expected | None) -> Iterator[RenderableType]:
    if found is None or found.reason:
        if found is not None and found.reason:
            yield Text(found.reason)
        return
    realised = {each.code: each for each in found.realised}
    table = number_table("Metric", "Expected", "Realised", "Usual error")
    table.add_column("Interval of what is expected")
    for each in found.metrics:
        known = realised.get(each.code)
        table.add_row(
            name_of(each.code),
            number(each.value),
            number(known.value) if known else "–",
            number(found.errors.get(each.code)),
            interval(each),
        )
    yield table
    for doubt in found.doubts:
        yield Text(f"{'' if found.trusted else 'Not to be trusted: '}{doubt}", style="yellow")


def _why(found: Why | None) -> Iterator[RenderableType]:
    if found is None or found.mix is None or found.relation is None:
        if found is not None and found.reason:
            yield Text(found.reason)
        return
    table = number_table(f"Change of {name_of(found.code)}", "Mix", "Relation")
    table.add_row("all", _limits(found.mix), _limits(found.relation))
    for each in found.columns[:MOST_SHARES]:
        table.add_row(Text(each.column), _limits(each.mix), _limits(each.relation))
    yield table
    yield from (Text(doubt) for doubt in found.doubts)


def _limits(metric: Metric) -> str:
    limits = "" if metric.low is None else f" ({interval(metric)})"
    return f"{number(metric.value)}{limits}"


def _statistic(column: ColumnDrift, test: str) -> DriftTestResult | None:
    found = next((each for each in column.tests if each.test == test), None)
    return found if found is not None and found.statistic is not None else None


def _decisive(column: ColumnDrift) -> float:
    found = next((each.statistic for each in column.tests if each.statistic is not None), None)
    return found or 0.0


def _sized(column: ColumnDrift, test: str) -> Text:
    found = _statistic(column, test)
    if found is None:
        return Text("")
    return Text(f"{found.statistic:.3f}", style="bold" if found.exceeded else "")


def _least(column: ColumnDrift) -> float | None:
    known = [each.corrected for each in column.tests if each.corrected is not None]
    return min(known, default=None)


def _p(value: float | None) -> str:
    if value is None:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _change(before: float | None, after: float | None) -> str:
    if not before and not after:
        return ""
    return f"{_percent(before)} → {_percent(after)}"
