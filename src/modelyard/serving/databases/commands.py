"""What can be asked about the databases of a node."""

from typing import Annotated

from pydantic import Field

from modelyard.kernel.secrets import SECRET_URL
from modelyard.kernel.values import LocalPath, Name
from modelyard.serving.administration.commands import NodeCommand, OfGeneration
from modelyard.serving.databases.types import (
    Limits,
    NodeConnection,
    RemappedConnections,
    TriedConnection,
)

NAME = "name of the connection"


class SetConnection(NodeCommand[NodeConnection], Limits):
    """Name a database that the node reads, or change one; running processes follow.

    Packages name the connections of tables that they do not copy: a node has its own of these
    names, or says by `use` which ones stand for them. Everything is read, nothing changed.
    """

    needs = "node:write"
    route = "PUT /connections/{name}"
    arguments = ("name",)

    name: Name = Field(description="what the connection is called", examples=["warehouse"])
    database: Annotated[str, SECRET_URL, LocalPath("read", "database", kept=True)] = Field(
        min_length=1,
        max_length=10_000,
        description="SQLAlchemy URL of the database; ${NAME} stands for an environment variable of "
        "the node's processes",
    )


class ListConnections(NodeCommand[list[NodeConnection]]):
    """List the databases of the node, and which generations read tables there."""

    needs = "node:read"
    route = "GET /connections"


class TestConnection(NodeCommand[TriedConnection]):
    """Connect to a database of the node once, and list its tables."""

    __test__ = False  # not a test of pytest's

    needs = "node:read"
    route = "POST /connections/{name}/actions/test"
    asks = True
    arguments = ("name",)

    name: Name = Field(description=NAME)


class UseConnections(OfGeneration[RemappedConnections]):
    """Say by which of the node's connections a generation reads its tables.

    As in: connections use churn-api p1 warehouse=replica. The tables are looked at: whether they
    are there, with columns of the types that the package was made for. A generation that answers
    goes on with the connections that it has.
    """

    needs = "node:write"
    route = "POST /services/{service}/generations/{generation}/connections"
    arguments = ("service", "generation", "connections")

    connections: dict[Name, Name] = Field(
        description="the node's connections by those of the package, as THEIRS=OURS"
    )


class DeleteConnection(NodeCommand[None]):
    """Delete a connection that no generation needs."""

    needs = "node:write"
    route = "DELETE /connections/{name}"
    arguments = ("name",)

    name: Name = Field(description=NAME)
