"""How model cards and audit packages answer."""

from __future__ import annotations

from modelyard.dossiers.cards.making import card_of
from modelyard.dossiers.cards.writing import write
from modelyard.dossiers.commands import DescribeItem, ExportItem, VerifyPackage, WriteCard
from modelyard.dossiers.packing.exporting import export
from modelyard.dossiers.packing.keys import pinned
from modelyard.dossiers.packing.types import AuditPackage, PackageCheck
from modelyard.dossiers.packing.verifying import verify
from modelyard.dossiers.types import Card, WrittenCard
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
