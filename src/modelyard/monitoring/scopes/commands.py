"""What one can ask of monitoring scopes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.secrets import SECRET
from modelyard.kernel.values import EMPTIED, Description, Name
from modelyard.monitoring.scopes.types import Address, EndpointName, Scope, ScopeKind, ScopeTest

NAME = "name of the monitoring scope"
ABOUT_ADDRESS = (
    "http: what is asked by GET; mlflow, inference, databricks: where the server is, up to its host"
)
ABOUT_TOKEN = "is sent as Authorization: Bearer; kept secret"  # noqa: S105  words


class CreateScope(ProjectCommand[Scope]):
    """Say where endpoints are that somebody else serves, so that monitoring watches them.

    They are asked each few minutes; their statuses are part of the project's, and alerts tell of
    them.
    """

    needs = "scopes:write"
    route = "POST /scopes"
    in_place = True
    arguments = ("name",)

    name: Name = Field(description="unique name inside the project", examples=["partner"])
    kind: ScopeKind = Field(
        default="http",
        description="'http': one address that answers below 400; 'mlflow': a model served by "
        "`mlflow models serve`; 'inference': the models that a server of the Open Inference "
        "Protocol lists; 'databricks': the serving endpoints of a Databricks workspace",
    )
    address: Address = Field(description=ABOUT_ADDRESS, examples=["https://ml.example.org/ping"])
    token: Annotated[str | None, SECRET] = Field(default=None, description=ABOUT_TOKEN)
    description: Description = Field(default="", description="one line for people")


class ListScopes(ProjectCommand[list[Scope]], Paged):
    """List the monitoring scopes of a project, and what was last found there."""

    needs = "scopes:read"
    route = "GET /scopes"


class ShowScope(ProjectCommand[Scope]):
    """Show a monitoring scope, and what was last found there."""

    needs = "scopes:read"
    route = "GET /scopes/{name}"
    arguments = ("name",)

    name: Name = Field(description=NAME)


class UpdateScope(ProjectCommand[Scope]):
    """Change a monitoring scope; what is not given stays, but a token for another server."""

    needs = "scopes:write"
    route = "PATCH /scopes/{name}"
    in_place = True
    guarded = True
    arguments = ("name",)

    name: Name = Field(description=NAME)
    address: Address | None = Field(default=None, description=ABOUT_ADDRESS)
    token: Annotated[str | None, SECRET, EMPTIED] = Field(
        default=None, description=f"{ABOUT_TOKEN}; empty: none any more"
    )
    description: Description | None = Field(default=None, description="one line for people")


class TryScope(ProjectCommand[ScopeTest]):
    """Ask now what is at a monitoring scope; nothing of it is kept."""

    needs = "scopes:write"
    route = "POST /scopes/{name}/test"
    asks = True
    arguments = ("name",)

    name: Name = Field(description=NAME)


class RefreshScope(ProjectCommand[Scope]):
    """Ask now what is at a monitoring scope, as workers do each few minutes."""

    needs = "scopes:write"
    route = "POST /scopes/{name}/refresh"
    arguments = ("name",)

    name: Name = Field(description=NAME)


class ForgetEndpoint(ProjectCommand[Scope]):
    """Forget an endpoint of a monitoring scope that is no longer there, and is an error so far."""

    needs = "scopes:write"
    route = "POST /scopes/{name}/forget"
    arguments = ("name", "endpoint")

    name: Name = Field(description=NAME)
    endpoint: EndpointName = Field(description="name of the endpoint", examples=["churn"])


class DeleteScope(ProjectCommand[None]):
    """Delete a monitoring scope; what is there is not touched."""

    needs = "scopes:write"
    route = "DELETE /scopes/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description=NAME)
