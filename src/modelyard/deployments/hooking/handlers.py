"""How hooks answer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.hooking import repository
from modelyard.deployments.hooking.calling import FUNCTION, GIVEN
from modelyard.deployments.hooking.commands import (
    AddHook,
    ChangeHook,
    DeleteHook,
    ListHooks,
    ShowHook,
)
from modelyard.deployments.hooking.repository import Kept
from modelyard.deployments.hooking.types import MOST, Hook, MadeHook
from modelyard.deployments.infrastructures.access import require, require_admin
from modelyard.governance.access import require_user
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.secrets import tells_password
from modelyard.kernel.values import now
from modelyard.runtime import repository as envs
from modelyard.runtime.envs.local import LOCAL
from modelyard.runtime.functions import require_code_allowed, require_function
from modelyard.sending.webhooks import new_secret


@handles(AddHook)
def add_hook(command: AddHook, context: Context) -> MadeHook:
    """Keep it as the last one, with a secret of its own if it is a webhook."""
    made = now()
    is_code = command.code is not None
    hook = Hook(
        **command.model_dump(include={"infrastructure", "name", "when", "seconds", "disabled"}),
        kind="python" if is_code else "webhook",
        code=command.code or "",
        env=command.env if is_code else "",
        url=command.webhook or "",
        run_as=command.run_as,
        owner=context.identity.name,
        created=made,
        changed=made,
    )
    with context.begin() as db:
        require(context, db, command.infrastructure, "administer", lock=True)
        _require_whole(context, db, hook)
        others = [each.name for each in repository.every(db, hook.infrastructure)]
        if hook.name in others:
            raise errors.Conflict(
                f"{hook.infrastructure} has a hook {hook.name!r} already; change that one, or "
                "take another name",
                field="name",
            )
        if len(others) >= MOST:
            raise errors.Conflict(f"{hook.infrastructure} has {MOST} hooks, and may have no more")
        hook = hook.model_copy(update={"place": len(others) + 1})
        secret = None if is_code else new_secret()
        repository.add(db, Kept(hook, context.identity, secret))
    return MadeHook(**dict(hook), secret=secret)


@handles(ListHooks)
def list_hooks(command: ListHooks, context: Context) -> list[Hook]:
    """List them in order."""
    with context.read() as db:
        require(context, db, command.infrastructure, "view")
        return repository.every(db, command.infrastructure, command)


@handles(ShowHook)
def show_hook(command: ShowHook, context: Context) -> Hook:
    """Look it up."""
    with context.read() as db:
        require(context, db, command.infrastructure, "view")
        return repository.get(db, command.infrastructure, command.name).hook


@handles(ChangeHook)
def change_hook(command: ChangeHook, context: Context) -> MadeHook:
    """Change what was given; another place moves the others."""
    name = command.infrastructure
    with context.begin() as db:
        require(context, db, name, "administer", lock=True)
        before = repository.get(db, name, command.name)
        context.unchanged(before.hook)
        order = [each.name for each in repository.every(db, name)]
        if command.place is not None:
            order.remove(command.name)
            order.insert(command.place - 1, command.name)
        place = order.index(command.name) + 1
        changes = _changes(command, before.hook) | {"place": place}
        changes |= {"owner": context.identity.name, "changed": now()}
        hook = before.hook.model_copy(update=changes)
        _require_whole(context, db, hook)
        secret = new_secret() if command.new_secret else None
        repository.save(db, Kept(hook, context.identity, secret))
        repository.put_in_order(db, name, order)
    return MadeHook(**dict(hook), secret=secret)


@handles(DeleteHook)
def delete_hook(command: DeleteHook, context: Context) -> None:
    """Forget it, and close the gap."""
    name = command.infrastructure
    with context.begin() as db:
        require(context, db, name, "administer", lock=True)
        context.unchanged(repository.get(db, name, command.name).hook)
        repository.remove(db, name, command.name)
        repository.put_in_order(db, name, [each.name for each in repository.every(db, name)])


def _changes(command: ChangeHook, before: Hook) -> dict[str, Any]:
    """What was given, for a hook of its kind."""
    other = ("webhook", "new_secret") if before.kind == "python" else ("code", "env", "run_as")
    for field in other:
        if getattr(command, field):
            raise errors.Invalid(
                f"{before.name} is {'code' if before.kind == 'python' else 'a webhook'}, which "
                f"has no {field.replace('_', ' ')}",
                field=field,
            )
    changes = command.model_dump(
        include={"when", "code", "env", "seconds", "disabled"}, exclude_none=True
    )
    if command.webhook is not None:
        changes["url"] = command.webhook
    if "run_as" in command.model_fields_set:
        changes["run_as"] = command.run_as
    return changes


def _require_whole(context: Context, db: Connection, hook: Hook) -> None:
    """Refuse a hook that could not be called, or that whoever asks may not have called."""
    if tells_password(hook.url):
        raise errors.Invalid(
            "the address holds a password, which lists would show; what is sent is signed, which "
            "says who sends it",
            field="webhook",
        )
    if hook.kind == "webhook":
        return
    require_code_allowed(context, f"the hook {hook.name!r}")
    require_function(hook.code, FUNCTION, GIVEN)
    if hook.env != LOCAL:
        envs.get_env(db, hook.env)
    if hook.run_as is not None:
        require_admin(context, db, f"have a hook act for {hook.run_as}")
        require_user(db, hook.run_as)
