"""How monitoring scopes answer."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from modelyard import errors
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.monitoring.scopes import repository
from modelyard.monitoring.scopes.commands import (
    CreateScope,
    DeleteScope,
    ForgetEndpoint,
    ListScopes,
    RefreshScope,
    ShowScope,
    TryScope,
    UpdateScope,
)
from modelyard.monitoring.scopes.looking import look
from modelyard.monitoring.scopes.probing import probe
from modelyard.monitoring.scopes.types import Scope, ScopeTest
from modelyard.projects.access import require_project
from modelyard.sending.reach import addresses


@handles(CreateScope)
def create_scope(command: CreateScope, context: Context) -> Scope:
    """Keep it; workers ask it at their next look."""
    _require_allowed(command.address, context)
    made = now()
    scope = Scope(
        **command.model_dump(include={"project", "name", "kind", "address", "description"}),
        has_token=bool(command.token),
        created=made,
        created_by=context.identity.name,
        changed=made,
    )
    with context.begin() as db:
        require_project(db, scope.project)
        repository.add(db, scope)
        repository.set_token(db, scope.project, scope.name, command.token or "")
    return scope


@handles(ListScopes)
def list_scopes(command: ListScopes, context: Context) -> list[Scope]:
    """List by name."""
    with context.read() as db:
        require_project(db, command.project)
        return repository.every(db, command.project, command)


@handles(ShowScope)
def show_scope(command: ShowScope, context: Context) -> Scope:
    """Look it up."""
    with context.read() as db:
        return repository.get(db, command.project, command.name)


@handles(UpdateScope)
def update_scope(command: UpdateScope, context: Context) -> Scope:
    """Change what was given; another server is not given the token of the one before."""
    changes: dict[str, Any] = command.model_dump(
        include={"address", "description"}, exclude_none=True
    )
    if command.address is not None:
        _require_allowed(command.address, context)
    with context.begin() as db:
        before = repository.get(db, command.project, command.name, lock=True)
        context.unchanged(before)
        if command.address not in (None, before.address):
            changes |= {"endpoints": (), "problem": "", "checked": None}
        repository.save(db, before.model_copy(update={**changes, "changed": now()}))
        leads_elsewhere = command.address is not None and _server(command.address) != _server(
            before.address
        )
        if "token" in command.model_fields_set or leads_elsewhere:
            repository.set_token(db, command.project, command.name, command.token or "")
        return repository.get(db, command.project, command.name)


@handles(TryScope)
def try_scope(command: TryScope, context: Context) -> ScopeTest:
    """Ask, and keep nothing."""
    with context.read() as db:
        scope = repository.get(db, command.project, command.name)
        token = repository.token(db, command.project, command.name)
    return ScopeTest(scope=scope.name, endpoints=probe(scope, token, context.settings.monitoring))


@handles(RefreshScope)
def refresh_scope(command: RefreshScope, context: Context) -> Scope:
    """Ask, and keep it."""
    return look(context, command.project, command.name)


@handles(ForgetEndpoint)
def forget_endpoint(command: ForgetEndpoint, context: Context) -> Scope:
    """Forget it, if it is gone: one that is there would come back with the next look."""
    with context.begin() as db:
        scope = repository.get(db, command.project, command.name, lock=True)
        known = {each.name: each for each in scope.endpoints}
        if command.endpoint not in known:
            raise errors.NotFound.among("endpoint", command.endpoint, known)
        if not known[command.endpoint].vanished:
            raise errors.Conflict(
                f"{command.endpoint} is still there; only what is no longer there is forgotten"
            )
        left = tuple(each for each in scope.endpoints if each.name != command.endpoint)
        changed = scope.model_copy(update={"endpoints": left})
        repository.save(db, changed)
    return changed


@handles(DeleteScope)
def delete_scope(command: DeleteScope, context: Context) -> None:
    """Delete it, and what was found there."""
    with context.begin() as db:
        context.unchanged(repository.get(db, command.project, command.name, lock=True))
        repository.remove(db, command.project, command.name)


def _server(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


def _require_allowed(address: str, context: Context) -> None:
    """Refuse a host that monitoring may not call, also when nobody knows it yet."""
    try:
        addresses(address, context.settings.monitoring.scopes, "monitoring.scopes")
    except errors.Unavailable:
        return  # it may be known later; until then it cannot be reached
