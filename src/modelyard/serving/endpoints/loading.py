"""Loads an endpoint of an unpacked package: its tables, its model or function, its workers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import yaml

from modelyard import errors
from modelyard.kernel.settings import RuntimeSettings
from modelyard.runtime import golden
from modelyard.runtime.seat import ModelFolder
from modelyard.serving.asking import LoadedEndpoint
from modelyard.serving.endpoints.around import Around
from modelyard.serving.endpoints.enriching import OpenEnrichment, open_enrichments
from modelyard.serving.endpoints.function import Call, FunctionCalls, LoadedFunction, call_of
from modelyard.serving.endpoints.inner import Others
from modelyard.serving.endpoints.lookup import LoadedLookup
from modelyard.serving.endpoints.prediction import LoadedPrediction, options_for
from modelyard.serving.packages.types import (
    FunctionEndpoint,
    LookupEndpoint,
    Manifest,
    PackagedEndpoint,
    PackagedModel,
    PoolSettings,
    PredictionEndpoint,
)
from modelyard.serving.rows import RowReader, reader_for
from modelyard.serving.runners import Wish
from modelyard.serving.runners.workers import Limits, PooledModel, open_pool
from modelyard.serving.tables import MADE_HERE


async def load_endpoint(
    declared: PackagedEndpoint,
    manifest: Manifest,
    folder: Path,
    pythons: Mapping[str, Path],
    pool: PoolSettings,
    limits: RuntimeSettings,
    around: Around | None = None,
) -> LoadedEndpoint:
    """Load one endpoint, so that it can answer.

    Args:
        declared: which.
        manifest: of its package.
        folder: where the package is unpacked; logs and files for lookups are written beside.
        pythons: interpreters by id of code env.
        pool: how many workers it has.
        limits: memory that each may use, and seconds that it may take to load.
        around: databases for tables that are not in the package; None: there are none.

    Raises:
        Failed, Invalid, Unsupported, NotFound: it does not load.
        Unavailable: the system starts no more processes, or a database does not answer.
    """
    around = around or Around()
    if isinstance(declared, LookupEndpoint):
        lookups = await open_enrichments(declared.lookups, manifest, folder, around)
        return LoadedLookup(declared, lookups)
    used = Limits(limits, folder / MADE_HERE / "logs")
    if isinstance(declared, FunctionEndpoint):
        return await _load_function(declared, folder, pythons, pool, used, around)
    opened = await open_enrichments(declared.enrichments, manifest, folder, around)
    return await _load_prediction(declared, manifest, folder, pythons, pool, used, opened)


async def _load_prediction(
    declared: PredictionEndpoint,
    manifest: Manifest,
    folder: Path,
    pythons: Mapping[str, Path],
    pool: PoolSettings,
    limits: Limits,
    enrichments: Sequence[OpenEnrichment],
) -> LoadedPrediction:
    model = next(model for model in manifest.models if model.id == declared.model)
    try:
        options_for(model, declared.output, "skip")
        reader = reader_for(model.inputs)
        first = await asyncio.to_thread(_first_question, declared, model, reader, folder)
        loadable = _loadable(model, folder, pythons)
        runner = await PooledModel.open(loadable, reader, pool, limits, first)
    except BaseException:
        for enrichment in enrichments:
            enrichment.close()
        raise
    return LoadedPrediction(declared, model, reader, runner, enrichments)


def _first_question(
    declared: PredictionEndpoint, model: PackagedModel, reader: RowReader, folder: Path
) -> tuple[Wish, pa.Table] | None:
    """A row that every worker predicts first: one kept at the import, else of a test query."""
    wish = Wish.of(options_for(model, declared.output, "skip"))
    if model.golden_inputs is not None:
        with (folder / model.golden_inputs).open("rb") as file:
            return wish, golden.read_arrow(file).slice(0, 1)
    if not declared.test_queries or declared.enrichments:
        return None
    try:
        kind, cells = reader.read(declared.test_queries[0].query)
        return wish, reader.table(kind, [cells])
    except errors.Invalid:  # as is told when all test queries are answered
        return None


def _loadable(model: PackagedModel, folder: Path, pythons: Mapping[str, Path]) -> ModelFolder:
    files = folder / model.folder
    try:
        mlmodel = yaml.safe_load((files / "MLmodel").read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise errors.Failed(f"the MLmodel file of {model.id} cannot be read: {exc}") from exc
    options = {
        "mlmodel": mlmodel,
        # The scan judged these very files when they were imported, and packages carry digests.
        "trusted_types": ["*"],
        "inputs": model.inputs.model_dump(mode="json"),
    }
    name = f"{model.model} {model.version}"
    return ModelFolder(_python(model.env, pythons), files, options, name)


async def _load_function(
    declared: FunctionEndpoint,
    folder: Path,
    pythons: Mapping[str, Path],
    pool: PoolSettings,
    limits: Limits,
    around: Around,
) -> LoadedFunction:
    file = folder / declared.file
    options = {"loads": "function", "file": file.name, "function": declared.function}
    python = _python(declared.env, pythons)
    code = ModelFolder(python, file.parent, options, f"function {declared.function}")
    others = Others(declared.name, pool.timeout / 1000, around.other)
    first = _first_calls(declared)
    calls = await open_pool(code, FunctionCalls(), pool, limits, first)
    return LoadedFunction(declared, calls, others)


def _first_calls(declared: FunctionEndpoint) -> list[tuple[None, Call]]:
    """What every worker is called with first; nothing if it might ask endpoints that still load."""
    if declared.with_client:
        return []
    headers: dict[str, str] | None = {} if declared.with_headers else None
    queries = declared.test_queries[:1]
    return [(None, Call(call_of(declared, each.query, headers), None)) for each in queries]


def _python(env: str, pythons: Mapping[str, Path]) -> Path:
    if env not in pythons:
        raise errors.NotFound.among("code env", env, pythons)
    return pythons[env]
