"""Trying a service: its test queries, answered by what answers on an API node."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from modelyard import errors
from modelyard.data.access import database_url
from modelyard.data.json_cells import json_value
from modelyard.kernel.context import Context
from modelyard.runtime.envs.codeenvs import env_python
from modelyard.services.packaging.building import Builder
from modelyard.services.types import EndpointOutcome, QueryOutcome, Service, ServiceOutcome
from modelyard.serving.asking import LoadedEndpoint, RowAnswer
from modelyard.serving.databases.opening import Databases, OpenDatabases
from modelyard.serving.databases.types import KeptConnection
from modelyard.serving.endpoints import load_endpoint
from modelyard.serving.endpoints.around import Around
from modelyard.serving.generations.loaded import close_all
from modelyard.serving.generations.loading import difference, verify
from modelyard.serving.packages.reading import unpack
from modelyard.serving.packages.types import (
    Manifest,
    PackagedEndpoint,
    PoolSettings,
    PredictionEndpoint,
    TestQuery,
)
from modelyard.store.keeping import collect
from modelyard.store.staging import stage

ONE_WORKER = {"floor": 1, "cruise": 1, "ceil": 1}
TRIED = "tried"
PATIENCE = 10.0
"""Seconds that a database may take."""


def try_service(context: Context, service: Service, only: Collection[str] = ()) -> ServiceOutcome:
    """Make a package, load its endpoints one after another, and ask each its test queries.

    Args:
        context: the workspace.
        service: of which a package is made, and thrown away.
        only: names of endpoints; none: all of them.

    Raises:
        ModelyardError: as `Builder.build`.
    """
    wanted = tuple(each for each in service.endpoints if not only or each.name in only)
    narrowed = service.model_copy(update={"endpoints": wanted})
    with stage(context, partial(collect, context)) as place:
        archive, folder = place.folder / f"{TRIED}.zip", place.folder / TRIED
        Builder(context, narrowed, place.folder).build(TRIED, "", archive, None)
        manifest = unpack(archive, folder, limits=context.settings.archives)
        pythons = {env.id: env_python(context, env) for env in manifest.envs}
        databases = _ProjectDatabases(context, service.project)
        trial = _Trial(context, manifest, folder, pythons, databases)
        try:
            with ThreadPoolExecutor(1) as thread:  # a notebook has a loop in its own
                thread.submit(asyncio.run, trial.run()).result()
        finally:
            databases.close()
    return trial.outcome(service.name)


class _ProjectDatabases(OpenDatabases):
    """Databases that connections of a project lead to."""

    def __init__(self, context: Context, project: str) -> None:
        super().__init__()
        self._context = context
        self._project = project

    def get(self, name: str) -> Any:
        """See `modelyard.serving.databases.opening.Databases`."""
        url = database_url(self._context, self._project, name)
        return self.opened(KeptConnection(name=name, database=url, timeout=PATIENCE))


class _Trial:
    """The endpoints of an unpacked package on trial."""

    def __init__(
        self,
        context: Context,
        manifest: Manifest,
        folder: Path,
        pythons: Mapping[str, Path],
        databases: Databases,
    ) -> None:
        self._around = Around(databases, find=self._other)
        self._others: dict[str, LoadedEndpoint] = {}
        self._context = context
        self._manifest = manifest
        self._folder = folder
        self._pythons = pythons
        self._endpoints: list[EndpointOutcome] = []
        self._queries: list[QueryOutcome] = []

    def outcome(self, service: str) -> ServiceOutcome:
        """What came of it."""
        problems = [each.problem for each in self._endpoints]
        problems += [each.problem for each in self._queries]
        return ServiceOutcome(
            service=service,
            failed=len([each for each in problems if each]),
            endpoints=tuple(self._endpoints),
            queries=tuple(self._queries),
        )

    async def run(self) -> None:
        """Try one endpoint after another, so that one model at a time is in memory.

        Those that functions ask stay to the end.
        """
        try:
            for declared in self._manifest.endpoints:
                await self._try(declared)
        finally:
            await close_all(self._others.values())

    async def _try(self, declared: PackagedEndpoint) -> None:
        self._context.progress(f"loading {declared.name}")
        began = time.perf_counter()
        endpoint, problem = None, ""
        try:
            endpoint = await self._load(declared)
            await self._verify(declared, endpoint)
        except errors.ModelyardError as exc:
            problem = exc.detail
        self._endpoints.append(
            EndpointOutcome(
                endpoint=declared.name,
                kind=declared.kind,
                outcome="failed" if problem else "loaded",
                queries=len(declared.test_queries),
                load_seconds=round(time.perf_counter() - began, 3),
                problem=problem,
            )
        )
        if endpoint is None:
            return
        try:
            for query in declared.test_queries:
                self._queries.append(await _asked(endpoint, query))
        finally:
            await endpoint.close()

    async def _other(self, name: str) -> LoadedEndpoint:
        """An endpoint that a function asks."""
        if name not in self._others:
            known = {each.name: each for each in self._manifest.endpoints}
            if name not in known:
                raise errors.NotFound.among("endpoint of the service", name, known)
            self._others[name] = await self._load(known[name])
        return self._others[name]

    async def _load(self, declared: PackagedEndpoint) -> LoadedEndpoint:
        pool = PoolSettings(**(declared.pool.model_dump() | ONE_WORKER))
        limits = self._context.settings.runtime
        return await load_endpoint(
            declared, self._manifest, self._folder, self._pythons, pool, limits, self._around
        )

    async def _verify(self, declared: PackagedEndpoint, endpoint: LoadedEndpoint) -> None:
        if isinstance(declared, PredictionEndpoint):
            model = next(each for each in self._manifest.models if each.id == declared.model)
            await verify(endpoint, model, self._folder)


async def _asked(endpoint: LoadedEndpoint, query: TestQuery) -> QueryOutcome:
    began = time.perf_counter()
    answer, problem = RowAnswer(None), ""
    try:
        (answer,) = (await endpoint.ask([query.query])).rows
        problem = answer.problem or difference(query, answer.output or {})
    except errors.ModelyardError as exc:
        problem = exc.detail
    taken = time.perf_counter() - began
    return QueryOutcome(
        endpoint=endpoint.declared.name,
        query=query.name,
        outcome="failed" if problem else "as_expected" if query.expected else "answered",
        answer=None if answer.output is None else _plain(answer.output),
        ignored=answer.ignored,
        milliseconds=round(1000 * taken, 3),
        problem=problem,
    )


def _plain(output: Mapping[str, object]) -> dict[str, JsonValue]:
    return {name: json_value(value) for name, value in output.items()}
