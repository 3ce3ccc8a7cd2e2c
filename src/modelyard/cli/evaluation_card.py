"""Evaluations for people: the card of one, its screens."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from modelyard.analysis.names import name_of
from modelyard.analysis.types import Metric
from modelyard.cli.numbers import interval, number
from modelyard.cli.screen_table import ColumnsTable, cell, cells
from modelyard.cli.words import words
from modelyard.evaluations.charting.types import Chart, ScreenTable
from modelyard.evaluations.comparing.chart_types import ComparisonTable
from modelyard.evaluations.drifting.types import DriftTable
from modelyard.evaluations.types import Evaluation, Screen
from modelyard.evaluations.words import title_of

ORIGIN = {
    "version": "the version's",
    "given": "given",
    "optimised": "the best on these rows",
    "default": "as nothing else was given",
    "none": "",
}


def evaluation_card(found: Evaluation) -> RenderableType:
    """All that matters of an evaluation; `--json` has every detail."""
    title = Text(title_of(found), style="bold")
    parts: list[RenderableType] = [title, Padding(_facts(found), (0, 0, 0, 2))]
    if found.metrics:
        parts += [Text("Metrics", style="bold"), Padding(_metrics(found), (0, 0, 0, 2))]
    if found.no_metrics:
        parts.append(Text(found.no_metrics))
    if found.assertions:
        parts += [Text("Assertions", style="bold"), Padding(_assertions(found), (0, 0, 0, 2))]
    for each in found.diagnostics:
        style = "red" if each.outcome == "error" else "yellow"
        parts.append(Text(f"{each.code} {each.title}: {each.evidence}", style=style))
    if found.checks:
        parts.append(Text(_counted(found), style="dim"))
    if found.screens:
        parts.append(Text(f"Screens: {', '.join(found.screens)}"))
        parts.append(Text(f"  modelyard evaluations screen {found.id} {found.screens[0]}", "dim"))
    return Group(*parts)


def screen_view(screen: Screen) -> RenderableType:
    """Its single numbers, and its columns as a table of so many rows; `--json` has all of it."""
    at = "" if screen.threshold is None else f" at threshold {words(screen.threshold)}"
    of = "" if screen.by is None else f" where {screen.by} is {screen.group}"
    parts: list[RenderableType] = [Text(f"{screen.name}{at}{of}", style="bold")]
    for name, content in _parts(screen.content):
        if name:
            parts.append(Text(name, style="bold"))
        parts += [Padding(each, (0, 0, 0, 2)) for each in _columns_and_facts(content)]
    return Group(*parts)


def chart_words(found: Chart) -> RenderableType:
    """What is to be seen on a chart; a terminal cannot show it."""
    parts = [Text(found.title, style="bold"), Text(found.description)]
    if found.spec is not None:
        wanted = f"{found.evaluation} {found.screen}"
        asked = "".join(
            f" --{name} {shlex.quote(value)}"
            for name in ("label", "by", "group", "reference", "outcome")
            if (value := getattr(found, name)) is not None
        )
        parts.append(
            Text(f"  modelyard evaluations export {wanted} {found.screen}.svg{asked}", "dim")
        )
    return Group(*parts)


def screen_table(found: ScreenTable | DriftTable | ComparisonTable) -> RenderableType:
    """The rows of a screen, as many as are read."""
    columns = {name: [row[at] for row in found.rows] for at, name in enumerate(found.columns)}
    return ColumnsTable(columns, len(found.rows))


LIMITS = "limits"
"""Of the metrics at each threshold; there is no room for them beside these."""


def _parts(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The content itself, then what it says of each class and of all of them."""
    own = {}
    for name, value in content.items():
        if name == "classes" and value and isinstance(value[0], dict):
            for each in value:
                yield str(each["label"]), {k: v for k, v in each.items() if k != "label"}
        elif name in {"macro", "micro"}:
            yield name, value
        elif name != LIMITS:
            own[name] = value
    if own:
        yield "", own


def _columns_and_facts(content: Mapping[str, Any]) -> Iterator[RenderableType]:
    grid = Table.grid(padding=(0, 2))
    columns: dict[str, list[Any]] = {}
    for name, value in content.items():
        if isinstance(value, list) and not any(isinstance(each, dict) for each in value):
            columns[name] = value
        else:
            for label, text in _told(name, value):
                grid.add_row(Text(label, style="dim"), Text(text))
    if grid.row_count:
        yield grid
    for length in dict.fromkeys(len(column) for column in columns.values() if column):
        alike = {name: each for name, each in columns.items() if len(each) == length}
        yield ColumnsTable(alike, length)


def _told(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """A fact as words; a metric with its interval."""
    if isinstance(value, list):
        for each in value:
            yield from _told(name, each)
    elif isinstance(value, dict) and "code" in value:
        metric = Metric.model_validate(value)
        yield name_of(metric.code), f"{number(metric.value)}  {_limits(metric)}"
    elif isinstance(value, dict):
        single = {key: each for key, each in value.items() if not isinstance(each, list)}
        for key, text in zip(single, cells(list(single.values())), strict=True):
            yield key.replace("_", " "), text
    elif value is not None:
        yield name.replace("_", " "), cell(value)


def _facts(found: Evaluation) -> Table:
    facts = [
        ("Id", found.id),
        ("Name", found.name),
        ("Store", found.store or ""),
        ("Labels", ", ".join(f"{key}={value}" for key, value in found.labels.items())),
        ("Evaluated", f"{words(found.created)} by {words(found.created_by)}"),
        ("Target", found.target or ""),
        ("Rows", "" if found.kind == "custom" else _rows(found)),
        ("Weights", found.weights or ""),
        ("Positive class", "" if found.positive is None else str(found.positive)),
        (
            "Threshold",
            ""
            if found.threshold is None
            else f"{words(found.threshold)}, {ORIGIN[found.threshold_from]}",
        ),
    ]
    grid = Table.grid(padding=(0, 2))
    for name, text in facts:
        if text:
            grid.add_row(Text(name, style="dim"), Text(text))
    return grid


def _counted(found: Evaluation) -> str:
    """How many of its numbered checks came to what."""
    counts = Counter(each.outcome for each in found.checks)
    told = ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in counts.items())
    return f"Numbered checks: {told}"


def _rows(found: Evaluation) -> str:
    left = found.rows - (found.intake.used if found.intake else found.rows)
    sampled = "" if found.sampling.takes_all else f", sampled ({found.sampling.in_words})"
    told = f"{found.rows:,}{sampled}"
    told += f", {left:,} left out" if left else ""
    return told + (f", {found.rejected:,} refused by the model" if found.rejected else "")


def _assertions(found: Evaluation) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("Assertion", "Rows", "Expected"):
        table.add_column(name)
    for name in ("Matching", "Dropped", "As expected", "At least"):
        table.add_column(name, justify="right")
    table.add_column("Holds")
    for each in found.assertions:
        table.add_row(
            Text(each.name),
            Text(each.where),
            Text(each.expected),
            f"{each.matching:,}",
            f"{each.dropped:,}",
            "–" if each.valid_ratio is None else f"{each.valid_ratio:.2%}",
            f"{each.ratio:.2%}",
            Text(words(each.passed), style="red" if each.passed is False else ""),
        )
    return table


def _metrics(found: Evaluation) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("Metric")
    table.add_column("Value", justify="right")
    table.add_column(f"{found.confidence:.0%} interval")
    for each in found.metrics.values():
        table.add_row(name_of(each.code), number(each.value), _limits(each))
    return table


def _limits(each: Metric) -> str:
    """Its interval, and what is to be known of it."""
    return "; ".join(filter(None, (interval(each), each.note)))
