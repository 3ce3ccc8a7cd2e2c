"""What a job came to, typed as if its command had run in place."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import TypeAdapter

from modelyard import errors
from modelyard.jobs.types import Job
from modelyard.kernel.catalog import Catalog
from modelyard.kernel.progress import Progress

LOOKS_EVERY = (0.1, 1.0)
"""Seconds between two looks at a job: at first, and later."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, while a job was followed; `job` goes on."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"job {job.id} goes on; yard.follow({job.id!r}) takes up from here")
        self.job = job


@contextmanager
def followed(job: Job) -> Iterator[None]:
    """Name the job in a KeyboardInterrupt inside.

    Raises:
        Interrupted: there was one.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(job) from None


def wait(job: Job, show: Callable[[], Job], progress: Progress) -> Job:
    """Look at a job until it has ended, telling how far it is; gives it as it then is."""
    pause, longest = LOOKS_EVERY
    while not job.has_ended:
        said = job.message or ("waiting for a worker" if job.state == "queued" else job.command)
        progress(said, fraction=job.fraction, rows=job.rows)
        time.sleep(pause)
        pause = min(longest, pause * 1.5)
        job = show()
    return job


def outcome(catalog: Catalog, job: Job) -> Any:
    """The result of a job that succeeded, as its command's result type.

    Raises:
        ModelyardError: the error that its command failed with.
        Failed: it was cancelled.
        Unavailable: it has not ended yet.
        Unsupported: its command is one of another version of Modelyard.
    """
    if job.command not in catalog:
        raise errors.Unsupported(
            f"job {job.id} is {job.command}, which this version of Modelyard does not know; use "
            "the version that submitted it",
            job=job.id,
        )
    if job.state == "succeeded":
        kind = TypeAdapter[Any](catalog[job.command].result_type())
        return kind.validate_json(json.dumps(job.result))
    if job.state == "cancelled":
        raise errors.Failed(f"job {job.id} was {job.message or 'cancelled'}", job=job.id)
    if job.state != "failed":
        raise errors.Unavailable(f"job {job.id} is {job.state}; wait for it", job=job.id)
    if job.error is None:
        raise errors.Failed(f"job {job.id} failed; its log says more", job=job.id)
    raised = errors.ModelyardError.codes.get(job.error.code, errors.Failed)(job.error.detail)
    raised.context = {**job.error.context, "job": job.id}
    raise raised
