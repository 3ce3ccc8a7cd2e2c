"""How questions about the columns of a version are answered."""

from __future__ import annotations

from modelyard.evaluations import repository
from modelyard.evaluations.explaining import keeping, measuring
from modelyard.evaluations.explaining.commands import (
    ListExplanations,
    MeasureDependence,
    MeasureImportance,
)
from modelyard.evaluations.explaining.types import (
    DependenceReport,
    Explanation,
    ImportanceReport,
)
from modelyard.kernel.bus import checks, handles
from modelyard.kernel.context import Context


@checks(MeasureImportance)
def check_importance(command: MeasureImportance, context: Context) -> None:
    """Refuse what could only fail, before it is a job."""
    with keeping.opened(context, command) as (sample, version):
        measuring.check_importance(command, sample, version)


@checks(MeasureDependence)
def check_dependence(command: MeasureDependence, context: Context) -> None:
    """Refuse what could only fail, before it is a job."""
    with keeping.opened(context, command) as (sample, version):
        measuring.check_dependence(command, sample, version)


@handles(MeasureImportance)
def measure_importance(command: MeasureImportance, context: Context) -> ImportanceReport:
    """Take what was kept, or ask the version."""
    return keeping.once(context, command, "importance", ImportanceReport, measuring.importance)


@handles(MeasureDependence)
def measure_dependence(command: MeasureDependence, context: Context) -> DependenceReport:
    """Take what was kept, or ask the version."""
    of = "" if command.outcome is None else f"={command.outcome}"
    name = f"dependence:{command.by}{of}"
    return keeping.once(context, command, name, DependenceReport, measuring.dependence)


@handles(ListExplanations)
def list_explanations(command: ListExplanations, context: Context) -> list[Explanation]:
    """Read what was kept, in the order of the names."""
    with context.read() as db:
        evaluation = repository.get(db, command.project, command.id)
    return keeping.list_kept(context, evaluation)
