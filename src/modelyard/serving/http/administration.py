"""Administering a node over HTTP: its commands, below `/admin/api`, with an admin key."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pydantic_core import to_jsonable_python

from modelyard import errors
from modelyard.kernel.command import Command
from modelyard.kernel.shapes import is_list, plain
from modelyard.serving.administration.commands import (
    ImportGeneration,
    ListGenerations,
    NodeCommand,
)
from modelyard.serving.administration.node import Node
from modelyard.serving.administration.table import NODE_CATALOG
from modelyard.serving.audit import Administrator
from modelyard.serving.folder import NodeFolder
from modelyard.serving.http.desk import Desk
from modelyard.serving.http.paths import Handler, Paths
from modelyard.serving.http.replies import Reply, reply_of
from modelyard.serving.http.requests import Request

PREFIX = "/admin/api"
ASKS_FOR = "modelyard-for"
"""The header in which a management server says for whom it asks, percent-encoded."""
LONGEST_NAME = 128
AT_ONCE = 8
ZIP = "application/zip"
ALSO = {"/keys/{id}": ("/keys/{id}/key",)}
"""Further routes, under which clients of other makes ask the same."""


class AdministrationApi:
    """Runs the commands of a node as the key that was shown; each takes a thread meanwhile."""

    def __init__(self, desk: Desk, folder: NodeFolder) -> None:
        self._desk = desk
        self._folder = folder
        self._node = Node(folder.path, Administrator(""))
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="administration")

    def add_to(self, paths: Paths) -> None:
        """Take the routes of all commands that have one."""
        for name in NODE_CATALOG:
            command = NODE_CATALOG[name]
            method, _, path = command.route.partition(" ")
            if path and issubclass(command, NodeCommand):
                for route in (path, *ALSO.get(path, ())):
                    paths.add(f"{method} {PREFIX}{route}", self._handler(name, command))

    def _handler(self, name: str, command: type[NodeCommand[Any]]) -> Handler:
        async def handle(request: Request, path: Mapping[str, str]) -> Reply:
            node = self._node.acting(self._administrator(request))
            if command is ImportGeneration and request.content_type == ZIP:
                return await self._import_sent(node, request, path)
            given = _renamed(command, [*request.query(), *(await request.read_object()).items()])
            filled = NODE_CATALOG.fill(name, {**given, **path})
            return await self._run(node, filled)

        return handle

    def _administrator(self, request: Request) -> Administrator:
        key = self._desk.administrator(request)
        name, person = key.label or key.id, _person(request)
        return Administrator(
            f"{person} by {name}" if person else name,
            key=key.id,
            address=request.address,
            read_only=key.read_only,
        )

    async def _import_sent(self, node: Node, request: Request, path: Mapping[str, str]) -> Reply:
        """Import the package that is the body."""
        if node.who.read_only:
            raise errors.Forbidden(f"the key {node.who.key} is read-only, and imports no packages")
        with self._folder.staged() as stage:
            file = stage / "sent.zip"
            await self._keep(request, file)
            return await self._run(
                node, ImportGeneration.model_validate({"file": str(file), **path})
            )

    async def _keep(self, request: Request, file: Path) -> None:
        loop = asyncio.get_running_loop()
        with file.open("xb") as sink:
            async for part in request.parts():
                try:
                    await loop.run_in_executor(self._threads, sink.write, part)
                except OSError as exc:
                    raise errors.Failed(f"the package cannot be kept: {exc.strerror}") from exc

    async def _run(self, node: Node, command: Command[Any]) -> Reply:
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(self._threads, node.run, command)
        return reply_of(_told(command, to_jsonable_python(result)))


def _person(request: Request) -> str:
    """For whom the holder of the key asks, as it says."""
    said = unquote(request.headers.get(ASKS_FOR.encode(), b"").decode("latin-1"), errors="replace")
    return "".join(letter for letter in said if letter.isprintable())[:LONGEST_NAME]


def _renamed(command: type[NodeCommand[Any]], given: list[tuple[str, Any]]) -> dict[str, Any]:
    """The fields of a command under their own names; null, and what it passes over, is left out."""
    fields = command.model_fields
    found: dict[str, Any] = {}
    for sent, value in given:
        name = command.wire.get(sent, sent)
        if not name or value is None:
            continue
        if name in fields and is_list(plain(fields[name].annotation)) and isinstance(value, str):
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


def _told(command: Command[Any], result: Any) -> Any:
    """A result as clients of other makes read it, too: services and generations by their ids."""
    if result is None:
        return {"ok": True}
    if isinstance(command, ListGenerations):
        return {"generations": result}
    if isinstance(result, list):
        return [_with_id(each) for each in result]
    return _with_id(result)


def _with_id(value: Any) -> Any:
    if isinstance(value, dict) and "service" in value and "enabled" in value:
        return {"serviceId": value["service"], **value}
    return value
