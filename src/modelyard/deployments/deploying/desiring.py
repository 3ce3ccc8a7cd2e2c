"""What a deployment's settings mean for each of its places."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.bundling import repository as bundles
from modelyard.deployments.deploying.types import ProjectSettings, ServiceSettings, Settings
from modelyard.deployments.drivers.types import (
    Desired,
    DesiredProject,
    DesiredService,
    WantedPackage,
)
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.services.access import find_package


def desired_of(
    db: Connection,
    project: str,
    target: str,
    settings: Settings,
    known: Desired | None,
    where: Infrastructure,
) -> Desired:
    """What each place is to be.

    Args:
        db: an open transaction.
        project: that of the service or bundle.
        target: name of the service, or key of the project, there.
        settings: what is asked for.
        known: what was deployed before: its packages or bundle may be deleted meanwhile.
        where: to; what connections are usually called there, and as whom scenarios run.

    Raises:
        NotFound: there is no such service, package or bundle.
    """
    if isinstance(settings, ProjectSettings):
        return _project(db, project, target, settings, known, where)
    return _service(db, project, target, settings, known)


def _project(
    db: Connection,
    project: str,
    target: str,
    settings: ProjectSettings,
    known: Desired | None,
    where: Infrastructure,
) -> DesiredProject:
    try:
        bundle = bundles.get(db, project, settings.bundle)
    except errors.NotFound:
        if not isinstance(known, DesiredProject) or known.bundle != settings.bundle:
            raise
        digest, named = known.digest, set(known.connections)
    else:
        digest, named = bundle.digest, {each.name for each in bundle.manifest.connections}
    here = {name: there for name, there in where.connections.items() if name in named}
    chosen = settings.model_dump() | {"connections": {**here, **settings.connections}}
    runs_as = where.identities.runs_as(target)
    return DesiredProject(target=target, digest=digest, run_as=runs_as, **chosen)


def _service(
    db: Connection, project: str, target: str, settings: ServiceSettings, known: Desired | None
) -> DesiredService:
    before = (
        {each.package: each for each in known.packages} if isinstance(known, DesiredService) else {}
    )
    packages = []
    for name in dict.fromkeys((*settings.packages, *settings.shadows)):
        try:
            found = find_package(db, project, target, name)
        except errors.NotFound:
            if name not in before:
                raise
            packages.append(before[name])
        else:
            asked = {
                endpoint.name: endpoint.test_queries[0].query
                for endpoint in found.manifest.endpoints
                if endpoint.test_queries
            }
            packages.append(
                WantedPackage(package=name, digest=found.digest, created=found.created, asked=asked)
            )
    return DesiredService(
        target=target,
        enabled=settings.enabled,
        shares=settings.packages,
        shadows=settings.shadows,
        guard=settings.guard,
        access=settings.access,
        packages=tuple(packages),
    )
