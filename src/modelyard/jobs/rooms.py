"""The rooms of verbs about jobs: what runs later, and what runs by itself."""

from __future__ import annotations

from modelyard.jobs import commands as jobs
from modelyard.jobs.scenarios import commands as scenarios
from modelyard.kernel.command import Room, verb


class Jobs(Room):
    """Jobs: commands that run later, in a process of their own that a worker starts."""

    submit = verb(jobs.SubmitJob)
    list = verb(jobs.ListJobs)
    show = verb(jobs.ShowJob)
    log = verb(jobs.ReadJobLog)
    workers = verb(jobs.ListWorkers)
    cancel = verb(jobs.CancelJob)
    retry = verb(jobs.RetryJob)


class Scenarios(Room):
    """Scenarios: lists of commands, run on a schedule, after one another, or by hand."""

    create = verb(scenarios.CreateScenario)
    update = verb(scenarios.UpdateScenario)
    list = verb(scenarios.ListScenarios)
    show = verb(scenarios.ShowScenario)
    run = verb(scenarios.RunScenario)
    cancel = verb(scenarios.CancelScenario)
    history = verb(scenarios.ListScenarioRuns)
    delete = verb(scenarios.DeleteScenario)
