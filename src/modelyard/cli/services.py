"""What runs until it is stopped: the worker; and what a worker runs for each job."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import click

from modelyard import errors
from modelyard.cli.logs import write_log
from modelyard.cli.place import workspace_option
from modelyard.cli.problems import told
from modelyard.kernel.identity import Identity
from modelyard.kernel.progress import Progress
from modelyard.workspace import Workspace, open_workspace

LOG = logging.getLogger("modelyard.jobs")
TRIES_EVERY = 1.0
RUN_JOB = "run-job"


def worker_command() -> click.Command:
    """`modelyard worker`."""
    about = (
        "Run jobs until stopped: each in a process of its own.\n\n"
        "SIGTERM and Ctrl-C let running jobs end for a while, then give them back to the queue; "
        "the second Ctrl-C gives them back at once."
    )
    return click.Command(
        "worker",
        help=about,
        short_help="Run jobs until stopped.",
        params=[
            click.Option(["--slots"], type=click.IntRange(1, 256), help="jobs to run at once"),
            click.Option(["--queues"], default="", metavar="A,B,…", help="only jobs of these"),
            click.Option(["--drain"], is_flag=True, help="end once nothing is left to do"),
            click.Option(["--quiet"], is_flag=True, help="do not tell what it does"),
            workspace_option(),
        ],
        callback=_told(_work),
    )


def run_job_command() -> click.Command:
    """`modelyard run-job`, which is not for people."""
    return click.Command(
        RUN_JOB,
        help="Run a leased job: what a worker starts for each of its jobs.",
        hidden=True,
        params=[
            click.Argument(["job"]),
            click.Argument(["lease"], type=int),
            workspace_option(),
        ],
        callback=_told(_run_job),
    )


def _told(work: Callable[..., None]) -> Callable[..., None]:
    def callback(**given: Any) -> None:
        with told():
            work(**given)

    return callback


def _work(
    *, slots: int | None, queues: str, drain: bool, quiet: bool, workspace: str | None
) -> None:
    write_log(quiet=quiet)
    worker = worker_of(
        open_workspace(workspace),
        slots=slots,
        queues=[name.strip() for name in queues.split(",") if name.strip()],
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    LOG.info("worker %s is ready", worker.name)
    worker.run(drain=drain)


def worker_of(yard: Workspace, *, slots: int | None = None, queues: Sequence[str] = ()) -> Any:
    """A worker of a workspace, as soon as its database answers."""
    # The database and what runs jobs are only needed once a worker starts.
    from modelyard.housekeeping.clearing import clear  # noqa: PLC0415
    from modelyard.housekeeping.errands import run_errands  # noqa: PLC0415
    from modelyard.jobs.worker import Worker  # noqa: PLC0415
    from modelyard.store.opening import hasty  # noqa: PLC0415

    context = hasty(_opened(yard))
    python = [sys.executable, "-u", "-m", "modelyard", RUN_JOB, "--workspace", str(yard.folder)]
    return Worker(
        context,
        lambda job, lease: [*python, job, str(lease)],
        slots=slots or context.settings.jobs.slots,
        queues=queues,
        clears=clear,
        errands=run_errands,
    )


def _opened(yard: Workspace) -> Any:
    """The open workspace, as soon as its database answers."""
    told = False
    while True:
        try:
            return yard.open()
        except errors.Unavailable as exc:
            if not told:
                LOG.warning("%s; trying again", exc.in_full())
            told = True
            time.sleep(TRIES_EVERY)


def _run_job(*, job: str, lease: int, workspace: str | None) -> None:
    from modelyard.jobs.running import carry_out  # noqa: PLC0415  as above

    yard = open_workspace(workspace, waits=True)

    def acting(identity: Identity, progress: Progress) -> Workspace:
        return yard.acting(identity, progress=progress)

    carry_out(yard.open(), acting, job, lease)
