"""What one can ask of infrastructures."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from modelyard.deployments.activating.types import Connections
from modelyard.deployments.infrastructures.types import Everybody, Infrastructure, Kind, Propagation
from modelyard.deployments.standards.types import Severity
from modelyard.governance.types import UserName
from modelyard.kernel.command import Command
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import EMPTIED, Description, Json, Name, ProjectKey, Variable

NAME = "name of the infrastructure"
ABOUT_STAGE = "one of the setting deployments.stages, such as development, test or production"
ABOUT_NODE = "node that deployments run on, as `nodes add` named it; several run the same"
ABOUT_CONNECTION = (
    "FROM=TO: the connection on its nodes for one that bundles name, unless a deployment chooses "
    "another"
)
ABOUT_OPTION = (
    "NAME=VALUE: what the driver has to know beside nodes; the how-to of each driver lists "
    "its options: kubernetes, docker"
)
ABOUT_MONITORED = (
    "whether monitoring asks how what is deployed there is; what it found out is erased if not"
)
ABOUT_EVERYBODY = (
    "what members of projects may do with it, without a group that may: none, view, query, deploy"
)
ABOUT_WARNING = "severity of a standard from which an update warns if its project does not meet it"
ABOUT_BLOCKING = "severity of a standard from which an update is refused"


class CreateInfrastructure(Command[Infrastructure]):
    """Say where packages of services or bundles of projects can be deployed to.

    `local-api` and `local-project` are there from the start.
    """

    needs = "infrastructures:write"
    route = "POST /infrastructures"
    arguments = ("name",)

    name: Name = Field(description="unique name", examples=["test-api"])
    kind: Kind = Field(
        default="api", description="'api': packages of services; 'project': bundles of projects"
    )
    stage: Name = Field(description=ABOUT_STAGE, examples=["test"])
    driver: Name = Field(
        default="nodes",
        description="how it is reached: nodes, local, kubernetes, docker, or one of a plug-in",
        examples=["local"],
    )
    node: tuple[Name, ...] = Field(default=(), max_length=100, description=ABOUT_NODE)
    connection: Connections = Field(default={}, description=ABOUT_CONNECTION)
    option: dict[Variable, Json] = Field(default={}, max_length=100, description=ABOUT_OPTION)
    everybody: Everybody = Field(default="none", description=ABOUT_EVERYBODY)
    monitored: bool = Field(default=True, description=ABOUT_MONITORED)
    standards_warn: Severity | None = Field(default=None, description=ABOUT_WARNING)
    standards_block: Severity | None = Field(default=None, description=ABOUT_BLOCKING)
    description: Description = Field(default="", description="one line for people")


class ListInfrastructures(Command[list[Infrastructure]], Paged):
    """List the infrastructures that one may see."""

    needs = "infrastructures:read"
    route = "GET /infrastructures"

    kind: Kind | None = Field(default=None, description="only those of this kind")
    stage: Name | None = Field(default=None, description="only those in this stage")


class ShowInfrastructure(Command[Infrastructure]):
    """Show an infrastructure, and who may do what with it."""

    needs = "infrastructures:read"
    route = "GET /infrastructures/{name}"
    arguments = ("name",)

    name: Name = Field(description=NAME, examples=["local-api"])


class UpdateInfrastructure(Command[Infrastructure]):
    """Change an infrastructure; what is not given stays.

    Deployments follow with their next update: until then they are out of sync with new nodes.
    """

    needs = "infrastructures:write"
    route = "PATCH /infrastructures/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description=NAME, examples=["test-api"])
    stage: Name | None = Field(default=None, description=ABOUT_STAGE)
    node: tuple[Name, ...] | None = Field(
        default=None, max_length=100, description=f"{ABOUT_NODE}; all of them"
    )
    connection: Connections | None = Field(
        default=None, description=f"{ABOUT_CONNECTION}; all of them"
    )
    option: dict[Variable, Json] = Field(
        default={},
        max_length=100,
        description=f"{ABOUT_OPTION}; an empty one goes back to its default",
    )
    everybody: Everybody | None = Field(default=None, description=ABOUT_EVERYBODY)
    monitored: bool | None = Field(default=None, description=ABOUT_MONITORED)
    standards_warn: Annotated[Severity | None, EMPTIED] = Field(
        default=None, description=f"{ABOUT_WARNING}; empty: never"
    )
    standards_block: Annotated[Severity | None, EMPTIED] = Field(
        default=None, description=f"{ABOUT_BLOCKING}; empty: never"
    )
    description: Description | None = Field(default=None, description="one line for people")


class SetIdentities(Command[Infrastructure]):
    """Say as whom projects are used where they are deployed, and who gets in there.

    What is not given stays. Names are those of users on the nodes, which have to be there.
    Propagation gives the members of a project their roles there, under the same names, with each
    update; it takes none away, and makes no users. It takes an instance admin.
    """

    needs = "infrastructures:write"
    route = "PATCH /infrastructures/{name}/identities"
    arguments = ("name",)

    name: Name = Field(description=NAME, examples=["prod"])
    deploy_as: Annotated[UserName | None, EMPTIED] = Field(
        default=None,
        description="user there who imports and activates bundles; the key of each node has to be "
        "an instance admin's then; empty: the user of the key",
    )
    run_as: Annotated[UserName | None, EMPTIED] = Field(
        default=None,
        description="user there as whom scenarios run by themselves from the next update on; "
        "empty: whoever activates",
    )
    run_as_in: dict[ProjectKey, UserName] | None = Field(
        default=None,
        max_length=1000,
        description="PROJECT=USER: another user for a project, by its key there; all of them",
    )
    propagation: Propagation | None = Field(
        default=None,
        description="'none'; 'limited': members get their roles there, admins that of a "
        "contributor; 'full': admins, too",
    )
    propagate_once: bool | None = Field(
        default=None, description="only with the first update of each deployment"
    )


class AllowGroup(Command[Infrastructure]):
    """Say what the users of a group may do with an infrastructure.

    `view` shows it and what is deployed there, `query` asks that, `deploy` deploys, `administer`
    changes it, too, and allows others. What is deployed takes a role in its project besides.
    """

    needs = "infrastructures:write"
    route = "PUT /infrastructures/{name}/groups/{group}"
    arguments = ("name", "group", "permission")

    name: Name = Field(description=NAME, examples=["test-api"])
    group: Name = Field(description="name of the group", examples=["operators"])
    permission: Literal["none", "view", "query", "deploy", "administer"] = Field(
        description="none, view, query, deploy or administer", examples=["deploy"]
    )


class DeleteInfrastructure(Command[None]):
    """Delete an infrastructure on which nothing is deployed; its nodes stay as they are."""

    needs = "infrastructures:write"
    route = "DELETE /infrastructures/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description=NAME, examples=["test-api"])
