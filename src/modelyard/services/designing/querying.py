"""Test queries: what is kept with an endpoint to try it, made by hand or of rows of a dataset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count

from modelyard import errors
from modelyard.data.access import open_source, sample
from modelyard.data.json_cells import json_rows
from modelyard.data.types import Sampling
from modelyard.kernel.context import Context
from modelyard.models.access import active_version, find_version
from modelyard.services import repository
from modelyard.services.designing.changing import change, service_of
from modelyard.services.designing.checking import inputs_of, parameters_of
from modelyard.services.designing.query_commands import (
    MOST_QUERIES,
    AddQuery,
    DeleteQueries,
    GenerateQueries,
)
from modelyard.services.types import Endpoint
from modelyard.serving.packages.types import TestQuery


def add_query(context: Context, command: AddQuery) -> TestQuery:
    """Keep a query; Conflict if its name is taken."""
    before = _endpoint(context, command).test_queries
    if command.name in _names(before):
        raise errors.Conflict(
            f"{command.endpoint!r} has a test query {command.name!r} already; take another name"
        )
    query = TestQuery(
        name=command.name,
        query=command.value,
        expected=command.expected,
        tolerance=command.tolerance,
    )
    _keep(context, command, (*before, query))
    return query


def generate_queries(context: Context, command: GenerateQueries) -> list[TestQuery]:
    """Make queries of rows, with those columns that the endpoint takes, and keep them."""
    endpoint = _endpoint(context, command)
    source = open_source(context, command.project, command.dataset)
    wanted = _taken(context, command.project, endpoint)
    columns = [name for name in source.schema.names if wanted is None or name in wanted]
    if not columns:
        raise errors.Invalid(
            f"{command.dataset!r} has none of the columns that {endpoint.name!r} takes: "
            f"{', '.join(sorted(wanted or ()))}",
            field="dataset",
        )
    method = Sampling(
        method="first" if command.method == "first" else "random_count",
        rows=command.rows,
        seed=command.seed,
    )
    before = () if command.replace else endpoint.test_queries
    names = _new_names(_names(before))
    made = [
        TestQuery(name=next(names), query=row)
        for row in json_rows(sample(source, method).select(columns))
    ]
    _keep(context, command, (*before, *made))
    return made


def delete_queries(context: Context, command: DeleteQueries) -> None:
    """Keep the others; NotFound if one is not there."""
    before = _endpoint(context, command).test_queries
    for name in command.names:
        if name not in _names(before):
            raise errors.NotFound.among(
                f"test query of {command.endpoint!r} named", name, _names(before)
            )
    _keep(context, command, [each for each in before if each.name not in command.names])


def _endpoint(context: Context, command: AddQuery | GenerateQueries | DeleteQueries) -> Endpoint:
    service = service_of(context, command.project, command.service)
    return repository.endpoint_of(service, command.endpoint)


def _keep(
    context: Context,
    command: AddQuery | GenerateQueries | DeleteQueries,
    queries: Sequence[TestQuery],
) -> None:
    if len(queries) > MOST_QUERIES:
        raise errors.Invalid(
            f"an endpoint has {MOST_QUERIES:,} test queries at most, not {len(queries):,}"
        )
    change(context, command, {"test_queries": tuple(queries)}, check=False)


def _names(queries: Iterable[TestQuery]) -> set[str]:
    return {query.name for query in queries}


def _new_names(taken: set[str]) -> Iterator[str]:
    return (name for number in count(1) if (name := f"row-{number}") not in taken)


def _taken(context: Context, project: str, endpoint: Endpoint) -> set[str] | None:
    """The columns that queries hold; None: whichever there are."""
    keys = {key for lookup in endpoint.lookups for key in lookup.keys}
    if endpoint.kind == "function":
        return parameters_of(endpoint)
    if endpoint.kind == "lookup":
        return keys
    model = endpoint.model or ""
    if endpoint.version is None and active_version(context, project, model) is None:
        return None
    inputs = set(inputs_of(find_version(context, project, model, endpoint.version)))
    added = {feature for lookup in endpoint.lookups for feature in lookup.columns}
    return (inputs - added) | keys if inputs else None
