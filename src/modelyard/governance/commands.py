"""What one can ask of users, groups, members, keys, sessions and one's own account."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from modelyard.governance.types import (
    Account,
    ApiKey,
    AuditCheck,
    AuditEntry,
    AuditExport,
    AuditFilter,
    Email,
    Group,
    Member,
    MemberKind,
    NewKey,
    Right,
    Role,
    Session,
    User,
    UserName,
)
from modelyard.kernel.command import Command, ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.secrets import NEW_SECRET, SECRET
from modelyard.kernel.values import DIGEST_PATTERN, LocalPath, Name, OneLine, ProjectKey

LONGEST_PASSWORD = 1024


class CreateUser(Command[User]):
    """Create a user; without a password, only keys and an identity provider let them in."""

    needs = "users:write"
    route = "POST /users"
    arguments = ("name",)

    name: UserName = Field(
        description="name to sign in with: small letters, digits, . _ @ + -", examples=["ada"]
    )
    display_name: OneLine = Field(default="", description="name for people")
    email: Email = Field(default="", description="e-mail address")
    password: Annotated[str | None, NEW_SECRET] = Field(
        default=None, max_length=LONGEST_PASSWORD, description="password to sign in with"
    )
    subject: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="what the identity provider of the settings calls them (claim sub)",
    )
    admin: bool = Field(default=False, description="an instance admin, who may do everything")
    groups: tuple[Name, ...] = Field(default=(), description="groups to put them into")


class ListUsers(Command[list[User]], Paged):
    """List the users, by name."""

    needs = "users:read"
    route = "GET /users"

    search: str = Field(default="", description="only names or addresses that contain this")


class ShowUser(Command[User]):
    """Show one user."""

    needs = "users:read"
    route = "GET /users/{name}"
    arguments = ("name",)

    name: UserName = Field(description="name of the user", examples=["ada"])


class UpdateUser(Command[User]):
    """Change a user. A new password ends their sessions; one who is not active cannot sign in."""

    needs = "users:write"
    route = "PATCH /users/{name}"
    guarded = True
    arguments = ("name",)

    name: UserName = Field(description="name of the user", examples=["ada"])
    display_name: OneLine | None = Field(default=None, description="name for people")
    email: Email | None = Field(default=None, description="e-mail address")
    password: Annotated[str | None, NEW_SECRET] = Field(
        default=None, max_length=LONGEST_PASSWORD, description="new password"
    )
    subject: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="what the identity provider of the settings calls them (claim sub)",
    )
    admin: bool | None = Field(default=None, description="an instance admin, or no longer")
    active: bool | None = Field(default=None, description="may sign in and use keys, or no longer")


class RevokeUser(Command[User]):
    """Shut a user out: not active any more, sessions ended, keys revoked; roles and groups stay."""

    needs = "users:write"
    route = "POST /users/{name}/revoke"
    arguments = ("name",)

    name: UserName = Field(description="name of the user", examples=["ada"])


class DeleteUser(Command[None]):
    """Delete a user with their keys, sessions and roles; their jobs end, their scenarios rest."""

    needs = "users:write"
    route = "DELETE /users/{name}"
    guarded = True
    arguments = ("name",)

    name: UserName = Field(description="name of the user", examples=["ada"])


class CreateGroup(Command[Group]):
    """Create a group."""

    needs = "groups:write"
    route = "POST /groups"
    arguments = ("name",)

    name: Name = Field(description="unique name of the group", examples=["analysts"])
    description: OneLine = Field(default="", description="one line for people")
    rights: tuple[Right, ...] = Field(
        default=(),
        description="rights about the whole instance: projects:write, envs:write, users:read, "
        "groups:read, audit:read",
    )
    users: tuple[UserName, ...] = Field(default=(), description="users to put into it")


class ListGroups(Command[list[Group]], Paged):
    """List the groups, by name."""

    needs = "groups:read"
    route = "GET /groups"


class ShowGroup(Command[Group]):
    """Show one group."""

    needs = "groups:read"
    route = "GET /groups/{name}"
    arguments = ("name",)

    name: Name = Field(description="name of the group", examples=["analysts"])


class UpdateGroup(Command[Group]):
    """Change a group, and who is in it."""

    needs = "groups:write"
    route = "PATCH /groups/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description="name of the group", examples=["analysts"])
    description: OneLine | None = Field(default=None, description="one line for people")
    rights: tuple[Right, ...] | None = Field(
        default=None, description="rights about the whole instance, instead of those it has"
    )
    add: tuple[UserName, ...] = Field(default=(), description="users to put into it")
    remove: tuple[UserName, ...] = Field(default=(), description="users to take out of it")


class RevokeGroup(Command[Group]):
    """Take away a group's rights and its roles in all projects; its users stay in it."""

    needs = "groups:write"
    route = "POST /groups/{name}/revoke"
    arguments = ("name",)

    name: Name = Field(description="name of the group", examples=["analysts"])


class DeleteGroup(Command[None]):
    """Delete a group with its roles; its users stay."""

    needs = "groups:write"
    route = "DELETE /groups/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description="name of the group", examples=["analysts"])


class AddMember(ProjectCommand[Member]):
    """Give a user or group a role in a project, in place of the one they have."""

    needs = "members:write"
    route = "POST /members"
    arguments = ("name",)

    name: str = Field(max_length=127, description="name of the user or group", examples=["ada"])
    role: Role = Field(
        description="reader sees, contributor changes, admin also decides who is in it"
    )
    kind: MemberKind = Field(default="user", description="what the name stands for")


class ListMembers(ProjectCommand[list[Member]], Paged):
    """List who has a role in a project: users, then groups, by name."""

    needs = "members:read"
    route = "GET /members"


class RemoveMember(ProjectCommand[None]):
    """Take a user's or group's role in a project away."""

    needs = "members:write"
    route = "DELETE /members/{kind}/{name}"
    arguments = ("name",)

    name: str = Field(max_length=127, description="name of the user or group", examples=["ada"])
    kind: MemberKind = Field(default="user", description="what the name stands for")


class CreateKey(Command[NewKey]):
    """Make an API key; its secret is shown this once and never again.

    A key acts for its user. It never may more than the user may at that time, and less where it is
    narrowed to projects or rights. A key made with another key may not more than that one.
    """

    needs = "keys:write"
    route = "POST /keys"
    arguments = ("name",)

    name: Name = Field(
        description="what it is for, such as nightly-import", examples=["nightly-import"]
    )
    user: UserName | None = Field(default=None, description="whom it acts for; else oneself")
    projects: tuple[ProjectKey, ...] = Field(default=(), description="only in these projects")
    rights: tuple[Right, ...] = Field(
        default=(), description="only these rights, such as models:read,scoring:*"
    )
    days: int = Field(
        default=90, ge=0, le=36_500, description="days until it expires; 0: it never does"
    )


class ListKeys(Command[list[ApiKey]], Paged):
    """List API keys, the newest first, without their secrets."""

    needs = "keys:read"
    route = "GET /keys"

    user: UserName | None = Field(default=None, description="only those of this user; else one's")
    every: bool = Field(default=False, description="those of all users, for instance admins")


class RevokeKey(Command[ApiKey]):
    """Revoke an API key, and those that were made with it, from this moment on."""

    needs = "keys:write"
    route = "DELETE /keys/{id}"
    arguments = ("id",)

    id: str = Field(max_length=64, description="id of the key")


class ListSessions(Command[list[Session]], Paged):
    """List who is signed in with a browser, the latest first."""

    needs = "sessions:read"
    route = "GET /sessions"

    user: UserName | None = Field(default=None, description="only those of this user; else one's")
    every: bool = Field(default=False, description="those of all users, for instance admins")


class RevokeSession(Command[None]):
    """End a session: its browser has to sign in again."""

    needs = "sessions:write"
    route = "DELETE /sessions/{id}"
    arguments = ("id",)

    id: str = Field(max_length=64, description="id of the session")


class ShowAccount(Command[Account]):
    """Show who asks: name, groups, rights, roles, and what the key used is narrowed to."""

    needs = "account:read"
    route = "GET /account"


class ChangePassword(Command[None]):
    """Change one's own password; one's sessions end."""

    needs = "account:write"
    route = "POST /account/password"

    current: Annotated[str, SECRET] = Field(
        max_length=LONGEST_PASSWORD,
        description="the password until now",
        examples=["correct horse battery"],
    )
    new: Annotated[str, NEW_SECRET] = Field(
        max_length=LONGEST_PASSWORD,
        description="the password from now on",
        examples=["wrong donkey accumulator"],
    )


class ListAudit(Command[list[AuditEntry]], AuditFilter, Paged):
    """List what was done and what was refused, the newest first."""

    needs = "audit:read"
    route = "GET /audit"


class ShowAudit(Command[AuditEntry]):
    """Show one entry of the audit log."""

    needs = "audit:read"
    route = "GET /audit/{number}"
    arguments = ("number",)

    number: int = Field(ge=1, lt=2**63, description="number of the entry", examples=[1])


class ExportAudit(Command[AuditExport], AuditFilter):
    """Write entries of the audit log to a file, the oldest first: JSON lines, or CSV."""

    needs = "audit:read"
    route = "POST /audit/export"
    receives = "to"
    arguments = ("to",)

    to: Annotated[str, LocalPath("write")] = Field(
        description="new file, ending in .jsonl or .csv", examples=["audit.jsonl"]
    )
    format: Literal["jsonl", "csv"] | None = Field(
        default=None, description="where the file's ending does not say it  [jsonl]"
    )

    @model_validator(mode="before")
    @classmethod
    def _is_named(cls, given: Any) -> Any:
        """The ending is looked at here: over HTTP the name of the caller's file does not travel."""
        if isinstance(given, dict) and given.get("format") is None:
            ending = Path(str(given.get("to", ""))).suffix.lower()
            return {**given, "format": "csv"} if ending == ".csv" else given
        return given


class VerifyAudit(Command[AuditCheck]):
    """Check that nothing in the audit log and the timeline was changed, removed or cut off.

    Note the heads that it tells in a place apart: who cuts off a log together with its own head in
    the database is found out only by `--head` with one of them.
    """

    needs = "audit:read"
    route = "POST /audit/verify"
    title = "Read the audit log"
    asks = True
    background = True

    head: str | None = Field(
        default=None,
        pattern=DIGEST_PATTERN,
        description="hash of an entry or event that was kept elsewhere: it has to be there",
    )

    def exclusive_key(self) -> str:
        """The log is read once at a time."""
        return "audit verify"
