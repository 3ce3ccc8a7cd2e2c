"""The pages of API services: those of a project, one with its endpoints and packages."""

from __future__ import annotations

from collections.abc import Sequence

from modelyard.models.commands import ListModels
from modelyard.services.commands import (
    CreateService,
    DeleteService,
    ListServices,
    ShowService,
    UpdateService,
)
from modelyard.services.packaging.commands import ListPackages
from modelyard.services.packaging.types import PackageSummary
from modelyard.services.types import Endpoint, Service, ServiceSummary
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.page import Crumb, ListView, Nav, Page, View, Visit, address, place_in_list
from modelyard.web.pages.projects import crumb as project_crumb
from modelyard.web.pages.sample_code import Sample, samples

ALL = "/projects/{project}/services"
ONE = f"{ALL}/{{service}}"
PART, FEW = 50, 20
ACCESS = [("public", "Whoever reaches it"), ("keys", "Whoever has a key of it")]


class ServicesView(ListView):
    """A part of a project's API services."""

    project: str
    services: tuple[ServiceSummary, ...]
    model: str
    """One that an example may name; empty if the project has none."""
    may_write: bool


class ServiceView(View):
    """A service: what it answers, and the packages that were made of it."""

    service: Service
    packages: tuple[PackageSummary, ...]
    more: bool
    """Whether there are older packages."""
    samples: tuple[Sample, ...]
    may_write: bool


def href(project: str, service: str) -> str:
    """The address of a service."""
    return address(ONE, project=project, service=service)


def crumbs(project: str, service: str = "") -> tuple[Crumb, ...]:
    """The services of a project above a page, and one of them."""
    above = (
        project_crumb(project),
        Crumb(label="API services", href=address(ALL, project=project)),
    )
    return (*above, Crumb(label=service, href=href(project, service))) if service else above


def services(visit: Visit) -> ServicesView:
    """A part of the list."""
    key = visit.path["project"]
    found = visit.part(ListServices(project=key, limit=PART, after=visit.asked("after") or None))
    models = visit.part(ListModels(project=key, limit=1))
    return ServicesView(
        title="API services",
        crumbs=(project_crumb(key),),
        project=key,
        services=tuple(found),
        **place_in_list(found),
        model=next((each.name for each in models), ""),
        may_write=visit.may("services:write"),
    )


def service(visit: Visit) -> ServiceView:
    """Look it up, with its newest packages."""
    found = shown(visit)
    made = visit.part(ListPackages(project=found.project, service=found.name, limit=FEW))
    return ServiceView(
        title=found.name,
        crumbs=crumbs(found.project),
        service=found,
        packages=tuple(made),
        more=made.next is not None,
        samples=_samples(found.name, found.endpoints),
        may_write=visit.may("services:write"),
    )


def shown(visit: Visit) -> Service:
    """The service that the address names."""
    return visit.run(ShowService(project=visit.path["project"], name=visit.path["service"]))


def _samples(service: str, endpoints: Sequence[Endpoint]) -> tuple[Sample, ...]:
    first = next((each for each in endpoints if each.test_queries), None)
    return samples(service, first) if first is not None else ()


def _new(visit: Visit) -> Draft:
    return Draft(crumbs=crumbs(visit.path["project"]), choices={"access": ACCESS})


def _edited(visit: Visit) -> Draft:
    seen = shown(visit)
    return Draft(
        crumbs=crumbs(seen.project, seen.name),
        values={"description": seen.description, "access": seen.access},
        choices={"access": ACCESS},
        seen=seen,
    )


def _deleted(visit: Visit) -> Draft:
    seen = shown(visit)
    above = crumbs(seen.project, seen.name)
    return Draft(crumbs=above, title=f"Delete {seen.name}", seen=seen)


WHO = Words(label="Who may ask", help="Keys are made on the API node", kind="segments")

PAGES: tuple[Page | Form, ...] = (
    Page(ALL, services, "services.html", Nav("API services", "api")),
    Form(
        "/projects/{project}/new-service",
        CreateService,
        "New API service",
        "Create service",
        lambda _visit, made: href(made.project, made.name),
        intro="A service is a set of endpoints that API nodes answer together, in real time: "
        "predictions of saved models, functions, rows of datasets.",
        said=lambda made: (
            f"{made.name} is there. Make a package of it when its endpoints are as they should be."
        ),
        fields=("name", "endpoint", "access", "description"),
        words={
            "name": Words(placeholder="churn-api", mono=True),
            "endpoint": Words(
                label="Endpoints",
                help="One a line: NAME=MODEL for the active version of a saved model, "
                "NAME=MODEL:VERSION for another; others can be added later",
                placeholder="churn=churn",
                kind="pairs",
                mono=True,
            ),
            "access": WHO,
        },
        prepare=_new,
    ),
    Page(ONE, service, "service.html"),
    Form(
        f"{ONE}/edit",
        UpdateService,
        "Edit API service",
        "Save",
        lambda visit, _made: href(visit.path["project"], visit.path["service"]),
        intro="Packages that there are stay as they are.",
        said="The service is saved.",
        fields=("description", "access"),
        words={"access": WHO},
        taken={"name": "service"},
        prepare=_edited,
    ),
    Form(
        f"{ONE}/delete",
        DeleteService,
        "Delete API service",
        "Delete service",
        lambda visit, _made: address(ALL, project=visit.path["project"]),
        intro="Its endpoints and test queries go with it. API nodes keep what they have.",
        said="The service is deleted.",
        fields=("force",),
        words={"force": Words(label="Delete its packages, too", help="", kind="tick")},
        taken={"name": "service"},
        prepare=_deleted,
        dangerous=True,
    ),
)
