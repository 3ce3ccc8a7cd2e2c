"""A `modelyard` for shells whose commands are forks of one process that has imported it already.

A shell sees what it always sees: arguments, pipes, variables, folders, exit codes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.forks import prepared

COMMAND = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as prepared:
    prepared.connect({address!r})
    request = {{
        "words": sys.argv[1:],
        "folder": os.getcwd(),
        "environ": dict(os.environ),
        "session": False,
        "passed": [],
    }}
    socket.send_fds(prepared, [json.dumps(request).encode()], [0, 1, 2])
    prepared.shutdown(socket.SHUT_WR)
    prepared.recv(4, socket.MSG_WAITALL)
    status = prepared.recv(4, socket.MSG_WAITALL)
sys.exit(os.waitstatus_to_exitcode(int.from_bytes(status, "little")) if status else "it died")
"""


@contextmanager
def imported_command(folder: Path) -> Iterator[Path]:
    """A folder for `PATH` with the command."""
    places = folder / "bin"
    places.mkdir()
    command = places / "modelyard"
    command.write_text(COMMAND.format(python=sys.executable, address=prepared("commands")))
    command.chmod(0o755)
    yield places
