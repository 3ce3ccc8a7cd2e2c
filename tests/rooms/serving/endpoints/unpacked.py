"""Packages as they lie unpacked on a node, with an endpoint of them loaded."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import lean_coverage
import pyarrow as pa
import pyarrow.parquet as pq

from modelyard import errors
from modelyard.archives.types import ArchivedFile
from modelyard.kernel.settings import RuntimeSettings
from modelyard.runtime.types import CodeEnv, EnvRequest, InputColumn, ModelInputs
from modelyard.serving.endpoints import load_endpoint
from modelyard.serving.packages.types import (
    Manifest,
    PackagedModel,
    PackagedTable,
    PoolSettings,
    PredictionEndpoint,
)

DAY = datetime(2026, 3, 1, tzinfo=UTC)
ENV = CodeEnv(id="local", python="3.11", packages=(), asked=EnvRequest(source="user"), created=DAY)


def model(**changes):
    """A packaged model of type other, with one number for each row."""
    usual = {
        "id": "S-p-m-v1",
        "model": "m",
        "version": "v1",
        "flavor": "plain",
        "digest": "0" * 64,
        "folder": "models/m",
        "env": ENV.id,
        "prediction_type": "other",
        "inputs": ModelInputs(columns=(InputColumn(name="x", type="long"),)),
    }
    return PackagedModel(**{**usual, **changes})


def prediction(**changes):
    """An endpoint of that model."""
    return PredictionEndpoint(**{"name": "e", "model": "S-p-m-v1", "output": "direct", **changes})


def table(folder, name, content):
    """Write a table of a package."""
    file = folder / f"{name}.parquet"
    pq.write_table(content, file)
    columns = {field.name: str(field.type) for field in content.schema}
    return PackagedTable(
        name=name, source=name, file=file.name, columns=columns, rows=content.num_rows
    )


def manifest_of(folder, endpoints, *, models=(), tables=()):
    """The manifest of a package that lies in a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return Manifest(
        service="s",
        package="p",
        created=DAY,
        created_by="ann",
        made_with="0.1.0",
        endpoints=endpoints,
        models=models,
        envs=(ENV,),
        tables=tables,
        files=[
            ArchivedFile(path=path.relative_to(folder).as_posix(), sha256="0" * 64, size=0)
            for path in files
        ],
    )


@contextlib.asynccontextmanager
async def ready_of(endpoint, manifest, folder, python, pool=None, around=None, **limits):
    """Load an endpoint of a package; its workers end with the block."""
    runtime = RuntimeSettings(environ=(lean_coverage.FOLDER,), **limits)
    settings = PoolSettings(**{"cruise": 1, "ceil": 1, **(pool or {})})
    ready = await load_endpoint(
        endpoint, manifest, folder, {ENV.id: Path(python)}, settings, runtime, around
    )
    try:
        yield ready
    finally:
        await ready.close()


def loaded(endpoint, folder, python, *, models=(), tables=(), pool=None, **limits):
    """The same of a package with one endpoint, which lies in a folder."""
    manifest = manifest_of(folder, (endpoint,), models=models, tables=tables)
    return ready_of(endpoint, manifest, folder, python, pool, **limits)


async def told(asked):
    """What came of a query: the outputs of its rows, or the error."""
    try:
        return [row.output or row.ignored or row.problem for row in (await asked).rows]
    except errors.ModelyardError as error:
        return error


def numbers(*values):
    """Rows of the model's one number."""
    return [{"x": value} for value in values]


def doubled(*values):
    """What a plain model that doubles answers."""
    return [{"y": 2 * value} for value in values]


PEOPLE = pa.table({"id": [1, 2, 2], "city": ["Oslo", "Rome", "Bonn"], "x": [10, 20, 30]})
