"""Calls the hooks of an infrastructure, before or after an update."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from modelyard import errors
from modelyard.deployments.drivers.types import Message, Severity
from modelyard.deployments.hooking import repository
from modelyard.deployments.hooking.calling import call
from modelyard.deployments.hooking.slots import slot
from modelyard.deployments.hooking.types import HOOK_FAILED, Hook, Outcome, Said, When
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.kernel.context import Context

MESSAGES: dict[Outcome, tuple[Severity, str, str]] = {
    "success": ("info", "HOOK_SAID", "says"),
    "warning": ("warning", "HOOK_WARNED", "warns"),
    "error": ("error", HOOK_FAILED, "failed"),
    "undo": ("error", "HOOK_UNDID", "had all places go back"),
}


@dataclass(frozen=True)
class Called:
    """What came of the hooks of an update."""

    messages: tuple[Message, ...] = ()
    problem: str = ""
    """Why the update does not go on, or goes back; empty: it does not."""


def call_hooks(
    context: Context,
    infrastructure: Infrastructure,
    when: When,
    told: Mapping[str, Any],
    *,
    tell: Callable[[str], None],
    proceed: Callable[[], None],
) -> Called:
    """Call those hooks that are enabled, in order.

    Before an update, the first error ends it. Afterwards all are called; only `undo` ends it.

    Args:
        context: the workspace.
        infrastructure: whose hooks they are.
        when: which of them.
        told: the update, in JSON.
        tell: is told each thing that happens, as a line of a log.
        proceed: called before each hook; what it raises ends the update there.
    """
    with context.read() as db:
        hooks = [
            repository.get(db, infrastructure.name, each.name)
            for each in repository.every(db, infrastructure.name)
            if each.when == when and not each.disabled
        ]
    told = {**told, "when": when, "infrastructure": infrastructure.name}
    messages: list[Message] = []
    for kept in hooks:
        proceed()
        tell(f"hook {kept.hook.name}: calling it")
        started = time.monotonic()
        said = _said(context, infrastructure, kept, told)
        took = time.monotonic() - started
        text = f": {said.message}" if said.message else ""
        tell(f"hook {kept.hook.name}: {said.outcome} after {took:.1f} s{text}")
        if said.outcome != "success" or said.message:
            messages.append(_message(kept.hook, said))
        if said.outcome == "undo" or (said.outcome == "error" and when == "pre"):
            problem = f"the {when} hook {kept.hook.name} {MESSAGES[said.outcome][2]}{text}"
            return Called(tuple(messages), problem)
    return Called(tuple(messages))


def _said(
    context: Context,
    infrastructure: Infrastructure,
    kept: repository.Kept,
    told: Mapping[str, Any],
) -> Said:
    try:
        with slot(context, infrastructure.name, kept.hook.when):
            return call(context, infrastructure, kept, told)
    except errors.ModelyardError as exc:
        return Said(outcome="error", message=exc.detail)


def _message(hook: Hook, said: Said) -> Message:
    severity, code, does = MESSAGES[said.outcome]
    title = f"the {hook.when} hook {hook.name} {does}"
    return Message(severity=severity, code=code, title=title, details=said.message)
