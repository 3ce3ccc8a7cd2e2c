"""Writes the files by which a deployment is brought about, where its driver has some."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from modelyard import errors
from modelyard.deployments.deploying import repository, updates
from modelyard.deployments.deploying.commands import RenderDeployment
from modelyard.deployments.deploying.desiring import desired_of
from modelyard.deployments.deploying.types import RenderedFiles
from modelyard.deployments.drivers.access import open_driver
from modelyard.deployments.drivers.driver import Renders
from modelyard.deployments.infrastructures.access import require
from modelyard.kernel import paths
from modelyard.kernel.context import Context


def render(command: RenderDeployment, context: Context) -> RenderedFiles:
    """Write them into a new folder, or a new .zip; whole or not at all.

    Raises:
        NotFound: there is no such deployment or package.
        Unsupported: its driver has no files.
        Conflict: there is something at that path.
        Failed: they cannot be written.
    """
    target = paths.find(context, command.project, command.output or command.name)
    with context.read() as db:
        kept = repository.get(db, command.project, command.name)
        infrastructure = require(context, db, kept.infrastructure, "view")
        done = updates.succeeded(db, command.project, command.name)
        known = done[-1].desired if done else None
        settings = command.changed(kept.settings)
        desired = desired_of(db, command.project, kept.target, settings, known, infrastructure)
    driver = open_driver(context, infrastructure)
    if not isinstance(driver, Renders):
        raise errors.Unsupported(
            f"the driver {infrastructure.driver} of {infrastructure.name} brings packages to its "
            "nodes by itself: there are no files to render"
        )
    if target.exists():
        raise errors.Conflict(f"{target} exists already; name another --output, or remove it first")
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")
    try:
        partial.mkdir(parents=True)
        commands = driver.render(desired, partial)
        found = tuple(sorted(_inside(partial)))
        _place(partial, target)
    except OSError as exc:
        raise errors.Failed(f"{target} cannot be written: {exc}") from exc
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    path = paths.shown(context, command.project, target)
    return RenderedFiles(path=path, files=found, next=commands)


def _inside(folder: Path) -> list[str]:
    files = (each for each in folder.rglob("*") if each.is_file())
    return [each.relative_to(folder).as_posix() for each in files]


def _place(made: Path, target: Path) -> None:
    if target.suffix != ".zip":
        made.rename(target)
        return
    archive = Path(shutil.make_archive(str(made), "zip", made))
    try:
        archive.rename(target)
    finally:
        archive.unlink(missing_ok=True)
