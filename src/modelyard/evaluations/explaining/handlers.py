"""How questions about the columns of a version are answered."""

from __future__ import annotations

from modelyard.evaluations import repository
from modelyard.evaluations.explaining import keeping
from modelyard.evaluations.explaining.commands import (
    ListExplanations,
    MeasureDependence,
    MeasureImportance,
)
from modelyard.evaluations.explaining.measuring import dependence, importance
from modelyard.evaluations.explaining.types import (
    DependenceReport,
    Explanation,
    ImportanceReport,
)
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context


@handles(MeasureImportance)
def measure_importance(command: MeasureImportance, context: Context) -> ImportanceReport:
    """Take what was kept, or ask the version."""
    return keeping.once(context, command, "importance", ImportanceReport, importance)


@handles(MeasureDependence)
def measure_dependence(command: MeasureDependence, context: Context) -> DependenceReport:
    """Take what was kept, or ask the version."""
    of = "" if command.outcome is None else f"={command.outcome}"
    name = f"dependence:{command.by}{of}"
    return keeping.once(context, command, name, DependenceReport, dependence)


@handles(ListExplanations)
def list_explanations(command: ListExplanations, context: Context) -> list[Explanation]:
    """Read what was kept, in the order of the names."""
    with context.read() as db:
        evaluation = repository.get(db, command.project, command.id)
    return keeping.list_kept(context, evaluation.id)
