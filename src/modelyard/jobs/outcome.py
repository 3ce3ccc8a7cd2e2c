"""What a job came to, typed as if its command had run in place."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter

from modelyard import errors
from modelyard.jobs.types import Job
from modelyard.kernel.catalog import Catalog
from modelyard.kernel.progress import Progress

LOOKS_EVERY = (0.1, 1.0)
"""Seconds between two looks at a job: at first, and later."""


def wait(show: Callable[[], Job], progress: Progress) -> Job:
    """Look at a job until it has ended, telling how far it is; gives it as it then is."""
    pause, longest = LOOKS_EVERY
    while not (job := show()).has_ended:
        said = job.message or ("waiting for a worker" if job.state == "queued" else job.command)
        progress(said, fraction=job.fraction, rows=job.rows)
        time.sleep(pause)
        pause = min(longest, pause * 1.5)
    return job


def outcome(catalog: Catalog, job: Job) -> Any:
    """The result of a job that succeeded, as its command's result type.

    Raises:
        ModelyardError: the error that its command failed with.
        Failed: it was cancelled.
        Unavailable: it has not ended yet.
    """
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
