"""The words of access: users, groups, members, keys, sessions."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, Field, JsonValue

from modelyard.kernel.secrets import SECRET
from modelyard.kernel.values import Value

Role = Literal["reader", "contributor", "admin"]
MemberKind = Literal["user", "group"]
LoginWay = Literal["password", "provider", "setup"]

USER_NAME = r"^[a-z0-9][a-z0-9._@+-]{0,126}$"
RIGHT = r"^([a-z]+|\*):(read|write|run|\*)$"
EMAIL = r"^([^@\s<>\"']{1,64}@[^@\s<>\"']{1,189})?$"


def _user_name(name: str) -> str:
    if re.fullmatch(USER_NAME, name):
        return name
    raise ValueError(
        "a user's name begins with a small letter or digit, then small letters, digits and any of "
        "._@+-; 127 at most"
    )


def _right(right: str) -> str:
    if re.fullmatch(RIGHT, right):
        return right
    raise ValueError("write a right as area:read or area:write, * for any, such as models:*")


def _email(address: str) -> str:
    if re.fullmatch(EMAIL, address):
        return address
    raise ValueError("write an e-mail address, such as ada@example.org")


def _in_utc(moment: datetime) -> datetime:
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as exc:
        raise ValueError("it is too long ago, or too far ahead") from exc


Moment = Annotated[datetime, AfterValidator(_in_utc)]
UserName = Annotated[
    str, AfterValidator(_user_name), Field(json_schema_extra={"pattern": USER_NAME})
]
Right = Annotated[str, AfterValidator(_right), Field(json_schema_extra={"pattern": RIGHT})]
Email = Annotated[str, AfterValidator(_email), Field(json_schema_extra={"pattern": EMAIL})]


class User(Value):
    """Somebody who can sign in, or whose keys can."""

    listed: ClassVar = ("name", "display_name", "email", "admin", "active", "groups", "created")

    name: str
    display_name: str = ""
    email: str = ""
    active: bool = True
    admin: bool = False
    groups: tuple[str, ...] = ()
    has_password: bool = False
    from_provider: bool = False
    created: datetime


class Group(Value):
    """Users who are given rights and roles together."""

    name: str
    description: str = ""
    rights: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    created: datetime


class Member(Value):
    """A user or group with a role in a project."""

    listed: ClassVar = ("kind", "name", "role", "since")

    project: str
    kind: MemberKind
    name: str
    role: Role
    since: datetime


class ApiKey(Value):
    """A key that acts for a user, within limits. No projects, no rights: not narrowed."""

    id: str
    user: str
    name: str
    projects: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None
    used: datetime | None = None


class NewKey(ApiKey):
    """A key that was just made: the only time its secret is shown."""

    secret: Annotated[str, SECRET]


class Session(Value):
    """Somebody signed in with a browser."""

    id: str
    user: str
    way: LoginWay
    address: str = ""
    agent: str = ""
    created: datetime
    expires: datetime
    seen: datetime


class Account(Value):
    """Whoever asks, as the workspace knows them."""

    name: str
    kind: str
    display_name: str = ""
    email: str = ""
    admin: bool = False
    groups: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    """Rights about the whole instance, of one's groups and by the settings, beyond what always goes
    for who is signed in."""
    roles: dict[str, Role] = {}
    """Roles by project; an instance admin has that of admin in all of them."""
    key: ApiKey | None = None
    """The key that was used, and what it is narrowed to."""


class AuditFilter(BaseModel):
    """Which entries of the audit log are wanted; all that is said has to hold."""

    actor: str | None = Field(default=None, max_length=128, description="only what they did")
    action: str | None = Field(
        default=None,
        max_length=64,
        description="only this action, such as models.delete, or all of a room, such as models",
    )
    project: str | None = Field(
        default=None, max_length=64, description="only what was about this project"
    )
    outcome: str | None = Field(
        default=None,
        max_length=32,
        description="only what came out as this: ok, refused, lost, or the code of an error",
    )
    since: Moment | None = Field(
        default=None, description="only from this moment on, such as 2026-05-01T12:00 (UTC)"
    )
    until: Moment | None = Field(default=None, description="only before this moment")
    text: str = Field(default="", max_length=200, description="only where this text occurs")


class AuditEntry(Value):
    """Something that was done or refused: who, when, from where, what, and what came of it."""

    listed: ClassVar = (
        *("number", "started", "actor", "address"),
        *("action", "project", "arguments", "outcome"),
    )

    number: int
    id: str
    started: datetime
    ms: float | None = None
    """How long it took; None where its process was gone before it ended."""
    actor: str
    kind: str
    key: str | None = None
    address: str = ""
    action: str
    project: str = ""
    arguments: JsonValue = None
    outcome: str
    detail: str = ""
    left_out: int = 0
    """Refusals of the same kind just before, that were too many to keep one by one."""
    sha256: str


class AuditCheck(Value):
    """The audit log and the timeline are whole: what they were compared with."""

    entries: int
    head: str
    """The hash of the last entry; keep it elsewhere, and compare by `--head`."""
    events: int = 0
    """Those of the timeline of governed items."""
    timeline_head: str = ""
    """The hash of the last event, to be kept elsewhere as well."""
    kept: int | None = None
    """The number of the entry whose hash had been kept elsewhere."""
    kept_event: int | None = None
    """The number of the event, if it was the hash of one."""


class AuditExport(Value):
    """A file that entries of the audit log were written to."""

    entries: int
    size: int
    """Its bytes."""
