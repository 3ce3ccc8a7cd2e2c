"""Tables of jobs and scenarios.

Times are seconds since 1970 by the database's own clock, so that leases, delays and schedules mean
the same to every worker, whatever the clocks of their machines say.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Integer, String, Table, Text

from modelyard.store.tables.columns import metadata

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(64), nullable=True),
    Column("command", String(128), nullable=False),
    Column("arguments", Text, nullable=False),
    Column("queue", String(64), nullable=False),
    Column("exclusive", String(64), nullable=True),  # digest of the key
    Column("actor", String(255), nullable=False),
    Column("identity", Text, nullable=False),
    Column("folder", Text, nullable=False),  # where whoever submitted it was, "" if far away
    Column("state", String(16), nullable=False),
    Column("submitted", Double, nullable=False),
    Column("ready", Double, nullable=False),  # not to be claimed before
    Column("started", Double, nullable=True),
    Column("ended", Double, nullable=True),
    Column("attempt", Integer, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("failures", Integer, nullable=False),  # attempts that ended with an error
    Column("losses", Integer, nullable=False),  # attempts whose process died
    Column("worker", String(128), nullable=True),
    Column("lease", Integer, nullable=False),  # raised with every claim
    Column("lease_until", Double, nullable=True),
    Column("cancelled_by", String(255), nullable=True),
    Column("fraction", Double, nullable=True),
    Column("message", Text, nullable=False),
    Column("rows", BigInteger, nullable=True),
    Column("lines", Integer, nullable=False),  # number of the last line of its log
    Column("result", Text, nullable=True),
    Column("error", Text, nullable=True),
    Column("run", String(32), nullable=True),  # of a scenario
    Column("step", Integer, nullable=True),
    Index("ix_jobs_state", "state", "id"),
    Index("ix_jobs_project", "project", "id"),
    Index("ix_jobs_ended", "ended"),
)

job_lines = Table(
    "job_lines",
    metadata,
    Column("job", String(32), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("at", Double, nullable=False),
    Column("text", Text, nullable=False),
)

job_duties = Table(
    "job_duties",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("due", Double, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("host", String(255), nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("slots", Integer, nullable=False),  # jobs that it runs at once
    Column("queues", Text, nullable=False),  # JSON; []: every queue
    Column("since", Double, nullable=False),
    Column("seen", Double, nullable=False),  # its last sign of life
)

scenarios = Table(
    "scenarios",
    metadata,
    Column("project", String(64), ForeignKey("projects.key"), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("follows", String(128), nullable=True),  # the scenario after which it runs
    Column("due", Double, nullable=True),  # when its schedule fires next
    Column("identity", Text, nullable=False),  # whoever saved it: its schedule runs as them
    Column("folder", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_scenarios_due", "due"),
)

scenario_runs = Table(
    "scenario_runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(64), ForeignKey("projects.key"), nullable=False),
    Column("scenario", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started", Double, nullable=False),
    Column("ended", Double, nullable=True),
    Column("identity", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_scenario_runs_scenario", "project", "scenario", "id"),
)
