"""The server process: listens, answers, stops when it is told to."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from threading import Event
from types import FrameType

import uvicorn

from modelyard import errors
from modelyard.governance.setup import make_token
from modelyard.serving.http.signals import STOPS, told_by_signals
from modelyard.web.app import create_app
from modelyard.web.auth import LOOPBACK
from modelyard.web.crew import Crew
from modelyard.web.patience import PatientProtocol
from modelyard.workspace import Workspace

BACKLOG = 2048
KEEP_ALIVE = 60
FIRST = "there is no admin yet; make the first one, once, within a day: {}/setup?token={}"
LOG = logging.getLogger("modelyard.web")


def serve(
    workspace: Workspace,
    *,
    host: str,
    port: int,
    no_auth: bool,
    crew: Crew,
    announce: Callable[[str], None],
) -> None:
    """Answer until SIGTERM or Ctrl-C; `announce` is told the address once it is listened at.

    The crew works meanwhile, and is stopped with the server. Where there is no admin yet, the link
    that makes the first admin is announced too.

    Raises:
        Invalid: nobody can listen at this address, or it is open to others without login.
    """
    if no_auth and host not in LOOPBACK:
        raise errors.Invalid(
            f"--no-auth makes everybody who reaches {host} the owner of this workspace; it is only "
            "possible with --host 127.0.0.1"
        )
    settings = workspace.open().settings
    server = Server(workspace, crew, no_auth=no_auth)
    with (
        listening(host, port) as listener,
        closing(workspace),
        told_by_signals(server),
        _at_work(crew, server, max(settings.jobs.grace, settings.jobs.lease)),
    ):
        address = address_of(listener)
        announce(f"modelyard serves at {address}")
        if not no_auth and (token := make_token(workspace.open())):
            announce(FIRST.format(settings.security.url or address, token))
        server.run(sockets=[listener])
    _let_threads_end(settings.server.shutdown_timeout)


class Server(uvicorn.Server):
    """uvicorn with the limits of the settings; what stops it stops the crew too."""

    def __init__(self, workspace: Workspace, crew: Crew, *, no_auth: bool) -> None:
        limits = workspace.open().settings.server
        self._crew = crew
        self._stopping = Event()
        super().__init__(
            uvicorn.Config(
                create_app(workspace, no_auth=no_auth, is_stopping=self._stopping.is_set),
                http=PatientProtocol.within(limits),
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=limits.connections,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=round(limits.shutdown_timeout),
            )
        )

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stopping.is_set()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; the second time at once."""
        self._stopping.set()
        super().handle_exit(sig, frame)
        self._crew.stop()


@contextmanager
def _at_work(crew: Crew, server: Server, longest: float) -> Iterator[None]:
    """Let the crew work as long as the server does; then it has some seconds to end in order."""
    crew.start()
    try:
        yield
    finally:
        for number in STOPS:
            signal.signal(number, lambda *_: crew.stop())
        if not server.is_stopping:
            crew.stop()
        crew.join(longest)


def _let_threads_end(seconds: float) -> None:
    """Wait for commands that still run, such as for a database that hangs; then go without them."""
    until = time.monotonic() + seconds
    for thread in threading.enumerate():
        if thread.daemon or thread is threading.main_thread():
            continue
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            LOG.warning("a command did not end in time; the server stops without it")
            os._exit(0)  # Python would wait for it


def listening(host: str, port: int) -> socket.socket:
    """A socket that takes connections.

    Raises:
        Invalid: the address is not ours, or in use.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as exc:
        raise errors.Invalid(
            f"cannot listen at {host} port {port}: {exc.strerror or exc}; take another --port or "
            "--host"
        ) from exc
    return listener


def address_of(listener: socket.socket) -> str:
    """The address that a browser is given."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
