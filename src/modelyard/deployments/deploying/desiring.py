"""What a deployment's settings mean for each of its places."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.deploying.types import ServiceSettings
from modelyard.deployments.drivers.types import DesiredService, WantedPackage
from modelyard.services.access import find_package


def desired_of(
    db: Connection,
    project: str,
    service: str,
    settings: ServiceSettings,
    known: DesiredService | None,
) -> DesiredService:
    """What each place is to be.

    Args:
        db: an open transaction.
        project: that of the service.
        service: its name.
        settings: what is asked for.
        known: what was deployed before: its packages may be deleted meanwhile.

    Raises:
        NotFound: there is no such service or package.
    """
    before = {each.package: each for each in known.packages} if known else {}
    packages = []
    for name in dict.fromkeys((*settings.packages, *settings.shadows)):
        try:
            found = find_package(db, project, service, name)
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
        target=service,
        enabled=settings.enabled,
        shares=settings.packages,
        shadows=settings.shadows,
        guard=settings.guard,
        access=settings.access,
        packages=tuple(packages),
    )
