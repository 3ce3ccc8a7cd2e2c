"""How deployments answer."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.deploying import repository, updates
from modelyard.deployments.deploying.applying import Applying, read_declaration
from modelyard.deployments.deploying.commands import (
    ApplyFile,
    CheckDeployment,
    CreateDeployment,
    DeleteDeployment,
    DisableDeployment,
    EnableDeployment,
    ListDeployments,
    ListUpdates,
    Pushing,
    RenderDeployment,
    RollBackDeployment,
    ShowDeployment,
    ShowUpdate,
    UpdateDeployment,
)
from modelyard.deployments.deploying.desiring import desired_of
from modelyard.deployments.deploying.looking import look, sharing_places, shown
from modelyard.deployments.deploying.removing import take_away
from modelyard.deployments.deploying.rendering import render
from modelyard.deployments.deploying.repository import Kept
from modelyard.deployments.deploying.types import (
    Applied,
    DeletedDeployment,
    Deployment,
    DeploymentSummary,
    DeploymentUpdate,
    KeptUpdate,
    RenderedFiles,
)
from modelyard.deployments.deploying.updating import Wish, carry_out
from modelyard.deployments.infrastructures.access import require, seen_by
from modelyard.deployments.infrastructures.types import LOCAL, Infrastructure
from modelyard.kernel import paths
from modelyard.kernel.bus import checks, handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now


@handles(CreateDeployment)
def create_deployment(command: CreateDeployment, context: Context) -> Deployment:
    """Keep what is wanted, then bring it about; one that never was may be tried again.

    What is refused before any place was looked at leaves nothing behind.
    """
    settings, made = command.settings(), now()
    with context.begin() as db:
        infrastructure = _where(command, context, db)
        desired_of(db, command.project, command.target, settings, None, infrastructure)
        kept = Kept(
            project=command.project,
            name=command.name,
            infrastructure=infrastructure.name,
            target=command.target,
            settings=settings,
            created=made,
            created_by=context.identity.name,
            changed=made,
        )
        _forget_unbegun(db, command, context)
        before = repository.find(db, command.project, command.name, lock=True)
        if before is None:
            repository.add(db, kept, sharing_places(context, db, infrastructure))
        elif not _is_the_same_again(before, kept):
            raise errors.Conflict(
                f"there is a deployment {command.name!r} already; update it, or take another id",
                field="name",
            )

    def wish(found: Kept, _done: list[KeptUpdate]) -> Wish:
        if (found.infrastructure, found.target) != (kept.infrastructure, kept.target):
            raise errors.Conflict(f"{found.name} was just created by somebody else", field="name")
        return Wish("create", settings, pass_over=command.pass_over, accepts=command.accept)

    try:
        return carry_out(context, command.project, command.name, wish)
    except errors.ModelyardError:
        with context.begin_aside() as db:
            _forget_unbegun(db, command, context)
        raise


@handles(UpdateDeployment)
def update_deployment(command: UpdateDeployment, context: Context) -> Deployment:
    """What was given beside what is."""

    def wish(kept: Kept, _done: list[KeptUpdate]) -> Wish:
        settings = command.changed(kept.settings)
        return Wish(
            "light" if command.light else "update",
            settings,
            pass_over=command.pass_over,
            light=command.light,
            accepts=command.accept,
        )

    return carry_out(context, command.project, command.name, wish)


@handles(RollBackDeployment)
def roll_back(command: RollBackDeployment, context: Context) -> Deployment:
    """The settings of an earlier update, whether it is enabled or not."""

    def wish(kept: Kept, done: list[KeptUpdate]) -> Wish:
        back = _earlier(kept, done, command.to)
        settings = back.settings.model_copy(update={"enabled": kept.settings.enabled})
        return Wish(
            "rollback",
            settings,
            restores=back.number,
            pass_over=command.pass_over,
            accepts=command.accept,
        )

    return carry_out(context, command.project, command.name, wish)


@handles(DisableDeployment)
def disable(command: DisableDeployment, context: Context) -> Deployment:
    """The rest stays as it is set."""
    return _turned(command, context, on=False)


@handles(EnableDeployment)
def enable(command: EnableDeployment, context: Context) -> Deployment:
    """As it was set before."""
    return _turned(command, context, on=True)


@checks(UpdateDeployment)
def check_update(command: UpdateDeployment, context: Context) -> None:
    """Tell at once who deploys already, and what is not there."""
    with context.read() as db:
        kept, where = _require_free(command, context, db)
        done = updates.succeeded(db, command.project, command.name)
        known = done[-1].desired if done else None
        desired_of(db, kept.project, kept.target, command.changed(kept.settings), known, where)


@checks(RollBackDeployment)
def check_roll_back(command: RollBackDeployment, context: Context) -> None:
    """Tell at once who deploys already."""
    with context.read() as db:
        _require_free(command, context, db)


@checks(CreateDeployment)
def check_create(command: CreateDeployment, context: Context) -> None:
    """Tell at once what is not there."""
    with context.read() as db:
        where = _where(command, context, db)
        desired_of(db, command.project, command.target, command.settings(), None, where)


@handles(ApplyFile)
def apply_file(command: ApplyFile, context: Context) -> Applied:
    """Compare, then run the commands that are left."""
    declaration = read_declaration(paths.find(context, command.project, command.file))
    applying = Applying(context, command.project, dry=command.dry_run, accept=command.accept)
    return Applied(dry_run=command.dry_run, steps=applying.all_of(declaration))


@handles(ListDeployments)
def list_deployments(command: ListDeployments, context: Context) -> list[DeploymentSummary]:
    """Those of projects and infrastructures that whoever asks may see."""
    visible = context.visible_projects("deployments:read")
    if command.project is not None:
        visible = frozenset({command.project})
    with context.read() as db:
        return repository.every(
            db,
            command,
            projects=visible,
            seen_by=seen_by(context, db),
            infrastructure=command.infrastructure,
            stage=command.stage,
            kind=command.kind,
            health=command.health,
        )


@handles(ShowDeployment)
def show_deployment(command: ShowDeployment, context: Context) -> Deployment:
    """As it was when last looked at."""
    with context.read() as db:
        return shown(context, db, command.project, command.name)


@handles(CheckDeployment)
def check_deployment(command: CheckDeployment, context: Context) -> Deployment:
    """Look, then show."""
    with context.read() as db:
        shown(context, db, command.project, command.name)
    look(context, command.project, command.name)
    with context.read() as db:
        return shown(context, db, command.project, command.name)


@handles(ListUpdates)
def list_updates(command: ListUpdates, context: Context) -> list[DeploymentUpdate]:
    """Without their logs."""
    with context.read() as db:
        shown(context, db, command.project, command.name)
        return updates.every(db, command.project, command.name, command)


@handles(ShowUpdate)
def show_update(command: ShowUpdate, context: Context) -> DeploymentUpdate:
    """With its log."""
    with context.read() as db:
        shown(context, db, command.project, command.name)
        return updates.get(db, command.project, command.name, command.number).told()


@handles(RenderDeployment)
def render_deployment(command: RenderDeployment, context: Context) -> RenderedFiles:
    """By its driver."""
    return render(command, context)


@handles(DeleteDeployment)
def delete_deployment(command: DeleteDeployment, context: Context) -> DeletedDeployment:
    """Take it from its nodes, then forget it."""
    return take_away(context, command.project, command.name, force=command.force)


def _where(command: CreateDeployment, context: Context, db: Connection) -> Infrastructure:
    """The infrastructure that a deployment is to be on."""
    name = command.infrastructure or LOCAL[command.kind]
    found = require(context, db, name, "deploy")
    if found.kind != command.kind:
        takes = {"api": "packages of services", "project": "bundles of projects"}
        raise errors.Invalid(
            f"{name} takes {takes[found.kind]}, not {takes[command.kind]}", field="infrastructure"
        )
    if found.driver == "local" and command.kind == "project" and command.target == command.project:
        raise errors.Invalid(
            "in the workspace that it is made in, a bundle becomes another project: give "
            "--as-project",
            field="as_project",
        )
    return found


def _forget_unbegun(db: Connection, command: CreateDeployment, context: Context) -> None:
    """Delete a deployment that was refused or killed before it reached a place."""
    found = repository.find(db, command.project, command.name, lock=True)
    lease = context.settings.deployments.lease
    if found is None or found.pushed is not None:
        return
    if updates.reached_nothing(db, command.project, command.name, lease):
        repository.remove(db, command.project, command.name)


def _turned(command: Pushing, context: Context, *, on: bool) -> Deployment:
    def wish(kept: Kept, _done: list[KeptUpdate]) -> Wish:
        if kept.kind == "project":
            raise errors.Unsupported(
                "a project is not turned off as a whole; its scenarios are: deployments update "
                f"{kept.name} --disable SCENARIO"
            )
        settings = kept.settings.model_copy(update={"enabled": on})
        return Wish(
            "enable" if on else "disable",
            settings,
            pass_over=command.pass_over,
            accepts=command.accept,
        )

    return carry_out(context, command.project, command.name, wish)


def _require_free(
    command: Pushing, context: Context, db: Connection
) -> tuple[Kept, Infrastructure]:
    """A deployment that nobody changes, and where it is."""
    kept = repository.get(db, command.project, command.name)
    where = require(context, db, kept.infrastructure, "deploy")
    running = updates.running(db, kept.project, kept.name, context.settings.deployments.lease)
    if running is not None:
        raise updates.taken(updates.get(db, kept.project, kept.name, running.number))
    return kept, where


def _is_the_same_again(before: Kept, now_wanted: Kept) -> bool:
    """Whether a deployment is what is being created: by an attempt that failed or was killed."""
    same = before.infrastructure == now_wanted.infrastructure
    same = same and before.target == now_wanted.target
    return same and (before.pushed is None or before.settings == now_wanted.settings)


def _earlier(kept: Kept, done: list[KeptUpdate], number: int | None) -> KeptUpdate:
    """The update that a roll-back goes back to."""
    by_number = {each.number: each for each in done}
    if number is not None:
        if number not in by_number:
            raise errors.NotFound(
                f"{kept.name} has no update {number} that succeeded; see: deployments history "
                f"{kept.name}",
                number=number,
            )
        return by_number[number]
    current = by_number.get(kept.pushed or 0)
    while current is not None and current.restores is not None:
        current = by_number[current.restores]
    at = current.number if current else 0
    for each in reversed(done):
        if each.number < at and each.restores is None and _differ(each, kept):
            return each
    raise errors.Conflict(
        f"nothing else was deployed as {kept.name} before; see: deployments history {kept.name}"
    )


def _differ(update: KeptUpdate, kept: Kept) -> bool:
    """Whether it is about other packages or settings than now, not only on or off."""
    return update.settings.model_copy(update={"enabled": kept.settings.enabled}) != kept.settings
