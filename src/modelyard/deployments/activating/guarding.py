"""What came with a bundle is used where it is, and changed where it was made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from modelyard import errors
from modelyard.deployments.activating import repository
from modelyard.deployments.activating.planning import Thing
from modelyard.deployments.activating.telling import in_short
from modelyard.kernel.command import Command
from modelyard.kernel.context import Context

Changed = Callable[[Any], Iterable[Thing]]


def _one(table: str, *fields: str) -> Changed:
    """The thing whose key is in some fields of a command."""

    def changed(command: Any) -> Iterable[Thing]:
        yield Thing(table, tuple(str(getattr(command, field)) for field in fields))

    return changed


def _versions(command: Any) -> Iterable[Thing]:
    return [Thing("versions", (command.model, version)) for version in command.versions]


def _import(command: Any) -> Iterable[Thing]:
    """A version in place of one of a bundle, or of the one that is active."""
    yield Thing("versions", (command.model, command.version))
    if command.activate:
        yield Thing("models", (command.model,))


def _scenario(command: Any) -> Iterable[Thing]:
    """Whether a scenario runs by itself is chosen where it is."""
    given = {name for name in command.model_fields_set if getattr(command, name) is not None}
    if given - {"project", "name", "disabled"}:
        yield Thing("scenarios", (command.name,))


_SERVICE = _one("services", "service")
CHANGES: Mapping[str, Changed] = {
    **dict.fromkeys(("checks.update", "checks.delete"), _one("checks", "store", "name")),
    **dict.fromkeys(
        ("comparisons.add", "comparisons.remove", "comparisons.update", "comparisons.delete"),
        _one("comparisons", "name"),
    ),
    **dict.fromkeys(("datasets.create", "datasets.delete"), _one("datasets", "name")),
    "drift.delete": _one("drift_reports", "id"),
    **dict.fromkeys(
        (
            *("endpoints.create", "endpoints.function", "endpoints.lookup", "endpoints.update"),
            *("endpoints.enrich", "endpoints.unenrich", "endpoints.delete"),
            *("queries.add", "queries.generate", "queries.delete"),
        ),
        _SERVICE,
    ),
    **dict.fromkeys(("evaluations.delete", "evaluations.label"), _one("evaluations", "id")),
    **dict.fromkeys(("models.update", "models.delete"), _one("models", "name")),
    "projects.update": _one("projects"),
    **dict.fromkeys(("recipes.update", "recipes.delete"), _one("recipes", "name")),
    "scenarios.delete": _one("scenarios", "name"),
    "scenarios.update": _scenario,
    **dict.fromkeys(("services.update", "services.delete"), _one("services", "name")),
    **dict.fromkeys(("stores.update", "stores.delete"), _one("evaluation_stores", "name")),
    **dict.fromkeys(("versions.activate", "versions.rollback"), _one("models", "model")),
    "versions.delete": _versions,
    "versions.import": _import,
    "versions.update": _one("versions", "model", "version"),
}
"""What commands change of what a bundle may have brought, by their names."""


def require_free(context: Context, command: Command[Any]) -> None:
    """Refuse to change what came with the active bundle of a project.

    Raises:
        Blocked: the message names the bundle.
    """
    changed = CHANGES.get(context.commands.name_of(type(command)))
    project = command.in_project()
    if changed is None or project is None or context.settings.automation.changes:
        return
    with context.read() as db:
        last = repository.last(db, project)
        brought = {} if last is None else repository.placed(db, project)
    for thing in changed(command):
        if last is not None and thing in brought:
            raise errors.Blocked(
                f"the {in_short(thing)} came with the bundle {last.bundle!r} and is not changed on "
                "an automation node: change it in the workspace that the bundle was made in, and "
                f"activate its next bundle here{HINTS.get(thing.table, '')} (setting "
                "automation.changes)",
                bundle=last.bundle,
            )


HINTS = {
    "projects": "; variables for here alone are set by: bundles activate BUNDLE --variables",
    "scenarios": "; whether it runs by itself may be changed here",
}
"""What may be done here instead."""
