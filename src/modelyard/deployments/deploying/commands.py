"""What one can ask of deployments."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from modelyard import errors
from modelyard.deployments.activating.types import Connections, Variables
from modelyard.deployments.deploying.types import (
    Applied,
    DeletedDeployment,
    Deployment,
    DeploymentSummary,
    DeploymentUpdate,
    Health,
    ProjectSettings,
    RenderedFiles,
    ServiceSettings,
    Settings,
)
from modelyard.deployments.infrastructures.types import Kind
from modelyard.kernel.command import Command, ProjectCommand
from modelyard.kernel.faults import invalid
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import LocalPath, Name, ProjectKey
from modelyard.serving.types import Access, GenerationMapping, Guard

R = TypeVar("R")
NAME = "id of the deployment"
ABOUT_PACKAGE = "id of the package that is to answer"
ABOUT_SHARE = "several packages that are to share the queries, as PACKAGE=PROBABILITY; together 1"
ABOUT_SHADOW = "packages that get the same queries, and answer nobody"
ABOUT_ACCESS = "who may ask: 'public', 'keys', or 'package' for what that says"
ABOUT_PASSING = (
    "pass over nodes that cannot be reached, as long as one can; they are out of sync when they "
    "are back, until the next update"
)
ABOUT_ACCEPTING = "deploy although policies of the infrastructure warn of it"
ABOUT_BUNDLE = "id of the bundle of the project that is to be active"
ABOUT_CONNECTION = "FROM=TO: the connection there for one that the bundle names [that of its name]"
ABOUT_VARIABLES = "variables of the project that hold there alone"
ABOUT_ENABLE = "scenarios that are to run by themselves there"
ABOUT_DISABLE = "scenarios that are to run by hand only there"
OF_KIND: dict[Kind, tuple[str, ...]] = {
    "api": ("package", "share", "shadow", "access", "error_rate", "p99_ms"),
    "project": ("bundle", "connection", "variables", "enable", "disable"),
}
"""The options that only one kind of deployment has."""
ABOUT_ERRORS = "each node goes back by itself when a larger share of a new package's queries fails"
ABOUT_P99 = "each node goes back when 1 of 100 queries takes longer, in milliseconds"


class OfDeployment(ProjectCommand[R], Generic[R]):
    """What is about one deployment."""

    name: Name = Field(description=NAME, examples=["churn-prod"])


class Pushing(OfDeployment[Deployment]):
    """What changes what runs: one such at a time for each deployment."""

    needs = "deployments:write"
    background = True
    arguments = ("name",)

    pass_over: bool = Field(default=False, description=ABOUT_PASSING)
    accept: bool = Field(default=False, description=ABOUT_ACCEPTING)

    def exclusive_key(self) -> str | None:
        """The deployment."""
        return f"deployment {self.project}/{self.name}"


class Setting(Pushing):
    """What says which packages of a service answer, or of which bundle a project is."""

    package: Name | None = Field(default=None, description=ABOUT_PACKAGE, examples=["p1"])
    share: dict[Name, float] = Field(default={}, max_length=20, description=ABOUT_SHARE)
    shadow: tuple[Name, ...] | None = Field(default=None, max_length=20, description=ABOUT_SHADOW)
    access: Access | None = Field(default=None, description=ABOUT_ACCESS)
    error_rate: float | None = Field(default=None, ge=0, lt=1, description=ABOUT_ERRORS)
    p99_ms: float | None = Field(default=None, gt=0, description=ABOUT_P99)

    bundle: Name | None = Field(default=None, description=ABOUT_BUNDLE)
    connection: Connections = Field(default={}, description=ABOUT_CONNECTION)
    variables: Variables = Field(default={}, description=ABOUT_VARIABLES)
    enable: tuple[Name, ...] = Field(default=(), max_length=1000, description=ABOUT_ENABLE)
    disable: tuple[Name, ...] = Field(default=(), max_length=1000, description=ABOUT_DISABLE)

    @model_validator(mode="after")
    def _is_a_mapping(self) -> Self:
        if self.package and self.share:
            raise ValueError("give package or share, not both")
        if self.said_of("api") and self.said_of("project"):
            raise ValueError("a deployment is of packages or of a bundle: give what is of one")
        if both := {*self.enable} & {*self.disable}:
            raise ValueError(f"{', '.join(sorted(both))} cannot be enabled and disabled at once")
        if shares := self.shares():
            try:
                GenerationMapping(entries=shares, shadows=self.shadow or ())
            except ValidationError as exc:
                raise ValueError(invalid(exc).detail) from None
        return self

    def shares(self) -> dict[str, float]:
        """The share of the queries by package; empty: not said."""
        return {self.package: 1.0} if self.package else dict(self.share)

    def said_of(self, kind: Kind) -> list[str]:
        """What was said that is of this kind of deployment alone."""
        return [name for name in OF_KIND[kind] if getattr(self, name) not in (None, {}, ())]

    def changed(self, settings: Settings) -> Settings:
        """The settings with what was given.

        Other packages take shadows and guard of those before with them, which were meant for
        these.

        Raises:
            Invalid: something was given that is of the other kind of deployment.
        """
        if isinstance(settings, ProjectSettings):
            self._require("project")
            return ProjectSettings(
                bundle=self.bundle or settings.bundle,
                connections={**settings.connections, **self.connection},
                variables={**settings.variables, **self.variables},
                scenarios={
                    **settings.scenarios,
                    **dict.fromkeys(self.enable, "enabled"),
                    **dict.fromkeys(self.disable, "disabled"),
                },
            )
        self._require("api")
        return ServiceSettings.model_validate({**dict(settings), **self._packages()})

    def _require(self, kind: Kind) -> None:
        other: Kind = "project" if kind == "api" else "api"
        if said := self.said_of(other):
            what = "packages of a service" if kind == "api" else "a bundle of a project"
            raise errors.Invalid(
                f"{self.name} is a deployment of {what}, which has no {' and no '.join(said)}"
            )

    def _packages(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if shares := self.shares():
            found |= {"packages": shares, "shadows": (), "guard": None}
        if self.shadow is not None:
            found["shadows"] = self.shadow
        if self.error_rate is not None or self.p99_ms is not None:
            found["guard"] = Guard(error_rate=self.error_rate, p99_ms=self.p99_ms)
        if self.access is not None:
            found["access"] = self.access
        return found


class CreateDeployment(Setting):
    """Deploy a package of a service, or a bundle of the project: here, or on an infrastructure.

    Its nodes get the package or bundle one after another; each has to answer before the next one
    does. If one cannot, what was done is undone, and the deployment stays to be tried again by the
    same command, or by `update`. If a policy or hook refuses it, no deployment is made.
    """

    route = "POST /deployments"
    title = "Deploy {name}"

    infrastructure: Name | None = Field(
        default=None,
        description="where to; `infrastructures list` shows them  [local-api, or local-project]",
    )
    service: Name | None = Field(
        default=None, description="service whose package it is", examples=["churn-api"]
    )
    as_project: ProjectKey | None = Field(
        default=None, description="key of the project that the bundle becomes there [its own]"
    )

    @model_validator(mode="after")
    def _names_what(self) -> Self:
        if not self.bundle and not self.shares():
            raise ValueError(
                "say which package is to answer: give package, or share; or which bundle is to be "
                "active: give bundle"
            )
        if self.shares() and not self.service:
            raise ValueError("say whose package it is: give service")
        if (self.bundle and self.service) or (self.as_project and not self.bundle):
            raise ValueError("a bundle has no service, and a package is of no project there")
        return self

    @property
    def kind(self) -> Kind:
        """Of what it is a deployment."""
        return "project" if self.bundle else "api"

    @property
    def target(self) -> str:
        """Name of the service, or key of the project, where it runs."""
        return self.service or self.as_project or self.project

    def settings(self) -> Settings:
        """What was asked for."""
        if self.bundle:
            return self.changed(ProjectSettings(bundle=self.bundle))
        return self.changed(ServiceSettings(packages=self.shares()))


class UpdateDeployment(Setting):
    """Bring another package or bundle, or other settings, to the nodes; or what is set, once more.

    What is not given stays. The nodes are updated one after another; each has to answer as it
    should before the next one is touched. At the first that does not, those that were changed go
    back, and the deployment is as before. No query is lost.
    """

    route = "POST /deployments/{name}/update"
    title = "Update {name}"

    light: bool = Field(
        default=False,
        description="only change settings: refuse what would bring a package to a node",
    )


class RollBackDeployment(Pushing):
    """Bring back what was deployed before the last change, or by any earlier update."""

    route = "POST /deployments/{name}/rollback"
    title = "Roll {name} back"

    to: int | None = Field(
        default=None,
        ge=1,
        lt=2**31,
        description="number of the update whose settings are brought back  [the one before]",
    )


class DisableDeployment(Pushing):
    """Have a deployment of packages answer no more; its nodes keep what they have."""

    route = "POST /deployments/{name}/disable"
    title = "Disable {name}"


class EnableDeployment(Pushing):
    """Have a deployment of packages answer again, as it did before."""

    route = "POST /deployments/{name}/enable"
    title = "Enable {name}"


class ApplyFile(ProjectCommand[Applied]):
    """Bring about what a file says of what is deployed where; again, it changes nothing.

    It is YAML with lists `infrastructures`, `deployments` and `pipelines`, whose entries have the
    options of `infrastructures create` (with nodes and groups), `deployments create` (they may be
    `enabled: false`), and `pipelines create`. What it does not name stays as it is. It stops at
    the first that fails.
    """

    needs = "deployments:write"
    route = "POST /deployments/apply"
    background = True
    title = "Apply {file}"

    file: Annotated[str, LocalPath("read")] = Field(
        description="the file that says what is to be", examples=["deployment.yaml"]
    )
    dry_run: bool = Field(default=False, description="only say what would be done")
    accept: bool = Field(default=False, description=ABOUT_ACCEPTING)


class ListDeployments(Command[list[DeploymentSummary]], Paged):
    """List deployments, with how they were when last looked at."""

    needs = "deployments:read"
    route = "GET /deployments"
    project_field = "project"

    project: ProjectKey | None = Field(default=None, description="only those of this project")
    infrastructure: Name | None = Field(default=None, description="only those on this one")
    stage: Name | None = Field(default=None, description="only those in this stage")
    kind: Kind | None = Field(default=None, description="only those of this kind")
    health: Health | None = Field(default=None, description="only those that are so")


class ShowDeployment(OfDeployment[Deployment]):
    """Show a deployment: what it is to be, what was last found, and what separates the two."""

    needs = "deployments:read"
    route = "GET /deployments/{name}"
    arguments = ("name",)


class CheckDeployment(OfDeployment[Deployment]):
    """Look at all nodes of a deployment now, and show what separates them from what it is to be."""

    needs = "deployments:read"
    route = "POST /deployments/{name}/check"
    asks = True
    arguments = ("name",)


class ListUpdates(OfDeployment[list[DeploymentUpdate]], Paged):
    """List who changed a deployment, and what came of it; the newest first."""

    needs = "deployments:read"
    route = "GET /deployments/{name}/updates"
    arguments = ("name",)


class ShowUpdate(OfDeployment[DeploymentUpdate]):
    """Show an update of a deployment with its log."""

    needs = "deployments:read"
    route = "GET /deployments/{name}/updates/{number}"
    arguments = ("name", "number")

    number: int = Field(
        ge=1, lt=2**31, description="which one, as `history` numbers them", examples=[1]
    )


class RenderDeployment(OfDeployment[RenderedFiles]):
    """Write the files by which a deployment is brought about, and say what to run with them.

    They are what `update` with the same options would build and apply: an image with the packages
    in it, and manifests. For where no docker or kubectl is at hand, for a look before, or to keep
    them with what else describes a cluster. The drivers `kubernetes` and `docker` have files.
    """

    needs = "deployments:read"
    route = "POST /deployments/{name}/render"
    background = True
    arguments = ("name",)
    title = "Render {name}"

    package: Name | None = Field(default=None, description=ABOUT_PACKAGE, examples=["p1"])
    share: dict[Name, float] = Field(default={}, max_length=20, description=ABOUT_SHARE)
    shadow: tuple[Name, ...] | None = Field(default=None, max_length=20, description=ABOUT_SHADOW)
    access: Access | None = Field(default=None, description=ABOUT_ACCESS)
    output: Annotated[str, LocalPath("write", "model")] = Field(
        default="", description="new folder or .zip file [the deployment's id in this folder]"
    )

    def changed(self, settings: Settings) -> Settings:
        """The settings with what was given; Invalid as for an update."""
        given = self.model_dump(exclude={"output"}, exclude_unset=True)
        return UpdateDeployment.model_validate(given).changed(settings)


class DeleteDeployment(OfDeployment[DeletedDeployment]):
    """Delete a deployment, and take its service from its nodes once it is disabled.

    A project stays on its nodes, with what it has of its own by then.
    """

    needs = "deployments:write"
    route = "POST /deployments/{name}/delete"
    background = True
    arguments = ("name",)
    title = "Delete {name}"

    force: bool = Field(
        default=False, description="even if nodes cannot be reached, which then keep it"
    )

    def exclusive_key(self) -> str | None:
        """The deployment."""
        return f"deployment {self.project}/{self.name}"
