"""The side of the control socket that a running process has."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from modelyard import errors
from modelyard.kernel.progress import Progress, silence
from modelyard.serving.running.sockets import LINE, SIGN_OF_LIFE, SUFFIX, address
from modelyard.serving.types import ServiceState

LOG = logging.getLogger("modelyard.node")
ENDS_WITHIN = 1.0


class Controlled(Protocol):
    """What a process does when it is told to."""

    async def prepare(self, service: str, state: ServiceState, progress: Progress, /) -> None:
        """Load what a state of a service needs, and answer as before."""
        ...

    async def follow(self, service: str, progress: Progress, /) -> None:
        """Answer as the disk says."""
        ...

    async def preload(self, service: str, generation: str, progress: Progress, /) -> None:
        """Load a generation."""
        ...

    async def forget(self, service: str, generation: str, /) -> None:
        """Let go of a generation that is about to be removed."""
        ...

    async def try_query(
        self, service: str, endpoint: str, query: dict[str, Any], generation: str | None, /
    ) -> dict[str, Any]:
        """What an endpoint answers to a query."""
        ...

    def status(self) -> dict[str, Any]:
        """What is loaded."""
        ...


class ControlSocket:
    """Listens at `run/<pid>.sock`."""

    def __init__(self, run: Path, controlled: Controlled) -> None:
        self.file = run / f"{os.getpid()}{SUFFIX}"
        self._controlled = controlled
        self._talks: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Begin to listen."""
        self.file.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with address(self.file) as name:
            listener.bind(name)
        self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=LINE)

    async def close(self) -> None:
        """Listen no more; what is being said is broken off."""
        if self._server is None:
            return
        self.file.unlink(missing_ok=True)
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        if self._talks:
            await asyncio.wait(self._talks, timeout=ENDS_WITHIN)
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._talks.add(task)
            task.add_done_callback(self._talks.discard)
        touched: set[str] = set()
        try:
            while line := await reader.readline():
                await self._answer(json.loads(line), writer, touched)
        except (ConnectionError, ValueError) as exc:
            LOG.warning("a conversation at the control socket broke off: %s", exc)
        except asyncio.CancelledError:
            return  # the process ends
        finally:
            writer.close()
        for service in touched:  # whatever became of the change, the disk has the last word
            with suppress(errors.ModelyardError):  # told by the service's status
                await self._controlled.follow(service, silence)

    async def _answer(
        self, message: dict[str, Any], writer: asyncio.StreamWriter, touched: set[str]
    ) -> None:
        heard = _Heard()
        work = asyncio.ensure_future(self._do(message, heard, touched))
        try:
            while not (await asyncio.wait({work}, timeout=SIGN_OF_LIFE))[0]:
                await _say(writer, {"said": heard.last})
            answer = work.result()
        except errors.ModelyardError as exc:
            answer = {"problem": {"code": exc.code, "detail": exc.detail}}
        except ConnectionError:
            raise  # whoever asked is gone
        except Exception as exc:
            LOG.exception("%s could not be done", message.get("do"))
            answer = {"problem": {"code": "failed", "detail": f"the node failed: {exc!r}"}}
        finally:
            if not work.done():
                work.cancel()
        await _say(writer, answer)

    async def _do(self, message: dict[str, Any], heard: _Heard, touched: set[str]) -> Any:
        service = message.get("service", "")
        work: Awaitable[None]
        match message["do"]:
            case "prepare":
                touched.add(service)
                state = ServiceState.model_validate(message["state"])
                work = self._controlled.prepare(service, state, heard)
            case "follow":
                touched.discard(service)
                work = self._controlled.follow(service, heard)
            case "preload":
                work = self._controlled.preload(service, message["generation"], heard)
            case "forget":
                work = self._controlled.forget(service, message["generation"])
            case "ask":
                asked = (message[name] for name in ("endpoint", "query", "generation"))
                return {"asked": await self._controlled.try_query(service, *asked)}
            case "status":
                return {"status": self._controlled.status()}
            case other:
                raise errors.Unsupported(f"this process does not know how to {other!r}")
        await work
        return {"done": True}


class _Heard:
    """Remembers what was said last."""

    def __init__(self) -> None:
        self.last = ""

    def __call__(
        self, message: str, /, *, fraction: float | None = None, rows: int | None = None
    ) -> None:
        self.last = message


async def _say(writer: asyncio.StreamWriter, line: dict[str, Any]) -> None:
    if writer.is_closing():  # uvloop would raise a RuntimeError
        raise ConnectionResetError("nobody listens any more")
    writer.write(json.dumps(line).encode() + b"\n")
    await writer.drain()
