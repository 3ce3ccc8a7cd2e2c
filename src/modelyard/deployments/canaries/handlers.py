"""How canaries answer."""

from __future__ import annotations

from pathlib import Path

from modelyard import errors
from modelyard.deployments.canaries import repository
from modelyard.deployments.canaries.commands import (
    FinishCanary,
    ListCanaries,
    LookAtCanary,
    ShowCanary,
    StartCanary,
    StopCanary,
)
from modelyard.deployments.canaries.judging import judge
from modelyard.deployments.canaries.moving import carry_out, want
from modelyard.deployments.canaries.types import Canary
from modelyard.deployments.deploying import repository as deployments
from modelyard.deployments.deploying.commands import ShowDeployment
from modelyard.deployments.deploying.looking import look
from modelyard.deployments.deploying.repository import Kept
from modelyard.deployments.deploying.types import ServiceSettings
from modelyard.deployments.infrastructures.access import require
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.services.access import find_package


@handles(StartCanary)
def start(command: StartCanary, context: Context) -> Canary:
    """Write it down, then begin its first step; the same again goes on with that."""
    with context.begin() as db:
        kept = deployments.get(db, command.project, command.name, lock=True)
        require(context, db, kept.infrastructure, "deploy")
        before = repository.newest(db, command.project, command.name)
        if before is not None and before.state == "running":
            if (before.new, before.plan) != (command.package, command.plan):
                raise errors.Conflict(
                    f"{before.requester} tries {before.new} on {command.name} since "
                    f"{before.started:%Y-%m-%d %H:%M} UTC; wait for it, or stop it: canaries stop "
                    f"{command.name}",
                    number=before.number,
                )
            canary = before
        else:
            old = _answering(kept, command.package)
            find_package(db, command.project, kept.target, command.package)
            new = Canary(
                project=command.project,
                deployment=command.name,
                number=1,
                old=old,
                new=command.package,
                plan=command.plan,
                guard=getattr(kept.settings, "guard", None),
                state="running",
                requester=context.identity.name,
                started=now(),
            )
            folder = str(Path.cwd()) if context.identity.is_local else ""
            canary = repository.begin(db, new, context.identity, folder)
    return carry_out(context, canary)


@handles(ShowCanary)
def show(command: ShowCanary, context: Context) -> Canary:
    """The newest."""
    context.caller.run(ShowDeployment(project=command.project, name=command.name))
    with context.read() as db:
        found = repository.newest(db, command.project, command.name)
    if found is None:
        raise errors.NotFound(
            f"no package was tried on {command.name} yet: canaries start {command.name} PACKAGE"
        )
    return found


@handles(ListCanaries)
def list_canaries(command: ListCanaries, context: Context) -> list[Canary]:
    """The newest first."""
    context.caller.run(ShowDeployment(project=command.project, name=command.name))
    with context.read() as db:
        return repository.every(db, command.project, command.name, command)


@handles(LookAtCanary)
def look_at(command: LookAtCanary, context: Context) -> Canary:
    """Judge, and do what follows."""
    with context.read() as db:
        canary = repository.running(db, command.project, command.name)
    if canary.wanted is None:
        look(context, command.project, command.name)
        canary = judge(context, canary)
    return carry_out(context, canary)


@handles(FinishCanary)
def finish(command: FinishCanary, context: Context) -> Canary:
    """Whoever says so."""
    with context.read() as db:
        canary = repository.running(db, command.project, command.name)
    said = f"{context.identity.name} finished it"
    return carry_out(context, want(context, canary, "finish", said))


@handles(StopCanary)
def stop(command: StopCanary, context: Context) -> Canary:
    """Whoever says so."""
    with context.read() as db:
        canary = repository.running(db, command.project, command.name)
    return carry_out(context, want(context, canary, "stop", f"{context.identity.name} stopped it"))


def _answering(kept: Kept, package: str) -> str:
    """The one package that answers now, which is not the one to be tried.

    Raises:
        Conflict: it is, several answer, or none does.
        Unsupported: it is a deployment of a bundle.
    """
    settings = kept.settings
    if not isinstance(settings, ServiceSettings):
        raise errors.Unsupported(
            f"{kept.name} is a deployment of a bundle: only packages share queries"
        )
    if kept.pushed is None or not settings.enabled or len(settings.packages) != 1:
        raise errors.Conflict(
            f"one package has to answer all queries of {kept.name} before another one is tried: "
            f"deployments update {kept.name} --package PACKAGE"
        )
    (old,) = settings.packages
    if old == package:
        raise errors.Conflict(f"{package} answers all queries of {kept.name} already")
    return old
