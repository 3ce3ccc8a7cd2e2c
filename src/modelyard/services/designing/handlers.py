"""How endpoints of services and their test queries answer."""

from __future__ import annotations

from typing import Any

from modelyard import errors
from modelyard.data.access import kept_name
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import Emptied, now
from modelyard.services import repository
from modelyard.services.designing.changing import add, change, read_code, service_of
from modelyard.services.designing.commands import (
    CreateEndpoint,
    CreateFunction,
    CreateLookup,
    DeleteEndpoint,
    EnrichEndpoint,
    ListEndpoints,
    ShowEndpoint,
    UnenrichEndpoint,
    UpdateEndpoint,
)
from modelyard.services.designing.query_commands import (
    AddQuery,
    DeleteQueries,
    GenerateQueries,
    ListQueries,
)
from modelyard.services.designing.querying import add_query, delete_queries, generate_queries
from modelyard.services.types import DatasetLookup, Endpoint
from modelyard.serving.packages.types import LookupWays, TestQuery
from modelyard.store.database import exclusively

NAMED = {"project", "service", "endpoint"}


@handles(CreateEndpoint)
def create_endpoint(command: CreateEndpoint, context: Context) -> Endpoint:
    """Add it."""
    told = command.model_dump(exclude=NAMED)
    endpoint = Endpoint(name=command.endpoint, kind="prediction", **told)
    return add(context, command.project, command.service, endpoint)


@handles(CreateFunction)
def create_function(command: CreateFunction, context: Context) -> Endpoint:
    """Keep the text of the file with it."""
    code = read_code(context, command.project, command.file)
    told = command.model_dump(exclude={*NAMED, "file"})
    endpoint = Endpoint(name=command.endpoint, kind="function", code=code, **told)
    return add(context, command.project, command.service, endpoint)


@handles(CreateLookup)
def create_lookup(command: CreateLookup, context: Context) -> Endpoint:
    """Add it with the one dataset; `enrich` adds others."""
    endpoint = Endpoint(
        kind="lookup",
        name=command.endpoint,
        description=command.description,
        lookups=(_lookup(context, command, command.endpoint),),
    )
    return add(context, command.project, command.service, endpoint)


@handles(ListEndpoints)
def list_endpoints(command: ListEndpoints, context: Context) -> list[Endpoint]:
    """List in their order."""
    return list(service_of(context, command.project, command.service).endpoints)


@handles(ShowEndpoint)
def show_endpoint(command: ShowEndpoint, context: Context) -> Endpoint:
    """Look it up."""
    service = service_of(context, command.project, command.service)
    return repository.endpoint_of(service, command.endpoint)


@handles(UpdateEndpoint)
def update_endpoint(command: UpdateEndpoint, context: Context) -> Endpoint:
    """Change what was given."""
    changes: dict[str, Any] = {
        name: getattr(command, name)
        for name, field in UpdateEndpoint.model_fields.items()
        if name in command.model_fields_set - NAMED
        and (getattr(command, name) is not None or Emptied.is_mark_of(field))
    }
    if file := changes.pop("file", None):
        changes["code"] = read_code(context, command.project, file)
    return change(context, command, changes)


@handles(DeleteEndpoint)
def delete_endpoint(command: DeleteEndpoint, context: Context) -> None:
    """Delete the row."""
    with context.begin() as db:
        exclusively(db)
        service = repository.get(db, command.project, command.service)
        context.unchanged(repository.endpoint_of(service, command.endpoint))
        repository.remove_endpoint(db, service, command.endpoint)
        repository.touch(db, service, now())


@handles(EnrichEndpoint)
def enrich_endpoint(command: EnrichEndpoint, context: Context) -> Endpoint:
    """Put it in the place of the one of its name, else after the others."""
    endpoint = show_endpoint(_shown(command), context)
    if endpoint.kind == "function":
        raise errors.Invalid(f"{endpoint.name!r} calls a function, which no dataset enriches")
    new = _lookup(context, command, command.name)
    others = [new if each.name == new.name else each for each in endpoint.lookups]
    if new not in others:
        others.append(new)
    return change(context, command, {"lookups": tuple(others)})


@handles(UnenrichEndpoint)
def unenrich_endpoint(command: UnenrichEndpoint, context: Context) -> Endpoint:
    """Keep the others."""
    endpoint = show_endpoint(_shown(command), context)
    names = [each.name for each in endpoint.lookups]
    if command.name not in names:
        raise errors.NotFound.among(f"enrichment of {endpoint.name!r} named", command.name, names)
    if endpoint.kind == "lookup" and len(names) == 1:
        raise errors.Invalid(
            f"{endpoint.name!r} answers with nothing else; delete the endpoint instead"
        )
    left = tuple(each for each in endpoint.lookups if each.name != command.name)
    return change(context, command, {"lookups": left}, check=False)


@handles(AddQuery)
def add_test_query(command: AddQuery, context: Context) -> TestQuery:
    """Keep it."""
    return add_query(context, command)


@handles(GenerateQueries)
def generate_test_queries(command: GenerateQueries, context: Context) -> list[TestQuery]:
    """Take rows."""
    return generate_queries(context, command)


@handles(ListQueries)
def list_test_queries(command: ListQueries, context: Context) -> list[TestQuery]:
    """List in their order."""
    service = service_of(context, command.project, command.service)
    return list(repository.endpoint_of(service, command.endpoint).test_queries)


@handles(DeleteQueries)
def delete_test_queries(command: DeleteQueries, context: Context) -> None:
    """Delete all of them or, when one is not there, none."""
    delete_queries(context, command)


def _shown(command: EnrichEndpoint | UnenrichEndpoint) -> ShowEndpoint:
    return ShowEndpoint(project=command.project, service=command.service, endpoint=command.endpoint)


def _lookup(context: Context, command: CreateLookup | EnrichEndpoint, name: str) -> DatasetLookup:
    return DatasetLookup(
        name=name,
        dataset=kept_name(context, command.project, command.dataset),
        keys=command.key,
        columns=command.column,
        referenced=command.referenced,
        **command.model_dump(include=set(LookupWays.model_fields)),
    )
