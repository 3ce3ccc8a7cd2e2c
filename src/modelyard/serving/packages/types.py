"""The words of packages: what a service is made of, and what is in the file that holds it."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, Field, model_validator

from modelyard.archives.types import ArchivedFile
from modelyard.kernel.values import Json, Name, Value
from modelyard.runtime.types import (
    CodeEnv,
    Interpretation,
    Label,
    Mode,
    ModelInputs,
    PredictionType,
    PredictOptions,
    RawOutput,
)

FORMAT = 1
"""Version of the layout of packages; a node refuses those that are newer than it knows."""

Reaction = Literal["error", "ignore", "missing"]
SeveralReaction = Literal["error", "ignore", "missing", "first"]


class TestQuery(Value):
    """A query that is kept with an endpoint: to try it, to warm it up, to see that it is ready."""

    __test__: ClassVar[bool] = False  # not a test of pytest's
    listed = ("name", "query", "expected", "tolerance")

    name: Name
    query: dict[str, Json] = Field(
        description="what is sent: features by name, keys of a lookup, or arguments of a function"
    )
    expected: dict[str, Json] | None = Field(
        default=None,
        description="what the answer has to hold, such as prediction; what is not named is free",
    )
    tolerance: float = Field(
        default=1e-5, ge=0, description="how far a number may be from it, relative beyond 1"
    )


class LookupWays(BaseModel):
    """What is done where a row cannot be looked up, and how long one that was is remembered."""

    missing_key: Reaction = Field(
        default="error",
        description="where a query lacks a key: refuse it ('error'), answer that it was ignored "
        "('ignore'), or go on without the columns ('missing')",
    )
    no_match: Reaction = Field(default="missing", description="where there is no such row")
    several_matches: SeveralReaction = Field(
        default="error", description="where there are several; 'first': take the first of them"
    )
    unavailable: Reaction = Field(
        default="error",
        description="where the database of a table that is not copied does not answer; 'error': "
        "refuse the query (503)",
    )
    cache_seconds: float = Field(
        default=0,
        ge=0,
        le=86_400,
        description="how long what was found in a table that is not copied is remembered",
    )


class Lookup(LookupWays, Value):
    """How a row of a table is found by keys that a query holds, and what is taken of it."""

    name: Name
    keys: dict[str, str] = Field(
        min_length=1, description="columns of the table, by the names that a query has for its keys"
    )
    columns: dict[str, str] = Field(
        min_length=1, description="columns of the table, by the features that they become"
    )


class Enrichment(Lookup):
    """Features that a table of the package adds to a query, or an answer that is looked up."""

    table: Name = Field(description="which of the package's tables")


class PoolSettings(Value):
    """How many workers an endpoint has, and how long a query may wait for one."""

    floor: int = Field(default=1, ge=1, le=256, description="workers from the start on")
    cruise: int = Field(default=2, ge=1, le=256, description="workers that stay when it is calm")
    ceil: int = Field(default=8, ge=1, le=256, description="workers at most")
    queue: int = Field(
        default=16, ge=0, le=100_000, description="calls of a worker that may wait; more: refused"
    )
    timeout: int = Field(
        default=10_000,
        ge=1,
        le=86_400_000,
        description="milliseconds until a query has to be answered",
    )
    batch: int = Field(
        default=64,
        ge=1,
        le=10_000,
        description="rows of waiting queries that one call of a worker may answer; 1: each alone",
    )

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if not self.floor <= self.cruise <= self.ceil:
            raise ValueError(
                f"floor {self.floor}, cruise {self.cruise} and ceil {self.ceil} have to be in order"
            )
        return self


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
    raw: RawOutput | None = Field(
        default=None,
        description="what its own predict gave back at import, where that is known: answers in "
        "MLflow's form have the same shape",
    )
    golden_inputs: str | None = Field(
        default=None, description="Arrow file of rows whose predictions were kept at import"
    )
    golden_outputs: str | None = Field(default=None, description="Arrow file of these predictions")
    golden_options: PredictOptions | None = Field(
        default=None, description="how they were asked for"
    )
    golden_tolerance: float = 1e-5

    @property
    def project(self) -> str:
        """The project that its id names; empty if that is made otherwise."""
        end = f"-{self.model}-{self.version}"
        found = self.id.removeprefix("S-").removesuffix(end)
        return found if self.id == f"S-{found}{end}" else ""


class PackagedTable(Value):
    """A table that enrichments and lookups read."""

    name: Name
    source: str = Field(description="dataset that it was copied from")
    file: str = Field(description="Parquet file in the package")
    columns: dict[str, str] = Field(description="Arrow type by column")
    rows: int


class ReferencedTable(Value):
    """A table that enrichments and lookups read where it is, by a connection of the node."""

    name: Name
    source: str = Field(description="dataset that it is")
    connection: Name = Field(description="to its database; a node may have another of that name")
    table: str = Field(description="its name there, after that of its schema if it has one")
    columns: dict[str, str] = Field(description="Arrow type by column")


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
    with_client: bool = Field(
        default=False, description="it is given a client that asks the service's other endpoints"
    )


class LookupEndpoint(_Endpoint):
    """An endpoint that looks a row up in a table."""

    kind: Literal["lookup"] = "lookup"
    lookups: tuple[Enrichment, ...] = Field(min_length=1)


PackagedEndpoint = Annotated[
    PredictionEndpoint | FunctionEndpoint | LookupEndpoint, Field(discriminator="kind")
]


class PackageContent(Value):
    """What a package holds: its endpoints, their models, envs and tables."""

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
    references: tuple[ReferencedTable, ...] = Field(
        default=(), description="tables that stay in their databases"
    )

    def table(self, name: str) -> PackagedTable | ReferencedTable:
        """One of its tables; KeyError if it has none of this name."""
        return self._tables_by_name()[name]

    def _tables_by_name(self) -> dict[str, PackagedTable | ReferencedTable]:
        copied: dict[str, PackagedTable | ReferencedTable] = {t.name: t for t in self.tables}
        return copied | {table.name: table for table in self.references}


class Manifest(PackageContent):
    """What a package holds, and every file of it."""

    files: tuple[ArchivedFile, ...] = Field(description="every file but the manifest itself")

    @model_validator(mode="after")
    def _is_closed(self) -> Self:
        """Refuse what names a part that is not in it."""
        files = {file.path for file in self.files}
        envs = {env.id for env in self.envs}
        tables = self._tables_by_name()
        models = {model.id for model in self.models}
        _alone("endpoint", [endpoint.name for endpoint in self.endpoints])
        _alone("table", [*(t.name for t in self.tables), *(t.name for t in self.references)])
        _alone("model", [model.id for model in self.models])
        _alone("file", [file.path for file in self.files])
        for table in self.tables:
            _there("file", table.file, files)
        for model in self.models:
            _there("env", model.env, envs)
            if not any(path.startswith(f"{model.folder}/") for path in files):
                raise ValueError(f"it holds no files of the model {model.id!r}")
            for golden in filter(None, (model.golden_inputs, model.golden_outputs)):
                _there("file", golden, files)
        for endpoint in self.endpoints:
            match endpoint:
                case PredictionEndpoint():
                    _there("model", endpoint.model, models)
                    lookups = endpoint.enrichments
                case FunctionEndpoint():
                    _there("env", endpoint.env, envs)
                    _there("file", endpoint.file, files)
                    lookups = ()
                case LookupEndpoint():
                    lookups = endpoint.lookups
            for lookup in lookups:
                _there("table", lookup.table, tables)
                for column in (*lookup.keys.values(), *lookup.columns.values()):
                    _there(f"column of {lookup.table}", column, tables[lookup.table].columns)
        return self


def _there(what: str, name: str, known: Container[str]) -> None:
    if name not in known:
        raise ValueError(f"it refers to the {what} {name!r}, which it does not hold")


def _alone(what: str, names: list[str]) -> None:
    if len(set(names)) < len(names):
        raise ValueError(f"it holds a {what} of one name twice")
