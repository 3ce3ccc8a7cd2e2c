"""The words of a node's databases."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, Field

from modelyard.kernel.values import Name, Value

REASON = "database"
"""Why a query is not answered: a database does not answer."""


class Limits(BaseModel):
    """How much a node asks of a database."""

    pool: int = Field(
        default=4, ge=1, le=100, description="connections at most, of each process of the node"
    )
    timeout: float = Field(
        default=2, gt=0, le=60, description="seconds that finding rows may take, waiting included"
    )


class KeptConnection(Limits, Value):
    """A connection as it is kept; its URL may hold a password, or ${NAME} in place of it."""

    name: Name
    database: str


class KeptConnections(Value):
    """The file of connections."""

    connections: tuple[KeptConnection, ...] = ()


class NodeConnection(Limits, Value):
    """A connection of a node; no password is shown."""

    listed: ClassVar[tuple[str, ...]] = ("name", "database", "pool", "timeout", "used_by")

    name: Name
    database: str = Field(description="the URL with its password hidden")
    used_by: tuple[str, ...] = Field(
        default=(), description="generations that read tables by it, as SERVICE/GENERATION"
    )


class TriedConnection(Value):
    """A database that answered."""

    name: Name
    database: str = Field(description="the URL with its password hidden")
    tables: tuple[str, ...] = Field(description="of its usual schema, at most a hundred")
    ms: float = Field(description="milliseconds that it took")


class RemappedConnections(Value):
    """By which of the node's connections a generation reads its tables."""

    service: Name
    generation: Name
    connections: dict[Name, Name] = Field(description="the node's by those of the package")
    problem: str = Field(default="", description="why it could not be loaded so")
