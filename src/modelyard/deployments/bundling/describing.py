"""What a manifest tells of what is in a bundle, found out as its rows pass by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from modelyard.data.types import Connection as Connected
from modelyard.data.types import ConnectionKind
from modelyard.deployments.bundling.choosing import Chosen
from modelyard.deployments.bundling.content import BUNDLED
from modelyard.deployments.bundling.rows import key_of, table_of
from modelyard.deployments.bundling.types import (
    BundledConnection,
    BundledDataset,
    BundledModel,
    BundledVersion,
    DataPlace,
)
from modelyard.evaluations.access import own_of_version
from modelyard.kernel.values import FILES
from modelyard.models.access import version_of
from modelyard.runtime.envs.local import LOCAL
from modelyard.runtime.repository import get_env
from modelyard.runtime.types import CodeEnv
from modelyard.store.tables import connections

IN_PATH = re.compile(r"connection://([A-Za-z0-9][A-Za-z0-9._-]{0,126})")
USERS = frozenset({"datasets", "recipes", "scenarios", "service_endpoints", "checks"})
"""Tables whose rows may name connections."""


class Description:
    """What was seen of a project so far; rows are told to it in the order of their tables."""

    def __init__(self, db: Connection, project: str, chosen: Chosen) -> None:
        self._db, self._project, self._chosen = db, project, chosen
        self._versions: dict[str, list[BundledVersion]] = {}
        self._models: list[dict[str, Any]] = []
        self._users: dict[str, set[str]] = {}
        self.datasets: list[BundledDataset] = []
        self.envs: dict[str, CodeEnv] = {}
        self.env_names: dict[str, str] = {}
        self.artifacts: dict[str, str] = {}
        """What keeps each artifact, by digest."""

    def see(self, table: str, row: dict[str, Any]) -> None:
        """Take note of a row, as the bundle holds it."""
        declared = BUNDLED[table]
        called = f"{declared.kind} {'/'.join(key_of(table_of(table), row))}"
        if declared.artifact:
            self.artifacts[row[declared.artifact]] = called
        if table in USERS:
            for name in _connections_in(row):
                self._users.setdefault(name, set()).add(called)
        match table:
            case "models":
                self._models.append(row)
            case "versions":
                self._see_version(row)
            case "datasets":
                self.datasets.append(_dataset(row))
            case "service_endpoints" if row["kind"] == "function":
                self._see_env(row["body"].get("env") or "")

    def models(self) -> tuple[BundledModel, ...]:
        """The saved models with their versions, in the order of their names."""
        return tuple(
            BundledModel(
                model=row["name"],
                prediction_type=row["prediction_type"],
                active=row.get("active_version"),
                versions=tuple(self._versions.get(row["name"], ())),
            )
            for row in self._models
        )

    def connections(self) -> tuple[BundledConnection, ...]:
        """The connections that something names, by name."""
        of = connections.c
        query = select(of.name, of.body).where(of.project == self._project)
        kinds = {row.name: _kind(row.body) for row in self._db.execute(query)}
        return tuple(
            BundledConnection(name=name, kind=kinds.get(name), used_by=tuple(sorted(users)))
            for name, users in sorted(self._users.items())
        )

    def _see_version(self, row: dict[str, Any]) -> None:
        body = row["body"]
        version = version_of(self._db, self._project, row["model"], row["version"])
        own = own_of_version(self._db, version)
        metrics = own.metrics if own else {}
        self.envs[version.env.id] = CodeEnv.model_validate(body["env"])
        self._versions.setdefault(row["model"], []).append(
            BundledVersion(
                version=row["version"],
                flavor=version.probe.loaded.flavor,
                digest=version.digest,
                env=version.env.id,
                active=version.active,
                metrics={
                    code: figure.value
                    for code, figure in sorted(metrics.items())
                    if figure.value is not None
                },
            )
        )

    def _see_env(self, named: str) -> None:
        """Take note of the env of a function, unless it runs in whichever Python is there."""
        if named == LOCAL:
            return
        env = get_env(self._db, named)
        self.envs[env.id] = env.model_copy(update={"name": None})
        if named != env.id:
            self.env_names[named] = env.id


def _dataset(row: dict[str, Any]) -> BundledDataset:
    told = row["body"]["dataset"]
    path, connection = told.get("path"), told.get("connection")
    place: DataPlace | None = None
    if path is not None:
        place = "connection" if connection else "files" if path.startswith(FILES) else "path"
    return BundledDataset(name=row["name"], connection=connection, place=place, path=path)


def _kind(body: str) -> ConnectionKind:
    return Connected.model_validate_json(body).kind


def _connections_in(value: Any) -> Iterator[str]:
    """The names of connections in JSON: in paths, and where a field says so."""
    if isinstance(value, str):
        yield from IN_PATH.findall(value)
    elif isinstance(value, list):
        for part in value:
            yield from _connections_in(part)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name == "connection" and isinstance(part, str) and part:
                yield part
            else:
                yield from _connections_in(part)
