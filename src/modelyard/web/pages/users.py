"""The pages of users: all of them, one with groups, keys and sessions, and the forms about them."""

from __future__ import annotations

from typing import Any

from modelyard.governance.commands import (
    CreateUser,
    DeleteUser,
    ListGroups,
    ListUsers,
    RevokeUser,
    ShowUser,
    UpdateUser,
)
from modelyard.governance.types import Account, User
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.home import may
from modelyard.web.pages.keys import KeyLine, SessionLine, keys_of, rules_all, sessions_of
from modelyard.web.pages.page import Crumb, ListView, Nav, Page, View, Visit, address, place_in_list

PART = 50
FEW = 10
ONE = "/users/{name}"
USERS = Crumb(label="Users", href="/users")
WORDS = {
    "name": Words(placeholder="ada", mono=True),
    "display_name": Words(label="Name for people", help=""),
    "email": Words(label="E-mail", help=""),
    "password": Words(help="Without one, only keys and an identity provider let them in"),
    "subject": Words(later=True),
    "admin": Words(label="Instance admin: may do everything", help="", kind="tick"),
    "groups": Words(help=""),
}


class UsersView(ListView):
    """The users of the instance."""

    users: tuple[User, ...]
    may_change: bool


class UserView(View):
    """One user."""

    user: User
    href: str
    keys: tuple[KeyLine, ...]
    sessions: tuple[SessionLine, ...]
    sees_access: bool
    """Whether keys and sessions may be seen."""
    may_change: bool


def reads_users(account: Account) -> bool:
    """Whether somebody may see who there is."""
    return may(account, "users:read")


def users(visit: Visit) -> UsersView:
    """A part of the list, as it is searched."""
    asked = ListUsers(search=visit.asked("search"), limit=PART, after=visit.asked("after") or None)
    found = visit.part(asked)
    return UsersView(
        title="Users",
        users=tuple(found),
        **place_in_list(found),
        may_change=may(visit.account, "users:write"),
    )


def user(visit: Visit) -> UserView:
    """Look the user up."""
    found = visit.run(ShowUser(name=visit.path["name"]))
    href = _href(found.name)
    sees_access = rules_all(visit.account)
    return UserView(
        title=found.name,
        crumbs=(USERS,),
        user=found,
        href=href,
        keys=keys_of(visit, found.name, href) if sees_access else (),
        sessions=sessions_of(visit, found.name, href) if sees_access else (),
        sees_access=sees_access,
        may_change=may(visit.account, "users:write"),
    )


def _href(name: str) -> str:
    return address(ONE, name=name)


def _shown(visit: Visit, _made: Any = None) -> str:
    return _href(visit.path["name"])


def _new(visit: Visit) -> Draft:
    groups = visit.part(ListGroups(limit=PART))
    return Draft(crumbs=(USERS,), choices={"groups": [(each.name, each.name) for each in groups]})


def _about(visit: Visit, **more: Any) -> Draft:
    name = visit.path["name"]
    return Draft(crumbs=(USERS, Crumb(label=name, href=_href(name))), **more)


def _edited(visit: Visit) -> Draft:
    found = visit.run(ShowUser(name=visit.path["name"]))
    values = {name: getattr(found, name) for name in ("display_name", "email", "admin")}
    return _about(visit, values=values, seen=found, title=f"Edit {found.name}")


PAGES = (
    Page("/users", users, "users.html", Nav("Users", "user", "Instance", reads_users)),
    Form(
        "/users/new",
        CreateUser,
        "New user",
        "Create user",
        lambda _visit, made: _href(made.name),
        said=lambda made: f"User {made.name} is created.",
        fields=("name", "display_name", "email", "password", "groups", "admin", "subject"),
        words=WORDS,
        prepare=_new,
    ),
    Page(ONE, user, "user.html"),
    Form(
        f"{ONE}/edit",
        UpdateUser,
        "Edit user",
        "Save",
        _shown,
        said=lambda made: f"User {made.name} is saved.",
        fields=("display_name", "email", "password", "admin", "subject"),
        words={**WORDS, "password": Words(label="New password", help="It ends their sessions")},
        prepare=_edited,
    ),
    Form(
        f"{ONE}/deactivate",
        UpdateUser,
        "Deactivate the user",
        "Deactivate",
        _shown,
        intro="They cannot sign in, and their sessions end. Their keys work again once they are "
        "let in again.",
        said=lambda made: f"User {made.name} is not active any more.",
        prepare=lambda visit: _about(visit, fixed={"active": False}),
    ),
    Form(
        f"{ONE}/activate",
        UpdateUser,
        "Let the user in again",
        "Let in again",
        _shown,
        said=lambda made: f"User {made.name} may sign in again.",
        prepare=lambda visit: _about(visit, fixed={"active": True}),
    ),
    Form(
        f"{ONE}/revoke",
        RevokeUser,
        "Shut the user out",
        "Shut out",
        _shown,
        intro="Not active any more, sessions ended, keys revoked for good. Roles and groups stay.",
        said=lambda made: f"User {made.name} is shut out.",
        prepare=_about,
        dangerous=True,
    ),
    Form(
        f"{ONE}/delete",
        DeleteUser,
        "Delete the user",
        "Delete user",
        lambda _visit, _done: "/users",
        intro="Their keys, sessions and roles go with them; what they made stays. This cannot be "
        "undone.",
        said="The user is deleted.",
        prepare=_about,
        dangerous=True,
    ),
)
