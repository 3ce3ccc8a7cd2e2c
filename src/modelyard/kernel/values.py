"""Names and other small values that every room uses, with their rules."""

from __future__ import annotations

import math
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
)
from pydantic.fields import FieldInfo

KEY_PATTERN = r"^[A-Za-z][A-Za-z0-9_-]{0,62}$"
WORKSPACE_PATTERN = r"^[a-z][a-z0-9-]{0,30}$"
PLACED_PATTERN = r"^([a-z][a-z0-9-]{0,30}\.)?[A-Za-z][A-Za-z0-9_-]{0,62}$"
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$"
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,62}$"
ID_PATTERN = r"^[a-z0-9_]{1,32}$"
DIGEST_PATTERN = r"^[0-9a-f]{64}$"
ORIGIN_PATTERN = r"^(https?://[^/\s]+)?$"
MAIL_PATTERN = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$"
WEB_PATTERN = r"^https?://[^\s/]\S*$"
ISSUER_PATTERN = r"^(https://\S+|http://(localhost|127\.0\.0\.1)(:\d+)?(/\S*)?)?$"
PATTERNS = {
    KEY_PATTERN: "begin with a letter, then letters, digits, '-' and '_', at most 63, no blanks",
    WORKSPACE_PATTERN: "begin with a small letter, then small letters, digits and '-', at most 31",
    PLACED_PATTERN: "a project's key, which begins with a letter, then letters, digits, '-' and "
    "'_'; of another workspace after its name and a dot",
    NAME_PATTERN: "begin with a letter or digit, then letters, digits, '.', '-' and '_', at most "
    "127, no blanks",
    VARIABLE_PATTERN: "begin with a letter or _, then letters, digits and _, at most 63, no blanks",
    ID_PATTERN: "small letters a to z, digits and _, at most 32",
    DIGEST_PATTERN: "must be a SHA-256 digest: 64 hexadecimal digits in small letters",
    ORIGIN_PATTERN: "must be http:// or https:// and a host, without a path",
    MAIL_PATTERN: "must be a mail address, such as ada@example.org",
    WEB_PATTERN: "must be an address that begins with https:// or http://",
    ISSUER_PATTERN: "must be an address that begins with https://, or with http://localhost",
}
"""The patterns in words."""

ProjectKey = Annotated[str, StringConstraints(pattern=KEY_PATTERN)]
PlacedProject = Annotated[str, StringConstraints(pattern=PLACED_PATTERN)]
"""A project of this workspace, or of another one that is governed from here: berlin.flights."""
WorkspaceName = Annotated[str, StringConstraints(pattern=WORKSPACE_PATTERN)]
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Variable = Annotated[str, StringConstraints(pattern=VARIABLE_PATTERN)]
WebAddress = Annotated[str, StringConstraints(pattern=WEB_PATTERN, max_length=2000)]

UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
"""Unicode categories of characters that nobody sees, or that turn the text around them."""


def _one_line(text: str) -> str:
    composed = unicodedata.normalize("NFC", text).strip()
    if any(unicodedata.category(letter) in UNSEEN for letter in composed):
        raise ValueError("it holds characters that cannot be seen; leave them out")
    return composed


def _finite(value: JsonValue) -> JsonValue:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        _finite(part)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("it holds a number that is not finite, or too large to be kept")
    return value


OneLine = Annotated[str, Field(max_length=200), AfterValidator(_one_line)]
Description = Annotated[str, Field(max_length=1000), AfterValidator(_one_line)]
"""A longer line for people."""
Json = Annotated[JsonValue, AfterValidator(_finite)]
"""What JSON can hold, and so no number that is infinite."""

FILES = "files://"
"""What stands before a path in a project's files."""
TRANSIT = "transit"
"""The folder of a project's files where clients put what one command reads or writes."""

Verdict = Literal["data_only", "known_safe", "needs_review", "dangerous"]


@dataclass(frozen=True)
class LocalPath:
    """Marks a field whose text may name files of the caller's: `Annotated[str, LocalPath("read")]`.

    `use` says whether the files are read or written. `of` says what they are: one file, the data
    of a dataset (a file, a folder, a pattern; or the dataset's name), a model (a folder or an
    archive), a tracking server's store, a folder, or a database URL that may name a file. With
    `kept` they are needed after the command ended.
    """

    use: Literal["read", "write"]
    of: Literal["file", "data", "model", "store", "folder", "database"] = "file"
    kept: bool = False

    @staticmethod
    def of_field(field: FieldInfo) -> LocalPath | None:
        """The mark of a field, if it has one."""
        return next((mark for mark in field.metadata if isinstance(mark, LocalPath)), None)


@dataclass(frozen=True)
class Emptied:
    """Marks a field of a change that null empties, while it stays where it is left out.

    On the command line and in forms an empty text is null: `Annotated[float | None, EMPTIED]`.
    """

    @staticmethod
    def is_mark_of(field: FieldInfo) -> bool:
        """Whether a field has the mark."""
        return any(isinstance(mark, Emptied) for mark in field.metadata)


EMPTIED = Emptied()


class Value(BaseModel):
    """A frozen value: what handlers return, what JSON holds, what a client gets.

    `listed` names the fields that a table of such values shows to people; none: all plain ones.
    """

    listed: ClassVar[tuple[str, ...]] = ()

    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), defer_build=True
    )


def now() -> datetime:
    """The present moment, in UTC with whole microseconds."""
    return datetime.now(UTC)


def named_by(moment: datetime, *, finely: bool = False) -> str:
    """A new id that tells when, such as 20260314-150926-53a1c4: sorted, ids are in that order.

    Those of one second are in none, unless `finely` has them tell the microsecond too.
    """
    fraction = f"{moment.microsecond:05x}" if finely else ""
    return f"{moment:%Y%m%d-%H%M%S}-{fraction}{secrets.token_hex(3)}"


def name_by(moment: datetime) -> str:
    """A moment as a name for people, such as 2026-03-14 15:09:26."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"
