"""The pages of groups: all of them, one with its users, and the forms about them."""

from __future__ import annotations

from typing import Any

from modelyard.governance.commands import (
    CreateGroup,
    DeleteGroup,
    ListGroups,
    ListUsers,
    RevokeGroup,
    ShowGroup,
    UpdateGroup,
)
from modelyard.governance.rights import GRANTABLE
from modelyard.governance.types import Account, Group
from modelyard.kernel.values import Value
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.home import may
from modelyard.web.pages.page import Crumb, ListView, Nav, Page, View, Visit, address, place_in_list

PART = 50
MOST = 500
"""Users that are offered as ticks."""
ONE = "/groups/{name}"
GROUPS = Crumb(label="Groups", href="/groups")
RIGHTS = [(right, right) for right in sorted(GRANTABLE)]
WORDS = {
    "name": Words(placeholder="analysts", mono=True),
    "rights": Words(help="About the whole instance; inside projects a group is given roles"),
    "users": Words(help=""),
    "add": Words(label="Users", help=""),
}


class GroupsView(ListView):
    """The groups of the instance."""

    groups: tuple[Group, ...]
    may_change: bool


class MemberOf(Value):
    """A user in a group."""

    name: str
    href: str | None
    remove: str
    """The form that takes them out of it."""


class GroupView(View):
    """One group."""

    group: Group
    href: str
    users: tuple[MemberOf, ...]
    may_change: bool


def reads_groups(account: Account) -> bool:
    """Whether somebody may see the groups."""
    return may(account, "groups:read")


def groups(visit: Visit) -> GroupsView:
    """A part of the list."""
    found = visit.part(ListGroups(limit=PART, after=visit.asked("after") or None))
    return GroupsView(
        title="Groups",
        groups=tuple(found),
        **place_in_list(found),
        may_change=may(visit.account, "groups:write"),
    )


def group(visit: Visit) -> GroupView:
    """Look the group up."""
    found = visit.run(ShowGroup(name=visit.path["name"]))
    reads = may(visit.account, "users:read")
    return GroupView(
        title=found.name,
        crumbs=(GROUPS,),
        group=found,
        href=_href(found.name),
        users=tuple(
            MemberOf(
                name=each,
                href=address("/users/{name}", name=each) if reads else None,
                remove=address(f"{ONE}/users/{{user}}/remove", name=found.name, user=each),
            )
            for each in found.users
        ),
        may_change=may(visit.account, "groups:write"),
    )


def _href(name: str) -> str:
    return address(ONE, name=name)


def _shown(visit: Visit, _made: Any = None) -> str:
    return _href(visit.path["name"])


def _everybody(visit: Visit, but: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    users = visit.part(ListUsers(limit=MOST))
    return [(each.name, each.name) for each in users if each.name not in but]


def _new(visit: Visit) -> Draft:
    return Draft(crumbs=(GROUPS,), choices={"users": _everybody(visit), "rights": RIGHTS})


def _about(visit: Visit, **more: Any) -> Draft:
    name = visit.path["name"]
    return Draft(crumbs=(GROUPS, Crumb(label=name, href=_href(name))), **more)


def _edited(visit: Visit) -> Draft:
    found = visit.run(ShowGroup(name=visit.path["name"]))
    return _about(
        visit,
        values={"description": found.description, "rights": found.rights},
        choices={"rights": RIGHTS},
        seen=found,
        title=f"Edit {found.name}",
    )


def _adding(visit: Visit) -> Draft:
    found = visit.run(ShowGroup(name=visit.path["name"]))
    return _about(
        visit, choices={"add": _everybody(visit, found.users)}, title=f"Add users to {found.name}"
    )


def _removing(visit: Visit) -> Draft:
    user = visit.path["user"]
    return _about(visit, fixed={"remove": [user]}, title=f"Take {user} out of it")


PAGES = (
    Page("/groups", groups, "groups.html", Nav("Groups", "users", "Instance", reads_groups)),
    Form(
        "/groups/new",
        CreateGroup,
        "New group",
        "Create group",
        lambda _visit, made: _href(made.name),
        said=lambda made: f"Group {made.name} is created.",
        fields=("name", "description", "users", "rights"),
        words=WORDS,
        prepare=_new,
    ),
    Page(ONE, group, "group.html"),
    Form(
        f"{ONE}/edit",
        UpdateGroup,
        "Edit group",
        "Save",
        _shown,
        said=lambda made: f"Group {made.name} is saved.",
        fields=("description", "rights"),
        words=WORDS,
        prepare=_edited,
    ),
    Form(
        f"{ONE}/users/add",
        UpdateGroup,
        "Add users",
        "Add users",
        _shown,
        said=lambda made: f"Group {made.name} is saved.",
        fields=("add",),
        words=WORDS,
        prepare=_adding,
    ),
    Form(
        f"{ONE}/users/{{user}}/remove",
        UpdateGroup,
        "Take the user out of the group",
        "Take out",
        _shown,
        intro="What the group gives is theirs no longer.",
        said="The user is no longer in the group.",
        prepare=_removing,
        dangerous=True,
    ),
    Form(
        f"{ONE}/revoke",
        RevokeGroup,
        "Take all away from the group",
        "Take all away",
        _shown,
        intro="Its rights, and its roles in all projects. Its users stay in it.",
        said=lambda made: f"Group {made.name} gives nothing any more.",
        prepare=_about,
        dangerous=True,
    ),
    Form(
        f"{ONE}/delete",
        DeleteGroup,
        "Delete the group",
        "Delete group",
        lambda _visit, _done: "/groups",
        intro="Its roles go with it; its users stay. This cannot be undone.",
        said="The group is deleted.",
        prepare=_about,
        dangerous=True,
    ),
)
