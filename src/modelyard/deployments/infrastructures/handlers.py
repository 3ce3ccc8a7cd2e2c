"""How infrastructures answer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.drivers.access import open_driver, with_driver
from modelyard.deployments.drivers.options import merged
from modelyard.deployments.infrastructures import repository
from modelyard.deployments.infrastructures.access import RIGHT, require, require_admin, seen_by
from modelyard.deployments.infrastructures.commands import (
    AllowGroup,
    CreateInfrastructure,
    DeleteInfrastructure,
    ListInfrastructures,
    SetIdentities,
    ShowInfrastructure,
    UpdateInfrastructure,
)
from modelyard.deployments.infrastructures.types import LOCAL, Identities, Infrastructure
from modelyard.deployments.watching import repository as watches
from modelyard.governance.access import is_granted, require_user
from modelyard.governance.policies.access import mode_of
from modelyard.kernel.bus import checks, handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now

STANDARDS = {"standards_warn", "standards_block"}
ENFORCES = "policies:write"
AS_GIVEN = {"name", "kind", "stage", "driver", "everybody", "monitored", *STANDARDS}


@handles(CreateInfrastructure)
def create_infrastructure(command: CreateInfrastructure, context: Context) -> Infrastructure:
    """Keep it, once its driver has said that it can work with it."""
    with context.begin() as db:
        whole = _new(command, context, db)
        repository.add(db, whole)
    return whole


@checks(CreateInfrastructure)
def check_create(command: CreateInfrastructure, context: Context) -> None:
    """Tell at once what does not fit."""
    with context.read() as db:
        _new(command, context, db)


@handles(ListInfrastructures)
def list_infrastructures(command: ListInfrastructures, context: Context) -> list[Infrastructure]:
    """List by name."""
    with context.read() as db:
        return repository.every(
            db, command, kind=command.kind, stage=command.stage, seen_by=seen_by(context, db)
        )


@handles(ShowInfrastructure)
def show_infrastructure(command: ShowInfrastructure, context: Context) -> Infrastructure:
    """Look it up."""
    with context.read() as db:
        return require(context, db, command.name, "view")


@handles(UpdateInfrastructure)
def update_infrastructure(command: UpdateInfrastructure, context: Context) -> Infrastructure:
    """Change what was given."""
    with context.begin() as db:
        before = require(context, db, command.name, "administer", lock=True)
        context.unchanged(before)
        changed = _changed(command, context, db, before)
        if _places(context, changed) != _places(context, before):
            _require_enforcing(context, db, before.name, "change the places of")
        repository.save(db, changed)
        if not changed.monitored:
            watches.erase(db, changed.name)
    return changed


@checks(UpdateInfrastructure)
def check_update(command: UpdateInfrastructure, context: Context) -> None:
    """Tell at once what does not fit."""
    with context.read() as db:
        before = require(context, db, command.name, "administer")
        _changed(command, context, db, before)


@handles(SetIdentities)
def set_identities(command: SetIdentities, context: Context) -> Infrastructure:
    """Change what was given; on this machine the users have to be there."""
    given = {name for name in command.model_fields_set if name in Identities.model_fields}
    changes = {
        name: value
        for name in given
        if (value := getattr(command, name)) is not None or name in ("deploy_as", "run_as")
    }
    with context.begin() as db:
        before = require(context, db, command.name, "administer", lock=True)
        require_admin(context, db, f"say as whom projects are used on {command.name}")
        if before.kind == "api":
            raise errors.Invalid(
                f"{command.name} takes packages of services, which are used as nobody; this is "
                "about bundles of projects"
            )
        identities = before.identities.model_copy(update=changes)
        if before.driver == "local":
            for user in identities.named:
                require_user(db, user)
        changed = before.model_copy(update={"identities": identities, "changed": now()})
        repository.save(db, changed)
    return changed


@handles(AllowGroup)
def allow_group(command: AllowGroup, context: Context) -> Infrastructure:
    """One permission for each group."""
    with context.begin() as db:
        require(context, db, command.name, "administer", lock=True)
        given = None if command.permission == "none" else command.permission
        repository.allow(db, command.name, command.group, given)
        return require(context, db, command.name, "view")


@handles(DeleteInfrastructure)
def delete_infrastructure(command: DeleteInfrastructure, context: Context) -> None:
    """Refuse while something is deployed there."""
    with context.begin() as db:
        found = require(context, db, command.name, "administer", lock=True)
        context.unchanged(found)
        if command.name in LOCAL.values():
            raise errors.Invalid(
                f"{command.name} is there from the start, and cannot be deleted; close it by: "
                f"infrastructures update {command.name} --everybody none"
            )
        if found.deployments:
            raise errors.Conflict(
                f"{found.deployments} deployment{'s are' if found.deployments > 1 else ' is'} on "
                f"{command.name}; delete them first: deployments list --infrastructure "
                f"{command.name}"
            )
        _require_enforcing(context, db, command.name, "delete")
        repository.remove(db, command.name)


def _places(context: Context, infrastructure: Infrastructure) -> set[str]:
    return set(open_driver(context, infrastructure).places())


def _require_enforcing(context: Context, db: Connection, name: str, what: str) -> None:
    """Refuse what takes places from under policies to whoever may not say what is asked there."""
    if mode_of(db, name) != "no_check" and not is_granted(db, context.identity, ENFORCES):
        raise errors.Forbidden(
            f"the user {context.identity.name} may not {what} {name}, where policies decide what "
            f"is deployed: it takes the right {ENFORCES}; see: policies enforced",
            right=ENFORCES,
        )


def _new(command: CreateInfrastructure, context: Context, db: Connection) -> Infrastructure:
    """What is to be created."""
    if not is_granted(db, context.identity, RIGHT):
        raise errors.Forbidden(
            f"the user {context.identity.name} may not create infrastructures: it takes the "
            f"right {RIGHT}, which an instance admin can give to a group",
            right=RIGHT,
        )
    made = now()
    infrastructure = Infrastructure(
        **command.model_dump(include=AS_GIVEN),
        description=command.description,
        nodes=command.node,
        connections=command.connection,
        options=merged({}, command.option),
        created=made,
        created_by=context.identity.name,
        changed=made,
    )
    return _whole(context, db, infrastructure)


def _changed(
    command: UpdateInfrastructure, context: Context, db: Connection, before: Infrastructure
) -> Infrastructure:
    """What it becomes by what is given."""
    changes: dict[str, Any] = command.model_dump(
        include={"stage", "everybody", "description", "monitored"}, exclude_none=True
    )
    lists = {"nodes": command.node, "connections": command.connection}
    changes |= {field: given for field, given in lists.items() if given is not None}
    changes |= command.model_dump(include=command.model_fields_set & STANDARDS)
    changes["options"] = merged(before.options, command.option)
    if command.monitored and not before.monitored:
        changes["monitored_since"] = now()
    changed = Infrastructure.model_validate({**dict(before), **changes, "changed": now()})
    return _whole(context, db, changed)


def _whole(context: Context, db: Connection, infrastructure: Infrastructure) -> Infrastructure:
    stages = context.settings.deployments.stages
    if infrastructure.stage not in stages:
        raise errors.Invalid(
            f"there is no stage {infrastructure.stage!r}; the setting deployments.stages names "
            f"{', '.join(stages)}",
            field="stage",
        )
    if infrastructure.connections and infrastructure.kind == "api":
        raise errors.Invalid(
            "packages of services name no connections; leave --connection out", field="connection"
        )
    if len(set(infrastructure.nodes)) != len(infrastructure.nodes):
        raise errors.Invalid("it names a node twice", field="node")
    return with_driver(db, infrastructure)
