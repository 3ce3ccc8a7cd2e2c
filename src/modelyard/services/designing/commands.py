"""What one can ask of the endpoints of services."""

from __future__ import annotations

from typing import Annotated, ClassVar, Generic, Literal, TypeVar

from pydantic import Field

from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.values import EMPTIED, Description, LocalPath, Name
from modelyard.models.types import VersionId
from modelyard.runtime.types import Mode
from modelyard.services.types import Endpoint
from modelyard.serving.packages.types import LookupWays

R = TypeVar("R")

MODEL = "saved model whose predictions it answers with"
VERSION = "id of the version; else whichever is active when a package is made"
OUTPUT = (
    "'restructured': prediction and one probability per class; 'direct': what the model returns; "
    "else what suits the model"
)
ENRICHED = "answers hold the features after enrichment, too"
HEADERS = "the function is given the headers of the request, too"
CLIENT = "the function is given a client, by which it asks other endpoints of the service"
ENV = "name or id of the code env that it runs in; 'local': the Python that runs Modelyard"
MOST_COLUMNS = 1000
PoolOption = Literal["floor", "cruise", "ceil", "queue", "timeout", "batch"]


class OfService(ProjectCommand[R], Generic[R]):
    """What is about the endpoints of a service."""

    needs = "services:write"

    service: Name = Field(description="name of the service", examples=["churn-api"])


class OfEndpoint(OfService[R], Generic[R]):
    """What is about one endpoint of a service."""

    arguments: ClassVar[tuple[str, ...]] = ("service", "endpoint")

    endpoint: Name = Field(description="name of the endpoint", examples=["churn"])


class NewEndpoint(OfService[Endpoint]):
    """What every new endpoint has."""

    arguments: ClassVar[tuple[str, ...]] = ("service", "endpoint")

    endpoint: Name = Field(description="unique name inside the service", examples=["churn"])
    description: Description = Field(default="", description="one line for people")


class Looking(LookupWays):
    """How a row of a dataset is found, and what is taken of it."""

    referenced: bool = Field(
        default=False,
        description="the dataset is a table in a database and stays there: nodes read it by a "
        "connection of their own",
    )

    dataset: Annotated[str, LocalPath("read", "data", kept=True)] = Field(
        min_length=1,
        description="dataset or path whose rows are looked up; a package copies its columns",
        examples=["customers"],
    )
    key: dict[str, str] = Field(
        min_length=1,
        max_length=MOST_COLUMNS,
        description="columns that it is found by, as NAME=COLUMN with what queries call the key",
        examples=[{"customer_id": "id"}],
    )
    column: dict[str, str] = Field(
        min_length=1,
        max_length=MOST_COLUMNS,
        description="columns that are taken, as NAME=COLUMN with the feature that they become",
        examples=[{"plan": "plan"}],
    )


class CreateEndpoint(NewEndpoint):
    """Add an endpoint that answers with predictions of a saved model."""

    route = "POST /services/{service}/endpoints"

    model: Name = Field(description=MODEL, examples=["churn"])
    version: VersionId | None = Field(default=None, description=VERSION)
    output: Mode | None = Field(default=None, description=OUTPUT)
    return_enriched: bool = Field(default=False, description=ENRICHED)


class CreateFunction(NewEndpoint):
    """Add an endpoint that calls a function in Python with the arguments that a query holds."""

    route = "POST /services/{service}/functions"

    file: Annotated[str, LocalPath("read")] = Field(
        description="Python file that the function is in; its text is kept", examples=["price.py"]
    )
    function: str = Field(
        min_length=1, max_length=200, description="name of the function", examples=["price"]
    )
    env: str = Field(default="local", description=ENV)
    with_headers: bool = Field(default=False, description=HEADERS)
    with_client: bool = Field(default=False, description=CLIENT)


class CreateLookup(NewEndpoint, Looking):
    """Add an endpoint that looks up a row of a dataset, and answers with columns of it."""

    route = "POST /services/{service}/lookups"


class ListEndpoints(OfService[list[Endpoint]]):
    """List the endpoints of a service, in the order in which they were added."""

    needs = "services:read"
    route = "GET /services/{service}/endpoints"
    arguments: ClassVar[tuple[str, ...]] = ("service",)


class ShowEndpoint(OfEndpoint[Endpoint]):
    """Show an endpoint of a service."""

    needs = "services:read"
    route = "GET /services/{service}/endpoints/{endpoint}"


class UpdateEndpoint(OfEndpoint[Endpoint]):
    """Change an endpoint of a service; what is not given stays."""

    route = "PATCH /services/{service}/endpoints/{endpoint}"
    guarded = True

    description: Description | None = Field(default=None, description="one line for people")
    model: Name | None = Field(default=None, description=f"prediction: {MODEL}")
    version: Annotated[VersionId | None, EMPTIED] = Field(
        default=None,
        description="prediction: id of the version; empty: whichever is active when a package is "
        "made",
    )
    output: Annotated[Mode | None, EMPTIED] = Field(
        default=None,
        description="prediction: 'restructured' or 'direct'; empty: what suits the model",
    )
    return_enriched: bool | None = Field(default=None, description=f"prediction: {ENRICHED}")
    file: Annotated[str | None, LocalPath("read")] = Field(
        default=None, description="function: Python file that it is in; its text is kept"
    )
    function: str | None = Field(
        default=None, min_length=1, max_length=200, description="function: its name"
    )
    env: str | None = Field(default=None, description=f"function: {ENV}")
    with_headers: bool | None = Field(
        default=None, description="function: it is given the headers of the request, too"
    )
    with_client: bool | None = Field(default=None, description=f"function: {CLIENT}")
    pool: dict[PoolOption, int] = Field(
        default={},
        description="its workers on a node, as NAME=NUMBER; what is not named stays. 'floor': "
        "workers from the start on [1]; 'cruise': that stay when it is calm [2]; 'ceil': at most "
        "[8]; 'queue': calls of a worker that may wait [16]; 'timeout': milliseconds until a query "
        "has to be answered [10000]; 'batch': rows that one call may answer [64]",
        examples=[{"floor": 2}],
    )


class DeleteEndpoint(OfEndpoint[None]):
    """Delete an endpoint of a service; packages that there are keep it."""

    route = "DELETE /services/{service}/endpoints/{endpoint}"
    guarded = True


class EnrichEndpoint(OfEndpoint[Endpoint], Looking):
    """Let a dataset add features to the queries of an endpoint, found by keys that they hold.

    One of the same name takes the place of what it was; a lookup may read several datasets, too.
    """

    route = "PUT /services/{service}/endpoints/{endpoint}/enrichments/{name}"
    arguments: ClassVar[tuple[str, ...]] = ("service", "endpoint", "name")

    name: Name = Field(description="what the enrichment is called", examples=["customers"])


class UnenrichEndpoint(OfEndpoint[Endpoint]):
    """Let a dataset add nothing to the queries of an endpoint any more."""

    route = "DELETE /services/{service}/endpoints/{endpoint}/enrichments/{name}"
    arguments: ClassVar[tuple[str, ...]] = ("service", "endpoint", "name")

    name: Name = Field(description="what the enrichment is called", examples=["customers"])
