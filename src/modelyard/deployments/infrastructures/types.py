"""The words of infrastructures."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from modelyard.deployments.activating.types import Connections
from modelyard.deployments.standards.types import Severity
from modelyard.governance.types import UserName
from modelyard.kernel.values import Description, Name, ProjectKey, Value, Variable

Kind = Literal["api", "project"]
"""What is deployed there: packages of API services, or bundles of projects."""
Permission = Literal["view", "query", "deploy", "administer"]
"""What somebody may do with an infrastructure; each holds those before it."""
Everybody = Literal["none", "view", "query", "deploy"]

PERMISSIONS: tuple[Permission, ...] = ("view", "query", "deploy", "administer")
LOCAL: dict[Kind, str] = {"api": "local-api", "project": "local-project"}
"""The infrastructures that there are from the start."""
Propagation = Literal["none", "limited", "full"]
"""Which roles of a project's members they get where it is deployed."""


class Identities(Value):
    """As whom a project is used on the nodes of an infrastructure."""

    deploy_as: UserName | None = Field(
        default=None, description="user there who imports and activates bundles [the key's]"
    )
    run_as: UserName | None = Field(
        default=None, description="user there as whom scenarios run [whoever activates]"
    )
    run_as_in: dict[ProjectKey, UserName] = Field(
        default={}, description="the same for a project, by its key there"
    )
    propagation: Propagation = Field(
        default="none",
        description="roles that members get there: 'none', 'limited': contributor at most, 'full'",
    )
    propagate_once: bool = Field(
        default=False, description="only with the first update of a deployment"
    )

    @property
    def named(self) -> tuple[str, ...]:
        """Every user that is named."""
        return tuple(filter(None, (self.deploy_as, self.run_as, *self.run_as_in.values())))

    def runs_as(self, project: str) -> str | None:
        """The user as whom scenarios of a project there run."""
        return self.run_as_in.get(project) or self.run_as


class GroupPermission(Value):
    """What the users of a group may do with an infrastructure."""

    group: str
    permission: Permission


class Infrastructure(Value):
    """Where packages or bundles are deployed to: nodes, by a driver that knows how."""

    listed = ("name", "kind", "stage", "driver", "nodes", "everybody", "deployments", "description")

    name: Name
    kind: Kind = Field(description="'api': packages of services; 'project': bundles of projects")
    stage: str = Field(description="one of the setting deployments.stages")
    driver: str = Field(
        description="how it is reached: local, nodes, kubernetes, docker, or one of a plug-in"
    )
    nodes: tuple[Name, ...] = Field(default=(), description="that a deployment runs on, all alike")
    options: dict[Variable, JsonValue] = Field(
        default={}, description="what its driver has to know beside nodes, by that driver's names"
    )
    description: Description = ""
    connections: Connections = Field(
        default={},
        description="the connection on its nodes for one that bundles name; deployments may choose "
        "others",
    )
    everybody: Everybody = Field(
        default="none", description="what members of projects may do with it without a group"
    )
    groups: tuple[GroupPermission, ...] = Field(
        default=(), description="what groups may do with it"
    )
    monitored: bool = Field(
        default=True, description="whether monitoring asks how what is deployed there is"
    )
    monitored_since: datetime | None = Field(
        default=None, description="when it was taken into monitoring again; activity begins there"
    )
    identities: Identities = Field(
        default=Identities(), description="as whom projects are used on its nodes"
    )
    deployments: int = Field(default=0, description="how many there are on it")
    standards_warn: Severity | None = Field(
        default=None,
        description="an update warns where its project does not meet a standard of this severity "
        "or a worse one; None: never",
    )
    standards_block: Severity | None = Field(
        default=None, description="an update is refused where it does not meet one of this severity"
    )
    created: datetime
    created_by: str
    changed: datetime
