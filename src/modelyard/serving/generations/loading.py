"""Loading a generation: nothing of it answers before it was seen to answer as it should."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from modelyard import errors
from modelyard.kernel.progress import Progress, silence
from modelyard.kernel.settings import RuntimeSettings
from modelyard.runtime import golden
from modelyard.runtime.types import Mode
from modelyard.serving.asking import LoadedEndpoint, RowAnswer
from modelyard.serving.databases.opening import Databases, NoDatabases
from modelyard.serving.databases.types import REASON
from modelyard.serving.endpoints.around import Around
from modelyard.serving.folder import NodeFolder
from modelyard.serving.generations.importing import build_envs
from modelyard.serving.generations.loaded import Loaded, close_all
from modelyard.serving.packages.types import (
    Manifest,
    PackagedEndpoint,
    PackagedModel,
    PoolSettings,
    PredictionEndpoint,
    TestQuery,
)
from modelyard.serving.settings import NodeSettings

LOG = logging.getLogger("modelyard.node")
MODES: Mapping[str, Mode] = {golden.DIRECT: "direct", golden.RESTRUCTURED: "restructured"}


class EndpointLoader(Protocol):
    """Makes an endpoint of a package ready."""

    async def __call__(
        self,
        declared: PackagedEndpoint,
        manifest: Manifest,
        folder: Path,
        pythons: Mapping[str, Path],
        pool: PoolSettings,
        limits: RuntimeSettings,
        around: Around,
    ) -> LoadedEndpoint:
        """Start its workers."""
        ...


def usual_loader() -> EndpointLoader:
    """Loads endpoints by workers of their code envs."""
    loader: EndpointLoader = import_module("modelyard.serving.endpoints").load_endpoint
    return loader


async def load_generation(
    folder: NodeFolder,
    settings: NodeSettings,
    service: str,
    generation: str,
    *,
    load: EndpointLoader,
    databases: Databases | None = None,
    starting: bool = False,
    progress: Progress = silence,
) -> Loaded:
    """Load every endpoint of a generation, compare golden predictions, and answer its test queries.

    `databases` are for tables that are not in its package; while the node is `starting`, one that
    does not answer yet keeps nothing from being loaded.

    Raises:
        NotFound: there is no such generation.
        Failed: a model does not load, predicts something else than at its import, or fails on a
            test query; nothing of it stays loaded.
        Unavailable: a code env of it cannot be built here, or a database does not answer.
    """
    manifest = folder.manifest(service, generation)
    files = folder.generation(service, generation)
    name = f"{service} {generation}"
    pythons = await asyncio.to_thread(build_envs, folder, settings, manifest, progress)
    endpoints: dict[str, LoadedEndpoint] = {}
    remapped = folder.remapped(service, generation)

    async def find(other: str) -> LoadedEndpoint:
        try:
            return endpoints[other]
        except KeyError:
            raise errors.NotFound.among(f"endpoint of {name}", other, endpoints) from None

    around = Around(databases or NoDatabases(), remapped, find, starting=starting)
    try:
        for declared in manifest.endpoints:
            progress(f"loading {name}: endpoint {declared.name}")
            pool = folder.pool(service, declared)
            with _said_of(name, declared.name):
                endpoint = await load(
                    declared, manifest, files, pythons, pool, settings.models.limits(), around
                )
                endpoints[declared.name] = endpoint
                if isinstance(declared, PredictionEndpoint):
                    model = next(each for each in manifest.models if each.id == declared.model)
                    progress(f"verifying {name}: endpoint {declared.name}")
                    await verify(endpoint, model, files)
        for endpoint in endpoints.values():  # which may ask each other
            progress(f"warming up {name}: endpoint {endpoint.declared.name}")
            with _said_of(name, endpoint.declared.name):
                await warm_up(endpoint, starting=starting)
    except BaseException:
        await close_all(endpoints.values())
        raise
    return Loaded(manifest, endpoints)


async def verify(endpoint: LoadedEndpoint, model: PackagedModel, files: Path) -> None:
    """Predict the rows whose predictions were kept at import, and compare.

    Raises:
        Failed: it predicts something else.
    """
    if model.golden_inputs is None or model.golden_outputs is None:
        return
    rows = await asyncio.to_thread(_read, files / model.golden_inputs)
    expected = await asyncio.to_thread(_read, files / model.golden_outputs)
    params = model.golden_options.params if model.golden_options else None
    for prefix, mode in MODES.items():
        names = [name for name in expected.column_names if name.startswith(prefix)]
        if not names:
            continue
        found = await endpoint.ask_table(rows, params=params or None, output=mode)
        found = found.rename_columns([f"{prefix}{name}" for name in found.column_names])
        compared = golden.compare(expected.select(names), found, model.golden_tolerance)
        if compared.differing:
            raise errors.Failed(
                f"{model.model} {model.version} does not predict here what it predicted at its "
                f"import: {len(compared.differing)} of {compared.rows} golden rows differ "
                f"({'; '.join(compared.details[:2])}); another Python or other packages run it here"
            )


async def warm_up(endpoint: LoadedEndpoint, *, starting: bool = False) -> None:
    """Answer each test query; while the node is `starting`, a database may be away.

    Raises:
        Failed: one of them is refused, or answered otherwise than it expects.
    """
    for query in endpoint.declared.test_queries:
        try:
            await answer_test_query(endpoint, query)
        except errors.Failed as exc:
            cause = exc.__cause__
            if not starting or not isinstance(cause, errors.Unavailable):
                raise
            if cause.context.get("reason") != REASON:
                raise
            LOG.warning("%s: %s", endpoint.declared.name, exc.detail)


async def answer_test_query(endpoint: LoadedEndpoint, query: TestQuery) -> RowAnswer:
    """Answer a test query; errors as in `warm_up`."""
    try:
        (answer,) = (await endpoint.ask([query.query])).rows
    except errors.ModelyardError as exc:
        raise errors.Failed(f"the test query {query.name!r} failed: {exc.detail}") from exc
    if answer.problem:
        raise errors.Failed(f"the test query {query.name!r} was refused: {answer.problem}")
    if problem := difference(query, answer.output or {}):
        raise errors.Failed(f"the test query {query.name!r} {problem}")
    return answer


def difference(query: TestQuery, found: Mapping[str, Any]) -> str:
    """In what an answer is not what a test query expects; empty: it is."""
    for name, was in (query.expected or {}).items():
        if golden.gap(was, found.get(name)) > query.tolerance:
            return f"expects {name} {was!r} and got {found.get(name)!r}"
    return ""


@contextmanager
def _said_of(name: str, endpoint: str) -> Iterator[None]:
    """Say which endpoint does not become ready."""
    try:
        yield
    except errors.ModelyardError as exc:
        said = f"{name} cannot answer: endpoint {endpoint}: {exc.detail}"
        raise errors.Failed(said, **exc.context) from exc


def _read(file: Path) -> pa.Table:
    with file.open("rb") as source:
        return golden.read_arrow(source)
