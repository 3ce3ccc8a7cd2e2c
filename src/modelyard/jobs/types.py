"""The words of jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field, JsonValue

from modelyard.kernel.values import Value

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ENDED: tuple[JobState, ...] = ("succeeded", "failed", "cancelled")


class JobError(Value):
    """Why a job failed: an error as it would have been raised."""

    code: str
    detail: str
    context: dict[str, Any] = {}


class Job(Value):
    """A command that runs later, in a process of its own."""

    listed = ("id", "project", "command", "state", "fraction", "message", "actor", "submitted")

    id: str = Field(description="sorts by the moment of submission")
    project: str | None = None
    command: str = Field(description="what runs, as room.verb")
    arguments: dict[str, Any] = Field(default={}, description="its arguments, without secrets")
    state: JobState
    queue: str
    actor: str = Field(description="who submitted it; it runs as them")
    submitted: datetime
    started: datetime | None = Field(default=None, description="when the last attempt began")
    ended: datetime | None = None
    attempt: int = Field(default=0, description="how often it was begun")
    retries: int = Field(default=0, description="how often it is begun again after an error")
    fraction: float | None = Field(default=None, description="how far it is, from 0 to 1")
    message: str = ""
    rows: int | None = None
    lines: int = Field(default=0, description="lines that its log has had so far")
    result: JsonValue = Field(default=None, description="what the command gave back, as JSON")
    error: JobError | None = Field(default=None, description="what the last attempt failed with")
    worker: str | None = Field(default=None, description="who ran or runs it")
    cancelled_by: str | None = Field(
        default=None, description="who cancelled it; it may still run until its worker heard of it"
    )
    scenario_run: str | None = Field(default=None, description="the run it is a step of")

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED

    @property
    def is_being_cancelled(self) -> bool:
        """Whether it still runs, but is to be ended."""
        return self.state == "running" and self.cancelled_by is not None


class WorkerSeen(Value):
    """A worker, as its last sign of life shows it."""

    listed = ("host", "pid", "lives", "since", "seen", "slots", "queues", "jobs")

    name: str = Field(description="what `worker` of its jobs says")
    host: str = Field(description="the machine that it runs on")
    pid: int = Field(description="its process there")
    lives: bool = Field(description="whether it gave a sign of life within half a minute")
    since: datetime = Field(description="when it began")
    seen: datetime = Field(description="its last sign of life")
    slots: int = Field(description="jobs that it runs at once")
    queues: tuple[str, ...] = Field(description="whose jobs it takes; none: all")
    jobs: tuple[str, ...] = Field(description="ids of those that it runs, as far as you see them")


class LogLine(Value):
    """A line that a job printed, or that was noted about it."""

    line: int = Field(description="counts from 1; only the last lines of a job are kept")
    at: datetime
    text: str
