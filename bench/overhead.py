"""What a command costs beyond its handler: authorisation and audit; the budget is 1 ms.

Run: `.venv/bin/python bench/overhead.py`.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import modelyard
from modelyard.kernel.command import Command
from modelyard.kernel.identity import Identity
from modelyard.projects.commands import ShowProject, UpdateProject
from modelyard.workspace import BUS, Workspace

ROUNDS = 1000


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """What a call takes, in milliseconds by the clock and of CPU."""
    before, cpu = time.perf_counter(), time.thread_time()
    call()
    return (time.perf_counter() - before) * 1000, (time.thread_time() - cpu) * 1000


def measure(yard: Workspace, command: Command[object]) -> str:
    """The medians of a command, of its bare handler, and what lies between."""
    context = yard.open()
    yard.run(command)
    BUS.handle(command, context)
    handler, whole = [], []
    for _ in range(ROUNDS):  # by turns, so that whatever else the machine does falls on both
        handler.append(timed(lambda: BUS.handle(command, context)))
        whole.append(timed(lambda: yard.run(command)))
    bare, bare_cpu = map(statistics.median, zip(*handler, strict=True))
    all_, all_cpu = map(statistics.median, zip(*whole, strict=True))
    return (
        f"handler {bare:6.3f} ms, command {all_:6.3f} ms, overhead {all_ - bare:6.3f} ms "
        f"({all_cpu - bare_cpu:6.3f} ms of CPU)"
    )


def main() -> None:
    """Print a line for each kind of command and of caller."""
    with tempfile.TemporaryDirectory() as folder:
        yard = modelyard.open(Path(folder) / "yard")
        yard.users.create(name="root", admin=True)
        yard.users.create(name="ada")
        yard.members.add(name="ada", role="admin")
        key = yard.keys.create(name="bench", user="ada")
        callers = {
            "local": yard,
            "instance admin": yard.acting(Identity("root", "user")),
            "project admin": yard.acting(Identity("ada", "user")),
            "key": yard.acting(Identity("ada", "key", "127.0.0.1", key.id)),
        }
        commands: dict[str, Command[object]] = {
            "reads": ShowProject(key="default"),
            "changes": UpdateProject(key="default", description="measured"),
        }
        for kind, command in commands.items():
            for caller, acting in callers.items():
                print(f"{kind:8} {caller:15} {measure(acting, command)}")
        yard.close()


if __name__ == "__main__":
    main()
