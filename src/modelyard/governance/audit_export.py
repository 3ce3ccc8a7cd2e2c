"""Writing the audit log to a file."""

from __future__ import annotations

import uuid

from modelyard import errors
from modelyard.governance import audit_reading
from modelyard.governance.commands import ExportAudit
from modelyard.governance.types import AuditExport
from modelyard.kernel import paths
from modelyard.kernel.context import Context


def export(context: Context, command: ExportAudit) -> AuditExport:
    """Write the entries that were asked for; the file appears when it is whole.

    Raises:
        Conflict: there is something at that path.
        Forbidden: this caller may not write there.
        Failed: it cannot be written.
    """
    target = paths.transferred(context, command.to)
    if context.identity.is_local and target.exists():
        raise errors.Conflict(f"{target} exists already; name another path or remove it first")
    as_csv = command.format == "csv"
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")
    try:
        with (
            partial.open("x", encoding="utf-8", newline="") as out,
            context.read() as db,
        ):
            entries = audit_reading.write(db, command, out, as_csv=as_csv)
        size = partial.stat().st_size
        partial.replace(target)
    except OSError as exc:
        raise errors.Failed(f"{target} cannot be written: {exc.strerror or exc}") from exc
    finally:
        partial.unlink(missing_ok=True)
    return AuditExport(entries=entries, size=size)
