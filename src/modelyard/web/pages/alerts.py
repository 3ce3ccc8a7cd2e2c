"""The pages of alerts: one with its messages, a new one, a test."""

from __future__ import annotations

from collections.abc import Collection
from typing import get_args

from modelyard import errors
from modelyard.monitoring.alerting.commands import (
    CreateAlert,
    DeleteAlert,
    ListMessages,
    ShowAlert,
    TryAlert,
    UpdateAlert,
)
from modelyard.monitoring.alerting.types import Alert, AlertMessage, MadeAlert
from modelyard.monitoring.watching.types import Status
from modelyard.web.pages.form import Draft, Form, Reveal, Words
from modelyard.web.pages.monitoring import OF_PROJECT, crumbs
from modelyard.web.pages.page import Crumb, ListView, Page, View, Visit, address, place_in_list

NEW = "/projects/{project}/new-alert"
ONE = "/projects/{project}/alerts/{name}"
PART = 50
NAMES = {"none": "Unknown"}
STATUSES = [(each, NAMES.get(each, each.capitalize())) for each in get_args(Status)]
CHOICES = {
    "statuses": STATUSES,
    "on": [
        ("unhealthy", "What gets worse, and is a warning or an error then"),
        ("change", "Every change"),
        ("values", "What becomes one of some statuses"),
    ],
}
SETTINGS = (
    *("on", "statuses", "only", "infrastructure", "all_projects", "silence", "digest"),
    *("description", "disabled"),
)
WORDS = {
    "name": Words(placeholder="team", mono=True),
    "mail": Words(label="Mail to", help="Addresses, one a line", placeholder="ada@example.org"),
    "webhook": Words(
        label="Or a webhook",
        help="What it is sent is signed; the secret for that is shown once, on the next page",
        placeholder="https://hooks.example.org/modelyard",
        mono=True,
    ),
    "slack": Words(
        label="Or an incoming webhook of Slack", help="Or of what takes the same; it stays secret"
    ),
    "on": Words(label="Tell", help=""),
    "statuses": Words(label="Statuses", help="Only if some statuses are told"),
    "only": Words(
        label="Only about",
        help="One a line: model, store, scenario, deployment, endpoint, external or project, or "
        "one with a name such as model:churn-*; left blank: about all",
        placeholder="model:churn",
        mono=True,
        later=True,
    ),
    "infrastructure": Words(
        label="Only what is deployed on",
        help="Infrastructures, one a line, such as prod-api or prod-*; left blank: about all",
        placeholder="prod-api",
        mono=True,
        later=True,
    ),
    "all_projects": Words(
        label="From every project",
        help="For whoever administers these infrastructures, each named in full",
        kind="tick",
        later=True,
    ),
    "silence": Words(label="Minutes of silence", help="After a message about a thing", later=True),
    "digest": Words(label="Minutes to collect", help="Into one message", later=True),
    "description": Words(label="About it", help="", later=True),
    "disabled": Words(label="Tell nobody, for now", help="", kind="tick", later=True),
}


class AlertView(ListView):
    """An alert, and a part of its messages."""

    alert: Alert
    messages: tuple[AlertMessage, ...]
    may_write: bool


class MadeAlertView(View):
    """An alert that was just made, or tells somebody else, with its secret if it has a new one."""

    alert: MadeAlert
    href: str


def href(project: str, name: str) -> str:
    """The address of an alert."""
    return address(ONE, project=project, name=name)


def alert(visit: Visit) -> AlertView:
    """The alert, and its newest messages."""
    key, name = visit.path["project"], visit.path["name"]
    after = visit.asked("after") or None
    found = visit.part(ListMessages(project=key, alert=name, limit=PART, after=after))
    return AlertView(
        title=name,
        crumbs=crumbs(key),
        alert=visit.run(ShowAlert(project=key, name=name)),
        messages=tuple(found),
        **place_in_list(found),
        may_write=visit.may("alerts:write"),
    )


def _above(visit: Visit) -> tuple[Crumb, ...]:
    key, name = visit.path["project"], visit.path["name"]
    return (*crumbs(key), Crumb(label=name, href=href(key, name)))


def _new(visit: Visit) -> Draft:
    asked = visit.asked("infrastructure")
    return Draft(
        crumbs=crumbs(visit.path["project"]),
        choices=CHOICES,
        proposed={"infrastructure": (asked,)} if asked else {},
    )


def _edited(visit: Visit) -> Draft:
    seen = visit.run(ShowAlert(project=visit.path["project"], name=visit.path["name"]))
    return Draft(
        crumbs=_above(visit),
        values=seen.model_dump(include=set(SETTINGS)),
        choices=CHOICES,
        seen=seen,
    )


def _asked(visit: Visit) -> Draft:
    return Draft(crumbs=_above(visit))


def _renewed(visit: Visit) -> Draft:
    return Draft(crumbs=_above(visit), fixed={"new_secret": True})


def _told(visit: Visit) -> Draft:
    """With the mail addresses; those of webhooks are not shown again."""
    seen = visit.run(ShowAlert(project=visit.path["project"], name=visit.path["name"]))
    return Draft(
        crumbs=_above(visit),
        proposed={"mail": seen.to} if seen.channel == "mail" else {},
        intro=f"It tells {', '.join(seen.to)} now. What waits is sent to whom it tells then.",
        left_out=frozenset() if seen.channel == "webhook" else frozenset({"new_secret"}),
        seen=seen,
    )


def _require_receiver(_visit: Visit, asked: UpdateAlert, _agreed: Collection[str]) -> None:
    if not (asked.mail or asked.webhook or asked.slack):
        raise errors.Invalid("name whom to tell: by mail, a webhook, or Slack")


def _made(visit: Visit, made: MadeAlert) -> MadeAlertView:
    above = crumbs(visit.path["project"])
    return MadeAlertView(
        title=made.name, crumbs=above, alert=made, href=href(made.project, made.name)
    )


def _one(visit: Visit, _made: object = None) -> str:
    return href(visit.path["project"], visit.path["name"])


PAGES: tuple[Page | Form, ...] = (
    Form(
        NEW,
        CreateAlert,
        "New alert",
        "Create alert",
        lambda _visit, made: href(made.project, made.name),
        intro="Somebody is told when the status of a model, store, scenario or deployment changes.",
        fields=("name", "mail", "webhook", "slack", *SETTINGS),
        words=WORDS,
        prepare=_new,
        reveal=Reveal("alert_made.html", _made),
    ),
    Page(ONE, alert, "alert.html"),
    Form(
        f"{ONE}/edit",
        UpdateAlert,
        "Edit alert",
        "Save",
        _one,
        said="The alert is saved.",
        fields=SETTINGS,
        words=WORDS,
        prepare=_edited,
    ),
    Form(
        f"{ONE}/receiver",
        UpdateAlert,
        "Tell somebody else",
        "Save",
        _one,
        fields=("mail", "webhook", "new_secret", "slack"),
        words={
            **WORDS,
            "new_secret": Words(
                label="Sign with a new secret", help="Whom it tells now knows the old one"
            ),
        },
        prepare=_told,
        check=_require_receiver,
        reveal=Reveal("alert_made.html", _made),
    ),
    Form(
        f"{ONE}/test",
        TryAlert,
        "Test the alert",
        "Send a test",
        _one,
        intro="A message that says that it is a test is sent now.",
        said="The test was taken.",
        prepare=_asked,
    ),
    Form(
        f"{ONE}/new-secret",
        UpdateAlert,
        "New secret",
        "Make new secret",
        _one,
        intro="What is sent from then on is signed with a new secret, which the receiver has to "
        "know. It is shown once.",
        prepare=_renewed,
        dangerous=True,
        reveal=Reveal("alert_made.html", _made),
    ),
    Form(
        f"{ONE}/delete",
        DeleteAlert,
        "Delete the alert",
        "Delete alert",
        lambda visit, _done: address(OF_PROJECT, project=visit.path["project"]),
        intro="Its messages go with it, and what waits is not sent. This cannot be undone.",
        said="The alert is deleted.",
        prepare=_asked,
        dangerous=True,
    ),
)
