"""A process that has imported Modelyard or MLflow; its forks are commands, jobs, workers: a script.

Only the start of an interpreter, which is most of what they take, happens once. A fork is what it
would be otherwise: a process with its own arguments, files, variables and folder, which ends with
its own exit code.
"""

from __future__ import annotations

import atexit
import faulthandler
import fcntl
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import struct
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

Request = tuple[dict[str, Any], list[int]]

OF_COMMANDS = (
    "modelyard.web.server",
    "modelyard.jobs.worker",
    "modelyard.serving.server",
    "altair",
    "pandas",
    "scipy.stats",
    "sklearn.ensemble",
    "sklearn.model_selection",
    "tests.forks",
    "uvloop",
)
OF_WORKERS = (
    "mlflow.pyfunc",
    "mlflow.sklearn",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.pipeline",
)
LARGEST = 1 << 20
MOST_FILES = 8


def main(kind: str, address: str, postponing: str) -> None:
    """Fork for each who asks, and tell them its number and its status, until nobody is left."""
    if kind == "commands":
        be = command_or_job
        import_what_commands_need()
    else:
        be = guarded_worker
        import_what_workers_need(postponing)
    gc.collect()
    gc.freeze()  # so that forks do not copy what they share by passing through it
    with socket.socket(socket.AF_UNIX) as listener:
        being_made = f"{address}.{os.getpid()}"
        listener.bind(being_made)
        listener.listen(64)
        Path(being_made).rename(address)  # of two that were begun either will do
        with suppress(BrokenPipeError):  # whoever waited for it was killed; others may need it
            os.write(1, b"listening\n")
        request = Nursery(listener).next_fork()
    end(0 if request is None else outcome(lambda: be(*request)))


def import_what_commands_need() -> None:
    sys.path[0] = str(Path(__file__).parents[1])  # in place of where this script is
    from modelyard.cli.main import build
    from modelyard.verbs import CATALOG

    build()
    rooms = {type_.__module__.rpartition(".")[0] for type_ in CATALOG.values()}
    for name in (*(f"{room}.handlers" for room in rooms), *OF_COMMANDS):
        import_module(name)


def import_what_workers_need(postponing: str) -> None:
    runpy.run_path(postponing)["postpone"]()
    for name in OF_WORKERS:
        import_module(name)


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

    def next_fork(self) -> Request | None:
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
                    if request is None:
                        parent.close()
                        continue
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
        forget_children()
        for end in (self._woken, self._wake):
            os.close(end)
        for each in (parent, *self._parents.values()):
            each.close()


def received(parent: socket.socket) -> Request | None:
    """A request and the files that came with it; None of one that was killed meanwhile."""
    said, files, _, _ = socket.recv_fds(parent, LARGEST, MOST_FILES)
    while more := parent.recv(LARGEST):
        said += more
    try:
        return json.loads(said), files
    except ValueError:
        for file in files:
            os.close(file)
        return None


def tell(parent: socket.socket, number: int) -> None:
    """Say a number to whoever asked for a fork, if they still listen."""
    with suppress(OSError):
        parent.send(struct.pack("<i", number))


def command_or_job(request: dict[str, Any], files: list[int]) -> None:
    """Be a command, or the leash of a job."""
    become(request, files)
    if "leashed" in request:
        leash = module_from_file(request["words"][3])
        leash._start = forked_job
        sys.argv = request["words"][3:]
        leash.main()
    else:
        command(request["words"])


def forked_job(words: list[str]) -> int:
    """What a leash does to start a job."""
    pid = os.fork()
    if pid == 0:
        forget_children()
        os.setpgid(0, 0)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        close_files(but=(nothing, int(os.environ["MODELYARD_JOB_EVENTS"])))
        sys.stdout.reconfigure(write_through=True)
        end(outcome(lambda: command(words[words.index("modelyard") + 1 :])))
    with suppress(OSError):  # it did it, or is gone
        os.setpgid(pid, pid)
    return pid


def command(words: list[str]) -> None:
    """Be a command."""
    from tests import forks

    from modelyard.cli.main import main as run

    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where ours is ignored
    if "PYTHONFAULTHANDLER" in os.environ:
        faulthandler.enable()
    if forks.FORKING in os.environ:
        forks.replace_starters()
    sys.argv = ["modelyard", *words]
    run()


def guarded_worker(request: dict[str, Any], files: list[int]) -> None:
    """Be a guard whose worker is a fork of it."""
    become(request, files)
    guard = module_from_file(request["words"][3])
    guard._start = forked_worker
    sys.argv = request["words"][3:]
    guard.main()


def forked_worker(words: list[str], output: int) -> int:
    """What a guard does to start a worker."""
    pid = os.fork()
    if pid == 0:
        forget_children()
        worker(words, output)
    return pid


def worker(words: list[str], output: int) -> NoReturn:
    """Be a worker, to its end."""
    script = next(at for at, word in enumerate(words) if word.endswith(".py"))
    sys.argv = words[script:]
    nothing = os.open(os.devnull, os.O_RDONLY)
    for at, file in enumerate((nothing, output, output)):
        os.dup2(file, at)
    close_files(but=(int(sys.argv[1]),))
    import_module("numpy").random.seed()  # its generator would be that of all forks
    end(outcome(lambda: runpy.run_path(sys.argv[0], run_name="__main__")))


def forget_children() -> None:
    """Undo in a fork what its parent did to hear of the death of those it started."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def close_files(*, but: tuple[int, ...]) -> None:
    """Close what is no standard file, as the start of a program would."""
    for file in [int(each.name) for each in Path("/proc/self/fd").iterdir()]:
        if file > 2 and file not in but:
            with suppress(OSError):
                os.close(file)


def module_from_file(path: str) -> ModuleType:
    spec = spec_from_file_location("guard", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def become(request: dict[str, Any], files: list[int]) -> None:
    """Take on the files, folder and variables that were asked for."""
    aside = [fcntl.fcntl(file, fcntl.F_DUPFD, 500) for file in files]
    for file in files:
        os.close(file)
    for at, file in zip((0, 1, 2, *request["passed"]), aside, strict=True):
        os.dup2(file, at)
        os.close(file)
    if request["session"]:
        os.setsid()
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environ"])
    tempfile.tempdir = None


def outcome(work: Callable[[], object]) -> int:
    """The exit code of what runs to its end."""
    try:
        work()
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    except BaseException:  # noqa: BLE001  as Python itself does
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


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
