"""The processes of a node: they listen at one port, answer, and stop when they are told to."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import resource
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from modelyard import errors
from modelyard.kernel.version import __version__
from modelyard.serving.administration.running import running_node
from modelyard.serving.folder import NodeFolder
from modelyard.serving.http.application import application
from modelyard.serving.http.connections import Connection
from modelyard.serving.http.problems import status_of
from modelyard.serving.http.settings import HttpSettings
from modelyard.serving.http.signals import STOPS, told_by_signals
from modelyard.serving.logs import write_node_log
from modelyard.serving.plane import DataPlane
from modelyard.serving.recording import Recording
from modelyard.serving.settings import NodeSettings
from modelyard.serving.without_pandas import do_without_pandas

BACKLOG = 4096
HEADERS = [("DSS-API-Version", "1"), ("DSS-Version", __version__)]
OWN_FILES = 256
"""Open files that a process needs beside those of its connections."""
AGAIN_AFTER = 1.0
LOG = logging.getLogger("modelyard.node")

Announce = Callable[[str], None]


def serve(
    path: Path,
    announce: Announce,
    *,
    host: str | None = None,
    port: int | None = None,
    processes: int | None = None,
    leash: int | None = None,
) -> None:
    """Answer until SIGTERM or Ctrl-C; what is None is as the node's settings say.

    Args:
        path: the node's folder.
        announce: told the address once it is listened at.
        host: address to listen at.
        port: port to listen at; 0: any free one.
        processes: how many share the port.
        leash: a file descriptor that becomes readable when it has to stop, too.

    Raises:
        NotFound: there is no node in the folder.
        Invalid: nobody can listen at this address, or a setting is wrong.
    """
    folder = NodeFolder.opened(path)
    settings = folder.settings()
    listen = settings.listen
    count = processes or listen.processes
    at = (listen.host if host is None else host, listen.port if port is None else port)
    if count > 1:
        bound(*at, shared=False).close()  # else one could share it with somebody else's
    listener = bound(*at, shared=count > 1)
    if count == 1:
        run_process(folder, settings, listener, announce, leash=leash)
    else:
        write_node_log(settings.logs)
        Crew(folder.path, listener, count).run(announce, leash)


def run_process(
    folder: NodeFolder,
    settings: NodeSettings,
    listener: socket.socket,
    announce: Announce,
    *,
    processes: int = 1,
    leash: int | None = None,
) -> None:
    """Run one process of a node until it is told to stop.

    Args:
        folder: of the node.
        settings: of the node.
        listener: bound to the address.
        announce: told the address once it is listened at.
        processes: how many share the address.
        leash: a file descriptor that becomes readable when it has to stop, too.
    """
    do_without_pandas()
    write_node_log(settings.logs)
    recording = Recording(folder.path, settings.queries, settings.traces, processes=processes)
    server = NodeServer(folder, settings, recording, announce, leash)
    try:
        with told_by_signals(server):
            server.run(sockets=[listener])
    finally:
        listener.close()
        recording.close()


class NodeServer(uvicorn.Server):
    """uvicorn, which loads what is active before it listens, and drains before it stops."""

    def __init__(
        self,
        folder: NodeFolder,
        settings: NodeSettings,
        recording: Recording,
        announce: Announce,
        leash: int | None,
    ) -> None:
        self._node = running_node(folder, settings)
        self._plane = DataPlane(self._node, recording.observers, status_of)
        recording.metrics.pools = self._node.pools
        self._announce = announce
        self._leash = leash
        self._is_stopping = self._was_told = False
        self._drain = settings.http.drain_seconds
        app = application(
            self._plane,
            self._node.keys,
            recording.metrics,
            settings.http,
            folder,
            is_stopping=lambda: self.is_stopping,
        )
        super().__init__(
            uvicorn.Config(
                app,
                http=protocol(settings.http),
                loop="uvloop",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                headers=HEADERS,
                backlog=BACKLOG,
                timeout_keep_alive=settings.http.keep_alive,
                timeout_graceful_shutdown=round(settings.listen.stop_seconds),
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Load what is active, then listen."""
        if self._leash is not None:
            asyncio.get_running_loop().add_reader(self._leash, self._let_go)
        await self._node.start()
        await super().startup(sockets)
        for each in sockets or ():
            self._announce(address_of(each))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say for a while that the node is not alive, answer what is under way, then end."""
        self._is_stopping = True
        until = time.monotonic() + self._drain
        while time.monotonic() < until and not self.force_exit:
            await asyncio.sleep(0.1)
        await super().shutdown(sockets)
        await self._plane.close()
        await self._node.stop()

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._is_stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; the second time at once."""
        self.force_exit = self._was_told
        self._was_told = self._is_stopping = self.should_exit = True

    def _let_go(self) -> None:
        """Whoever started this process has ended, or wants it to end."""
        if self._leash is not None:
            asyncio.get_running_loop().remove_reader(self._leash)
        self._is_stopping = self.should_exit = True


def protocol(http: HttpSettings) -> type[Connection]:
    """Connections as far as the settings take them."""
    own = _open_files() - OWN_FILES
    return Connection.within(http, most=max(1, min(http.connections, own)))


class Crew:
    """The processes of a node: one that dies is replaced, and all end with whoever starts them."""

    def __init__(self, folder: Path, holder: socket.socket, count: int) -> None:
        """`holder` is bound to the address and does not listen: it keeps the port."""
        self._folder = folder
        self._holder = holder
        self._count = count
        self._spawn = multiprocessing.get_context("spawn")
        self._leash, self._hand = self._spawn.Pipe(duplex=False)
        self._ready, self._is_ready = self._spawn.Pipe(duplex=False)
        self._members: list[SpawnProcess] = []
        self._awaited = count
        self._is_stopping = self._was_told = False

    def run(self, announce: Announce, leash: int | None = None) -> None:
        """Work until told to stop, or until a leash is let go.

        Raises:
            Failed: a process did not start.
        """
        before = {number: signal.signal(number, self._told) for number in STOPS}
        try:
            self._members = [self._hired() for _ in range(self._count)]
            while self._members:
                ended = [each.sentinel for each in self._members]
                held = [leash] if leash is not None and not self._is_stopping else []
                heard = wait([self._ready, *ended, *held], AGAIN_AFTER)
                if leash in heard:
                    self._was_told = True
                    self._stop()
                if self._ready in heard:
                    self._ready.recv()
                    self._awaited -= 1
                    if self._awaited == 0:
                        announce(address_of(self._holder))
                self._replace()
        finally:
            self._stop()
            for number, handler in before.items():
                signal.signal(number, handler)
            self._holder.close()
        if self._awaited > 0 and not self._was_told:
            raise errors.Failed("a process of the node did not start; it told why before")

    def _hired(self) -> SpawnProcess:
        host, port = self._holder.getsockname()[:2]
        given = (self._folder, host, port, self._count, self._leash, self._is_ready)
        member = self._spawn.Process(target=_member, args=given)
        member.start()
        return member

    def _replace(self) -> None:
        for each in [each for each in self._members if not each.is_alive()]:
            self._members.remove(each)
            if self._awaited > 0:
                self._stop()
            elif not self._is_stopping:
                LOG.error("a process of the node ended with %s; another follows", each.exitcode)
                time.sleep(AGAIN_AFTER)
                self._members.append(self._hired())

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        if self._was_told:
            for each in self._members:
                each.terminate()
        self._was_told = True
        self._stop()

    def _stop(self) -> None:
        """Let all end in order: they see that the leash is loose, as they do if this one dies."""
        self._is_stopping = True
        self._hand.close()


def _member(
    path: Path, host: str, port: int, count: int, leash: Pipe[Any, Any], is_ready: Pipe[Any, Any]
) -> None:
    """One process of several."""
    folder = NodeFolder.opened(path)
    run_process(
        folder,
        folder.settings(),
        bound(host, port, shared=True),
        lambda _: is_ready.send(None),
        processes=count,
        leash=leash.fileno(),
    )


def bound(host: str, port: int, *, shared: bool) -> socket.socket:
    """A socket that is bound to an address; `shared` ones may be several.

    Raises:
        Invalid: the address is not ours, or in use.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        found = socket.socket(family, socket.SOCK_STREAM)
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            found.bind((host, port))
        except OSError:
            found.close()
            raise
    except OSError as exc:
        raise errors.Invalid(
            f"cannot listen at {host} port {port}: {exc.strerror or exc}; take another --port or "
            "--host"
        ) from exc
    return found


def address_of(listener: socket.socket) -> str:
    """The address that a client is given."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _open_files() -> int:
    """How many files this process may have open; as many as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    return soft if soft != resource.RLIM_INFINITY else 1 << 20
