"""How the search answers: each room says how its things are found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, get_args

from sqlalchemy import Connection

from modelyard import errors
from modelyard.data import finding as data
from modelyard.data.commands import ListConnections, ListDatasets
from modelyard.deployments import finding as deployments
from modelyard.deployments.bundling.commands import ListBundles
from modelyard.deployments.deploying.commands import ListDeployments
from modelyard.deployments.infrastructures.commands import ListInfrastructures
from modelyard.evaluations import finding as evaluations
from modelyard.evaluations.commands import ListEvaluations
from modelyard.evaluations.comparing.commands import ListComparisons
from modelyard.evaluations.storing.commands import ListStores
from modelyard.governance import finding as governance
from modelyard.governance.commands import ListGroups, ListUsers
from modelyard.jobs import finding as jobs
from modelyard.jobs.commands import ListJobs
from modelyard.jobs.scenarios import finding as scenarios
from modelyard.jobs.scenarios.commands import ListScenarios
from modelyard.kernel.bus import handles
from modelyard.kernel.command import Command, ProjectCommand
from modelyard.kernel.context import Context
from modelyard.models import finding as models
from modelyard.models.commands import ListModels, ListVersions
from modelyard.monitoring import finding as monitoring
from modelyard.monitoring.alerting.commands import ListAlerts
from modelyard.monitoring.commands import ListChecks
from modelyard.projects import finding as projects
from modelyard.projects.commands import ListProjects
from modelyard.recipes import finding as recipes
from modelyard.recipes.commands import ListRecipes
from modelyard.runtime import finding as runtime
from modelyard.runtime.commands import ListEnvs
from modelyard.search.commands import FindThings
from modelyard.search.types import Found, Kind
from modelyard.services import finding as services
from modelyard.services.commands import ListServices
from modelyard.store.finding import Hit, Wanted

Finder = Callable[[Context, Connection, Wanted], Iterable[Hit]]

KINDS: tuple[Kind, ...] = get_args(Kind)
FINDERS: dict[Kind, tuple[type[Command[Any]], Finder]] = {
    "project": (ListProjects, projects.find_projects),
    "saved model": (ListModels, models.find_models),
    "version": (ListVersions, models.find_versions),
    "evaluation": (ListEvaluations, evaluations.find_evaluations),
    "evaluation store": (ListStores, evaluations.find_stores),
    "comparison": (ListComparisons, evaluations.find_comparisons),
    "dataset": (ListDatasets, data.find_datasets),
    "connection": (ListConnections, data.find_connections),
    "recipe": (ListRecipes, recipes.find_recipes),
    "service": (ListServices, services.find_services),
    "bundle": (ListBundles, deployments.find_bundles),
    "deployment": (ListDeployments, deployments.find_deployments),
    "infrastructure": (ListInfrastructures, deployments.find_infrastructures),
    "scenario": (ListScenarios, scenarios.find_scenarios),
    "check": (ListChecks, monitoring.find_checks),
    "alert": (ListAlerts, monitoring.find_alerts),
    "job": (ListJobs, jobs.find_jobs),
    "code env": (ListEnvs, runtime.find_envs),
    "user": (ListUsers, governance.find_users),
    "group": (ListGroups, governance.find_groups),
}
"""How things of a kind are found, by whoever may run the command that lists them."""


@handles(FindThings)
def find_things(command: FindThings, context: Context) -> list[Found]:
    """Ask the rooms, and put what fits best first."""
    kinds = KINDS if command.kind is None else (command.kind,)
    wanted = {kind: found for kind in kinds if (found := _wanted(kind, command, context))}
    with context.read() as db:
        hits = [
            (hit.rank, KINDS.index(kind), hit)
            for kind, asked in wanted.items()
            for hit in FINDERS[kind][1](context, db, asked)
        ]
    hits.sort(key=lambda each: each[:2])  # those of one kind are sorted already
    return [
        Found(
            kind=KINDS[place],
            name=hit.name,
            project=hit.project,
            model=hit.model,
            store=hit.store,
            about=hit.about,
        )
        for _, place, hit in hits
    ]


def _wanted(kind: Kind, command: FindThings, context: Context) -> Wanted | None:
    """What to ask for things of a kind; None: whoever asks may not list any."""
    listed_by, _ = FINDERS[kind]
    if issubclass(listed_by, ProjectCommand):
        seen = context.visible_projects(listed_by.needs)
        if seen is not None and not seen:
            return None
    else:
        try:
            context.authorize(listed_by())
        except errors.Forbidden:
            return None
        seen = context.visible_projects()
    return Wanted(command.words, command.limit, seen)
