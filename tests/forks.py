"""Processes of `modelyard`, forked from one that has imported it already."""

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

from tests.processes import not_ours

SCRIPT = Path(__file__).with_name("prepared_process.py")


class Fork(subprocess.Popen[Any]):
    """`Popen` of `modelyard`, whose words it takes: `Fork(["jobs", "list"], …)`.

    It is a child of the prepared process, not of ours.
    """

    def _execute_child(self, args, _executable, _before, _closes, _passed, cwd, env, *more):
        stdin, ours_in, ours_out, stdout, ours_err, stderr = more[3:9]
        request = {
            "words": [*map(str, args)],
            "folder": str(cwd or Path.cwd()),
            "environ": dict(os.environ if env is None else env),
            "session": more[14],
        }
        files = [at if file == -1 else file for at, file in enumerate((stdin, stdout, stderr))]
        self._prepared = asked(address_of_prepared(), request, files)
        self._close_pipe_fds(stdin, ours_in, ours_out, stdout, ours_err, stderr)
        self.pid = told(self._prepared)
        self._child_created = True

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


@cache
def address_of_prepared() -> str:
    """Where the prepared process of this one listens, which is started once."""
    folder = TemporaryDirectory(prefix="modelyard-forks-")
    address = f"{folder.name}/socket"
    process = subprocess.Popen(
        [sys.executable, SCRIPT, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=not_ours(),
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
