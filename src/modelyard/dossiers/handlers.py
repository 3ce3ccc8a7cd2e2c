"""How model cards, audit packages and metrics over versions answer."""

from __future__ import annotations

from modelyard.dossiers.cards.making import card_of
from modelyard.dossiers.cards.writing import write
from modelyard.dossiers.commands import DescribeItem, ExportItem, VerifyPackage, WriteCard
from modelyard.dossiers.measuring import history_of, measured
from modelyard.dossiers.metric_commands import DrawMetrics, ExportMetrics, ShowMetrics
from modelyard.dossiers.packing.exporting import export
from modelyard.dossiers.packing.keys import pinned
from modelyard.dossiers.packing.types import AuditPackage, PackageCheck
from modelyard.dossiers.packing.verifying import verify
from modelyard.dossiers.types import (
    Card,
    ExportedMetrics,
    MetricsChart,
    VersionMetrics,
    WrittenCard,
)
from modelyard.evaluations.charting.drawing import drawing
from modelyard.evaluations.charting.files import csv_of
from modelyard.evaluations.charting.files import write as write_file
from modelyard.kernel import paths
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context


@handles(DescribeItem)
def describe_item(command: DescribeItem, context: Context) -> Card:
    """Look everything up."""
    return card_of(context, command.item)


@handles(WriteCard)
def write_card(command: WriteCard, context: Context) -> WrittenCard:
    """Write it in the format that was asked for."""
    return write(context, command)


@handles(ExportItem)
def export_item(command: ExportItem, context: Context) -> AuditPackage:
    """Write it aside, then at its place."""
    return export(context, command.item, command.output, replace=command.replace)


@handles(VerifyPackage)
def verify_package(command: VerifyPackage, context: Context) -> PackageCheck:
    """Keys in files are those of callers of this machine."""
    return verify(
        paths.transferred(context, command.file),
        keys=pinned(command.key, files=context.identity.is_local),
        head=command.head,
        limits=context.settings.archives,
        progress=context.progress,
    )


@handles(ShowMetrics)
def show_metrics(command: ShowMetrics, context: Context) -> VersionMetrics:
    """Ask the evaluations of each version."""
    return measured(context, command.item, command.metric, command.dataset)


@handles(DrawMetrics)
def draw_metrics(command: DrawMetrics, context: Context) -> MetricsChart:
    """Draw them from version to version."""
    found = measured(context, command.item, command.metric, command.dataset)
    drawn = drawing("draw_history")(history_of(found), command.mode)
    return MetricsChart(**dict(drawn), model=found.model, metric=found.metric)


@handles(ExportMetrics)
def export_metrics(command: ExportMetrics, context: Context) -> ExportedMetrics:
    """Write a row for each version."""
    found = measured(context, command.item, command.metric, command.dataset)
    columns = ("version", "value", "low", "high", "evaluation", "name", "created")
    told = (each.model_dump(mode="json") for each in found.points)
    rows = tuple(tuple(each[name] for name in columns) for each in told)
    size = write_file(
        context, command.to, lambda: csv_of(columns, rows).encode(), replace=command.replace
    )
    return ExportedMetrics(
        model=found.model, metric=found.metric, points=len(found.points), size=size
    )
