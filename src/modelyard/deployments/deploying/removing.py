"""Takes a deployment from its places."""

from __future__ import annotations

from modelyard import errors
from modelyard.deployments.deploying import repository, updates
from modelyard.deployments.deploying.types import DeletedDeployment
from modelyard.deployments.drivers.access import open_driver
from modelyard.deployments.drivers.differences import gone, steps_between
from modelyard.deployments.infrastructures.access import require
from modelyard.kernel.context import Context


def take_away(context: Context, project: str, name: str, *, force: bool) -> DeletedDeployment:
    """Take a deployment from every place, then forget it with its history.

    Where a place cannot be reached it stays, unless `force` says that it may go on without.

    Raises:
        NotFound: there is no such deployment.
        Conflict: it is enabled, or somebody is changing it.
        Failed: a place cannot be reached, or does not let go of it.
    """
    updates.wait_for_silence(context, project, name)
    with context.read() as db:
        kept = repository.get(db, project, name)
        infrastructure = require(context, db, kept.infrastructure, "deploy")
    if kept.kind == "api" and kept.settings.enabled and kept.pushed is not None:
        raise errors.Conflict(
            f"{name} answers; disable it first: deployments disable {name}", enabled=True
        )
    driver = open_driver(context, infrastructure)
    wanted = gone(kept.target, kept.kind)
    removed: list[str] = []
    left: dict[str, str] = {}
    for place in driver.places():
        context.progress(f"taking {kept.target} from {place}")
        try:
            for step in steps_between(wanted, driver.observe(place, kept.target)):
                driver.apply(place, step, wanted)
        except errors.ModelyardError as exc:
            left[place] = exc.detail
        else:
            removed.append(place)
    if left and not force:
        raise errors.Failed(
            "; ".join(f"{place} still has it: {why}" for place, why in left.items())
            + "; delete it again when that is mended, or with --force leave it there",
            places=left,
        )
    with context.begin() as db:
        repository.get(db, project, name, lock=True)
        repository.remove(db, project, name)
    return DeletedDeployment(name=name, removed=tuple(removed), left=tuple(left))
