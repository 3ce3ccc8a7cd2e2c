"""Rows of services and their endpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.kernel.paging import Page, Paged
from modelyard.services.types import Endpoint, Service, ServiceSummary
from modelyard.store.paging import page
from modelyard.store.tables import service_endpoints, service_packages, services

STORED = ("project", "name", "description", "access", "created", "created_by", "changed")


def add(db: Connection, service: Service) -> None:
    """Insert a service with its endpoints; Conflict if its name is taken."""
    try:
        db.execute(insert(services).values(service.model_dump(include=set(STORED))))
    except IntegrityError as exc:
        raise errors.Conflict(
            f"there is a service {service.name!r} already; take another name"
        ) from exc
    for endpoint in service.endpoints:
        add_endpoint(db, service, endpoint)


def find(db: Connection, project: str, name: str) -> Service | None:
    """Look a service up, with its endpoints; None if there is none."""
    row = db.execute(_query(project).where(services.c.name == name)).one_or_none()
    if row is None:
        return None
    of = service_endpoints.c
    bodies = db.scalars(
        select(of.body).where(of.project == project, of.service == name).order_by(of.place)
    )
    endpoints = tuple(Endpoint.model_validate_json(body) for body in bodies)
    return Service(**_facts(row), endpoints=endpoints)


def get(db: Connection, project: str, name: str) -> Service:
    """The same; NotFound if there is none."""
    found = find(db, project, name)
    if found is None:
        known = db.scalars(select(services.c.name).where(services.c.project == project))
        raise errors.NotFound.among("service", name, known)
    return found


def every(db: Connection, project: str, asked: Paged) -> Page[ServiceSummary]:
    """The services of a project by name."""
    found = page(
        db,
        _query(project),
        [services.c.name],
        asked,
        lambda row: ServiceSummary(**_facts(row)),
    )
    of = service_endpoints.c
    names = [each.name for each in found]
    query = select(of.service, of.name).where(of.project == project, of.service.in_(names))
    inside: dict[str, list[str]] = {}
    for service, endpoint in db.execute(query.order_by(of.place)):
        inside.setdefault(service, []).append(endpoint)
    whole = [
        each.model_copy(update={"endpoints": tuple(inside.get(each.name, ()))}) for each in found
    ]
    return Page(whole, following=found.next)


def change(db: Connection, service: Service) -> None:
    """Write down what is said of a service now."""
    db.execute(
        update(services)
        .where(services.c.project == service.project, services.c.name == service.name)
        .values(service.model_dump(include={"description", "access", "changed"}))
    )


def remove(db: Connection, project: str, name: str | None = None) -> set[str]:
    """Delete a service with its endpoints and packages, or all of a project.

    Returns:
        The digests of the packages.
    """
    kept = service_packages.c
    mine = kept.project == project
    if name is not None:
        mine &= kept.service == name
    digests = set(db.scalars(select(kept.sha256).where(mine)))
    for table in (service_packages, service_endpoints):
        rows = table.c.project == project
        db.execute(delete(table).where(rows if name is None else rows & (table.c.service == name)))
    rows = services.c.project == project
    db.execute(delete(services).where(rows if name is None else rows & (services.c.name == name)))
    return digests


def add_endpoint(db: Connection, service: Service, endpoint: Endpoint) -> None:
    """Insert an endpoint after the others; Conflict if its name is taken."""
    of = service_endpoints.c
    mine = (of.project == service.project) & (of.service == service.name)
    last = db.scalar(select(func.max(of.place)).where(mine))
    key = {"project": service.project, "service": service.name, "name": endpoint.name}
    place = 0 if last is None else last + 1
    try:
        db.execute(insert(service_endpoints).values(**key, place=place, **_row(endpoint)))
    except IntegrityError as exc:
        raise errors.Conflict(
            f"the service {service.name!r} has an endpoint {endpoint.name!r} already; take another "
            "name, or delete that one first"
        ) from exc


def save_endpoint(db: Connection, service: Service, endpoint: Endpoint) -> None:
    """Write down what an endpoint is now."""
    db.execute(
        update(service_endpoints).where(_endpoint(service, endpoint.name)).values(_row(endpoint))
    )


def remove_endpoint(db: Connection, service: Service, name: str) -> None:
    """Delete an endpoint."""
    db.execute(delete(service_endpoints).where(_endpoint(service, name)))


def touch(db: Connection, service: Service, moment: datetime) -> None:
    """Note that something of a service changed."""
    change(db, service.model_copy(update={"changed": moment}))


def endpoint_of(service: Service, name: str) -> Endpoint:
    """An endpoint of a service; NotFound if it has none of this name."""
    for endpoint in service.endpoints:
        if endpoint.name == name:
            return endpoint
    known = [endpoint.name for endpoint in service.endpoints]
    raise errors.NotFound.among(f"endpoint of {service.name!r} named", name, known)


def _endpoint(service: Service, name: str) -> Any:
    of = service_endpoints.c
    return (of.project == service.project) & (of.service == service.name) & (of.name == name)


def _row(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "kind": endpoint.kind,
        "model": endpoint.model,
        "version": endpoint.version,
        "body": endpoint.model_dump_json(),
    }


def _query(project: str) -> Select[Any]:
    of, made = services.c, service_packages.c
    mine = (made.project == of.project) & (made.service == of.name)
    newest = select(made.name).where(mine).order_by(made.created.desc(), made.name.desc()).limit(1)
    return select(
        services,
        select(func.count())
        .select_from(service_packages)
        .where(mine)
        .scalar_subquery()
        .label("packages"),
        newest.scalar_subquery().label("latest"),
    ).where(of.project == project)


def _facts(row: Row[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in (*STORED, "packages", "latest")}
