"""How backups answer."""

from __future__ import annotations

from modelyard.backups import saving
from modelyard.backups.commands import CreateBackup
from modelyard.backups.types import Backup
from modelyard.kernel import paths
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context


@handles(CreateBackup)
def create_backup(command: CreateBackup, context: Context) -> Backup:
    """Write it beside its place, and give it its name when it is whole."""
    target = paths.transferred(context, command.to)
    replace = command.replace or not context.identity.is_local
    return saving.save(context, target, replace=replace)
