"""The page of an endpoint: what it takes, its test queries, sample code."""

from __future__ import annotations

from modelyard import errors
from modelyard.models.commands import ShowModel, ShowVersion
from modelyard.models.types import ModelVersion
from modelyard.services.designing.commands import (
    ShowEndpoint,
)
from modelyard.services.types import Endpoint
from modelyard.web.pages.page import Crumb, Page, View, Visit, address
from modelyard.web.pages.sample_code import Sample, samples
from modelyard.web.pages.services import ONE as SERVICE
from modelyard.web.pages.services import crumbs as service_crumbs

ONE = f"{SERVICE}/endpoints/{{endpoint}}"


class EndpointView(View):
    """An endpoint: what it answers with, what it takes, what it is tried with."""

    project: str
    service: str
    endpoint: Endpoint
    version: ModelVersion | None
    """That would be packed now; none: there is none, or it answers with no model."""
    enriched: dict[str, str]
    """Features that enrichments add, by name, with which of them."""
    samples: tuple[Sample, ...]
    may_write: bool


def href(project: str, service: str, endpoint: str) -> str:
    """The address of an endpoint."""
    return address(ONE, project=project, service=service, endpoint=endpoint)


def endpoint(visit: Visit) -> EndpointView:
    """Look it up, with the version that it answers with."""
    found = shown(visit)
    key, service = visit.path["project"], visit.path["service"]
    return EndpointView(
        title=found.name,
        crumbs=service_crumbs(key, service),
        project=key,
        service=service,
        endpoint=found,
        version=version_of(visit, found),
        enriched={feature: lookup.name for lookup in found.lookups for feature in lookup.columns},
        samples=samples(service, found),
        may_write=visit.may("services:write"),
    )


def shown(visit: Visit) -> Endpoint:
    """The endpoint that the address names."""
    return visit.run(ShowEndpoint(**named(visit)))


def named(visit: Visit) -> dict[str, str]:
    """The endpoint of the address, as commands name it."""
    return {name: visit.path[name] for name in ("project", "service", "endpoint")}


def version_of(visit: Visit, found: Endpoint) -> ModelVersion | None:
    """The version that would be packed now; none: there is none, or it answers with no model."""
    if found.model is None:
        return None
    key = visit.path["project"]
    try:
        version = (
            found.version or visit.run(ShowModel(project=key, name=found.model)).active_version
        )
        if version is None:
            return None
        return visit.run(ShowVersion(project=key, model=found.model, version=version))
    except errors.NotFound:
        return None  # it was deleted since


def crumbs_of(visit: Visit) -> tuple[Crumb, ...]:
    """The endpoint above a page, with its service."""
    key, service = visit.path["project"], visit.path["service"]
    here = Crumb(label=visit.path["endpoint"], href=address(ONE, **named(visit)))
    return (*service_crumbs(key, service), here)


PAGES: tuple[Page, ...] = (Page(ONE, endpoint, "endpoint.html"),)
