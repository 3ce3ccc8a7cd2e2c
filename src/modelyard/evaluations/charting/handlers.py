"""How charts, tables and files of evaluations are answered."""

from __future__ import annotations

from modelyard.evaluations.charting.commands import (
    ExportScreen,
    ReportEvaluation,
    ShowChart,
    ShowTable,
)
from modelyard.evaluations.charting.making import chart_of, table
from modelyard.evaluations.charting.parts import export
from modelyard.evaluations.charting.reporting import report
from modelyard.evaluations.charting.types import (
    Chart,
    ExportedScreen,
    ReportedEvaluation,
    ScreenTable,
)
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context


@handles(ShowChart)
def show_chart(command: ShowChart, context: Context) -> Chart:
    """Draw the screen."""
    return chart_of(context, command)


@handles(ShowTable)
def show_table(command: ShowTable, context: Context) -> ScreenTable:
    """Put the screen's numbers in rows."""
    return table(context, command)


@handles(ExportScreen)
def export_screen(command: ExportScreen, context: Context) -> ExportedScreen:
    """Write what was drawn or put in rows."""
    form, size = export(
        context,
        command,
        command.mode,
        lambda: chart_of(context, command),
        lambda: table(context, command),
    )
    return ExportedScreen(evaluation=command.id, screen=command.screen, format=form, size=size)


@handles(ReportEvaluation)
def report_evaluation(command: ReportEvaluation, context: Context) -> ReportedEvaluation:
    """Write what all screens tell."""
    return report(context, command)
