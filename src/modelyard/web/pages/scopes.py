"""The pages of monitoring scopes: one with what was found there, a new one, a test."""

from __future__ import annotations

from typing import get_args

from modelyard.monitoring.scopes.commands import (
    CreateScope,
    DeleteScope,
    ForgetEndpoint,
    RefreshScope,
    ShowScope,
    TryScope,
    UpdateScope,
)
from modelyard.monitoring.scopes.looking import told
from modelyard.monitoring.scopes.types import ExternalEndpoint, Scope, ScopeKind, ScopeTest
from modelyard.web.pages.form import Choices, Draft, Form, Words
from modelyard.web.pages.formats import plural
from modelyard.web.pages.monitoring import OF_PROJECT, crumbs
from modelyard.web.pages.page import Crumb, Page, View, Visit, address

NEW = "/projects/{project}/new-scope"
ONE = "/projects/{project}/scopes/{name}"
KINDS: dict[ScopeKind, str] = {
    "http": "One address that answers",
    "mlflow": "A model that MLflow serves",
    "inference": "Models of an Open Inference Protocol server",
    "databricks": "Serving endpoints of Databricks",
}
CHOICES: dict[str, Choices] = {"kind": [(each, KINDS[each]) for each in get_args(ScopeKind)]}
SETTINGS = ("address", "token", "description")
WORDS = {
    "name": Words(placeholder="partner", mono=True),
    "kind": Words(label="What is there", help=""),
    "address": Words(
        label="Address",
        help="Of one address, what is asked; else where the server is, without a path",
        placeholder="https://ml.example.org",
        mono=True,
    ),
    "token": Words(label="Token", help="It is sent as a bearer, and not shown again", later=True),
    "description": Words(label="About it", help="", later=True),
}


class ScopeView(View):
    """A monitoring scope, and what was last found there."""

    scope: Scope
    kind: str
    endpoints: tuple[ExternalEndpoint, ...]
    may_write: bool


def scope(visit: Visit) -> ScopeView:
    """Look it up."""
    found = shown(visit)
    return ScopeView(
        title=found.name,
        crumbs=crumbs(found.project),
        scope=found,
        kind=KINDS[found.kind],
        endpoints=told(found) if found.checked else (),
        may_write=visit.may("scopes:write"),
    )


def shown(visit: Visit) -> Scope:
    """The scope that the address names."""
    return visit.run(ShowScope(project=visit.path["project"], name=visit.path["name"]))


def href(project: str, name: str) -> str:
    """The address of a scope."""
    return address(ONE, project=project, name=name)


def _above(visit: Visit) -> tuple[Crumb, ...]:
    project, name = visit.path["project"], visit.path["name"]
    return (*crumbs(project), Crumb(label=name, href=href(project, name)))


def _new(visit: Visit) -> Draft:
    return Draft(crumbs=crumbs(visit.path["project"]), choices=CHOICES)


def _edited(visit: Visit) -> Draft:
    seen = shown(visit)
    values = seen.model_dump(include={"address", "description"})
    return Draft(crumbs=_above(visit), values=values, seen=seen, left_out=frozenset({"token"}))


def _asked(visit: Visit) -> Draft:
    return Draft(crumbs=_above(visit))


def _one(visit: Visit, _made: object = None) -> str:
    return href(visit.path["project"], visit.path["name"])


def _tested(found: ScopeTest) -> str:
    bad = [each for each in found.endpoints if each.status != "healthy"]
    if bad:
        return f"{bad[0].name}: {bad[0].why}."
    return f"{plural(len(found.endpoints), 'endpoint')} found there, and all is well."


PAGES: tuple[Page | Form, ...] = (
    Form(
        NEW,
        CreateScope,
        "Watch endpoints elsewhere",
        "Watch them",
        lambda _visit, made: href(made.project, made.name),
        intro="Endpoints that somebody else serves are asked every few minutes. How they are is "
        "part of the project's status, and alerts tell of it.",
        fields=("name", "kind", *SETTINGS),
        words=WORDS,
        prepare=_new,
    ),
    Page(ONE, scope, "scope.html"),
    Form(
        f"{ONE}/edit",
        UpdateScope,
        "Edit monitoring scope",
        "Save",
        _one,
        intro="Another server is not given the token of the one before.",
        said="It is saved.",
        fields=SETTINGS,
        words=WORDS,
        prepare=_edited,
    ),
    Form(
        f"{ONE}/token",
        UpdateScope,
        "Another token",
        "Save",
        _one,
        intro="Left blank, it is asked without one.",
        said="It is asked with that from now on.",
        fields=("token",),
        words={"token": Words(label="Token", help="It is sent as a bearer, and not shown again")},
        prepare=_asked,
    ),
    Form(
        f"{ONE}/test",
        TryScope,
        "Test the monitoring scope",
        "Test",
        _one,
        intro="It is asked now what is there.",
        said=_tested,
        prepare=_asked,
    ),
    Form(
        f"{ONE}/refresh",
        RefreshScope,
        "Ask now",
        "Ask now",
        _one,
        intro="It is asked now what is there, as workers do every few minutes.",
        prepare=_asked,
    ),
    Form(
        f"{ONE}/forget",
        ForgetEndpoint,
        "Forget an endpoint",
        "Forget it",
        _one,
        intro="Only one that is no longer there can be forgotten.",
        said="It is forgotten.",
        fields=("endpoint",),
        words={"endpoint": Words(label="Endpoint", help="", mono=True)},
        prepare=lambda visit: Draft(
            crumbs=_above(visit), proposed={"endpoint": visit.asked("endpoint")}
        ),
    ),
    Form(
        f"{ONE}/delete",
        DeleteScope,
        "Delete the monitoring scope",
        "Delete monitoring scope",
        lambda visit, _done: address(OF_PROJECT, project=visit.path["project"]),
        intro="What is there is not touched; it is not watched any more.",
        said="It is deleted.",
        prepare=_asked,
        dangerous=True,
    ),
)
