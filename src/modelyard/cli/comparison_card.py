"""What comparisons tell, for people."""

from __future__ import annotations

import shlex

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from modelyard.analysis.names import name_of
from modelyard.analysis.paired.types import MetricDifference
from modelyard.analysis.types import Metric
from modelyard.cli.numbers import chance, interval, number, number_table
from modelyard.cli.words import words
from modelyard.evaluations.comparing.chart_types import ComparisonChart
from modelyard.evaluations.comparing.types import (
    ComparedInformation,
    ComparedSlices,
    Comparison,
    ShownComparison,
    ShownItem,
)

MARKS = {
    "better": "better",
    "worse": "worse",
    "indistinguishable": "not distinguishable",
    "unknown": "",
}
STYLES = {"better": "green", "worse": "yellow", "indistinguishable": "", "unknown": "dim"}
MOST_ITEMS = 6
"""Items that tables of columns show; all are in lists, and with --json."""


def comparison_card(found: Comparison) -> RenderableType:
    """The items as they were chosen; `comparisons show` tells their numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Item", "Called", "Colour", ""):
        table.add_column(name, overflow="fold")
    for each in found.items:
        marks = [*(["champion"] if each.key == found.champion else [])]
        marks += ["hidden"] if each.hidden else []
        table.add_row(each.key, Text(each.name), each.colour or "", ", ".join(marks))
    title = Text(found.name, style="bold").append(f"  {words(found.prediction_type)}", style="dim")
    said = [Text(found.description)] if found.description else []
    shown = table if found.items else Text("It has no items yet.")
    then = f"To see it: modelyard comparisons show {found.name}"
    return Group(title, *said, shown, Text(then, style="dim"))


def shown_comparison(found: ShownComparison) -> RenderableType:
    """The verdict, each challenge, the metrics, the warnings."""
    title = Text(found.name, style="bold").append(f"  {words(found.prediction_type)}", style="dim")
    parts: list[RenderableType] = [title, Text(found.verdict.title, style="bold")]
    if found.waiting or not found.challenges:
        parts.append(Text(found.verdict.detail))
    for each in found.challenges:
        parts.append(Text(each.title, style=STYLES[each.verdict]))
        parts.append(Padding(Text(each.detail), (0, 0, 0, 2)))
    parts += [Text("Metrics", style="bold"), Padding(_metrics(found), (0, 0, 0, 2))]
    if found.challenges:
        parts.append(Text("Differences, with their intervals", style="bold"))
        parts.append(Padding(_differences(found), (0, 0, 0, 2)))
        if any(len(each.told) > 1 for each in found.challenges):
            parts.append(Text("  p is that of each metric alone.", style="dim"))
    parts += [Text(f"{each.title}: {each.detail}", style="yellow") for each in found.warnings]
    return Group(*parts)


def _metrics(found: ShownComparison) -> Table:
    """A line for each metric, a column for each item; a line for each item where they are many."""
    shown = [each for each in found.items if not each.hidden]
    if len(shown) > MOST_ITEMS:
        return _lines(found, shown)
    table = number_table("", *(_called(each) for each in shown))
    for code in found.codes:
        table.add_row(name_of(code), *(_figure(each.metrics.get(code)) for each in shown))
    table.add_row("Threshold", *(number(each.threshold) for each in shown))
    table.add_row("Rows", *(words(each.rows) for each in shown))
    table.add_row("Dataset", *(Text(each.dataset or "–") for each in shown))
    return table


def _figure(metric: Metric | None) -> Text:
    """A value, and its interval below it."""
    told = Text(number(metric.value if metric else None))
    if metric is not None and metric.low is not None and metric.high is not None:
        told.append(f"\n{interval(metric)}", style="dim")
    return told


def _lines(found: ShownComparison, shown: list[ShownItem]) -> Table:
    codes = _foremost(found)
    table = number_table("", *map(name_of, codes), "Rows")
    for each in shown:
        metrics = (each.metrics.get(code) for code in codes)
        values = (number(metric.value if metric else None) for metric in metrics)
        table.add_row(Text(_called(each)), *values, words(each.rows))
    return table


def _differences(found: ShownComparison) -> Table:
    """A line for each metric of each challenge; of many challenges only those of sentences."""
    many = len(found.challenges) >= MOST_ITEMS
    names = {each.key: each.name for each in found.items}
    table = number_table("", "Difference")
    for name in ("Interval", "p", "", "Rows to settle it"):
        table.add_column(name, justify="right" if name.startswith("Rows") else "left")
    for each in found.challenges:
        table.add_row(Text(f"{names[each.key]} minus {names[each.against]}", style="bold"))
        for gap in each.differences:
            if gap.difference is not None and (not many or gap.code in each.told):
                table.add_row(*_difference(gap))
    return table


def _difference(gap: MetricDifference) -> tuple[RenderableType, ...]:
    has_limits = gap.low is not None and gap.high is not None
    return (
        Text(f"  {name_of(gap.code)}"),
        number(gap.difference),
        f"{number(gap.low)} to {number(gap.high)}" if has_limits else "",
        chance(gap.p),
        Text(MARKS[gap.verdict], style=STYLES[gap.verdict]),
        words(gap.rows_needed) if gap.rows_needed and gap.verdict == "indistinguishable" else "",
    )


def _foremost(found: ShownComparison) -> tuple[str, ...]:
    told = next((each.told for each in found.challenges if each.told), ())
    return told or found.codes[:3]


def _called(each: ShownItem) -> str:
    return f"{each.name} (champion)" if each.champion else each.name


def comparison_chart_words(found: ComparisonChart) -> RenderableType:
    """What is to be seen on a chart, and how it is written to a file."""
    parts = [Text(found.title, style="bold"), Text(found.description)]
    if found.spec is not None:
        asked = "".join(f" --{name} {shlex.quote(str(x))}" for name, x in found.asked.items())
        wanted = f"{found.comparison} {found.part} {found.part}.svg{asked}"
        parts.append(Text(f"  modelyard comparisons export {wanted}", "dim"))
    return Group(*parts)


def compared_slices_table(found: ComparedSlices) -> RenderableType:
    """A line for each group: the metric of each item, with a mark where it wins or loses."""
    table = number_table(found.column, "Rows", *found.names[:MOST_ITEMS])
    for each in found.groups:
        cells = [
            Text(number(value.metric.value if value.metric else None)).append(
                _mark(value.difference)
            )
            for value in each.values[:MOST_ITEMS]
        ]
        table.add_row(Text(each.group.label), words(each.rows), *cells)
    return Group(
        Text(f"{name_of(found.metric)} by {found.column}", style="bold"),
        Padding(table, (0, 0, 0, 2)),
        *map(Text, found.sentences),
        *(Text(f"{key} is left out: {why}", style="dim") for key, why in found.left_out.items()),
    )


def _mark(difference: MetricDifference | None) -> Text:
    verdict = "unknown" if difference is None else difference.verdict
    said = f" {verdict}" if verdict in ("better", "worse") else ""
    return Text(said, style=STYLES[verdict])


def information_table(found: ComparedInformation) -> RenderableType:
    """Facts by section, a column for each model; bold where one differs."""
    parts: list[RenderableType] = []
    sections = dict.fromkeys(each.section for each in found.facts)
    for section in sections:
        table = _columns(found.names)
        for each in (fact for fact in found.facts if fact.section == section):
            table.add_row(
                Text(each.name, style="bold" if each.differs else ""),
                *(
                    Text(value or "–", style="bold" if differs else "")
                    for value, differs in zip(each.values, each.differing, strict=True)
                ),
            )
        parts += [Text(section, style="bold"), Padding(table, (0, 0, 0, 2))]
    for weighed in found.importances:
        table = _columns(found.names)
        for feature in weighed.features:
            table.add_row(Text(feature.feature), *map(number, feature.values))
        title = "Importance, measured" if weighed.measure == "permutation" else "Own importance"
        parts += [Text(title, style="bold"), Padding(table, (0, 0, 0, 2))]
        for key, how in weighed.without.items():
            parts.append(Text(f"{key} has none: {how}", style="dim"))
    return Group(*parts)


def _columns(names: tuple[str, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("", *names):
        table.add_column(Text(name), overflow="fold")
    return table
