"""Commands of a node that run inside of its container, and what they say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from modelyard import errors
from modelyard.deployments.drivers.tools import Answer
from modelyard.kernel.command import Command
from modelyard.serving.administration.commands import NodeCommand
from modelyard.serving.administration.table import NodeVerbs

R = TypeVar("R")
VERBS = {command: (room, name) for room, name, command in NodeVerbs.commands()}
NODE = "/home/modelyard/node"
"""The folder of the node in every image."""


def result_of(command: NodeCommand[R], answer: Answer, container: str) -> R:
    """What a command gave that ran in a container; errors as the command's.

    Raises:
        Unavailable: the container does not run, or what runs it does not answer.
        Failed: what is answered cannot be read.
    """
    if answer.code:
        raise _told(answer.said, container, answer.reason)
    result: R = _read(type(command), answer.out)
    return result


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
