"""What one can ask of the test queries of endpoints."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from modelyard.kernel.values import Json, LocalPath, Name
from modelyard.services.designing.commands import OfEndpoint
from modelyard.serving.packages.types import TestQuery

MOST_QUERIES = 1000


class AddQuery(OfEndpoint[TestQuery]):
    """Keep a test query with an endpoint: what is sent, and perhaps what has to come back."""

    route = "POST /services/{service}/endpoints/{endpoint}/queries"
    arguments: ClassVar[tuple[str, ...]] = ("service", "endpoint", "name")

    name: Name = Field(description="unique name inside the endpoint", examples=["young"])
    value: dict[str, Json] = Field(
        min_length=1,
        max_length=10_000,
        description="what is sent, as NAME=VALUE or NAME:=JSON: features, keys or arguments",
        examples=[{"age": 41, "plan": "pro"}],
    )
    expected: dict[str, Json] | None = Field(
        default=None,
        max_length=1000,
        description="what the answer has to hold, as NAME=VALUE or NAME:=JSON, such as prediction; "
        "what is not named is free",
        examples=[{"prediction": "stays"}],
    )
    tolerance: float = Field(
        default=1e-5,
        ge=0,
        description="how far numbers may be from what is expected, times the larger of 1 and that",
    )


class GenerateQueries(OfEndpoint[list[TestQuery]]):
    """Make test queries of rows of a dataset, named row-1 and so on."""

    route = "POST /services/{service}/endpoints/{endpoint}/queries/generate"
    arguments: ClassVar[tuple[str, ...]] = ("service", "endpoint", "dataset")

    dataset: Annotated[str, LocalPath("read", "data")] = Field(
        min_length=1, description="dataset or path whose rows are taken", examples=["customers"]
    )
    rows: int = Field(default=5, ge=1, le=MOST_QUERIES, description="how many at most")
    method: Literal["first", "random"] = Field(
        default="first", description="take the first rows, or some at random"
    )
    seed: int = Field(default=0, ge=0, lt=2**63, description="random: another one takes others")
    replace: bool = Field(default=False, description="in place of all that there are")


class ListQueries(OfEndpoint[list[TestQuery]]):
    """List the test queries of an endpoint."""

    needs = "services:read"
    route = "GET /services/{service}/endpoints/{endpoint}/queries"


class DeleteQueries(OfEndpoint[None]):
    """Delete test queries of an endpoint."""

    route = "POST /services/{service}/endpoints/{endpoint}/queries/delete"
    arguments: ClassVar[tuple[str, ...]] = ("service", "endpoint", "names")

    names: tuple[Name, ...] = Field(
        min_length=1,
        max_length=MOST_QUERIES,
        description="names of the queries",
        examples=[["row-1"]],
    )
