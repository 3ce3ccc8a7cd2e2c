"""The process of a job that does what a test wants: `odd_job.py DIARY WHAT [SECONDS]`.

It writes into the diary when it began and ended, and with which lease. Runs without any package.
"""

from __future__ import annotations

import os
import signal
import sys
import time


def main() -> None:
    """Do it."""
    diary, what, *more = sys.argv[1:]
    job, lease = os.environ["JOB"], os.environ["LEASE"]

    def note(word: str) -> None:
        line = f"{time.monotonic():.4f} {word} {job} {lease} {os.getpid()}\n"
        with open(diary, "a") as file:  # noqa: PTH123  pathlib loads slowly
            file.write(line)

    if what == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note("begin")
    if what == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "kills-worker":
        with open(diary + ".worker") as file:  # noqa: PTH123
            os.kill(int(file.read()), signal.SIGKILL)
        time.sleep(60)
    end = time.monotonic() + float(more[0] if more else 0)
    while time.monotonic() < end and not os.access(diary + ".enough", os.F_OK):
        time.sleep(0.02)
        if what == "ticks":
            note("tick")
    note("end")
    os.write(int(os.environ["MODELYARD_JOB_EVENTS"]), b'{"result": null}\n')


main()
