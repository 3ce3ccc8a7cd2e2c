"""Calling one hook: a function in a process of its own, or a webhook."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from modelyard import errors
from modelyard.deployments.hooking.clients import Clients
from modelyard.deployments.hooking.repository import Kept
from modelyard.deployments.hooking.types import OUTCOMES, Hook, Outcome, Said
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.kernel.context import Context
from modelyard.kernel.identity import Identity
from modelyard.kernel.values import now
from modelyard.runtime.functions import call_function, python_in
from modelyard.sending import webhooks

GIVEN = ("update", "requester", "deployer", "nodes")
"""What the function may take, by the names of its parameters."""
FUNCTION = "hook"
LARGEST_ANSWER = 1 << 20
LONGEST = 500
"""Letters of a message."""


def call(
    context: Context, infrastructure: Infrastructure, kept: Kept, told: Mapping[str, Any]
) -> Said:
    """Call a hook, and read what it says.

    Args:
        context: the workspace.
        infrastructure: whose hook it is.
        kept: the hook.
        told: the update, in JSON.

    Raises:
        ModelyardError: it said nothing that can be understood; the message completes a sentence
            that begins with its name.
    """
    may_undo = kept.hook.when == "post" and told["kind"] != "delete"
    possible = OUTCOMES if may_undo else OUTCOMES[:-1]
    if kept.hook.kind == "webhook":
        return _sent(context, kept, told, possible)
    return _called(context, infrastructure, kept, told, possible)


def _called(
    context: Context,
    infrastructure: Infrastructure,
    kept: Kept,
    told: Mapping[str, Any],
    possible: tuple[Outcome, ...],
) -> Said:
    hook = kept.hook
    identity = Identity(hook.run_as, "user") if hook.run_as else kept.identity
    with Clients(context, infrastructure, identity) as clients:
        about = {
            "code": hook.code,
            "name": f"hook {hook.name}",
            "nodes": list(clients.nodes),
            "outcomes": list(possible),
        }
        found = call_function(
            context,
            FUNCTION,
            about,
            {"update": dict(told), "requester": told["actor"]},
            seconds=hook.seconds,
            log="hooks.log",
            python=python_in(context, hook.env),
            answers=clients.answer,
        )
    return Said.model_validate(found)


def _sent(
    context: Context, kept: Kept, told: Mapping[str, Any], possible: tuple[Outcome, ...]
) -> Said:
    hook, at = kept.hook, now()
    if kept.secret is None:
        raise errors.Invalid(
            "its secret is not known here, as no backup holds it; make another: hooks change "
            f"{hook.infrastructure} {hook.name} --new-secret"
        )
    document = {"type": f"deployment.{hook.when}", "timestamp": at.isoformat(), "data": told}
    body = json.dumps(document, ensure_ascii=False).encode()
    answer = webhooks.post(
        hook.url,
        body,
        webhooks.signed(kept.secret, _key(hook, told), int(at.timestamp()), body),
        allowed=context.settings.alerts.webhooks,
        seconds=hook.seconds,
        most=LARGEST_ANSWER,
    )
    return _read(answer, possible)


def _key(hook: Hook, told: Mapping[str, Any]) -> str:
    """The same each time that a hook is told of an update."""
    update = [str(told[name]) for name in ("project", "deployment", "number", "started")]
    text = "/".join([hook.infrastructure, hook.name, *update])
    return f"hook_{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _read(answer: bytes, possible: tuple[Outcome, ...]) -> Said:
    """What a webhook answered: nothing is a success."""
    if not answer.strip():
        return Said(outcome="success")
    try:
        said = json.loads(answer)
        found = Said.model_validate(
            {name: said[name] for name in Said.model_fields if name in said}
        )
    except (ValueError, TypeError, ValidationError):
        found = None
    if found is None or found.outcome not in possible:
        text = answer[:100].decode(errors="replace")
        raise errors.Failed(
            f"it answered {text!r}; it has to answer nothing, or JSON with outcome (one of "
            f"{', '.join(possible)}) and message"
        )
    return found.model_copy(update={"message": found.message[:LONGEST]})
