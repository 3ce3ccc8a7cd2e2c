"""What one can ask of services."""

from __future__ import annotations

from pydantic import Field

from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Description, Name
from modelyard.services.types import Access, Service, ServiceOutcome, ServiceSummary

NAME = "name of the service"
ACCESS = "who may ask: 'public', whoever reaches it; 'keys', whoever has a key of it"


class CreateService(ProjectCommand[Service]):
    """Create an API service, with endpoints that answer predictions of saved models.

    Endpoints of other kinds are added by `endpoints function` and `endpoints lookup`.
    """

    needs = "services:write"
    route = "POST /services"
    arguments = ("name",)

    name: Name = Field(description="unique name inside the project", examples=["churn-api"])
    description: Description = Field(default="", description="one line for people")
    access: Access = Field(default="public", description=ACCESS)
    endpoint: dict[Name, str] = Field(
        default={},
        max_length=100,
        description="endpoints by name, as NAME=MODEL for the active version of a saved model, or "
        "NAME=MODEL:VERSION",
    )


class ListServices(ProjectCommand[list[ServiceSummary]], Paged):
    """List the API services of a project."""

    needs = "services:read"
    route = "GET /services"


class ShowService(ProjectCommand[Service]):
    """Show an API service with its endpoints."""

    needs = "services:read"
    route = "GET /services/{name}"
    arguments = ("name",)

    name: Name = Field(description=NAME, examples=["churn-api"])


class UpdateService(ProjectCommand[Service]):
    """Change an API service; what is not given stays. Packages that there are stay as they are."""

    needs = "services:write"
    route = "PATCH /services/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description=NAME, examples=["churn-api"])
    description: Description | None = Field(default=None, description="one line for people")
    access: Access | None = Field(default=None, description=ACCESS)


class TryService(ProjectCommand[ServiceOutcome]):
    """Answer the test queries of a service as an API node would, by a package that is not kept.

    Each endpoint is loaded in workers of its own, compared with its golden predictions, and asked;
    answers are compared with what the queries expect.
    """

    needs = "services:write"
    route = "POST /services/{name}/test"
    title = "Test {name}"
    background = True
    queue = "scoring"
    arguments = ("name",)

    name: Name = Field(description=NAME, examples=["churn-api"])
    endpoint: tuple[Name, ...] = Field(
        default=(), max_length=100, description="only these of its endpoints"
    )
    strict: bool = Field(default=False, description="fail if one of them does")


class DeleteService(ProjectCommand[None]):
    """Delete an API service; with --force also its packages. API nodes keep what they have."""

    needs = "services:write"
    route = "DELETE /services/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description=NAME)
    force: bool = Field(default=False, description="even if there are packages of it")
