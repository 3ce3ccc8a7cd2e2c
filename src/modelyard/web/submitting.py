"""Background commands over HTTP: they become jobs, for which a client may wait a while."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from typing import Any

from modelyard.jobs.commands import ShowJob, SubmitJob
from modelyard.jobs.outcome import outcome
from modelyard.jobs.types import Job
from modelyard.kernel.command import Command
from modelyard.kernel.wire import request_of
from modelyard.verbs import CATALOG
from modelyard.web.answers import Answer
from modelyard.web.problems import answer_to
from modelyard.web.threads import Threads
from modelyard.workspace import Workspace

WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*(\d{1,6})\s*(?:$|[,;])", re.IGNORECASE)
LONGEST_WAIT = 60
LOOKS_EVERY = 0.2
JOB = "modelyard-job"
"""The header that names the job of an answer that was waited for."""


def as_job(name: str, command: Command[Any]) -> SubmitJob:
    """The command that submits a command."""
    return SubmitJob(command=name, given=command.model_dump(mode="json", exclude_unset=True))


def accepted(job: Job) -> Answer:
    """The answer to who submitted a job."""
    shown = request_of(ShowJob(id=job.id)).target
    return Answer(202, job.model_dump_json().encode(), headers={"location": shown})


def wished_wait(prefer: str) -> int:
    """The seconds that a Prefer header asks to wait for the result; 0 if it does not."""
    found = WAIT.search(prefer)
    return min(int(found[1]), LONGEST_WAIT) if found else 0


async def waited(
    answer: Answer,
    seconds: int,
    *,
    workspace: Workspace,
    threads: Threads,
    is_stopping: Callable[[], bool],
) -> Answer:
    """What a submitted job came to, if it ends in time; else the job as it is then."""
    job_id = json.loads(answer.body)["id"]
    headers = {"preference-applied": f"wait={seconds}", JOB: job_id}
    until = time.monotonic() + seconds
    while True:
        job = await threads.run(workspace.run, ShowJob(id=job_id))
        if job.has_ended:
            ended = await threads.run(_told, job)
            return Answer(ended.status, ended.body, ended.media_type, {**ended.headers, **headers})
        if time.monotonic() >= until or is_stopping():
            still = accepted(job)
            return Answer(still.status, still.body, headers={**still.headers, **headers})
        await asyncio.sleep(LOOKS_EVERY)


def _told(job: Job) -> Answer:
    try:
        result = outcome(CATALOG, job)
    except Exception as exc:  # noqa: BLE001  whatever it raises becomes an answer
        return answer_to(exc)
    return Answer(204) if result is None else Answer(200, json.dumps(job.result).encode())
