"""What evaluations tell of groups of rows, for people."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from modelyard.analysis.group_types import Disparity, Slice, Slices, WorstSlice, named
from modelyard.analysis.names import HEADLINES, name_of
from modelyard.cli.numbers import interval, number, number_table
from modelyard.evaluations.looking.types import ColumnResiduals, FairnessReport, WorstReport

RATES = {
    "positive_rate": "Positive rate",
    "true_positive_rate": "True positive rate",
    "false_positive_rate": "False positive rate",
    "predictive_value": "Predictive value",
}


def slices_table(found: Slices) -> RenderableType:
    """Each group beside all rows, with the metric that the list of evaluations tells."""
    code = next((each.code for each in found.total.metrics if each.code in HEADLINES), "")
    table = number_table(found.column, "Rows", "Share", "Actual", "Predicted", name_of(code))
    table.add_column("Interval")
    for each in (found.total, *found.slices):
        table.add_row(*_slice(each, code))
    return table


def fairness_tables(found: FairnessReport) -> RenderableType:
    """The rates of each group, then how far they are from the reference at most."""
    rates = number_table(found.column, "Weight", *RATES.values())
    for at, label in enumerate(found.rates.label):
        cells = (number(getattr(found.rates, name)[at]) for name in RATES)
        mark = " (reference)" if label == found.reference else ""
        rates.add_row(Text(f"{label}{mark}"), number(found.rates.weight[at]), *cells)
    largest = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Criterion", "Group", "Rate"):
        largest.add_column(name)
    largest.add_column("Difference", justify="right")
    largest.add_column("Interval")
    largest.add_column("Ratio", justify="right")
    for each in found.disparities:
        largest.add_row(*_disparity(each))
    title = f"Outcome {found.outcome_class}, groups of {found.column}"
    return Group(
        Text(title, style="bold"),
        Padding(rates, (0, 0, 0, 2)),
        Text(f"Largest difference to {found.reference}", style="bold"),
        Padding(largest, (0, 0, 0, 2)),
    )


def residuals_table(found: ColumnResiduals) -> RenderableType:
    """Errors of each group: their mean with its interval, their spread, their size."""
    table = number_table(found.column, "Weight", "Mean error")
    table.add_column("Interval")
    for name in ("Deviation", "Mean absolute error"):
        table.add_column(name, justify="right")
    for at, label in enumerate(found.label):
        table.add_row(
            Text(label),
            number(found.weight[at]),
            number(found.mean[at]),
            f"{number(found.low[at])} to {number(found.high[at])}",
            number(found.std[at]),
            number(found.mean_absolute[at]),
        )
    return table


def worst_table(found: WorstReport) -> RenderableType:
    """The worst slices, and what a search among so many means."""
    name = name_of(found.loss)
    across = ", alone and in pairs" if found.combined > 1 else ""
    looked = Text(
        f"{found.looked_at:,} slices of {len(found.columns)} columns{across}, of at least "
        f"{found.least:,} rows each, were compared with the other rows by {name}. p-values are "
        f"corrected for all of them: at most {1 - found.confidence:.1%} of the slices told are "
        f"expected to be there by chance. Smaller differences than {number(found.effect)} standard "
        "deviations are not told."
    )
    if found.reason:
        return Text(found.reason)
    if not found.slices:
        return Group(Text("No slice is worse than the other rows."), looked)
    table = number_table("Slice", "Rows", name, "Other rows", "Difference", "Effect", "p corrected")
    for each in found.slices:
        table.add_row(*_worst(each))
    return Group(table, looked)


def _worst(each: WorstSlice) -> tuple[Text | str, ...]:
    same = [named(conditions) for conditions in each.also]
    more = f", and {len(same) - 1} more" if len(same) > 1 else ""
    return (
        Text(named(each.conditions) + (f"\n  also {same[0]}{more}" if same else "")),
        f"{each.rows:,}",
        number(each.loss),
        number(each.rest),
        f"{number(each.low)} to {number(each.high)}",
        number(each.effect),
        f"{each.q:.2g}",
    )


def _disparity(each: Disparity) -> tuple[Text | str, ...]:
    return (
        name_of(each.criterion),
        Text(each.group or "–"),
        RATES.get(each.rate or "", "–"),
        number(each.difference.value),
        Text(interval(each.difference)),
        number(each.ratio),
    )


def _slice(each: Slice, code: str) -> tuple[Text | str, ...]:
    metric = next((one for one in each.metrics if one.code == code), None)
    return (
        Text("all rows" if each.group is None else each.group.label),
        f"{each.rows:,}",
        f"{each.share:.1%}",
        number(each.actual),
        number(each.predicted),
        "too few rows" if metric is None else number(metric.value),
        "" if metric is None else interval(metric),
    )
