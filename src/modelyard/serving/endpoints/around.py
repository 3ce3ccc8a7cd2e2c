"""What an endpoint has around it: databases of whoever loads it, and the other endpoints."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any

from modelyard import errors
from modelyard.serving.asking import LoadedEndpoint
from modelyard.serving.databases.opening import Databases, NoDatabases
from modelyard.serving.endpoints.inner import Find
from modelyard.serving.packages.types import Enrichment, ReferencedTable

LOG = logging.getLogger("modelyard.node")


@dataclass(frozen=True)
class Around:
    """What endpoints of a generation may use beside what is in their package."""

    databases: Databases = field(default_factory=NoDatabases)
    remapped: Mapping[str, str] = field(default_factory=dict)
    """The connections that stand for those of the package, where they have other names."""
    find: Find | None = None
    """Another endpoint of the generation; None: there is none."""
    starting: bool = False
    """The node starts: a database that is away keeps no service from answering later."""

    async def other(self, name: str) -> LoadedEndpoint:
        """Another endpoint of the generation; NotFound if there is none."""
        if self.find is None:
            raise errors.NotFound.among("endpoint", name, ())
        return await self.find(name)

    async def read(self, table: ReferencedTable, declared: Enrichment) -> Any:
        """What finds rows of a table that stays in its database.

        Raises:
            NotFound: there is no such connection, table or column.
            Invalid: a column is of another type than the package was made for.
            Unavailable: the database does not answer.
            Unsupported: its driver is not installed, or nothing can be found by a key's type.
        """
        name = self.remapped.get(table.connection, table.connection)
        database = self._database(table, name)
        # What speaks to databases is only needed where a table stays in one.
        reader = import_module("modelyard.serving.databases.reading").TableReader(
            partial(self.databases.get, name),
            table,
            tuple(declared.keys.values()),
            tuple(declared.columns.values()),
            declared.cache_seconds,
        )
        try:
            await database.run(reader.check)
        except errors.Unavailable as exc:
            if not self.starting:
                raise
            LOG.warning("table %s cannot be looked at yet: %s", table.name, exc.detail)
        return reader

    def _database(self, table: ReferencedTable, name: str) -> Any:
        try:
            return self.databases.get(name)
        except errors.NotFound as exc:
            raise errors.NotFound(
                f"table {table.name!r} is read by the connection {name!r}: {exc.detail}; make it: "
                f"modelyard node connections set {name} --database URL, or name another: modelyard "
                f"node connections use SERVICE GENERATION {table.connection}=NAME",
                **exc.context,
            ) from exc
