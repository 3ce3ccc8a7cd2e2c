"""The pages of API keys and sessions: one's own, a user's, everybody's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modelyard.governance.commands import (
    CreateKey,
    ListKeys,
    ListSessions,
    RevokeKey,
    RevokeSession,
)
from modelyard.governance.types import Account, ApiKey, NewKey, Session
from modelyard.kernel.values import Value, now
from modelyard.projects.commands import ListProjects
from modelyard.verbs import CATALOG
from modelyard.web.pages.form import Draft, Form, Reveal, Words
from modelyard.web.pages.page import Crumb, Nav, Page, View, Visit, address

PART = 50
FEW = 20
MINE = "/account"
THEIRS = "/users/{user}"


class KeyLine(Value):
    """A key as lists show it."""

    key: ApiKey
    state: str
    """active, expired or revoked."""
    revoke: str
    """The form that revokes it."""


class SessionLine(Value):
    """A session as lists show it."""

    session: Session
    end: str
    """The form that ends it."""


class KeysView(View):
    """The keys of all users."""

    keys: tuple[KeyLine, ...]
    next: str | None


class SessionsView(View):
    """Who is signed in."""

    sessions: tuple[SessionLine, ...]
    next: str | None


class NewKeyView(View):
    """A key that was just made, with its secret."""

    key: NewKey
    back: str


def rules_all(account: Account) -> bool:
    """Whether somebody may see what is other people's own."""
    return account.kind == "local" or (account.admin and account.key is None)


def keys_of(visit: Visit, user: str, below: str) -> tuple[KeyLine, ...]:
    """The newest keys of a user, on the page at an address."""
    return key_lines(visit.part(ListKeys(user=user, limit=FEW)), below)


def sessions_of(visit: Visit, user: str, below: str) -> tuple[SessionLine, ...]:
    """The latest sessions of a user, on the page at an address."""
    return session_lines(visit.part(ListSessions(user=user, limit=FEW)), below)


def keys(visit: Visit) -> KeysView:
    """A part of all of them."""
    found = visit.part(ListKeys(every=True, limit=PART, after=visit.asked("after") or None))
    return KeysView(title="API keys", keys=key_lines(found, ""), next=found.next)


def sessions(visit: Visit) -> SessionsView:
    """A part of all of them."""
    found = visit.part(ListSessions(every=True, limit=PART, after=visit.asked("after") or None))
    return SessionsView(title="Sessions", sessions=session_lines(found, ""), next=found.next)


def key_lines(found: list[ApiKey], below: str) -> tuple[KeyLine, ...]:
    """Keys as lists below an address show them."""
    return tuple(
        KeyLine(
            key=each, state=_state(each), revoke=address(f"{below}/keys/{{id}}/revoke", id=each.id)
        )
        for each in found
    )


def session_lines(found: list[Session], below: str) -> tuple[SessionLine, ...]:
    """Sessions as lists below an address show them."""
    return tuple(
        SessionLine(session=each, end=address(f"{below}/sessions/{{id}}/end", id=each.id))
        for each in found
    )


def _state(key: ApiKey) -> str:
    if key.revoked is not None:
        return "revoked"
    return "expired" if key.expires is not None and key.expires <= now() else "active"


def _shown_once(visit: Visit, made: NewKey) -> NewKeyView:
    back = _user_page(visit)
    return NewKeyView(title=f"Key {made.name}", crumbs=_above(visit), key=made, back=back)


def _user_page(visit: Visit, _done: Any = None) -> str:
    user = visit.path.get("user")
    return MINE if user is None else address(THEIRS, user=user)


def _above(visit: Visit) -> tuple[Crumb, ...]:
    user = visit.path.get("user")
    if user is None:
        return (Crumb(label="Account", href=MINE),)
    return (Crumb(label="Users", href="/users"), Crumb(label=user, href=_user_page(visit)))


def _new(visit: Visit) -> Draft:
    projects = visit.part(ListProjects(limit=PART))
    rights = sorted({command.needs for command in CATALOG.values()})
    return Draft(
        crumbs=_above(visit),
        choices={
            "projects": [(each.key, each.key) for each in projects],
            "rights": [(right, right) for right in rights],
        },
    )


def _asked(visit: Visit) -> Draft:
    return Draft(crumbs=_above(visit))


def _forms(below: str) -> tuple[Form, ...]:
    """The forms below the page of an account or a user."""
    return (
        Form(
            f"{below}/keys/new",
            CreateKey,
            "New API key",
            "Make key",
            _user_page,
            intro="A key lets a script in as its user. Its secret is shown once, on the next page.",
            fields=("name", "days", "projects", "rights"),
            words={
                "name": Words(label="What it is for", help="", placeholder="nightly-import"),
                "days": Words(label="Days until it expires", help="0: it never does"),
                "projects": Words(help="None ticked: all of the user's"),
                "rights": Words(help="None ticked: all of the user's", later=True),
            },
            prepare=_new,
            reveal=Reveal("key_made.html", _shown_once),
        ),
        *_endings(below, _user_page, _asked),
    )


def _endings(
    below: str, onward: Callable[[Visit, Any], str], prepare: Callable[[Visit], Draft]
) -> tuple[Form, ...]:
    """The forms that revoke keys and end sessions; `onward` gives the list that they stand in."""
    return (
        Form(
            f"{below}/keys/{{id}}/revoke",
            RevokeKey,
            "Revoke the key",
            "Revoke key",
            onward,
            intro="Whatever uses it, or a key made with it, is refused from then on.",
            said=lambda key: f"The key {key.name} is revoked.",
            prepare=prepare,
            dangerous=True,
        ),
        Form(
            f"{below}/sessions/{{id}}/end",
            RevokeSession,
            "End the session",
            "End session",
            onward,
            intro="Its browser has to sign in again.",
            said="The session is ended.",
            prepare=prepare,
            dangerous=True,
        ),
    )


def _list_of(visit: Visit, _done: Any = None) -> str:
    return "/keys" if visit.address.startswith("/keys/") else "/sessions"


def _in_list(visit: Visit) -> Draft:
    href = _list_of(visit)
    return Draft(crumbs=(Crumb(label="API keys" if href == "/keys" else "Sessions", href=href),))


FORMS = (*_forms(MINE), *_forms(THEIRS), *_endings("", _list_of, _in_list))
PAGES: tuple[Page | Form, ...] = (
    Page("/keys", keys, "keys.html", Nav("API keys", "key", "Instance", rules_all)),
    Page("/sessions", sessions, "sessions.html", Nav("Sessions", "login", "Instance", rules_all)),
    *FORMS,
)
