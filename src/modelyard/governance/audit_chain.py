"""The chain of the audit log."""

from __future__ import annotations

from modelyard.governance.chains import Chain
from modelyard.store.tables import audit_entries, audit_head

AUDIT = Chain(
    called="the audit log",
    word="entry",
    words="entries",
    entries=audit_entries,
    head=audit_head,
    moment="started",
    columns=("number", "actor", "action", "project", "outcome"),
)
