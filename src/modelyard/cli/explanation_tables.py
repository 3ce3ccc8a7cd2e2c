"""What evaluations tell of the columns that a version takes, for people."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from modelyard.analysis.names import LOWER_IS_BETTER, name_of
from modelyard.cli.evaluation_card import screen_view
from modelyard.cli.numbers import number, number_table
from modelyard.evaluations.explaining.types import DependenceReport, ImportanceReport
from modelyard.evaluations.types import Screen

BAR = 20
"""Characters of the longest bar."""


def importance_table(found: ImportanceReport) -> RenderableType:
    """The columns by falling importance."""
    name = name_of(found.metric)
    rises = "rises" if found.metric in LOWER_IS_BETTER else "falls"
    times = "once" if found.repeats == 1 else f"{found.repeats} times"
    said = (
        f"By how much {name} ({number(found.baseline)}) {rises} when a column is permuted, of "
        f"{found.rows:,} rows, {times}."
    )
    if found.refused:
        said += f" The model refused {found.refused:,} permuted rows."
    table = number_table("Column", "Importance", f"{found.confidence:.0%} interval")
    table.add_column("")
    most = max((each for each in found.importance if each is not None), default=0)
    for column, mean, low, high in zip(
        found.column, found.importance, found.low, found.high, strict=True
    ):
        limits = "" if low is None or high is None else f"{number(low)} to {number(high)}"
        table.add_row(Text(column), number(mean), limits, _bar(mean, most))
    return Group(Text(said), table)


def dependence_table(found: DependenceReport) -> RenderableType:
    """The average for each value that was put in."""
    what = "the prediction"
    if found.outcome is not None:
        of_class = "probability of" if found.scale == "log-odds" else "share of rows predicted"
        what = f"the {of_class} {found.outcome}"
    scale = ", in log-odds" if found.scale == "log-odds" else ""
    said = (
        f"The average of {what} if {found.column} has one value in all of {found.rows:,} rows; "
        f"effect: less that of the rows as they are{scale} (average {number(found.overall)})."
    )
    if found.refused:
        said += f" {found.refused:,} answers were refused by the model."
    table = number_table(found.column, "Average", "Effect")
    for label, average, effect in zip(found.label, found.average, found.effect, strict=True):
        table.add_row(Text(label), number(average), number(effect))
    return Group(Text(said), table)


def any_screen(screen: Screen) -> RenderableType:
    """An explanation as it was told, or a screen of any other kind."""
    if screen.name == "importance":
        return importance_table(ImportanceReport.model_validate(screen.content))
    if screen.name.startswith("dependence:"):
        return dependence_table(DependenceReport.model_validate(screen.content))
    return screen_view(screen)


def _bar(value: float | None, most: float) -> str:
    return "█" * round(BAR * value / most) if value is not None and value > 0 else ""
