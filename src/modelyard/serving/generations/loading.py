"""Loading a generation: nothing of it answers before it was seen to answer as it should."""

from __future__ import annotations

import asyncio
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
    progress: Progress = silence,
) -> Loaded:
    """Load every endpoint of a generation, compare golden predictions, and answer its test queries.

    Raises:
        NotFound: there is no such generation.
        Failed: a model does not load, predicts something else than at its import, or fails on a
            test query; nothing of it stays loaded.
        Unavailable: a code env of it cannot be built here.
    """
    manifest = folder.manifest(service, generation)
    files = folder.generation(service, generation)
    name = f"{service} {generation}"
    pythons = await asyncio.to_thread(build_envs, folder, settings, manifest, progress)
    endpoints: dict[str, LoadedEndpoint] = {}
    try:
        for declared in manifest.endpoints:
            progress(f"loading {name}: endpoint {declared.name}")
            pool = folder.pool(service, declared)
            with _said_of(name, declared.name):
                endpoint = await load(
                    declared, manifest, files, pythons, pool, settings.models.limits()
                )
                endpoints[declared.name] = endpoint
                if isinstance(declared, PredictionEndpoint):
                    model = next(each for each in manifest.models if each.id == declared.model)
                    progress(f"verifying {name}: endpoint {declared.name}")
                    await verify(endpoint, model, files)
                progress(f"warming up {name}: endpoint {declared.name}")
                await warm_up(endpoint)
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


async def warm_up(endpoint: LoadedEndpoint) -> None:
    """Answer each test query.

    Raises:
        Failed: one of them is refused, or answered otherwise than it expects.
    """
    for query in endpoint.declared.test_queries:
        await answer_test_query(endpoint, query)


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
