"""The pages of what one is told of governed items, of which ones, and how."""

from __future__ import annotations

from modelyard.governance.notifying.commands import (
    ChangeNotifying,
    ListNotifications,
    ListSubscriptions,
    Mute,
    ReadNotifications,
    ShowNotifying,
    Subscribe,
    Unsubscribe,
)
from modelyard.governance.notifying.types import (
    MadeNotifying,
    Notification,
    Notifying,
    Subscription,
)
from modelyard.kernel.values import Value
from modelyard.web.pages.form import Draft, Form, Reveal, Words
from modelyard.web.pages.governance_words import KIND_CHOICES, ONE, called, item_href
from modelyard.web.pages.keys import MINE
from modelyard.web.pages.page import Crumb, ListView, Page, View, Visit, place_in_list

NEWS, OF = f"{MINE}/notifications", f"{MINE}/subscriptions"
ABOVE = (Crumb(label="Account", href=MINE),)
PART = 50


class NewsLine(Value):
    """Something that one is told, and where it is looked at."""

    told: Notification
    href: str


class NewsView(ListView):
    """A part of what one is told."""

    is_user: bool
    lines: tuple[NewsLine, ...] = ()
    unread: bool = False
    """Whether only what was not read is shown."""


class SubscriptionLine(Value):
    """What one is told of, in words."""

    of: Subscription
    called: str
    href: str
    """Of the item; empty for what is none."""


class SubscriptionsView(ListView):
    """How one is told, and a part of what of."""

    is_user: bool
    lines: tuple[SubscriptionLine, ...] = ()
    how: Notifying | None = None


class MadeNotifyingView(View):
    """How one is told from now on, with the secret of a new webhook."""

    how: MadeNotifying


def _is_user(visit: Visit) -> bool:
    """Whether one signs in; who works in the workspace's folder is told nothing."""
    return visit.account.kind == "user"


def notifications(visit: Visit) -> NewsView:
    """The newest first."""
    if not _is_user(visit):
        return NewsView(title="Notifications", crumbs=ABOVE, is_user=False)
    unread = visit.asked("unread") == "yes"
    after = visit.asked("after") or None
    found = visit.part(ListNotifications(unread=unread, limit=PART, after=after))
    return NewsView(
        title="Notifications",
        crumbs=ABOVE,
        is_user=True,
        lines=tuple(NewsLine(told=each, href=item_href(each.item)) for each in found),
        unread=unread,
        **place_in_list(found),
    )


def subscriptions(visit: Visit) -> SubscriptionsView:
    """By what they are of."""
    if not _is_user(visit):
        return SubscriptionsView(title="Subscriptions", crumbs=ABOVE, is_user=False)
    found = visit.part(ListSubscriptions(limit=PART, after=visit.asked("after") or None))
    return SubscriptionsView(
        title="Subscriptions",
        crumbs=ABOVE,
        is_user=True,
        lines=tuple(map(_line, found)),
        how=visit.run(ShowNotifying()),
        **place_in_list(found),
    )


def _line(each: Subscription) -> SubscriptionLine:
    if each.scope == "item":
        return SubscriptionLine(of=each, called=called(each.name), href=item_href(each.name))
    words = dict(KIND_CHOICES).get(each.name, each.name) if each.scope == "kind" else each.name
    return SubscriptionLine(of=each, called=words, href="")


def _changed(visit: Visit) -> Draft:
    how = visit.run(ShowNotifying())
    about = f"It goes to {how.email}." if how.email else "Your user has no address for mail yet."
    return Draft(
        crumbs=(*ABOVE, Crumb(label="Subscriptions", href=OF)),
        values={"mail": how.mail, "digest": how.digest, "own": how.own},
        help={"mail": about, "webhook": f"In place of {how.webhook}" if how.webhook else ""},
        left_out=frozenset() if how.webhook else frozenset({"no_webhook"}),
    )


def _meant(visit: Visit) -> Draft:
    """One subscription, by what it is of."""
    return Draft(crumbs=ABOVE, fixed={visit.path["scope"]: visit.path["name"]})


def _one(visit: Visit) -> Draft:
    return Draft(crumbs=ABOVE, fixed={"ids": (visit.path["id"],)})


def _new(_visit: Visit) -> Draft:
    above = (*ABOVE, Crumb(label="Subscriptions", href=OF))
    return Draft(crumbs=above, choices={"kind": [("", "–"), *KIND_CHOICES]})


def _made(_visit: Visit, made: MadeNotifying) -> MadeNotifyingView:
    return MadeNotifyingView(title="Subscriptions", crumbs=ABOVE, how=made)


def _of_item(visit: Visit, _made: object) -> str:
    return item_href(visit.path["item"])


def _list(_visit: Visit, _made: object) -> str:
    return OF


PAGES: tuple[Page | Form, ...] = (
    Page(NEWS, notifications, "notifications.html"),
    Form(
        f"{NEWS}/read",
        ReadNotifications,
        "Mark all as read",
        "Mark all as read",
        lambda _visit, _made: NEWS,
        said="All is read.",
    ),
    Form(
        f"{NEWS}/{{id}}/read",
        ReadNotifications,
        "Mark as read",
        "Mark as read",
        lambda _visit, _made: NEWS,
        prepare=_one,
    ),
    Page(OF, subscriptions, "subscriptions.html"),
    Form(
        f"{OF}/new",
        Subscribe,
        "Subscribe",
        "Subscribe",
        _list,
        intro="You are told of all items of a project, a template or a kind. Choose one of these; "
        "single items are subscribed to on their pages.",
        said="You are told of them from now on.",
        fields=("project", "template", "kind"),
        words={
            "project": Words(label="Project", help="Its key"),
            "template": Words(label="Template", help="Its name"),
            "kind": Words(label="Kind", help="", kind="choice"),
        },
        prepare=_new,
    ),
    *(
        Form(
            f"{OF}/{{scope}}/{{name}}/{verb}",
            command,
            title,
            title,
            _list,
            prepare=_meant,
        )
        for verb, command, title in (
            ("subscribe", Subscribe, "Subscribe"),
            ("unsubscribe", Unsubscribe, "Unsubscribe"),
            ("mute", Mute, "Mute"),
        )
    ),
    *(
        Form(f"{ONE}/{verb}", command, title, title, _of_item, intro=intro)
        for verb, command, title, intro in (
            ("subscribe", Subscribe, "Subscribe", "You are told of all that happens to it."),
            ("unsubscribe", Unsubscribe, "Unsubscribe", "You are told what is asked of you."),
            ("mute", Mute, "Mute", "You are told nothing of it."),
        )
    ),
    Form(
        f"{MINE}/notifying",
        ChangeNotifying,
        "How you are told",
        "Save",
        _list,
        intro="What you are told stands in the header of every page. Beside that:",
        fields=("mail", "webhook", "no_webhook", "digest", "own"),
        words={
            "mail": Words(label="By mail", kind="tick"),
            "webhook": Words(label="By a webhook at", placeholder="https://hooks.example.org/…"),
            "no_webhook": Words(label="By no webhook any more", help="", kind="tick"),
            "digest": Words(label="Minutes to collect", help="Into one message"),
            "own": Words(label="Also of what I do myself", help="", kind="tick"),
        },
        prepare=_changed,
        reveal=Reveal("notifying_made.html", _made),
    ),
)
