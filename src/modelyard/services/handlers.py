"""How services answer."""

from __future__ import annotations

from pydantic import ValidationError

from modelyard import errors
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.projects.access import require_project
from modelyard.services import repository
from modelyard.services.commands import (
    CreateService,
    DeleteService,
    ListServices,
    ShowService,
    TryService,
    UpdateService,
)
from modelyard.services.designing.checking import check_endpoint
from modelyard.services.trying import try_service
from modelyard.services.types import Endpoint, Service, ServiceOutcome, ServiceSummary
from modelyard.store.database import exclusively
from modelyard.store.keeping import collect

MOST_TOLD = 5


@handles(CreateService)
def create_service(command: CreateService, context: Context) -> Service:
    """Insert it with its endpoints, once each could be packed."""
    with context.read() as db:
        require_project(db, command.project)
    endpoints = [_prediction(name, named) for name, named in command.endpoint.items()]
    for endpoint in endpoints:
        check_endpoint(context, command.project, endpoint)
    moment = now()
    service = Service(
        project=command.project,
        name=command.name,
        description=command.description,
        access=command.access,
        endpoints=tuple(endpoints),
        created=moment,
        created_by=context.identity.name,
        changed=moment,
    )
    with context.begin() as db:
        require_project(db, command.project)
        repository.add(db, service)
    return service


@handles(ListServices)
def list_services(command: ListServices, context: Context) -> list[ServiceSummary]:
    """List by name."""
    with context.read() as db:
        require_project(db, command.project)
        return repository.every(db, command.project, command)


@handles(ShowService)
def show_service(command: ShowService, context: Context) -> Service:
    """Look it up."""
    with context.read() as db:
        return repository.get(db, command.project, command.name)


@handles(UpdateService)
def update_service(command: UpdateService, context: Context) -> Service:
    """Change what was given."""
    changes = command.model_dump(include={"description", "access"}, exclude_none=True)
    with context.begin() as db:
        exclusively(db)
        before = repository.get(db, command.project, command.name)
        context.unchanged(before)
        service = before.model_copy(update={**changes, "changed": now()})
        repository.change(db, service)
    return service


@handles(TryService)
def test_service(command: TryService, context: Context) -> ServiceOutcome:
    """Ask every test query."""
    with context.read() as db:
        service = repository.get(db, command.project, command.name)
    for name in command.endpoint:
        repository.endpoint_of(service, name)
    outcome = try_service(context, service, command.endpoint)
    if command.strict and outcome.failed:
        problems = [f"{e.endpoint}: {e.problem}" for e in outcome.endpoints if e.problem]
        problems += [f"{q.endpoint}/{q.query}: {q.problem}" for q in outcome.queries if q.problem]
        raise errors.Failed(
            f"{outcome.failed} of the endpoints and test queries of {command.name!r} failed: "
            f"{'; '.join(problems[:MOST_TOLD])}"
        )
    return outcome


@handles(DeleteService)
def delete_service(command: DeleteService, context: Context) -> None:
    """Delete the rows, then the packages that nothing else keeps."""
    with context.begin() as db:
        exclusively(db)
        service = repository.get(db, command.project, command.name)
        context.unchanged(service)
        if service.packages and not command.force:
            held = "1 package" if service.packages == 1 else f"{service.packages} packages"
            raise errors.Conflict(
                f"the service {command.name!r} has {held}; delete it with them by --force"
            )
        digests = repository.remove(db, command.project, command.name)
    collect(context, digests)


def _prediction(name: str, named: str) -> Endpoint:
    """An endpoint as `NAME=MODEL` or `NAME=MODEL:VERSION` declares it."""
    model, colon, version = named.partition(":")
    try:
        return Endpoint(
            name=name, kind="prediction", model=model, version=version if colon else None
        )
    except ValidationError as error:
        raise errors.Invalid(
            f"the endpoint {name!r} needs a saved model, as {name}=MODEL or {name}=MODEL:VERSION; "
            f"{named[:200]!r} is none",
            field="endpoint",
        ) from error
