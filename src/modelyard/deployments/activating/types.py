"""The words of activations: what is chosen for a project here, and what an activation did."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from modelyard.deployments.bundling.types import BundleSummary
from modelyard.governance.types import UserName
from modelyard.kernel.values import Json, Name, Value, Variable
from modelyard.models.types import VersionId

HowActivated = Literal["activated", "rolled_back"]
Effect = Literal["added", "changed", "removed", "kept"]
ScenarioState = Literal["enabled", "disabled"]
Loaded = Literal["as_expected", "loaded", "known"]
Variables = Annotated[dict[Variable, Json], Field(max_length=1000)]
Connections = Annotated[dict[Name, Name], Field(max_length=1000)]


class ProjectLocals(Value):
    """What a project has of its own, which bundles do not change."""

    variables: Variables = Field(
        default={}, description="those of the project's variables that hold here alone"
    )
    connections: Connections = Field(
        default={}, description="the connection here for one that bundles name"
    )
    scenarios: dict[Name, ScenarioState] = Field(
        default={}, description="whether scenarios of bundles run by themselves here"
    )
    run_as: UserName | None = Field(
        default=None, description="user as whom they do; None: whoever activated the bundle"
    )


class ActivationEffect(Value):
    """What an activation did, or would do, to one thing."""

    listed = ("kind", "name", "effect", "reason")

    kind: str = Field(description="what it is: saved model, version, recipe, scenario, ...")
    name: str
    effect: Effect = Field(
        description="'kept': it came with an earlier bundle, this one lacks it, and it stays"
    )
    reason: str = Field(default="", description="why it is kept, or what else there is to know")


class ImportedBundle(BundleSummary):
    """A bundle that was imported, and what there is to do."""

    active: Name | None = Field(default=None, description="the bundle that is active meanwhile")
    new_versions: tuple[str, ...] = Field(
        default=(), description="MODEL:VERSION of those that are not in the project yet"
    )


class LoadedVersion(Value):
    """A version of a bundle that was tried here."""

    listed = ("model", "version", "env", "outcome", "rows", "seconds")

    model: Name
    version: VersionId
    env: str = Field(description="id of its code env")
    outcome: Loaded = Field(
        description="'as_expected': it predicts here what it did when it was imported; 'loaded': "
        "it has no golden predictions, and was loaded; 'known': that was found out before"
    )
    rows: int = Field(default=0, description="golden rows that were compared")
    seconds: float = 0.0


class PreloadedBundle(Value):
    """That all a bundle needs is here, and that its versions answer as they did."""

    project: str
    bundle: Name
    envs: tuple[str, ...] = Field(default=(), description="ids of the code envs it needs")
    versions: tuple[LoadedVersion, ...] = ()


class BundleActivation(Value):
    """One time that a bundle was activated, in short."""

    listed = ("number", "bundle", "before", "how", "activated", "activated_by")

    number: int = Field(description="from 1 on, in the order in which they were")
    bundle: Name
    before: Name | None = Field(default=None, description="the one that was active until then")
    how: HowActivated
    activated: datetime
    activated_by: str
    added: int = 0
    changed: int = 0
    removed: int = 0
    kept: int = 0


class BundleReversion(Value):
    """What reverting a project to a bundle did, or, if it is only planned, would do."""

    project: str
    bundle: Name
    planned: bool = Field(default=False, description="nothing was changed: it was a dry run")
    added: int = 0
    changed: int = 0
    removed: int = 0
    kept: int = Field(default=0, description="what the bundle lacks, and something else needs")
    effects: tuple[ActivationEffect, ...] = Field(default=(), description="the first thousand")
    warnings: tuple[str, ...] = ()


class ActivationReport(BundleActivation):
    """What an activation did, or, if it is only planned, would do."""

    project: str
    planned: bool = Field(default=False, description="nothing was changed: it was a dry run")
    effects: tuple[ActivationEffect, ...] = Field(default=(), description="the first thousand")
    locals: ProjectLocals = Field(
        default=ProjectLocals(), description="what the project has of its own since then"
    )
    versions: tuple[LoadedVersion, ...] = Field(
        default=(), description="versions that are new here, as they were tried"
    )
    warnings: tuple[str, ...] = ()
