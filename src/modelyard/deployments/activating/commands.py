"""What one can ask of bundles where they are used."""

from __future__ import annotations

from typing import Annotated, ClassVar, Generic, TypeVar

from pydantic import Field

from modelyard.deployments.activating.types import (
    ActivationReport,
    BundleActivation,
    BundleReversion,
    Connections,
    ImportedBundle,
    PreloadedBundle,
    ProjectLocals,
    Variables,
)
from modelyard.governance.types import UserName
from modelyard.kernel.command import Command, ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import LocalPath, Name, ProjectKey

R = TypeVar("R")


class ImportBundle(Command[ImportedBundle]):
    """Import a bundle that another workspace made: all of it is read and checked before it is kept.

    Nothing else changes until it is activated. The project is made if it is not there. The same
    bundle may be imported again; another one of its id may not.
    """

    needs = "bundles:write"
    route = "POST /bundles/import"
    sends = "file"
    arguments = ("file",)

    file: Annotated[str, LocalPath("read")] = Field(
        description="the bundle, a .zip", examples=["b1.zip"]
    )
    project: ProjectKey | None = Field(
        default=None,
        description="key of the project that it becomes a bundle of [the project it was made of]",
        examples=["churn"],
    )


class OfImported(ProjectCommand[R], Generic[R]):
    """What is done with one bundle of a project."""

    needs = "bundles:write"
    background = True
    arguments: ClassVar[tuple[str, ...]] = ("bundle",)

    bundle: Name = Field(description="id of the bundle", examples=["b1"])

    def exclusive_key(self) -> str:
        """One after another in a project."""
        return f"bundles of {self.project}"


class PreloadBundle(OfImported[PreloadedBundle]):
    """Make ready what a bundle needs, without changing the project.

    Its code envs are built, and each version that is new here is loaded in a worker and has to
    reproduce its golden predictions. Activating it does the same for what is not ready yet.
    """

    route = "POST /bundles/{bundle}/preload"
    title = "Preload bundle {bundle}"


class Activating(ProjectCommand[ActivationReport]):
    """What changes the active bundle of a project."""

    needs = "activations:write"
    background = True

    connection: Connections = Field(
        default={},
        description="FROM=TO: the connection of the project for one that the bundle names; "
        "remembered [that of its name]",
    )
    variables: Variables = Field(
        default={}, description="variables of the project that hold here alone; remembered"
    )
    forget: tuple[str, ...] = Field(
        default=(), description="names of such variables that are to be as the bundle says again"
    )
    enable: tuple[Name, ...] = Field(
        default=(), description="scenarios that are to run by themselves; remembered"
    )
    disable: tuple[Name, ...] = Field(
        default=(), description="scenarios that are to run by hand only; remembered"
    )
    run_as: UserName | None = Field(
        default=None,
        description="user as whom the bundle's scenarios run by themselves, which an instance "
        "admin may say; remembered [whoever activates it]",
    )
    replace: bool = Field(
        default=False,
        description="let the bundle take the place of things that the project has of its own by "
        "the same names",
    )
    dry_run: bool = Field(default=False, description="only tell what it would change")

    def exclusive_key(self) -> str:
        """One after another in a project."""
        return f"bundles of {self.project}"


class ActivateBundle(Activating):
    """Make a project what a bundle says, in one step: all of it, or nothing.

    What the bundle holds is added or changed; what came with an earlier bundle and is not in this
    one is removed, unless something that is the project's own, or a job under way, needs it; all
    else stays. What is chosen here for connections, variables and scenarios holds for later
    bundles as well.
    """

    route = "POST /bundles/{bundle}/activate"
    title = "Activate bundle {bundle}"
    arguments = ("bundle",)

    bundle: Name = Field(description="id of the bundle", examples=["b1"])


class RollBackBundle(Activating):
    """Activate the bundle that was active before; two roll-backs go two bundles back."""

    route = "POST /bundle-activations/rollback"
    title = "Roll back to the bundle before"


class RevertBundle(ProjectCommand[BundleReversion]):
    """Make a project what a bundle of it says again, in one step: all of it, or nothing.

    What the bundle holds is added, or changed back; of datasets, saved models, stores, checks,
    comparisons, recipes, scenarios and services what it lacks is removed, unless something that
    stays needs it. Versions and evaluations that it lacks stay: they may not have been chosen.
    Files that it holds are put back; data outside of the project's files is left alone.
    """

    needs = "bundles:write"
    route = "POST /bundles/{bundle}/revert"
    title = "Revert to bundle {bundle}"
    background = True
    arguments: ClassVar[tuple[str, ...]] = ("bundle",)

    bundle: Name = Field(description="id of a bundle that was made here", examples=["b1"])
    dry_run: bool = Field(default=False, description="only tell what it would change")

    def exclusive_key(self) -> str:
        """One after another in a project."""
        return f"bundles of {self.project}"


class ListBundleActivations(ProjectCommand[list[BundleActivation]], Paged):
    """List which bundles were active, the newest first: the first one is active."""

    needs = "bundles:read"
    route = "GET /bundle-activations"


class ShowBundleActivation(ProjectCommand[ActivationReport]):
    """Show what an activation did, the last one if none is named."""

    needs = "bundles:read"
    route = "GET /bundle-activations/last"
    arguments = ("number",)

    number: int | None = Field(
        default=None,
        ge=1,
        lt=2**31,
        description="its number, as activations lists it [the last]",
    )


class ShowProjectLocals(ProjectCommand[ProjectLocals]):
    """Show what a project has of its own, which bundles do not change."""

    needs = "bundles:read"
    route = "GET /bundle-locals"
