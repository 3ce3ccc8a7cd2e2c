"""The page of one's own account."""

from __future__ import annotations

from modelyard.governance.commands import ChangePassword
from modelyard.governance.types import Account
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.keys import MINE, KeyLine, SessionLine, keys_of, sessions_of
from modelyard.web.pages.page import Crumb, Page, View, Visit


class AccountView(View):
    """Who one is here, and what one may do."""

    account: Account
    is_user: bool
    """Whether one signs in, and so has a password, keys and sessions."""
    keys: tuple[KeyLine, ...]
    sessions: tuple[SessionLine, ...]


def account(visit: Visit) -> AccountView:
    """As the workspace knows it."""
    me = visit.account
    is_user = me.kind == "user"
    return AccountView(
        title="Account",
        account=me,
        is_user=is_user,
        keys=keys_of(visit, me.name, MINE) if is_user else (),
        sessions=sessions_of(visit, me.name, MINE) if is_user else (),
    )


PAGES = (
    Page(MINE, account, "account.html"),
    Form(
        "/account/password",
        ChangePassword,
        "Change password",
        "Change password",
        lambda _visit, _done: "/login",
        said="The password is changed. Sign in with it.",
        intro="All your sessions end with it, this one too.",
        fields=("current", "new"),
        words={"current": Words(label="Password until now"), "new": Words(label="New password")},
        prepare=lambda _visit: Draft(crumbs=(Crumb(label="Account", href=MINE),)),
    ),
)
