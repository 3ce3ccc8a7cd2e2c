"""The page of one's own account."""

from __future__ import annotations

from modelyard.governance.commands import ChangePassword
from modelyard.governance.types import Account
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.page import Crumb, Page, View, Visit


class AccountView(View):
    """Who one is here, and what one may do."""

    account: Account
    may_change_password: bool


def account(visit: Visit) -> AccountView:
    """As the workspace knows it."""
    return AccountView(
        title="Account",
        account=visit.account,
        may_change_password=visit.account.kind == "user",
    )


PAGES = (
    Page("/account", account, "account.html"),
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
        prepare=lambda _visit: Draft(crumbs=(Crumb(label="Account", href="/account"),)),
    ),
)
