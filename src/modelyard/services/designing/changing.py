"""Changing an endpoint of a service: checked first, then written if nobody else was faster."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from modelyard import errors
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.kernel.faults import invalid
from modelyard.kernel.values import now
from modelyard.services import repository
from modelyard.services.designing.checking import check_endpoint
from modelyard.services.designing.commands import OfEndpoint
from modelyard.services.types import Endpoint, EndpointKind, Service
from modelyard.serving.packages.types import PoolSettings
from modelyard.store.database import exclusively

LONGEST_CODE = 1 << 20
OF_KIND: dict[EndpointKind, frozenset[str]] = {
    "prediction": frozenset({"model", "version", "output", "return_enriched"}),
    "function": frozenset({"function", "code", "env", "with_headers", "with_client"}),
    "lookup": frozenset(),
}
"""What can be changed of an endpoint of a kind, beside what all have."""


def service_of(context: Context, project: str, name: str) -> Service:
    """Look a service up; NotFound if there is none."""
    with context.read() as db:
        return repository.get(db, project, name)


def add(context: Context, project: str, service: str, endpoint: Endpoint) -> Endpoint:
    """Add an endpoint, once it could be packed.

    Raises:
        NotFound: there is no such service.
        Conflict: it has an endpoint of this name.
        ModelyardError: as `check_endpoint`.
    """
    service_of(context, project, service)
    check_endpoint(context, project, endpoint)
    with context.begin() as db:
        exclusively(db)
        found = repository.get(db, project, service)
        repository.add_endpoint(db, found, endpoint)
        repository.touch(db, found, now())
    return endpoint


def change(
    context: Context, command: OfEndpoint[Any], changes: Mapping[str, Any], *, check: bool = True
) -> Endpoint:
    """Change an endpoint, once what becomes of it could be packed.

    Raises:
        NotFound: there is no such service or endpoint.
        Conflict: it changed meanwhile.
        Invalid: an endpoint of its kind has no such thing.
        ModelyardError: as `check_endpoint`.
    """
    service = service_of(context, command.project, command.service)
    before = repository.endpoint_of(service, command.endpoint)
    after = _changed(before, changes)
    if check:
        check_endpoint(context, command.project, after)
    with context.begin() as db:
        exclusively(db)
        found = repository.get(db, command.project, command.service)
        there = repository.endpoint_of(found, command.endpoint)
        if command.guarded:
            context.unchanged(there)
        if there != before:
            raise errors.Conflict(
                f"the endpoint {before.name!r} was changed meanwhile; look at it and try again"
            )
        repository.save_endpoint(db, found, after)
        repository.touch(db, found, now())
    return after


def read_code(context: Context, project: str, file: str) -> str:
    """The text of a Python file of the caller's.

    Raises:
        NotFound: there is no such file.
        Invalid: it is too long, or no UTF-8 text.
        Forbidden: this caller may not read it.
    """
    place = paths.find(context, project, file)
    if not place.is_file():
        raise errors.NotFound(f"there is no file {paths.shortened(file)}", field="file")
    return _text(place, paths.shortened(file))


def _text(place: Path, name: str) -> str:
    try:
        with place.open("rb") as source:
            text = source.read(LONGEST_CODE + 1)
        if len(text) > LONGEST_CODE:
            raise errors.Invalid(f"{name} is longer than {LONGEST_CODE:,} bytes", field="file")
        return text.decode()
    except UnicodeDecodeError as exc:
        raise errors.Invalid(f"{name} is no text in UTF-8", field="file") from exc
    except OSError as exc:
        raise errors.Invalid(f"{name} cannot be read: {exc.strerror}", field="file") from exc


def _changed(before: Endpoint, changes: Mapping[str, Any]) -> Endpoint:
    own = OF_KIND[before.kind] | {"description", "lookups", "pool", "test_queries"}
    if strange := changes.keys() - own:
        name = min(strange)
        field = "file" if name == "code" else name
        raise errors.Invalid(
            f"{before.name!r} is a {before.kind} endpoint, which has no {field}", field=field
        )
    pool = before.pool.model_dump() | changes.get("pool", {})
    try:
        return Endpoint(**{**dict(before), **changes, "pool": PoolSettings(**pool)})
    except ValidationError as exc:
        raise invalid(exc) from None
