"""The words of packages: what a service is made of, and what is in the file that holds it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from modelyard.kernel.values import Name, Value
from modelyard.runtime.types import (
    CodeEnv,
    Interpretation,
    Label,
    Mode,
    ModelInputs,
    PredictionType,
    PredictOptions,
)

FORMAT = 1
"""Version of the layout of packages; a node refuses those that are newer than it knows."""

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"

Reaction = Literal["error", "ignore", "missing"]
SeveralReaction = Literal["error", "ignore", "missing", "first"]


class TestQuery(Value):
    """A query that is kept with an endpoint: to try it, to warm it up, to see that it is ready."""

    __test__: ClassVar[bool] = False  # not a test of pytest's

    name: Name
    query: dict[str, JsonValue] = Field(
        description="what is sent: features by name, keys of a lookup, or arguments of a function"
    )


class Enrichment(Value):
    """Features that a table adds to a query, found by keys that the query holds."""

    name: Name
    table: Name = Field(description="which of the package's tables")
    keys: dict[str, str] = Field(
        min_length=1, description="column of the table by the name that the query gives its key"
    )
    columns: dict[str, str] = Field(
        min_length=1, description="column of the table by the feature that it becomes"
    )
    missing_key: Reaction = Field(
        default="error",
        description="where the query lacks a key: refuse it (error), answer that it was ignored "
        "(ignore), or go on without the features (missing)",
    )
    no_match: Reaction = Field(default="missing", description="where the table has no such row")
    several_matches: SeveralReaction = Field(
        default="error", description="where it has several; first: take the first in its order"
    )


class PoolSettings(Value):
    """How many workers an endpoint has, and how long a query may wait for one."""

    floor: int = Field(default=1, ge=1, le=256, description="workers from the start on")
    cruise: int = Field(default=2, ge=1, le=256, description="workers that stay when it is calm")
    ceil: int = Field(default=8, ge=1, le=256, description="workers at most")
    queue: int = Field(
        default=16, ge=0, le=100_000, description="calls of a worker that may wait; more: refused"
    )
    timeout: int = Field(
        default=10_000, ge=1, description="milliseconds until a query has to be answered"
    )
    batch: int = Field(
        default=64,
        ge=1,
        le=10_000,
        description="rows of waiting queries that one call of a worker may answer; 1: each alone",
    )


class PackagedFile(Value):
    """One file of a package."""

    path: str
    sha256: str
    size: int = Field(description="bytes")


class PackagedModel(Value):
    """A version of a saved model as it is in a package."""

    id: str = Field(description="S-<project>-<model>-<version>")
    model: str
    version: str
    flavor: str
    digest: str = Field(description="sha256 over the paths and digests of its files")
    folder: str = Field(description="where its files are in the package")
    env: str = Field(description="id of the code env that it runs in")
    prediction_type: PredictionType
    inputs: ModelInputs
    features: tuple[str, ...] = Field(default=(), description="what it predicts from, in order")
    interpretation: Interpretation | None = None
    classes: tuple[Label, ...] = Field(default=(), description="in the model's order")
    threshold: float | None = None
    percentiles: tuple[float, ...] | None = Field(
        default=None,
        description="binary: 99 quantiles of the second class's probability, where they are known",
    )
    golden_inputs: str | None = Field(
        default=None, description="Arrow file of rows whose predictions were kept at import"
    )
    golden_outputs: str | None = Field(default=None, description="Arrow file of these predictions")
    golden_options: PredictOptions | None = Field(
        default=None, description="how they were asked for"
    )
    golden_tolerance: float = 1e-5


class PackagedTable(Value):
    """A table that enrichments and lookups read."""

    name: Name
    source: str = Field(description="dataset that it was copied from")
    file: str = Field(description="Parquet file in the package")
    columns: dict[str, str] = Field(description="Arrow type by column")
    rows: int


class _Endpoint(Value):
    name: Name
    description: str = ""
    test_queries: tuple[TestQuery, ...] = ()
    pool: PoolSettings = PoolSettings()


class PredictionEndpoint(_Endpoint):
    """An endpoint that answers with predictions of a version of a saved model."""

    kind: Literal["prediction"] = "prediction"
    model: str = Field(description="id of one of the package's models")
    output: Mode = Field(
        default="restructured",
        description="'restructured': prediction and one probability per class; 'direct': what the "
        "model returns",
    )
    enrichments: tuple[Enrichment, ...] = ()
    return_enriched: bool = Field(
        default=False, description="answers hold the features after enrichment, too"
    )


class FunctionEndpoint(_Endpoint):
    """An endpoint that calls a function in Python."""

    kind: Literal["function"] = "function"
    file: str = Field(description="Python file in the package")
    function: str = Field(description="name of the function in it")
    env: str = Field(description="id of the code env that it runs in")
    with_headers: bool = Field(
        default=False, description="it is given the headers of the request, too"
    )


class LookupEndpoint(_Endpoint):
    """An endpoint that looks a row up in a table."""

    kind: Literal["lookup"] = "lookup"
    lookups: tuple[Enrichment, ...] = Field(min_length=1)


PackagedEndpoint = Annotated[
    PredictionEndpoint | FunctionEndpoint | LookupEndpoint, Field(discriminator="kind")
]


class Manifest(Value):
    """What a package holds: its endpoints, their models, envs and tables, and every file."""

    format: int = FORMAT
    service: Name
    package: Name = Field(description="id of the package; on a node that of the generation")
    notes: str = Field(default="", description="release notes")
    public: bool = Field(default=True, description="whoever reaches it may ask; else with a key")
    created: datetime
    created_by: str
    made_with: str = Field(description="version of Modelyard")
    endpoints: tuple[PackagedEndpoint, ...] = Field(min_length=1)
    models: tuple[PackagedModel, ...] = ()
    envs: tuple[CodeEnv, ...] = ()
    tables: tuple[PackagedTable, ...] = ()
    files: tuple[PackagedFile, ...] = Field(description="every file but the manifest itself")
