"""Control sockets: where a command finds the processes of a node, and asks them to switch.

Each process listens at `run/<pid>.sock`, which only the owner of the folder may reach. A message is
a line of JSON. An answer is any number of lines that say how far it is, and a last one.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from modelyard import errors
from modelyard.kernel.progress import Progress, silence

SUFFIX = ".sock"
SIGN_OF_LIFE = 2.0
"""Seconds after which a process that is at work says so."""
PATIENCE = 30.0
"""Seconds without a word after which a process is taken for hung."""
LONGEST = 100
"""Bytes of a socket's path that every system takes."""
LINE = 4 << 20


@contextmanager
def address(file: Path) -> Iterator[str]:
    """A path for a socket that the system takes, however deep the folder is."""
    if len(os.fsencode(file)) <= LONGEST or not Path("/proc/self/fd").is_dir():
        yield str(file)
        return
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{folder}/{file.name}"
    finally:
        os.close(folder)


class Conversation:
    """What a command says to one running process; leaving it has the process follow the disk."""

    def __init__(self, pid: int, connection: socket.socket) -> None:
        self.pid = pid
        self._connection = connection
        self._file = connection.makefile("rwb")

    def ask(self, message: dict[str, Any], progress: Progress = silence) -> dict[str, Any]:
        """Say something and wait for the last line of the answer.

        Raises:
            ModelyardError: as the process says.
            Unavailable: the process is gone, or hangs.
        """
        try:
            self._file.write(json.dumps(message).encode() + b"\n")
            self._file.flush()
            while line := self._file.readline(LINE):
                told: dict[str, Any] = json.loads(line)
                if "said" in told:
                    if told["said"]:
                        progress(told["said"])
                    continue
                if "problem" in told:
                    problem = told["problem"]
                    kind = errors.ModelyardError.codes.get(problem["code"], errors.Failed)
                    raise kind(problem["detail"])
                return told
        except TimeoutError as exc:
            raise errors.Unavailable(
                f"process {self.pid} of the node says nothing for {PATIENCE:g} seconds; look at "
                "its log, or restart it"
            ) from exc
        except (OSError, ValueError) as exc:
            raise _gone(self.pid) from exc
        raise _gone(self.pid)

    def close(self) -> None:
        """End the conversation."""
        with suppress(OSError):
            self._file.close()
        self._connection.close()


def _gone(pid: int) -> errors.Unavailable:
    return errors.Unavailable(f"process {pid} of the node ended meanwhile", gone=pid)


def reach(run: Path) -> list[Conversation]:
    """Begin a conversation with each running process; sockets of dead ones are removed."""
    found = []
    for file in sorted(run.glob(f"*{SUFFIX}")):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(PATIENCE)
        try:
            with address(file) as name:
                connection.connect(name)
        except (ConnectionRefusedError, FileNotFoundError):
            connection.close()
            file.unlink(missing_ok=True)
            continue
        found.append(Conversation(int(file.stem), connection))
    return found


@contextmanager
def reached(run: Path) -> Iterator[list[Conversation]]:
    """Conversations with all running processes, ended with the block."""
    talks = reach(run)
    try:
        yield talks
    finally:
        for talk in talks:
            talk.close()
