"""Commands in words for people: what a job does, what somebody did."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any

from modelyard.jobs.titles import title_of
from modelyard.kernel.wire import field_in
from modelyard.verbs import CATALOG
from modelyard.web.pages.page import address
from modelyard.web.pages.plain_words import known

THINGS = ("key", "name", "model", "dataset", "path", "id")
"""The arguments that name what a command is about, the first of them that there is."""
DONE = {
    "projects.create": "created the project {key}",
    "projects.update": "changed the project {key}",
    "projects.delete": "deleted the project {key}",
    "files.put": "uploaded {path} to {project}",
    "files.delete": "deleted the file {path} of {project}",
    "connections.create": "created the connection {name}",
    "connections.delete": "deleted the connection {name}",
    "datasets.create": "named the dataset {name}",
    "datasets.delete": "deleted the dataset {name}",
    "models.create": "created the model {name}",
    "models.update": "changed the model {name}",
    "models.delete": "deleted the model {name}",
    "versions.import": "imported {model} {version}",
    "versions.update": "changed {model} {version}",
    "versions.activate": "activated {model} {version}",
    "versions.verify": "verified {model} {version}",
    "versions.export": "exported {model} {version}",
    "versions.delete": "deleted versions of {model}",
    "envs.build": "built the env {name}",
    "envs.delete": "deleted the env {name}",
    "scoring.run": "scored {input} with {model}",
    "recipes.create": "saved the recipe {name}",
    "recipes.evaluation": "saved the recipe {recipe}",
    "recipes.standalone": "saved the recipe {recipe}",
    "recipes.update": "changed the recipe {name}",
    "recipes.run": "ran the recipe {name}",
    "recipes.delete": "deleted the recipe {name}",
    "evaluations.run": "evaluated {model} on {dataset}",
    "evaluations.standalone": "evaluated {dataset}",
    "evaluations.add": "added metrics to {store}",
    "evaluations.delete": "deleted an evaluation",
    "evaluations.label": "labelled an evaluation",
    "stores.create": "created the evaluation store {name}",
    "stores.update": "changed the evaluation store {name}",
    "stores.delete": "deleted the evaluation store {name}",
    "comparisons.create": "created the comparison {name}",
    "comparisons.update": "changed the comparison {name}",
    "comparisons.add": "added to the comparison {name}",
    "comparisons.remove": "took items out of the comparison {name}",
    "comparisons.delete": "deleted the comparison {name}",
    "drift.compute": "computed the drift of {current}",
    "drift.delete": "deleted a drift report",
    "versions.rollback": "rolled {model} back",
    "versions.replay": "replayed rows through {model} {version}",
    "replays.delete": "deleted a replay",
    "services.create": "created the service {name}",
    "services.update": "changed the service {name}",
    "services.delete": "deleted the service {name}",
    "endpoints.create": "added the endpoint {endpoint} to {service}",
    "endpoints.function": "added the endpoint {endpoint} to {service}",
    "endpoints.lookup": "added the endpoint {endpoint} to {service}",
    "endpoints.enrich": "enriched the endpoint {endpoint} of {service}",
    "endpoints.unenrich": "changed the endpoint {endpoint} of {service}",
    "endpoints.update": "changed the endpoint {endpoint} of {service}",
    "endpoints.delete": "deleted the endpoint {endpoint} of {service}",
    "queries.add": "added a test query to {service}",
    "queries.generate": "made test queries of {service}",
    "queries.delete": "deleted test queries of {service}",
    "packages.create": "packed {service} as {package}",
    "packages.delete": "deleted the package {package} of {service}",
    "scenarios.create": "created the scenario {name}",
    "scenarios.update": "changed the scenario {name}",
    "scenarios.run": "ran the scenario {name}",
    "scenarios.cancel": "cancelled the scenario {name}",
    "scenarios.delete": "deleted the scenario {name}",
    "members.add": "added {name} to {project}",
    "members.remove": "removed {name} from {project}",
    "users.create": "created the user {name}",
    "users.update": "changed the user {name}",
    "users.delete": "deleted the user {name}",
    "groups.create": "created the group {name}",
    "groups.update": "changed the group {name}",
    "groups.delete": "deleted the group {name}",
    "keys.create": "made the key {name}",
    "users.revoke": "shut {name} out",
    "groups.revoke": "took all away from the group {name}",
    "keys.revoke": "revoked a key",
    "sessions.revoke": "ended a session",
    "demo.load": "loaded the demo",
}
PLACES = {
    "projects": "/projects/{key}",
    "files": "/projects/{project}/files",
    "connections": "/projects/{project}/connections/{name}",
    "datasets": "/projects/{project}/datasets/{name}",
    "models": "/projects/{project}/models/{name}",
    "versions": "/projects/{project}/models/{model}/versions/{version}",
    "versions.rollback": "/projects/{project}/models/{model}",
    "scoring": "/projects/{project}/models/{model}",
    "recipes": "/projects/{project}/recipes/{name}",
    "recipes.evaluation": "/projects/{project}/recipes/{recipe}",
    "recipes.standalone": "/projects/{project}/recipes/{recipe}",
    "evaluations": "/projects/{project}/models/{model}/evaluations",
    "stores": "/projects/{project}/stores/{name}",
    "comparisons": "/projects/{project}/comparisons/{name}",
    "drift": "/projects/{project}/drift",
    "scenarios": "/projects/{project}/scenarios/{name}",
    "demo": "/projects/{project}",
}
"""The page of what a room's commands, or one of them, are about, by their arguments."""
SIGNS = {
    "projects": "folder",
    "files": "file",
    "connections": "plug",
    "datasets": "table",
    "models": "box",
    "versions": "download",
    "envs": "terminal-2",
    "scoring": "bolt",
    "recipes": "bolt",
    "evaluations": "chart-line",
    "stores": "database",
    "comparisons": "git-compare",
    "drift": "arrows-exchange",
    "replays": "history",
    "services": "api",
    "endpoints": "api",
    "queries": "api",
    "packages": "package",
    "scenarios": "clock",
    "members": "users",
    "users": "user",
    "groups": "users",
    "keys": "key",
    "demo": "flask",
}


def done(command: str, arguments: Mapping[str, Any]) -> str | None:
    """What somebody did, to be read after their name; None for what is not worth telling."""
    if command not in DONE:
        return None
    named = [name for _, name, *_ in Formatter().parse(DONE[command]) if name]
    return DONE[command].format_map({name: known(str(arguments.get(name, "…"))) for name in named})


def place(command: str, arguments: Mapping[str, Any]) -> str:
    """The address of what somebody did something to; empty if it has none, or is gone."""
    room, _, verb = command.partition(".")
    path = PLACES.get(command) or PLACES.get(room, "")
    named = {name: value for name, value in arguments.items() if isinstance(value, str)}
    if verb == "delete" or not all(name in named for name in _fields_in(path)):
        return ""
    return address(path, **named) if path else ""


def _fields_in(path: str) -> list[str]:
    return [name for part in path.split("/") if (name := field_in(part))]


def sign(command: str) -> str:
    """The icon of a command's room."""
    return SIGNS.get(command.partition(".")[0], "check")


def job_title(command: str, arguments: Mapping[str, Any]) -> str:
    """What a job does."""
    return known(title_of(command, arguments, CATALOG))


def wanted(command: str, arguments: Mapping[str, Any]) -> str:
    """What a command was to do, and to which thing; also where nothing came of it."""
    if command not in CATALOG:
        return command
    title = job_title(command, arguments)
    if title != about(command):
        return title
    thing = next((arguments[name] for name in THINGS if isinstance(arguments.get(name), str)), "")
    return f"{title}: {known(thing)}" if thing else title


def project_of(command: str, arguments: Mapping[str, Any]) -> str:
    """The project that a command with these arguments is about; empty if it is about none."""
    if command not in CATALOG or not (field := CATALOG[command].project_field):
        return ""
    key = arguments.get(field) or CATALOG[command].model_fields[field].default
    return key if isinstance(key, str) else ""


def about(command: str) -> str:
    """What a command is for, in the first words of its description."""
    return CATALOG[command].about() if command in CATALOG else command
