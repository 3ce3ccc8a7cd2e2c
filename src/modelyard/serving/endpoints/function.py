"""Endpoints that call a Python function, in workers with the interpreter of its code env."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from time import perf_counter
from typing import Any, NamedTuple

import pyarrow as pa

from modelyard import errors
from modelyard.runtime.seat import Reply
from modelyard.runtime.types import Mode
from modelyard.runtime.worker import protocol
from modelyard.serving.asking import Answer, PoolStatus, RowAnswer, Timings
from modelyard.serving.endpoints.inner import Others
from modelyard.serving.packages.types import FunctionEndpoint
from modelyard.serving.pool import Pool
from modelyard.serving.runners.seated import Asker


class Call(NamedTuple):
    """One call: what travels, and what answers the function's own questions."""

    request: bytes
    asker: Asker | None


class FunctionCalls:
    """Arguments of one call, and what the function returned."""

    def request(self, key: Hashable, payloads: Sequence[Any]) -> tuple[bytes, None]:
        """See `modelyard.serving.runners.seated.Exchange`."""
        return payloads[0].request, None

    def asker(self, payloads: Sequence[Any]) -> Asker | None:
        """See `modelyard.serving.runners.seated.Exchange`."""
        asker: Asker | None = payloads[0].asker
        return asker

    def answers(self, payloads: Sequence[Any], reply: Reply) -> Sequence[Any]:
        """See `modelyard.serving.runners.seated.Exchange`."""
        return [reply.meta]


def call_of(
    declared: FunctionEndpoint, arguments: Mapping[str, Any], headers: Mapping[str, str] | None
) -> bytes:
    """The request to a worker that calls a function.

    Args:
        declared: the endpoint.
        arguments: by name.
        headers: that the function is given; None: it is given none.

    Raises:
        Invalid: the arguments are no JSON.
    """
    asked: dict[str, Any] = {
        "op": "call",
        "arguments": dict(arguments),
        "headers": headers,
        "client": declared.with_client,
    }
    try:
        return protocol.written(asked)
    except (TypeError, ValueError) as exc:
        raise errors.Invalid(f"the arguments are no JSON: {exc}") from exc


class LoadedFunction:
    """A function endpoint whose workers have loaded its file."""

    def __init__(self, declared: FunctionEndpoint, pool: Pool, others: Others) -> None:
        self.declared = declared
        self._pool = pool
        self._others = others

    async def ask(
        self,
        rows: Sequence[Mapping[str, Any]],
        *,
        params: Mapping[str, Any] | None = None,
        output: Mode | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """See `modelyard.serving.asking.LoadedEndpoint`."""
        if len(rows) != 1:
            raise errors.Invalid(f"a function takes one set of arguments, not {len(rows)}")
        began = perf_counter()
        shown = dict(headers or {}) if self.declared.with_headers else None
        request = call_of(self.declared, rows[0], shown)
        written = perf_counter()
        asker = self._others.asker() if self.declared.with_client else None
        done = await self._pool.ask(object(), Call(request, asker), 1)
        timings = Timings(
            preprocessing=round(1e6 * (written - began)),
            waited=round(1e6 * done.waited),
            model=round(1e6 * done.ran),
            batch=1,
        )
        returned = done.value
        row = RowAnswer({"response": json.loads(returned["json"])})
        return Answer((row,), timings, returned["status"] or 200, returned["headers"] or {})

    async def ask_table(
        self,
        table: pa.Table,
        *,
        params: Mapping[str, Any] | None = None,
        output: Mode | None = None,
    ) -> pa.Table:
        """Refuse: a function takes arguments."""
        raise errors.Unsupported(
            f"endpoint {self.declared.name!r} calls a function, which takes no table"
        )

    def status(self) -> PoolStatus:
        """How its workers are doing."""
        return self._pool.status()

    async def close(self) -> None:
        """End its workers."""
        await self._pool.close()
