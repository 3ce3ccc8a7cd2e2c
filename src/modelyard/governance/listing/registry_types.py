"""The words of registries: models and bundles with how they are governed, and business items."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from modelyard.governance.items.ids import ItemId
from modelyard.governance.items.types import ListedItem
from modelyard.governance.templates.words import StepStatus
from modelyard.kernel.values import Value


class Measured(Value):
    """A metric of a version, from its first evaluation to its newest."""

    initial: float | None = None
    initial_at: datetime | None = None
    newest: float | None = None
    newest_at: datetime | None = None
    change: float | None = Field(default=None, description="newest less initial")


class Place(Value):
    """A deployment of something."""

    deployment: ItemId
    infrastructure: str
    stage: str
    health: str


class VersionLine(ListedItem):
    """A version as the registry tells it."""

    active: bool
    measured: Measured = Measured()
    drift: float | None = Field(
        default=None, description="newest data drift that a store of its project tells"
    )
    drift_store: str | None = Field(default=None, description="which store tells it")
    drift_at: datetime | None = None
    checks: str | None = Field(default=None, description="worst of what its checks found last")
    deployments: tuple[Place, ...] = ()


class ModelLine(ListedItem):
    """A saved model with its newest versions, and the active one."""

    listed: ClassVar[tuple[str, ...]] = ("id", "state", "active", "metric", "below", "deployed")

    prediction_type: str
    active: str | None = Field(default=None, description="version that answers")
    metric: str = Field(description="code of the metric that versions tell")
    metrics: tuple[str, ...] = Field(default=(), description="codes of all that they know")
    versions: tuple[VersionLine, ...] = ()
    deployed: int = Field(default=0, description="deployments of these versions")


class BundleLine(ListedItem):
    """A bundle as the registry tells it."""

    listed: ClassVar[tuple[str, ...]] = ("id", "state", "status", "made", "made_by")

    made: datetime | None = None
    made_by: str = ""
    notes: str = ""
    versions: tuple[ItemId, ...] = Field(default=(), description="that are in it")
    deployments: tuple[Place, ...] = ()


class BusinessItem(ListedItem):
    """An initiative, a governed project or another governed item, with what is said of it."""

    description: str = ""
    steps: dict[str, StepStatus] = Field(default={}, description="how its steps are")
    may_fill: bool = Field(default=False, description="whether one may bring it to other steps")
