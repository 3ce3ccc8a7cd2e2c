"""A real worker whose jobs are a command of the test's: `odd_worker.py FOLDER SLOTS COMMAND...`.

The command finds the job's id in JOB, and says what came of it on the descriptor in
MODELYARD_JOB_EVENTS. `python odd_worker.py` with CLOCK_AHEAD set believes that many seconds more.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import signal
import sys
import time

AHEAD = float(os.environ.get("CLOCK_AHEAD", "0"))


def put_clock_on() -> None:
    """Make this process believe that it is another time."""
    right_time, right_datetime = time.time, dt.datetime

    class Wrong(right_datetime):
        @classmethod
        def now(cls, tz=None):
            return right_datetime.now(tz) + dt.timedelta(seconds=AHEAD)

    time.time = lambda: right_time() + AHEAD
    dt.datetime = Wrong


if AHEAD:
    put_clock_on()

from modelyard.jobs.worker import Worker  # noqa: E402  after the clock
from modelyard.store.opening import hasty  # noqa: E402
from modelyard.workspace import open_workspace  # noqa: E402


def main() -> None:
    """Work."""
    folder, slots, *command = sys.argv[1:]

    def command_of(job: str, lease: int) -> list[str]:
        return ["/usr/bin/env", f"JOB={job}", f"LEASE={lease}", *command]

    logging.basicConfig(level=logging.INFO, stream=sys.stdout)
    context = hasty(open_workspace(folder).open())
    worker = Worker(context, command_of, slots=int(slots))
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    worker.run()


main()
