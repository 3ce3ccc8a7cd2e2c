"""What evaluations tell of the columns that a version takes, for people."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.text import Text

from modelyard.analysis.names import LOWER_IS_BETTER, name_of
from modelyard.cli.evaluation_card import screen_view
from modelyard.cli.group_tables import worst_table
from modelyard.cli.numbers import number, number_table
from modelyard.evaluations.explaining.types import DependenceReport, ImportanceReport
from modelyard.evaluations.looking.types import WorstReport
from modelyard.evaluations.types import Screen
from modelyard.models.importance_types import FeatureEffects, OwnImportances

BAR = 20
"""Characters of the longest bar."""
WIDEST = 8
"""Classes that have a column in a table."""
MEASURES = {
    "impurity": "By how much splits on a feature lower impurity (Gini importance), as shares",
    "mean_gain": "The mean gain of a feature's splits, as shares",
    "total_gain": "The gain of all of a feature's splits, as shares",
    "prediction_values_change": "How far predictions move if a feature changes, as shares",
    "unnamed": "The feature_importances_ of its library, as shares",
    "coefficient": "Coefficients",
}


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


def own_table(found: OwnImportances) -> RenderableType:
    """What a model says of its features, a column for each of the first classes or outputs."""
    shown = found.effects[:WIDEST]
    said = f"{MEASURES[found.measure]}, as {found.model} {found.version} itself says."
    told = len(found.features)
    if told < found.total:
        said += f" The {told:,} of {found.total:,} features that weigh most."
    if len(shown) < len(found.effects):
        said += f" The first {len(shown)} of {len(found.effects)} classes; --json has all."
    names = [_effect_name(found, effect) for effect in shown]
    table = number_table("Feature", *(escape(name) for name in names))
    alone = len(shown) == 1
    if alone:
        table.add_column("")
    sizes = [abs(value or 0) for value in shown[0].values]
    for at, feature in enumerate(found.features):
        bar = (_bar(sizes[at], max(sizes)),) if alone else ()
        table.add_row(Text(feature), *(_weight(each.values[at]) for each in shown), *bar)
    if any(effect.intercept is not None for effect in shown):
        table.add_row(Text("(intercept)", "dim"), *(_weight(each.intercept) for each in shown))
    return Group(Text(said), table, *(Text(f"{note}.") for note in found.notes))


def _effect_name(found: OwnImportances, effect: FeatureEffects) -> str:
    name = "Importance" if found.kind == "importance" else "Coefficient"
    return name if effect.outcome is None else f"{name} for {effect.outcome}"


def _weight(value: float | None) -> str:
    """As other numbers, small ones to three digits: how large they are depends on the feature."""
    return f"{value:.3g}" if value and abs(value) < 0.01 else number(value)


def any_screen(screen: Screen) -> RenderableType:
    """What was kept as it was told, or a screen of any other kind."""
    if screen.name == "importance":
        return importance_table(ImportanceReport.model_validate(screen.content))
    if screen.name == "own-importances":
        return own_table(OwnImportances.model_validate(screen.content))
    if screen.name.startswith("dependence:"):
        return dependence_table(DependenceReport.model_validate(screen.content))
    if screen.name == "worst":
        return worst_table(WorstReport.model_validate(screen.content))
    if screen.name == "custom-metrics":
        return Text(str(screen.content["text"]))
    return screen_view(screen)


def _bar(value: float | None, most: float) -> str:
    return "█" * round(BAR * value / most) if value is not None and value > 0 else ""
