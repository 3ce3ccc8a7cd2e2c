"""Processes of `modelyard`, its jobs and workers, forked from one that has what they import."""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import json
import os
import select
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from modelyard.runtime.worker import postponing

SCRIPT = Path(__file__).with_name("prepared_process.py")
POSTPONING = postponing.__file__
ENVIRON = dict(os.environ)
"""The variables as they were before any test."""
OF_EACH_WORKER = ("HOME", "TMPDIR")
PLACE = "TESTS_FORKS"
"""The variable with the folder of the prepared processes of this one and of its commands."""
FORKING = "TESTS_FORKS_EVERYTHING"
"""The variable that has commands start forks in their turn."""
started: list[subprocess.Popen[bytes]] = []
"""Prepared processes that this one started: if it is a command, they outlive it."""


class Fork(subprocess.Popen[Any]):
    """`Popen` of `modelyard`, whose words it takes: `Fork(["jobs", "list"], …)`.

    It is a child of the prepared process, not of ours.
    """

    def _execute_child(self, args, _executable, _before, _closes, passed, cwd, env, *more):
        stdin, ours_in, ours_out, stdout, ours_err, stderr = more[3:9]
        request = {
            "words": [*map(str, args)],
            "folder": str(cwd or Path.cwd()),
            "environ": dict(os.environ if env is None else env),
            "session": more[14],
            "passed": passed,
        }
        files = [at if file == -1 else file for at, file in enumerate((stdin, stdout, stderr))]
        self._prepared = asked(self._prepared_for(request), request, [*files, *passed])
        self._close_pipe_fds(stdin, ours_in, ours_out, stdout, ours_err, stderr)
        self.pid = told(self._prepared)
        self._child_created = True

    def _prepared_for(self, _request):
        return prepared("commands")

    def _internal_poll(self, *_, **__):
        if self.returncode is None:
            pid, status = self._try_wait(os.WNOHANG)
            if pid:
                self._handle_exitstatus(status)
        return self.returncode

    def _try_wait(self, flags):
        if flags & os.WNOHANG and not select.select([self._prepared], [], [], 0)[0]:
            return 0, 0
        with self._prepared:
            return self.pid, told(self._prepared)


def run(words, *, check=False, timeout=None, **more) -> subprocess.CompletedProcess[Any]:
    """What `subprocess.run` does, with a fork; its output is captured as text."""
    with Fork(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    if check:
        done.check_returncode()
    return done


def asked(address: str, request: dict[str, Any], files: list[int]) -> socket.socket:
    """Ask a prepared process for a fork with these standard files; it is told of on the socket."""
    prepared = socket.socket(socket.AF_UNIX)
    prepared.connect(address)
    said = json.dumps(request).encode()
    sent = socket.send_fds(prepared, [said], files)
    prepared.sendall(said[sent:])
    prepared.shutdown(socket.SHUT_WR)
    return prepared


def told(prepared: socket.socket) -> int:
    """The number of a fork, and then its status once it has ended."""
    said = prepared.recv(4, socket.MSG_WAITALL)
    assert len(said) == 4, "the prepared process is gone"
    return struct.unpack("<i", said)[0]


class GuardedWorker(Fork):
    """`Popen` of the guard of a worker; the worker is a fork of it."""

    def _prepared_for(self, request):
        environ = request["environ"]
        own = {name: word for name, word in environ.items() if name not in OF_EACH_WORKER}
        return prepared("workers", own)


class LeashedJob(Fork):
    """`Popen` of the leash of a job; the job is a fork of it."""

    def _prepared_for(self, request):
        request["leashed"] = True
        return prepared("commands")


def _guard(words, **options):
    """Where the worker's Python is ours."""
    ours = words[words.index("-u") - 2] == sys.executable
    return (GuardedWorker if ours else subprocess.Popen)(words, **options)


def _leash(words, **options):
    """Where the job's command is one of ours."""
    return (LeashedJob if "modelyard" in words else subprocess.Popen)(words, **options)


def _command(words, **options):
    return Fork(words[words.index("modelyard") + 1 :], **options)


STARTERS: dict[str, Callable[..., Any]] = {
    "modelyard.deployments.nodes.local_process": _command,
    "modelyard.jobs.child": _leash,
    "modelyard.runtime.process": _guard,
}
"""What does what `Popen` does in modules that start processes, with forks."""


def replace_starters(put: Callable[[Any, str, Any], None] = setattr) -> None:
    """Have processes of this one be forks."""
    for module, start in STARTERS.items():
        forking = SimpleNamespace(**{**vars(subprocess), "Popen": start})
        put(import_module(module), "subprocess", forking)


@cache
def place() -> str:
    """Make the folder of prepared processes, which end when this one lets go of what they read."""
    folder = TemporaryDirectory(prefix="modelyard-forks-")
    alive = Path(folder.name, "alive")
    os.mkfifo(alive)
    held = os.open(alive, os.O_RDWR)

    def end() -> None:
        os.close(held)
        for process in started:
            process.communicate()
        folder.cleanup()

    atexit.register(end)
    return folder.name


def prepared(kind: str, environ: dict[str, str] | None = None) -> str:
    """Where a prepared process with these variables listens; whoever needs it first starts it."""
    if PLACE not in os.environ:
        os.environ[PLACE] = place()
    folder = Path(os.environ[PLACE])
    chosen = json.dumps(environ, sort_keys=True).encode()
    address = folder / f"{kind}-{hashlib.sha256(chosen).hexdigest()[:8]}"
    if address.exists():
        return str(address)
    with address.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not address.exists():
            started.append(_prepare(kind, address, environ))
    return str(address)


def _prepare(kind: str, address: Path, environ: dict[str, str] | None) -> subprocess.Popen[bytes]:
    isolated = () if environ is None else ("-I", "-u", "-X", "utf8", "-X", "faulthandler")
    log, alive = address.with_suffix(".log"), address.with_name("alive")
    with alive.open("rb") as reading, log.open("wb") as writing:
        process = subprocess.Popen(
            [sys.executable, *isolated, SCRIPT, kind, address, POSTPONING],
            stdin=reading,
            stdout=subprocess.PIPE,
            stderr=writing,
            env=ENVIRON if environ is None else {**environ, "HOME": str(address.parent)},
            cwd=SCRIPT.parents[1],
            start_new_session=True,
        )
    assert process.stdout is not None
    assert process.stdout.readline() == b"listening\n", log.read_text()
    return process
