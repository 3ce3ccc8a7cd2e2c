"""How MLflow servers are asked for what they hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import JsonValue

from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.paging import Page
from modelyard.models.browsing.commands import (
    BrowseCommand,
    ListExperiments,
    ListRegisteredModels,
    ListRegisteredVersions,
    ListTrackedRuns,
)
from modelyard.models.browsing.rest import MlflowApi
from modelyard.models.browsing.types import (
    Experiment,
    RegisteredModel,
    RegisteredVersion,
    TrackedRun,
)
from modelyard.models.browsing.wire import (
    Answer,
    Experiments,
    LoggedModels,
    OneRegistered,
    RegisteredModels,
    RegisteredVersions,
    Runs,
)
from modelyard.models.sources.tracking import TrackingServer, find_server
from modelyard.projects.access import require_project

A = TypeVar("A", bound=Answer)
T = TypeVar("T", Experiment, TrackedRun, RegisteredModel, RegisteredVersion)

AT_ONCE = 200
"""How many things one request asks for, and in one for logged models how many runs it names."""
NOT_LITERAL = re.compile(r"""['"\\]""")


@handles(ListExperiments)
def list_experiments(command: ListExperiments, context: Context) -> Page[Experiment]:
    """Ask for experiments."""
    fields: dict[str, JsonValue] = {
        "view_type": "ACTIVE_ONLY",
        "filter": _named("name", command.search),
        "order_by": ["creation_time DESC"],
    }
    server = _server(context, command)
    with MlflowApi(server, server.uri) as api:

        def part(paged: dict[str, JsonValue]) -> tuple[list[Experiment], Answer]:
            found = api.ask("POST", "/experiments/search", {**fields, **paged}, Experiments)
            return found.told(api.uri), found

        return _pages(command, part)


@handles(ListTrackedRuns)
def list_tracked_runs(command: ListTrackedRuns, context: Context) -> Page[TrackedRun]:
    """Ask for runs, then for the models that those of MLflow 3 keep beside them."""
    fields: dict[str, JsonValue] = {
        "experiment_ids": [command.experiment],
        "filter": _named("attributes.run_name", command.search),
    }
    server = _server(context, command)
    with MlflowApi(server, server.uri) as api:

        def part(paged: dict[str, JsonValue]) -> tuple[list[TrackedRun], Answer]:
            found = api.ask("POST", "/runs/search", {**fields, **paged}, Runs)
            logged = _logged(api, command.experiment, found.with_outputs())
            return found.told(api.uri, logged), found

        return _pages(command, part)


@handles(ListRegisteredModels)
def list_registered_models(
    command: ListRegisteredModels, context: Context
) -> Page[RegisteredModel]:
    """Ask for registered models."""
    fields: dict[str, JsonValue] = {"filter": _named("name", command.search), "order_by": "name"}
    server = _server(context, command, command.registry_uri)
    with MlflowApi(server, server.registry_uri or server.uri) as api:

        def part(paged: dict[str, JsonValue]) -> tuple[list[RegisteredModel], Answer]:
            found = api.ask(
                "GET", "/registered-models/search", {**fields, **paged}, RegisteredModels
            )
            return [model.told(api.uri) for model in found.registered_models], found

        return _pages(command, part)


@handles(ListRegisteredVersions)
def list_registered_versions(
    command: ListRegisteredVersions, context: Context
) -> Page[RegisteredVersion]:
    """Ask for the model, which knows its aliases, then for its versions."""
    quoted = command.name.replace("\\", "\\\\").replace("'", "\\'")
    fields: dict[str, JsonValue] = {
        "filter": f"name = '{quoted}'",
        "order_by": "version_number DESC",
    }
    server = _server(context, command, command.registry_uri)
    with MlflowApi(server, server.registry_uri or server.uri) as api:
        name: dict[str, JsonValue] = {"name": command.name}
        model = api.ask("GET", "/registered-models/get", name, OneRegistered).registered_model

        def part(paged: dict[str, JsonValue]) -> tuple[list[RegisteredVersion], Answer]:
            found = api.ask(
                "GET", "/model-versions/search", {**fields, **paged}, RegisteredVersions
            )
            return found.told(api.uri, model.aliased()), found

        return _pages(command, part)


def _server(
    context: Context, command: BrowseCommand[Any], registry_uri: str | None = None
) -> TrackingServer:
    with context.read() as db:
        require_project(db, command.project)
    return find_server(
        context,
        command.project,
        command.tracking_uri,
        registry_uri,
        about="what is listed here",
    )


def _pages(
    command: BrowseCommand[Any],
    part: Callable[[dict[str, JsonValue]], tuple[list[T], Answer]],
) -> Page[T]:
    """Ask until there is no more, or as much as was asked for.

    What MLflow's wildcards let through beyond the search is left out.
    """
    search = getattr(command, "search", "").lower()
    items: list[T] = []
    token = command.after or ""
    while True:
        wanted = AT_ONCE if command.limit is None else min(AT_ONCE, command.limit - len(items))
        found, answer = part({"max_results": wanted, "page_token": token})
        items += [item for item in found if search in item.name.lower()] if search else found
        token = answer.next_page_token
        if not token or (command.limit is not None and len(items) >= command.limit):
            return Page(items, following=token or None)


def _logged(api: MlflowApi, experiment: str, runs: list[str]) -> list[LoggedModels.Item]:
    """The models that runs keep beside them."""
    items: list[LoggedModels.Item] = []
    token = ""
    named = ", ".join(f"'{run}'" for run in runs if not NOT_LITERAL.search(run))
    while named:
        asked: dict[str, JsonValue] = {
            "experiment_ids": [experiment],
            "filter": f"source_run_id IN ({named})",
            "max_results": AT_ONCE,
            "page_token": token,
        }
        found = api.ask("POST", "/logged-models/search", asked, LoggedModels)
        items += found.models
        token = found.next_page_token
        if not token:
            break
    return items


def _named(field: str, search: str) -> str:
    """MLflow's filter for names that hold a text; quotes in it stand for any letter."""
    return f"{field} ILIKE '%{NOT_LITERAL.sub('_', search)}%'" if search else ""
