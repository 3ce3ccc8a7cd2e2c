"""What can be asked about what a node answered."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from modelyard.kernel.values import Name
from modelyard.serving.administration.commands import NodeCommand, OfGeneration
from modelyard.serving.watching.types import (
    Activity,
    AnsweredTest,
    GenerationContent,
    LoggedQueries,
    Outcome,
)

DAY_MINUTES = 24 * 60


class ShowActivity(NodeCommand[list[Activity]]):
    """Show what was asked minute by minute in the last hour, or in up to a day.

    Minutes without queries are left out, and the running one counts as far as it is. All processes
    of the node are taken together, those that ended as well.
    """

    needs = "node:read"
    route = "GET /activity"

    service: Name | None = Field(default=None, description="only this service")
    endpoint: Name | None = Field(default=None, description="only endpoints of this name")
    generation: Name | None = Field(default=None, description="only generations of this name")
    minutes: int = Field(default=60, ge=1, le=DAY_MINUTES, description="how far it looks back")
    step: int = Field(default=1, ge=1, le=60, description="minutes that are put together")
    by: Literal["service", "endpoint", "generation"] = Field(
        default="generation", description="what is told apart; times are those of all of it"
    )
    buckets: bool = Field(
        default=False, description="tell how long queries took by bucket, too, so that it adds up"
    )


class ListQueries(NodeCommand[LoggedQueries]):
    """Show the newest lines of the query log of an endpoint, the newest first.

    A line is one row of a query. What the settings keep out of the log is not there.
    """

    needs = "node:read"
    route = "GET /services/{service}/endpoints/{endpoint}/queries"
    arguments: ClassVar[tuple[str, ...]] = ("service", "endpoint")

    service: Name = Field(description="name of the service", examples=["churn-api"])
    endpoint: Name = Field(description="name of the endpoint", examples=["churn"])
    generation: Name | None = Field(default=None, description="only what this one answered")
    outcome: Outcome | None = Field(
        default=None, description="only those that were answered, ignored, refused, or failed"
    )
    request_id: str | None = Field(
        default=None, max_length=200, description="only rows of this request"
    )
    since: datetime | None = Field(default=None, description="not those before this moment")
    until: datetime | None = Field(default=None, description="not those after this moment")
    limit: int = Field(default=50, ge=1, le=1000, description="lines at most")


class ShowGeneration(OfGeneration[GenerationContent]):
    """Show what a generation holds: its endpoints, what they answer with, its test queries."""

    needs = "node:read"
    route = "GET /services/{service}/generations/{generation}"


class AnswerTests(OfGeneration[list[AnsweredTest]]):
    """Have a running node answer the test queries of a generation that is loaded.

    They are answered as those of any caller, but neither logged nor counted.
    """

    needs = "node:read"
    route = "POST /services/{service}/generations/{generation}/test"
    asks = True
