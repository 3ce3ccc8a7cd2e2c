"""The words of access: users, groups, members, keys, sessions."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from modelyard.kernel.values import Value

Role = Literal["reader", "contributor", "admin"]
MemberKind = Literal["user", "group"]
LoginWay = Literal["password", "provider", "setup"]

USER_NAME = r"^[a-z0-9][a-z0-9._@+-]{0,126}$"
RIGHT = r"^([a-z]+|\*):(read|write|run|\*)$"
EMAIL = r"^([^@\s<>\"']{1,64}@[^@\s<>\"']{1,189})?$"
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
"""Unicode categories of characters that nobody sees, or that turn the text around them."""


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


def _one_line(text: str) -> str:
    composed = unicodedata.normalize("NFC", text).strip()
    if any(unicodedata.category(letter) in UNSEEN for letter in composed):
        raise ValueError("it holds characters that cannot be seen; leave them out")
    return composed


UserName = Annotated[
    str, AfterValidator(_user_name), Field(json_schema_extra={"pattern": USER_NAME})
]
Right = Annotated[str, AfterValidator(_right), Field(json_schema_extra={"pattern": RIGHT})]
Email = Annotated[str, AfterValidator(_email), Field(json_schema_extra={"pattern": EMAIL})]
OneLine = Annotated[str, Field(max_length=200), AfterValidator(_one_line)]


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

    secret: str


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
    """Rights about the whole instance, beyond what everybody who is signed in may do."""
    roles: dict[str, Role] = {}
    """Roles by project; an instance admin has that of admin in all of them."""
    key: ApiKey | None = None
    """The key that was used, and what it is narrowed to."""
