"""The words of services and their endpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from modelyard.kernel.values import Name, Value
from modelyard.models.types import VersionId
from modelyard.runtime.types import Mode
from modelyard.serving.packages.types import Lookup, PoolSettings, TestQuery

EndpointKind = Literal["prediction", "function", "lookup"]
Access = Literal["public", "keys"]
"""Who may ask: whoever reaches the service, or whoever has a key of it."""


class DatasetLookup(Lookup):
    """Columns that a dataset adds to a query, or answers with; a package copies them."""

    listed = ("name", "dataset", "keys", "columns", "missing_key", "no_match", "several_matches")

    dataset: str = Field(description="dataset or path")


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
