"""The settings of a project: what it is for, its variables, who is in it."""

from __future__ import annotations

from typing import Any

from modelyard.governance.commands import (
    AddMember,
    ListGroups,
    ListMembers,
    ListUsers,
    RemoveMember,
)
from modelyard.governance.types import MemberKind, Role
from modelyard.kernel.values import Value
from modelyard.projects.commands import ShowProject
from modelyard.projects.types import Project
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.home import may
from modelyard.web.pages.page import Crumb, Nav, Page, View, Visit, address
from modelyard.web.pages.projects import crumb

PART = 100
PATH = "/projects/{project}/settings"
MEMBER = "/projects/{project}/members/{kind}/{name}"
ROLES = {
    "reader": "Reader: sees all of it",
    "contributor": "Contributor: changes what is in it",
    "admin": "Admin: also decides who is in it",
}


class MemberLine(Value):
    """Somebody with a role in the project."""

    kind: MemberKind
    name: str
    role: Role
    since: Any
    href: str | None
    """The user or group, for who may see it."""
    change: str
    """The form of another role; `remove` beside it."""
    remove: str


class SettingsView(View):
    """How a project is set up."""

    project: Project
    members: tuple[MemberLine, ...]
    next: str | None
    may_change: bool


def settings(visit: Visit) -> SettingsView:
    """Look the project and its members up."""
    key = visit.path["project"]
    asked = ListMembers(project=key, limit=PART, after=visit.asked("after") or None)
    members = visit.part(asked)
    return SettingsView(
        title="Project settings",
        crumbs=(crumb(key),),
        project=visit.run(ShowProject(key=key)),
        members=tuple(
            MemberLine(
                kind=each.kind,
                name=each.name,
                role=each.role,
                since=each.since,
                href=_href(visit, each.kind, each.name),
                change=address(f"{MEMBER}/role", project=key, kind=each.kind, name=each.name),
                remove=address(f"{MEMBER}/remove", project=key, kind=each.kind, name=each.name),
            )
            for each in members
        ),
        next=members.next,
        may_change=visit.may("members:write"),
    )


def _href(visit: Visit, kind: MemberKind, name: str) -> str | None:
    path = f"/{kind}s/{{name}}"
    return address(path, name=name) if may(visit.account, f"{kind}s:read") else None


def _above(visit: Visit) -> tuple[Crumb, ...]:
    key = visit.path["project"]
    return (crumb(key), Crumb(label="Project settings", href=_back(visit)))


def _back(visit: Visit, _made: Any = None) -> str:
    return address(PATH, project=visit.path["project"])


def _new(visit: Visit) -> Draft:
    """A draft that suggests users and groups, to whom they may be told."""
    known: list[tuple[str, str]] = []
    if may(visit.account, "users:read"):
        users = visit.part(ListUsers(limit=PART))
        known += [(each.name, each.display_name or each.name) for each in users]
    if may(visit.account, "groups:read"):
        groups = visit.part(ListGroups(limit=PART))
        known += [(each.name, f"Group {each.name}") for each in groups]
    return Draft(
        crumbs=_above(visit),
        choices={"name": known, "role": list(ROLES.items())},
        values={"role": "reader", "kind": "user"},
    )


def _role(visit: Visit) -> Draft:
    members = visit.run(ListMembers(project=visit.path["project"]))
    name, kind = visit.path["name"], visit.path["kind"]
    now = next((each.role for each in members if (each.name, each.kind) == (name, kind)), "reader")
    return Draft(
        crumbs=_above(visit),
        values={"role": now},
        choices={"role": list(ROLES.items())},
        title=f"Role of {name}",
    )


def _removed(visit: Visit) -> Draft:
    return Draft(
        crumbs=_above(visit),
        title=f"Remove {visit.path['name']}",
        intro=f"{visit.path['name']} is no member of {visit.path['project']} then.",
    )


PAGES = (
    Page(PATH, settings, "project_settings.html", Nav("Project settings", "adjustments")),
    Form(
        "/projects/{project}/members/add",
        AddMember,
        "Add member",
        "Add member",
        _back,
        said=lambda made: f"{made.name} is {made.role} now.",
        fields=("name", "kind", "role"),
        words={
            "name": Words(kind="text", placeholder="ada"),
            "kind": Words(label="What that is", kind="segments", help=""),
            "role": Words(help="", kind="choice"),
        },
        prepare=_new,
    ),
    Form(
        f"{MEMBER}/role",
        AddMember,
        "Change role",
        "Change role",
        _back,
        said=lambda made: f"{made.name} is {made.role} now.",
        fields=("role",),
        words={"role": Words(help="")},
        prepare=_role,
    ),
    Form(
        f"{MEMBER}/remove",
        RemoveMember,
        "Remove member",
        "Remove member",
        _back,
        said="The member is removed.",
        prepare=_removed,
        dangerous=True,
    ),
)
