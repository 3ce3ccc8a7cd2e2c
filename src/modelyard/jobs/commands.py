"""What one can ask of jobs.

Whose job it is decides who may see and change it, so their handlers do.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from modelyard.jobs.types import Job, JobState, LogLine, WorkerSeen
from modelyard.kernel.catalog import Catalog
from modelyard.kernel.command import Command
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Json, ProjectKey

EXAMPLE = "20261125-154034-7170000ceab91"
LONGEST_DELAY = 366 * 86400
JobId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class SubmitJob(Command[Job]):
    """Run a command later, in a process of its own that a worker starts."""

    needs = "jobs:write"
    route = "POST /jobs"
    arguments = ("command",)

    command: str = Field(description="the command, as room.verb", examples=["scoring.run"])
    given: dict[str, Json] = Field(
        default={},
        description="its arguments by name (KEY:=JSON for what is not text)",
        examples=[{"model": "churn", "input": "holdout", "output": "scored.parquet"}],
    )
    retries: int = Field(
        default=0, ge=0, le=100, description="how often to begin again after an error"
    )
    delay: float = Field(
        default=0, ge=0, le=LONGEST_DELAY, description="seconds to wait before it may begin"
    )

    @classmethod
    def of(
        cls, catalog: Catalog, command: Command[Any], *, retries: int = 0, delay: float = 0
    ) -> SubmitJob:
        """The submission of a command."""
        return cls(
            command=catalog.name_of(type(command)),
            given=command.model_dump(mode="json", exclude_unset=True),
            retries=retries,
            delay=delay,
        )


class ListJobs(Command[list[Job]], Paged):
    """List jobs, the newest first."""

    needs = "jobs:read"
    route = "GET /jobs"
    project_field = "project"

    project: ProjectKey | None = Field(default=None, description="only jobs of this project")
    state: JobState | None = Field(default=None, description="only jobs in this state")
    command: str | None = Field(default=None, description="only jobs of this command")


class ShowJob(Command[Job]):
    """Show a job: how far it is, and what came of it."""

    needs = "jobs:read"
    route = "GET /jobs/{id}"
    arguments = ("id",)

    id: JobId = Field(description="id of the job", examples=[EXAMPLE])


class ReadJobLog(Command[list[LogLine]]):
    """Show what a job printed, and what was noted about it."""

    needs = "jobs:read"
    route = "GET /jobs/{id}/log"
    arguments = ("id",)

    id: JobId = Field(description="id of the job", examples=[EXAMPLE])
    after: int = Field(
        default=0, ge=0, lt=2**31, description="only lines after the one of this number"
    )
    limit: int = Field(default=10_000, ge=1, le=100_000, description="how many lines at most")


class ListWorkers(Command[list[WorkerSeen]]):
    """List the workers that run jobs, and those that died within the last hour."""

    needs = "jobs:read"
    route = "GET /workers"


class CancelJob(Command[Job]):
    """Cancel a job: at once while it waits; its process is killed while it runs."""

    needs = "jobs:write"
    route = "POST /jobs/{id}/cancel"
    arguments = ("id",)

    id: JobId = Field(description="id of the job", examples=[EXAMPLE])


class RetryJob(Command[Job]):
    """Run a failed or cancelled job again, under its id."""

    needs = "jobs:write"
    route = "POST /jobs/{id}/retry"
    arguments = ("id",)

    id: JobId = Field(description="id of the job", examples=[EXAMPLE])
