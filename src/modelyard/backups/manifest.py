"""The table of contents of a backup: what is in it, and how to tell that it is whole.

A backup is a zip archive of these members:

    settings.toml               the settings file, without secrets and places of the machine
    rows/TABLE.jsonl            rows of a table, one JSON array a line, as in rows.py
    artifacts/SHA256            bytes by their digest
    files/PROJECT/PATH          files of projects
    manifest.json               the last one: size and sha256 of every other
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pydantic import Field

from modelyard import errors
from modelyard.kernel.paths import inner_path
from modelyard.kernel.values import DIGEST_PATTERN, KEY_PATTERN, Value

KIND: Literal["modelyard-backup"] = "modelyard-backup"
FORMAT = 1
MANIFEST = "manifest.json"
SETTINGS = "settings.toml"
ROWS, ARTIFACTS, FILES = "rows/", "artifacts/", "files/"


class Member(Value):
    """One part of the archive."""

    name: str
    size: int = Field(ge=0)
    sha256: str = Field(pattern=DIGEST_PATTERN)
    modified: float | None = None
    """Of a project's file: seconds since 1970."""


class TableContent(Value):
    """The rows of a table."""

    name: str = Field(pattern=r"^[a-z_]{1,63}$")
    columns: tuple[str, ...]
    rows: int = Field(ge=0)


class Manifest(Value):
    """What is in a backup."""

    kind: Literal["modelyard-backup"] = KIND
    format: int = FORMAT
    modelyard: str
    revision: str
    created: datetime
    tables: tuple[TableContent, ...]
    members: tuple[Member, ...]
    skipped: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def content(self) -> int:
        """Bytes of all members, unpacked."""
        return sum(member.size for member in self.members)

    def below(self, place: str) -> list[Member]:
        """The members of one kind."""
        return [member for member in self.members if member.name.startswith(place)]


def rows_of(table: str) -> str:
    """The member that holds the rows of a table."""
    return f"{ROWS}{table}.jsonl"


def require_lawful(members: Iterable[Member], tables: Iterable[TableContent]) -> None:
    """Refuse members that no backup has, such as paths that lead elsewhere.

    Raises:
        Invalid: the message names the first of them.
    """
    rows = {rows_of(table.name) for table in tables}
    for member in members:
        if not (member.name in rows or member.name == SETTINGS or _is_lawful(member)):
            raise errors.Invalid(f"it holds {member.name!r}, which no backup does")
    missing = rows - {member.name for member in members}
    if missing:
        raise errors.Invalid(f"{min(missing)} is missing")


def _is_lawful(member: Member) -> bool:
    if member.name.startswith(ARTIFACTS):
        return member.name == f"{ARTIFACTS}{member.sha256}"
    project, _, path = member.name.removeprefix(FILES).partition("/")
    in_project = member.name.startswith(FILES) and re.match(KEY_PATTERN, project) is not None
    return in_project and is_file_name(path)


def is_file_name(path: str) -> bool:
    """Whether a project may hold a file at this path."""
    try:
        return inner_path(path) == path
    except (errors.Invalid, errors.Forbidden):
        return False
