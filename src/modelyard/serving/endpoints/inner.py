"""Endpoints that ask others: the chain of those that wait, and how much of it there may be."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from modelyard import errors
from modelyard.serving.asking import Answer, LoadedEndpoint
from modelyard.serving.runners.seated import Asker

LONGEST = 4
"""Endpoints that may wait for each other."""
ASKED_BY = {"prediction": "predict", "function": "run", "lookup": "look_up"}

Through = Callable[[str, Sequence[Mapping[str, Any]]], Awaitable[Answer]]
Find = Callable[[str], Awaitable[LoadedEndpoint]]


@dataclass(frozen=True)
class Chain:
    """The endpoints that wait for what is asked now, the first of them asked by a caller."""

    names: tuple[str, ...] = ()
    until: float = math.inf
    """When the first of them has to have answered, by the clock of the event loop."""
    through: Through | None = None
    """Asks an endpoint so that it is logged and counted; None: nobody is told."""


CHAIN: ContextVar[Chain] = ContextVar("chain", default=Chain())  # noqa: B039  it is frozen


class Others:
    """The other endpoints of a generation, as one of them may ask them.

    Args:
        name: of the endpoint that asks.
        timeout: seconds within which it has to answer.
        find: another endpoint of the generation.
    """

    def __init__(self, name: str, timeout: float, find: Find) -> None:
        self._name = name
        self._timeout = timeout
        self._find = find

    def asker(self) -> Asker:
        """What answers the questions of the call that begins now."""
        before = CHAIN.get()
        until = min(before.until, asyncio.get_running_loop().time() + self._timeout)
        chain = replace(before, names=(*before.names, self._name), until=until)

        async def ask(question: Mapping[str, Any]) -> dict[str, Any]:
            CHAIN.set(chain)
            try:
                async with asyncio.timeout_at(until):
                    return {"outputs": await self._outputs(chain, question)}
            except TimeoutError:
                late = errors.Unavailable(f"there was no time left for it in that of {self._name}")
                return {"problem": _told(late)}
            except errors.ModelyardError as exc:
                return {"problem": _told(exc)}

        return ask

    async def _outputs(self, chain: Chain, question: Mapping[str, Any]) -> list[Any]:
        name, kind, rows = str(question["endpoint"]), question["kind"], list(question["rows"])
        if name in chain.names:
            raise errors.Unsupported(f"it waits for {self._name} itself, and so answers nothing")
        if len(chain.names) >= LONGEST:
            raise errors.Unsupported(
                f"{LONGEST} endpoints wait for each other already: {', '.join(chain.names)}"
            )
        endpoint = await self._find(name)
        found = endpoint.declared.kind
        if found != kind:
            raise errors.Unsupported(f"it is a {found} endpoint; ask it by {ASKED_BY[found]}")
        through = chain.through
        answer = await (endpoint.ask(rows) if through is None else through(name, rows))
        for at, row in enumerate(answer.rows):
            if row.problem:
                raise errors.Invalid(f"row {at}: {row.problem}", row=at)
        if answer.status != 200:
            raise errors.Failed(f"it answered with the status {answer.status}")
        return [row.output for row in answer.rows]


def _told(error: errors.ModelyardError) -> dict[str, Any]:
    return {"kind": error.code, "detail": error.detail, "context": error.context}
