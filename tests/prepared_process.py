"""A process that has imported Modelyard, and whose forks are its commands: a script.

Only the start of an interpreter, which is most of what a command takes, happens once. A fork is
what it would be otherwise: a process with its own arguments, files, variables and folder, which
ends with its own exit code, and is counted for coverage as its variables say.
"""

from __future__ import annotations

import atexit
import faulthandler
import gc
import json
import os
import selectors
import signal
import socket
import struct
import sys
import threading
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

import coverage

HEAVY = (
    "modelyard.web.server",
    "modelyard.jobs.worker",
    "modelyard.serving.server",
    "altair",
    "pandas",
    "scipy.stats",
    "sklearn.ensemble",
    "sklearn.model_selection",
    "uvloop",
)
LARGEST = 1 << 20


def main(address: str) -> None:
    """Fork for each who asks, and tell them its number and its status, until nobody is left."""
    from modelyard.cli.main import build
    from modelyard.verbs import CATALOG

    build()
    rooms = {type_.__module__.rpartition(".")[0] for type_ in CATALOG.values()}
    for name in (*(f"{room}.handlers" for room in rooms), *HEAVY):
        import_module(name)
    gc.collect()
    gc.freeze()  # so that forks do not copy what they share by passing through it
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        os.write(1, b"listening\n")
        request = Nursery(listener).next_fork()
    end(0 if request is None else command(*request))


class Nursery:
    """Forks and whoever asked for each of them."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._parents: dict[int, socket.socket] = {}
        self._woken, self._wake = os.pipe()
        for end in (self._woken, self._wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)

    def next_fork(self) -> tuple[dict[str, object], list[int]] | None:
        """In each fork, what it was asked for; None once standard input is closed."""
        with selectors.DefaultSelector() as selector:
            for each in (0, self._woken, self._listener):
                selector.register(each, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if 0 in ready:
                    return None
                if self._woken in ready:
                    os.read(self._woken, LARGEST)
                    self._tell_of_ended()
                if self._listener.fileno() in ready:
                    parent, _ = self._listener.accept()
                    request = received(parent)
                    pid = os.fork()
                    if pid == 0:
                        self._let_go(parent)
                        return request
                    self._parents[pid] = parent
                    for file in request[1]:
                        os.close(file)
                    tell(parent, pid)

    def _tell_of_ended(self) -> None:
        while self._parents:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            with self._parents.pop(pid) as parent:
                tell(parent, status)

    def _let_go(self, parent: socket.socket) -> None:
        """Forget in a fork what is its parent's."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for end in (self._woken, self._wake):
            os.close(end)
        for each in (parent, *self._parents.values()):
            each.close()


def received(parent: socket.socket) -> tuple[dict[str, object], list[int]]:
    """A request and the three files that came with it."""
    said, files, _, _ = socket.recv_fds(parent, LARGEST, 3)
    while more := parent.recv(LARGEST):
        said += more
    return json.loads(said), files


def tell(parent: socket.socket, number: int) -> None:
    """Say a number to whoever asked for a fork, if they still listen."""
    with suppress(OSError):
        parent.send(struct.pack("<i", number))


def command(request: dict[str, object], files: list[int]) -> int:
    """Be the command, to its exit code."""
    from modelyard.cli.main import main as run

    for at, file in enumerate(files):
        os.dup2(file, at)
        os.close(file)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where ours is ignored
    if request["session"]:
        os.setsid()
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environ"])
    if "PYTHONFAULTHANDLER" in os.environ:
        faulthandler.enable()
    coverage.process_startup(force=True)
    sys.argv = ["modelyard", *request["words"]]
    try:
        run()
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    except BaseException:  # noqa: BLE001  as Python itself does
        sys.excepthook(*sys.exc_info())
    return 1


def end(code: int) -> NoReturn:
    """End as Python does, but take nothing apart: so many modules would need a second for it."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
