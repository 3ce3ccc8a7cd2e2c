"""A `modelyard` for shells whose commands are forks of one process that has imported it already.

A shell sees what it always sees: arguments, pipes, variables, folders, exit codes. Only the start
of an interpreter, which is most of what a command takes, happens once.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    said = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)])
    socket.send_fds(server, [said.encode()], [0, 1, 2])
    server.shutdown(socket.SHUT_WR)
    code = server.recv(1)
sys.exit(code[0] if code else 'modelyard died')
"""
HEAVY = ("altair", "pandas", "scipy.stats", "sklearn.ensemble", "sklearn.model_selection")


@contextmanager
def imported_command(folder: Path) -> Iterator[Path]:
    """A folder for `PATH` with the command, as long as its process lives."""
    address, places = folder / "modelyard.sock", folder / "bin"
    places.mkdir()
    command = places / "modelyard"
    command.write_text(COMMAND.format(python=sys.executable, address=str(address)))
    command.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, __file__, str(address)], stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        try:
            assert server.stdout.readline() == b"listening\n"
            yield places
        finally:
            server.terminate()


def serve(address: str) -> None:
    """Answer commands until terminated."""
    from importlib import import_module

    from modelyard.cli.main import build
    from modelyard.verbs import CATALOG

    build()
    rooms = {type_.__module__.rpartition(".")[0] for type_ in CATALOG.values()}
    for name in (*(f"{room}.handlers" for room in rooms), *HEAVY):
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a command but its shell
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        while True:
            shell, _ = server.accept()
            if os.fork() == 0:
                server.close()
                answer(shell)
            shell.close()


def answer(shell: socket.socket) -> None:
    """Be the command that a shell asks for, to the end."""
    from modelyard.cli.main import main

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    said, files, _, _ = socket.recv_fds(shell, 1 << 20, 3)
    while more := shell.recv(1 << 20):
        said += more
    words, folder, environ = json.loads(said)
    for at, file in enumerate(files):
        os.dup2(file, at)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    code = 70
    try:
        main(words)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        shell.send(bytes([code]))
        os._exit(code)


if __name__ == "__main__":
    serve(*sys.argv[1:])
