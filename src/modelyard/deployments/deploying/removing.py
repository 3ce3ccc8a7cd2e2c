"""Takes a deployment from its places."""

from __future__ import annotations

from modelyard import errors
from modelyard.deployments.deploying import repository, updates
from modelyard.deployments.deploying.looking import look
from modelyard.deployments.deploying.repository import Kept
from modelyard.deployments.deploying.rolling import Rolling
from modelyard.deployments.deploying.types import DeletedDeployment, KeptUpdate
from modelyard.deployments.deploying.updating import Journal, hooks_let_pass, journal_of
from modelyard.deployments.drivers.access import open_driver
from modelyard.deployments.drivers.differences import gone
from modelyard.deployments.infrastructures.access import require
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.kernel.context import Context
from modelyard.kernel.values import now


def take_away(context: Context, project: str, name: str, *, force: bool) -> DeletedDeployment:
    """Take a deployment from every place, then forget it with its history.

    Hooks are called before and after, as for an update. Where a place cannot be reached it stays,
    unless `force` says that it may go on without.

    Raises:
        NotFound: there is no such deployment.
        Conflict: it is enabled, or somebody is changing it.
        Failed: a hook refuses it, or a place cannot be reached, or does not let go of it.
    """
    updates.wait_for_silence(context, project, name)
    with context.begin() as db:
        kept = repository.get(db, project, name, lock=True)
        infrastructure = require(context, db, kept.infrastructure, "deploy")
        if kept.kind == "api" and kept.settings.enabled and kept.pushed is not None:
            raise errors.Conflict(
                f"{name} answers; disable it first: deployments disable {name}", enabled=True
            )
        update = KeptUpdate(
            project=project,
            deployment=name,
            number=1,
            kind="delete",
            state="running",
            actor=context.identity.name,
            started=now(),
            settings=kept.settings,
            desired=gone(kept.target, kept.kind),
        )
        held = updates.begin(db, update, context.settings.deployments.lease)
    with journal_of(context, held) as journal:
        return _take_away(context, infrastructure, kept, journal, force=force)


def _take_away(
    context: Context, infrastructure: Infrastructure, kept: Kept, journal: Journal, *, force: bool
) -> DeletedDeployment:
    rolling = Rolling(
        open_driver(context, infrastructure),
        journal.update.desired,
        tell=journal.tell,
        proceed=journal.proceed,
    )
    journal.follow(rolling)
    if not hooks_let_pass(context, infrastructure, kept, journal, rolling, "pre"):
        raise _stays(
            context, kept, journal, rolling.problem, "change the hook, or what it asks for"
        )
    left = rolling.take_away()
    if left and not force:
        why = "; ".join(f"{place} still has it: {reason}" for place, reason in left.items())
        todo = "delete it again when that is mended, or with --force leave it there"
        raise _stays(context, kept, journal, why, todo)
    hooks_let_pass(context, infrastructure, kept, journal, rolling, "post")
    journal.forget(kept)
    return DeletedDeployment(
        name=kept.name,
        removed=tuple(place for place in rolling.states if place not in left),
        left=tuple(left),
        messages=journal.update.messages,
    )


def _stays(context: Context, kept: Kept, journal: Journal, why: str, todo: str) -> errors.Failed:
    """Write down that a deployment was not deleted, and how its places are now."""
    ended = journal.settle("failed", kept, None, problem=why)
    look(context, kept.project, kept.name)
    return errors.Failed(
        f"{kept.name} was not deleted: {why}; {todo}; see: deployments log {kept.name} "
        f"{ended.number}",
        number=ended.number,
        places={each.place: each.outcome for each in ended.places},
    )
