"""Ready clients: what a hook's code asks, carried out here or on an automation node."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, closing
from typing import Any, Self

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from modelyard import errors
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.deployments.nodes.links import automation_node
from modelyard.kernel.command import Caller
from modelyard.kernel.context import Context
from modelyard.kernel.identity import Identity

LARGEST = 16 << 20
"""Bytes of a result in JSON."""
THIS = ""
"""The place of this workspace."""


class Question(BaseModel):
    """What code asks: a command by its name, at a place."""

    place: str
    command: str
    arguments: dict[str, JsonValue]


class Clients:
    """Who answers the code of a hook: this workspace and automation nodes, connected when asked.

    Args:
        context: the workspace.
        infrastructure: whose nodes may be asked.
        identity: as whom this workspace is asked; nodes are asked as whoever their keys are of.
    """

    def __init__(
        self, context: Context, infrastructure: Infrastructure, identity: Identity
    ) -> None:
        self._context = context
        self._here = context.caller.acting(identity)
        self.nodes = infrastructure.nodes if infrastructure.kind == "project" else ()
        self._open: dict[str, Caller] = {THIS: self._here}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The result of a command as JSON, or why there is none."""
        try:
            question = Question.model_validate(asked)
            command = self._context.commands.fill(question.command, question.arguments)
            result = self._at(question.place).run(command)
            text = TypeAdapter(type(command).result_type()).dump_json(result)
        except ValidationError:
            return _problem(errors.Invalid("that is no question of a hook's client"))
        except errors.ModelyardError as exc:
            return _problem(exc)
        if len(text) > LARGEST:
            return _problem(
                errors.Invalid(
                    f"the answer has {len(text) >> 20} MiB, and {LARGEST >> 20} are given at "
                    "most; ask for a part, by limit and after"
                )
            )
        return {"json": text.decode()}

    def _at(self, place: str) -> Caller:
        if place not in self._open:
            if place not in self.nodes:
                raise errors.NotFound.among("node", place, self.nodes)
            node = automation_node(self._context, place)
            self._open[place] = self._stack.enter_context(closing(node))
        return self._open[place]


def _problem(exc: errors.ModelyardError) -> dict[str, Any]:
    return {"problem": {"kind": exc.code, "detail": exc.detail}}
