"""The words of services and their endpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from modelyard.kernel.values import Name, Value
from modelyard.models.types import VersionId
from modelyard.runtime.types import Mode
from modelyard.serving.packages.types import Lookup, PoolSettings, TestQuery

EndpointKind = Literal["prediction", "function", "lookup"]
VERBS: dict[EndpointKind, str] = {"prediction": "predict", "function": "run", "lookup": "lookup"}
"""The last part of the address at which an endpoint answers, by kind."""
Access = Literal["public", "keys"]
"""Who may ask: whoever reaches the service, or whoever has a key of it."""


class DatasetLookup(Lookup):
    """Columns that a dataset adds to a query, or answers with; a package copies them or refers."""

    listed = (
        "name",
        "dataset",
        "referenced",
        "keys",
        "columns",
        "missing_key",
        "no_match",
        "several_matches",
    )

    dataset: str = Field(description="dataset or path")
    referenced: bool = Field(
        default=False, description="it is a table in a database that nodes read where it is"
    )


class Endpoint(Value):
    """One thing that a service answers: predictions, what a function returns, or a row."""

    listed = ("name", "kind", "model", "version", "function", "output", "description")

    name: Name
    kind: EndpointKind
    description: str = ""
    model: Name | None = Field(default=None, description="prediction: the saved model")
    version: VersionId | None = Field(
        default=None, description="prediction: id of the version; None: whichever is active"
    )
    output: Mode | None = Field(
        default=None,
        description="prediction: 'restructured' (prediction and probabilities) or 'direct' (what "
        "the model returns); None: what suits the model",
    )
    lookups: tuple[DatasetLookup, ...] = Field(
        default=(), description="prediction: its enrichments; lookup: what it answers with"
    )
    return_enriched: bool = Field(
        default=False, description="prediction: answers hold the features after enrichment, too"
    )
    function: str | None = Field(default=None, description="function: its name in the code")
    code: str | None = Field(default=None, description="function: the code that it is in")
    env: str | None = Field(
        default=None, description="function: name or id of the code env that it runs in"
    )
    with_headers: bool = Field(
        default=False, description="function: it is given the headers of the request, too"
    )
    with_client: bool = Field(
        default=False,
        description="function: it is given a client that asks the service's other endpoints",
    )
    pool: PoolSettings = PoolSettings()
    test_queries: tuple[TestQuery, ...] = ()


class ServiceSummary(Value):
    """One line of a list of services."""

    listed = ("name", "endpoints", "access", "packages", "latest", "changed", "description")

    project: str
    name: Name
    description: str = ""
    access: Access = "public"
    endpoints: tuple[Name, ...] = ()
    packages: int = Field(default=0, description="how many were made of it")
    latest: Name | None = Field(default=None, description="id of the newest package")
    created: datetime
    created_by: str
    changed: datetime


class Service(Value):
    """A set of endpoints that API nodes answer together."""

    project: str
    name: Name
    description: str = ""
    access: Access = Field(
        default="public",
        description="who may ask: whoever reaches it (public), or whoever has a key of it (keys)",
    )
    endpoints: tuple[Endpoint, ...] = ()
    packages: int = Field(default=0, description="how many were made of it")
    latest: Name | None = Field(default=None, description="id of the newest package")
    created: datetime
    created_by: str
    changed: datetime


class EndpointOutcome(Value):
    """Whether an endpoint can be loaded as an API node would."""

    listed = ("endpoint", "kind", "outcome", "queries", "load_seconds", "problem")

    endpoint: Name
    kind: EndpointKind
    outcome: Literal["loaded", "failed"]
    queries: int = Field(description="test queries that it has")
    load_seconds: float = Field(description="until it could answer")
    problem: str = Field(default="", description="why it cannot")


class QueryOutcome(Value):
    """What came of a test query."""

    listed = ("endpoint", "query", "outcome", "milliseconds", "answer", "problem")

    endpoint: Name
    query: Name
    outcome: Literal["as_expected", "answered", "failed"] = Field(
        description="'as_expected'; 'answered': nothing was expected; 'failed': refused, or "
        "answered otherwise than expected"
    )
    answer: dict[str, JsonValue] | None = None
    ignored: str = Field(default="", description="why an enrichment left it out")
    milliseconds: float = Field(description="until the answer, without HTTP")
    problem: str = ""


class ServiceOutcome(Value):
    """What came of the test queries of a service, answered as an API node would answer them."""

    service: Name
    failed: int = Field(description="endpoints and queries that failed")
    endpoints: tuple[EndpointOutcome, ...]
    queries: tuple[QueryOutcome, ...]
