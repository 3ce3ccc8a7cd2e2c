"""The node in a container: its commands are those of `modelyard node`, run inside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from modelyard import errors
from modelyard.deployments.drivers.docker.container import HOME, NODE, Container
from modelyard.kernel.command import Command
from modelyard.serving.administration.commands import ImportGeneration, NodeCommand
from modelyard.serving.administration.table import NodeVerbs
from modelyard.serving.administration.types import ImportedGeneration

R = TypeVar("R")
VERBS = {command: (room, name) for room, name, command in NodeVerbs.commands()}


class ContainerNode:
    """Runs commands in the node's folder in a running container."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def run(self, command: NodeCommand[R], /) -> R:
        """Have it carry out a command; errors as the command's.

        Raises:
            Unavailable: the container does not run, or docker does not answer.
            Unsupported: what is in the container knows no such command.
            Failed: what is answered cannot be read.
        """
        words = node_words(command)
        answer = self._container.run("exec", self._container.name, "modelyard", *words)
        if answer.code:
            raise _told(answer.said, self._container.name, answer.reason)
        result: R = _read(type(command), answer.out)
        return result

    def upload(self, package: Path, /) -> ImportedGeneration:
        """Have it import a package, a file of this machine."""
        package.chmod(0o644)  # whoever runs in the container reads it
        there = f"{HOME}/{package.name}"
        copied = self._container.run("cp", str(package), f"{self._container.name}:{there}")
        if copied.code:
            raise errors.Failed(f"docker cp: {copied.reason}")
        try:
            return self.run(ImportGeneration(file=there))
        finally:
            words = ("exec", "--user=0", self._container.name, "rm", "-f", there)
            self._container.run(*words)

    def address(self) -> str:
        """Where it answers, as seen from its own machine; empty: at all addresses of that."""
        return self._container.address

    def problem(self) -> str:
        """Docker says why it does not run, where it does not."""
        return ""

    def starts(self) -> bool:
        """It runs, or docker says that it does not."""
        return False


def node_words(command: NodeCommand[Any]) -> list[str]:
    """A command as `modelyard` is given it on the command line."""
    room, name = VERBS[type(command)]
    given = {field: getattr(command, field) for field in command.model_fields_set}
    positional = [word for field in command.arguments for word in _words(given.pop(field, None))]
    rooms = ["node"] if room == "node" else ["node", room]
    return [*rooms, name, *_flags(given), f"--folder={NODE}", "--json", "--", *positional]


def _flags(given: dict[str, Any]) -> Iterator[str]:
    for field, value in given.items():
        flag = f"--{field.replace('_', '-')}"
        if isinstance(value, bool):
            yield from [flag] * value
        else:
            yield from (f"{flag}={word}" for word in _words(value))


def _words(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, dict):
        return [f"{name}:={json.dumps(part)}" for name, part in value.items()]
    if isinstance(value, list | tuple):
        return [",".join(map(str, value))] if value else []
    return [str(value)]


def _read(command: type[Command[Any]], out: str) -> Any:
    kind = command.result_type()
    try:
        return None if kind is type(None) else TypeAdapter(kind).validate_json(out)
    except ValidationError as exc:
        shown = " ".join(out.split())[:120]
        raise errors.Failed(
            f"what the node in the container answers cannot be read: {shown!r}; see which version "
            "of Modelyard is in its image"
        ) from exc


def _told(said: str, container: str, reason: str) -> errors.ModelyardError:
    """The error that a node told as JSON in its last line; else what docker said."""
    try:
        problem = json.loads(said.strip().splitlines()[-1])
        code, detail = problem["code"], problem["detail"]
    except (ValueError, KeyError, TypeError, IndexError):
        return errors.Unavailable(f"the node in {container} does not answer: {reason}")
    kind = errors.ModelyardError.codes.get(code, errors.Failed)
    return kind(f"{container}: {detail}")
