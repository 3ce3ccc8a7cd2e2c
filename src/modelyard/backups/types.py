"""What is told of a backup, and of a workspace that was restored from one."""

from __future__ import annotations

from datetime import datetime

from modelyard.kernel.values import Value

NAMED = 10
"""How many names of a kind a result tells."""


class Backup(Value):
    """A backup that was written."""

    created: datetime
    revision: str
    """Of the tables."""
    rows: int
    artifacts: int
    files: int
    """Files of projects."""
    content_bytes: int
    """Before they are packed."""
    size: int
    """Bytes of the file."""
    seconds: float
    skipped: int = 0
    """Files of projects that are not in it: they vanished meanwhile, or have a name that no project
    takes."""
    skipped_files: tuple[str, ...] = ()
    """The first of these."""
    left_out: tuple[str, ...] = ()
    """Settings that are not in it, and have to be made again where it is restored."""


class BackupContent(Value):
    """A backup that was read from its first byte to its last, and is whole."""

    created: datetime
    modelyard: str
    """The version that wrote it."""
    revision: str
    rows: int
    artifacts: int
    files: int
    content_bytes: int
    size: int
    skipped: int = 0
    left_out: tuple[str, ...] = ()


class Restored(Value):
    """A workspace that was restored from a backup."""

    workspace: str
    database: str
    """Its URL, without a password."""
    created: datetime
    """When the backup was made."""
    rows: int
    artifacts: int
    files: int
    content_bytes: int
    seconds: float
    waiting_jobs: int = 0
    """Jobs that run as soon as there is a worker."""
    interrupted_jobs: int = 0
    """Jobs that were running: the first worker takes them over."""
    left_out: tuple[str, ...] = ()
    """Settings that the backup does not hold: make them again."""
