"""Files that say what is to be deployed: read, compared with what is, and brought about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from modelyard import errors
from modelyard.deployments.activating.types import Connections, Variables
from modelyard.deployments.deploying.commands import (
    CheckDeployment,
    CreateDeployment,
    DisableDeployment,
    EnableDeployment,
    Pushing,
    UpdateDeployment,
)
from modelyard.deployments.deploying.types import (
    AppliedChange,
    AppliedStep,
    Deployment,
)
from modelyard.deployments.drivers.access import changed_options
from modelyard.deployments.infrastructures.commands import (
    AllowGroup,
    CreateInfrastructure,
    SetIdentities,
    ShowInfrastructure,
    UpdateInfrastructure,
)
from modelyard.deployments.infrastructures.types import (
    LOCAL,
    Everybody,
    Identities,
    Infrastructure,
    Kind,
    Permission,
)
from modelyard.deployments.promoting.commands import CreatePipeline, UpdatePipeline
from modelyard.deployments.promoting.declaring import DeclaredPipeline, commands_for
from modelyard.deployments.standards.types import Severity
from modelyard.kernel.command import Command
from modelyard.kernel.context import Context
from modelyard.kernel.documents import read_document
from modelyard.kernel.faults import invalid
from modelyard.kernel.values import Description, Json, Name, ProjectKey, Variable
from modelyard.serving.types import Access

R = TypeVar("R")
What = Literal["infrastructure", "deployment", "pipeline"]
Action = Literal["create", "update", "reconcile", "unchanged"]
Plan = tuple[Action, list[AppliedChange], list[Command[Any]]]
COMPARED = (
    *("stage", "nodes", "options", "connections", "everybody", "monitored", "description"),
    *("standards_warn", "standards_block"),
)
"""The fields of an infrastructure that a file can change."""
OPTIONAL = {"everybody", "monitored", "description", "standards_warn", "standards_block"}
"""What a file may leave out of an infrastructure, which then stays as it is."""


class Declared(BaseModel):
    """One thing in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name


class DeclaredInfrastructure(Declared):
    """An infrastructure as a file wants it; what is left out stays as it is."""

    kind: Kind = "api"
    stage: Name
    driver: Name = "nodes"
    nodes: tuple[Name, ...] = ()
    connections: Connections | None = None
    options: dict[Variable, Json] | None = None
    everybody: Everybody | None = None
    monitored: bool | None = None
    description: Description | None = None
    standards_warn: Severity | None = None
    standards_block: Severity | None = None
    identities: Identities | None = None
    groups: dict[Name, Permission] | None = Field(
        default=None, description="what groups may do; others may nothing then"
    )


class DeclaredDeployment(Declared):
    """A deployment as a file wants it; what is left out is as for a new one.

    Of a bundle, what was chosen for the project there stays where the file does not name it.
    """

    service: Name | None = None
    infrastructure: Name | None = None
    package: Name | None = None
    share: dict[Name, float] = {}
    shadow: tuple[Name, ...] = ()
    access: Access | None = None
    error_rate: float | None = None
    p99_ms: float | None = None
    bundle: Name | None = None
    as_project: ProjectKey | None = None
    connection: Connections = {}
    variables: Variables = {}
    enable: tuple[Name, ...] = ()
    disable: tuple[Name, ...] = ()
    enabled: bool = True


class Declaration(BaseModel):
    """What a file says: infrastructures first, then what is deployed on them, then pipelines."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    infrastructures: tuple[DeclaredInfrastructure, ...] = ()
    deployments: tuple[DeclaredDeployment, ...] = ()
    pipelines: tuple[DeclaredPipeline, ...] = ()


def read_declaration(file: Path) -> Declaration:
    """Read a file in YAML or JSON.

    Raises:
        NotFound: there is no such file.
        Invalid: it says something that cannot be meant; the message says where.
    """
    declaration = read_document(file, Declaration)
    for what in (declaration.infrastructures, declaration.deployments, declaration.pipelines):
        names = [each.name for each in what]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise errors.Invalid(f"{file.name} says twice what {twice} is")
    return declaration


class Applying:
    """Brings about what a file says, by the commands that a person would give."""

    def __init__(self, context: Context, project: str, *, dry: bool, accept: bool) -> None:
        self._context = context
        self._project = project
        self._dry = dry
        self._accept = accept
        self._done: list[AppliedStep] = []
        self._made: set[str] = set()

    def all_of(self, declaration: Declaration) -> tuple[AppliedStep, ...]:
        """Do it, or say what would be done; stops at the first that fails."""
        for infrastructure in declaration.infrastructures:
            self._take("infrastructure", infrastructure.name, self._infrastructure(infrastructure))
        for deployment in declaration.deployments:
            self._take("deployment", deployment.name, self._deployment(deployment))
        for pipeline in declaration.pipelines:
            changes, commands, new = commands_for(self._context, self._project, pipeline)
            action: Action = "create" if new else "update" if commands else "unchanged"
            self._take("pipeline", pipeline.name, (action, changes, commands))
        return tuple(self._done)

    def _take(self, what: What, name: str, found: Plan) -> None:
        action, changes, commands = found
        for command in commands:
            try:
                self._run(command)
            except errors.ModelyardError as exc:
                said = f"{what} {name}: {exc.detail}"
                if not self._dry:
                    said += "; what stands before it is done: mend this, and apply the file again"
                raise type(exc)(said, **exc.context) from exc
        self._done.append(AppliedStep(what=what, name=name, action=action, changes=tuple(changes)))

    def _run(self, command: Command[Any]) -> None:
        """Carry a command out; dry, see that it could be, unless it needs what the file makes."""
        if not self._dry:
            self._context.caller.run(self._accepting(command))
        elif self._made.isdisjoint(_infrastructures_of(command)):
            self._context.caller.check(command)

    def _accepting(self, command: Command[Any]) -> Command[Any]:
        if self._accept and isinstance(command, Pushing):
            return command.model_copy(update={"accept": True})
        return command

    def _infrastructure(self, wanted: DeclaredInfrastructure) -> Plan:
        found = self._found(ShowInfrastructure(name=wanted.name))
        given = wanted.model_dump(include=OPTIONAL, exclude_none=True)
        given |= {"name": wanted.name, "stage": wanted.stage, "node": wanted.nodes}
        if wanted.connections is not None:
            given["connection"] = wanted.connections
        given["option"] = wanted.options or {}
        if found is None:
            self._made.add(wanted.name)
            made = CreateInfrastructure(kind=wanted.kind, driver=wanted.driver, **given)
            allowed = [
                AllowGroup(name=wanted.name, group=group, permission=permission)
                for group, permission in (wanted.groups or {}).items()
            ]
            return "create", [], [made, *_identifying(None, wanted), *allowed]
        for field in ("kind", "driver"):
            if getattr(found, field) != getattr(wanted, field):
                raise errors.Conflict(
                    f"the {field} of {wanted.name} is {getattr(found, field)}, and never changes; "
                    "take another name"
                )
        options = changed_options(found.driver, found.options, given["option"])
        wanted = wanted.model_copy(update={"options": options})
        changes = list(_changes(found, wanted, COMPARED))
        commands: list[Command[Any]] = [UpdateInfrastructure(**given)] if changes else []
        for identifying in _identifying(found, wanted):
            changes += _changes(found, wanted, ("identities",))
            commands.append(identifying)
        for allowing in _allowing(found, wanted):
            changes.append(
                AppliedChange(
                    field=f"groups.{allowing.group}",
                    before=_permission_of(found, allowing.group),
                    after=allowing.permission,
                )
            )
            commands.append(allowing)
        return ("update" if commands else "unchanged"), changes, commands

    def _deployment(self, wanted: DeclaredDeployment) -> Plan:
        here: dict[str, Any] = {"project": self._project, "name": wanted.name}
        given = wanted.model_dump(
            exclude={"name", "service", "infrastructure", "as_project", "enabled"},
            exclude_defaults=True,
        )
        where = wanted.model_dump(
            include={"service", "infrastructure", "as_project"}, exclude_none=True
        )
        made: CreateDeployment = _filled(CreateDeployment, {**here, **given, **where})
        found = self._found(CheckDeployment(**here))
        if found is None or found.pushed is None:
            off = [] if wanted.enabled else [_filled(DisableDeployment, here)]
            return "create", [], [made, *off]
        _require_same_place(found, made)
        if made.kind == "api":
            given.setdefault("access", "package")
        update: UpdateDeployment = _filled(UpdateDeployment, {**here, **given})
        settings = update.changed(found.settings).model_copy(update={"enabled": wanted.enabled})
        changes = list(_changes(found.settings, settings, tuple(type(settings).model_fields)))
        if not changes:
            if found.health != "OUT_OF_SYNC":
                return "unchanged", [], []
            return "reconcile", [], [_filled(UpdateDeployment, here)]
        commands: list[Command[Any]] = []
        if changes[-1].field != "enabled" or len(changes) > 1:
            commands.append(update)
        if found.settings.enabled != wanted.enabled:
            turn = EnableDeployment if wanted.enabled else DisableDeployment
            commands.append(_filled(turn, here))
        return "update", changes, commands

    def _found(self, command: Command[R]) -> R | None:
        try:
            return self._context.caller.run(command)
        except errors.NotFound:
            return None


def _infrastructures_of(command: Command[Any]) -> set[str]:
    """Those that have to be there before."""
    if isinstance(command, CreatePipeline | UpdatePipeline):
        return {step.infrastructure for step in command.steps or ()}
    if isinstance(command, CreateDeployment):
        return {command.infrastructure or LOCAL[command.kind]}
    return set()


def _filled(kind: type[Any], given: dict[str, Any]) -> Any:
    try:
        return kind.model_validate(given)
    except ValidationError as exc:
        raise errors.Invalid(f"deployment {given['name']}: {invalid(exc).detail}") from None


def _changes(
    before: BaseModel, after: BaseModel, fields: tuple[str, ...]
) -> Iterator[AppliedChange]:
    for field in fields:
        old, new = getattr(before, field), getattr(after, field)
        if old != new and (new is not None or field == "guard"):
            yield AppliedChange(field=field, before=_told(old), after=_told(new))


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, BaseModel):
        facts = value.model_dump(exclude_none=True, exclude_defaults=True)
        return ", ".join(f"{name} {_told(fact)}" for name, fact in facts.items())
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value)


def _require_same_place(found: Deployment, made: CreateDeployment) -> None:
    wanted = made.infrastructure or LOCAL[made.kind]
    for what, before, now in (
        ("kind", found.kind, made.kind),
        ("service" if made.kind == "api" else "project", found.target, made.target),
        ("infrastructure", found.infrastructure, wanted),
    ):
        if before != now:
            raise errors.Conflict(
                f"the {what} of {made.name} is {before}, and never changes; take another name, or "
                "delete it first"
            )


def _identifying(
    found: Infrastructure | None, wanted: DeclaredInfrastructure
) -> Iterator[SetIdentities]:
    before = Identities() if found is None else found.identities
    if wanted.identities is not None and wanted.identities != before:
        yield SetIdentities(name=wanted.name, **dict(wanted.identities))


def _allowing(found: Infrastructure, wanted: DeclaredInfrastructure) -> Iterator[AllowGroup]:
    if wanted.groups is None:
        return
    have = {each.group: each.permission for each in found.groups}
    for group in sorted({*have, *wanted.groups}):
        permission = wanted.groups.get(group)
        if have.get(group) != permission:
            yield AllowGroup(name=wanted.name, group=group, permission=permission or "none")


def _permission_of(found: Infrastructure, group: str) -> str:
    return next((each.permission for each in found.groups if each.group == group), "none")
