"""Processes of `modelyard` and workers, forked from one that has imported what they need."""

from __future__ import annotations

import atexit
import json
import os
import select
import socket
import struct
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from modelyard.runtime.worker import postponing

SCRIPT = Path(__file__).with_name("prepared_process.py")
POSTPONING = postponing.__file__
ENVIRON = dict(os.environ)
"""With the variables of coverage, which modules of tests may do without for a while."""
OF_EACH_WORKER = ("HOME", "TMPDIR")


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
        return prepared("workers", POSTPONING, environ=frozenset(own.items()))


def start_guard(words, **options):
    """What `Popen` does to start a guard: where the worker's Python is ours, with forks."""
    ours = words[words.index("-u") - 2] == sys.executable
    return (GuardedWorker if ours else subprocess.Popen)(words, **options)


@cache
def prepared(*words: str, environ: frozenset[tuple[str, str]] | None = None) -> str:
    """Where a prepared process of this one listens, which is started once for these variables."""
    folder = TemporaryDirectory(prefix="modelyard-forks-")
    address = f"{folder.name}/socket"
    kind, *more = words
    isolated = () if environ is None else ("-I", "-u", "-X", "utf8", "-X", "faulthandler")
    process = subprocess.Popen(
        [sys.executable, *isolated, SCRIPT, kind, address, *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=ENVIRON if environ is None else {**dict(environ), "HOME": folder.name},
        cwd=SCRIPT.parents[1],
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def end() -> None:
        process.communicate()
        folder.cleanup()

    atexit.register(end)
    assert process.stdout.readline() == b"listening\n"
    return address
