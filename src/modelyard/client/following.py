"""Following a job to its end: by the server's events, else by asking again and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing

from pydantic import ValidationError

from modelyard import errors
from modelyard.client.link import Link, below
from modelyard.jobs.types import Job
from modelyard.kernel.lost import Lost
from modelyard.kernel.progress import Progress

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
LONGEST_AWAY = 600.0
"""Seconds for which a server that is away is waited for; its jobs go on all the same."""


def follow(link: Link, job: Job, show: Callable[[], Job], progress: Progress) -> Job:
    """Wait until a job has ended; `show` looks at it as it is now, without patience.

    Raises:
        Unavailable: the server stays away.
    """
    told: object = None
    with closing(_looks(link, job, show)) as looks:
        for look in looks:
            if look is None:
                progress("waiting for the server")
                told = None
                continue
            job = look
            tells = (job.state, job.message, job.fraction, job.rows)
            if tells != told and job.state == "queued":
                progress("waiting for a worker")
            elif tells != told and job.state == "running":
                progress(job.message or "running", fraction=job.fraction, rows=job.rows)
            told = tells
    return job


def _looks(link: Link, job: Job, show: Callable[[], Job]) -> Generator[Job | None]:
    """The job as it changes, until it has ended; None while the server is away."""
    pause, away_since, listens = FIRST_PAUSE, 0.0, True
    yield job
    while not job.has_ended:
        try:
            if listens:
                with closing(_heard(link, job)) as heard:
                    for job in heard:  # noqa: PLR1704  as above
                        yield job
        except (errors.Unsupported, errors.NotFound, errors.Invalid):
            listens = False  # a server that sends none; should the job be gone, `show` says so
        except (Lost, errors.Unavailable):
            pause = FIRST_PAUSE
        if job.has_ended:
            return
        time.sleep(pause)
        pause = min(1.5 * pause, LONGEST_PAUSE)
        try:
            job = show()
            away_since = 0.0
        except errors.Unavailable as exc:
            away_since = away_since or time.monotonic()
            if time.monotonic() - away_since > LONGEST_AWAY:
                raise _away(link, job) from exc
            yield None
            continue
        yield job


def _away(link: Link, job: Job) -> errors.Unavailable:
    return errors.Unavailable(
        f"{link.address.url} is away; job {job.id} may go on there: look at it with "
        f"'modelyard jobs show {job.id}'",
        job=job.id,
    )


def _heard(link: Link, job: Job) -> Generator[Job]:
    """The job in each event of the server's."""
    with closing(link.events(below(f"jobs/{job.id}/events"))) as events:
        for data in events:
            try:
                yield Job.model_validate_json(data)
            except ValidationError:
                continue  # an event of another kind
