"""The table of contents of a node: every verb, on the node itself and on its keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelyard.kernel.catalog import Catalog
from modelyard.kernel.command import Caller, Command, Room, verb
from modelyard.serving.administration import commands
from modelyard.serving.databases import commands as databases
from modelyard.serving.operating import commands as operating
from modelyard.serving.tokens import commands as tokens
from modelyard.serving.watching import commands as watching


class NodeKeys(Room):
    """Keys of the node: with which services are asked, and with which it is administered."""

    list = verb(commands.ListNodeKeys)
    create = verb(commands.CreateNodeKey)
    delete = verb(commands.DeleteNodeKey)


class NodeTokens(Room):
    """Tokens (JWT, OAuth 2) of an issuer that open services of the node, beside its keys."""

    set = verb(tokens.SetTokens)
    list = verb(tokens.ListTokens)
    test = verb(tokens.TestTokens)
    delete = verb(tokens.DeleteTokens)


class NodeConnections(Room):
    """Databases of the node, in which services find rows of tables that packages do not copy."""

    set = verb(databases.SetConnection)
    list = verb(databases.ListConnections)
    test = verb(databases.TestConnection)
    use = verb(databases.UseConnections)
    delete = verb(databases.DeleteConnection)


class NodeVerbs(Room):
    """The API node: a folder with packages of services, and the processes that answer with them.

    It needs no workspace and no database. A package that was imported answers nothing until it is
    activated; while processes run, commands tell them, and end when all of them have switched.
    """

    init = verb(commands.InitNode)
    import_ = verb(commands.ImportGeneration)
    activate = verb(commands.Activate)
    newest = verb(commands.ActivateNewest)
    preload = verb(commands.Preload)
    services = verb(commands.ListServices)
    generations = verb(commands.ListGenerations)
    mapping = verb(commands.ShowMapping)
    map = verb(commands.SetMapping)
    enable = verb(commands.EnableService)
    disable = verb(commands.DisableService)
    access = verb(commands.SetAccess)
    predict = verb(commands.TryQuery)
    create = verb(commands.CreateService)
    delete = verb(commands.DeleteService)
    remove = verb(commands.RemoveGeneration)
    metrics = verb(commands.ShowMetrics)
    activity = verb(watching.ShowActivity)
    queries = verb(watching.ListQueries)
    generation = verb(watching.ShowGeneration)
    test = verb(watching.AnswerTests)
    processes = verb(commands.ListProcesses)
    identity = verb(commands.ShowNodeIdentity)
    clean = verb(commands.CleanNode)
    files = verb(operating.WriteFiles)

    def __init__(self, caller: Caller) -> None:
        super().__init__(caller)
        self.keys = NodeKeys(caller)
        self.tokens = NodeTokens(caller)
        self.connections = NodeConnections(caller)

    @staticmethod
    def commands() -> Iterator[tuple[str, str, type[Command[Any]]]]:
        """Each verb as its room, its name and its command."""
        for name, room in (("node", NodeVerbs), *NODE_ROOMS.items()):
            for verb_name, entry in vars(room).items():
                if isinstance(entry, verb):
                    yield name, verb_name.rstrip("_"), entry.command


NODE_ROOMS: dict[str, type[Room]] = {
    "keys": NodeKeys,
    "tokens": NodeTokens,
    "connections": NodeConnections,
}
"""The rooms beside the node itself."""

NODE_CATALOG = Catalog(NodeVerbs.commands())
"""Every command of a node by its stable name."""
