"""Giving an audit package to whoever asked for it."""

from __future__ import annotations

from modelyard.dossiers.packing.packing import pack
from modelyard.dossiers.packing.types import AuditPackage
from modelyard.kernel.context import Context
from modelyard.store.handing import appearing


def export(context: Context, item: str, output: str, *, replace: bool) -> AuditPackage:
    """Write the package of an item; the file appears when it is whole.

    Raises:
        NotFound, Conflict, Failed: as in `pack` and in `appearing`.
    """
    anew = replace or not context.identity.is_local
    with appearing(context, output, replace=anew) as target:
        return pack(context, item, target)
