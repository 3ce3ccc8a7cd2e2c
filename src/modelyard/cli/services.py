"""What runs until it is stopped: the worker; and what a worker runs for each job."""

from __future__ import annotations

import json
import logging
import signal
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import click

from modelyard import errors
from modelyard.cli.logs import write_log
from modelyard.cli.problems import EXIT, tell
from modelyard.jobs.outcome import outcome, wait
from modelyard.kernel.identity import Identity
from modelyard.kernel.progress import Progress
from modelyard.verbs import CATALOG
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
            _workspace(),
        ],
        callback=_told(_work),
    )


def wait_command() -> click.Command:
    """`modelyard jobs wait`."""
    return click.Command(
        "wait",
        help="Wait for a job to end: print what its command gave back, or fail as it failed.\n\n"
        "Ctrl-C stops the waiting, not the job.\n\n\b\nArguments:\n  ID         id of the job",
        short_help="Wait for a job to end, and print its result.",
        params=[
            click.Argument(["id"]),
            _workspace(),
            click.Option(["--json", "as_json"], is_flag=True, help="print one JSON document"),
        ],
        callback=_wait,
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
            _workspace(),
        ],
        callback=_told(_run_job),
    )


def _workspace() -> click.Option:
    return click.Option(
        ["--workspace"],
        metavar="DIR",
        envvar="MODELYARD_WORKSPACE",
        help="folder of the workspace  [default: ./.modelyard]",
    )


def _told(work: Callable[..., None]) -> Callable[..., None]:
    def callback(**given: Any) -> None:
        try:
            work(**given)
        except errors.ModelyardError as error:
            tell(error, as_json=False)
            raise SystemExit(EXIT[type(error)]) from error

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
    from modelyard.files.access import sweep_transit  # noqa: PLC0415
    from modelyard.jobs.worker import Worker  # noqa: PLC0415
    from modelyard.store.opening import hasty  # noqa: PLC0415

    context = hasty(_opened(yard))
    python = [sys.executable, "-u", "-m", "modelyard", RUN_JOB, "--workspace", str(yard.folder)]
    return Worker(
        context,
        lambda job, lease: [*python, job, str(lease)],
        slots=slots or context.settings.jobs.slots,
        queues=queues,
        clears=sweep_transit,
    )


def _wait(*, id: str, workspace: str | None, as_json: bool) -> None:  # noqa: A002  as it is typed
    from modelyard.cli.render import progress_bar, show  # noqa: PLC0415  as above

    yard = open_workspace(workspace)
    try:
        with progress_bar(enabled=True) as progress:
            job = wait(lambda: yard.jobs.show(id=id), progress)
        result = outcome(CATALOG, job)
    except errors.ModelyardError as error:
        tell(error, as_json=as_json)
        raise SystemExit(EXIT[type(error)]) from error
    if as_json:
        click.echo(json.dumps(job.result, indent=2))
    else:
        show(result)


def _opened(yard: Workspace) -> Any:
    """The open workspace, as soon as its database answers."""
    told = False
    while True:
        try:
            return yard.open()
        except errors.Unavailable as exc:
            if not told:
                LOG.warning("%s; trying again", exc.detail)
            told = True
            time.sleep(TRIES_EVERY)


def _run_job(*, job: str, lease: int, workspace: str | None) -> None:
    from modelyard.jobs.running import carry_out  # noqa: PLC0415  as above

    yard = open_workspace(workspace, waits=True)

    def acting(identity: Identity, progress: Progress) -> Workspace:
        return yard.acting(identity, progress=progress)

    carry_out(yard.open(), acting, job, lease)
