"""Which scenarios run by themselves: what was chosen here goes before what bundles say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select

from modelyard import errors
from modelyard.deployments.activating.planning import Thing
from modelyard.deployments.activating.types import ProjectLocals, ScenarioState
from modelyard.jobs.scenarios import repository
from modelyard.jobs.scenarios.schedule import next_time
from modelyard.jobs.scenarios.types import Scenario
from modelyard.kernel.identity import Identity
from modelyard.store.clock import database_now
from modelyard.store.tables import scenarios

States = dict[str, ScenarioState]


def states_here(db: Connection, project: str, before: Mapping[Thing, str | None]) -> States:
    """How scenarios are now, without those that only were kept from an earlier bundle."""
    of = scenarios.c
    found: States = {}
    for name in db.scalars(select(of.name).where(of.project == project)):
        thing = Thing("scenarios", (name,))
        if before.get(thing, "") is not None:
            found[name] = state_of(_scenario(db, project, name))
    return found


def chosen(
    own: ProjectLocals,
    here: Mapping[str, ScenarioState],
    brought: Mapping[str, ScenarioState],
    *,
    enable: Iterable[str],
    disable: Iterable[str],
) -> ProjectLocals:
    """What is chosen for the scenarios of a bundle: now, else here before, else in the bundle.

    Raises:
        Invalid: a scenario is named that the bundle lacks.
    """
    asked: States = {
        **dict.fromkeys(enable, "enabled"),
        **dict.fromkeys(disable, "disabled"),
    }
    for name in asked:
        if name not in brought:
            listed = ", ".join(sorted(brought)) or "none"
            raise errors.Invalid(f"the bundle has no scenario {name!r}; it has: {listed}")
    now = {name: state for name, state in here.items() if name in brought}
    return own.model_copy(update={"scenarios": {**brought, **own.scenarios, **now, **asked}})


def settle(
    db: Connection,
    project: str,
    names: Iterable[str],
    states: Mapping[str, ScenarioState],
    runs_as: str | None = None,
) -> None:
    """Enable and disable scenarios of a bundle, set when they run next, and as whom, if named."""
    who: dict[str, Any] = {}
    if runs_as is not None:
        who = {"identity": json.dumps(asdict(Identity(runs_as, "user"))), "folder": ""}
    for name in sorted(names):
        changes: dict[str, Any] = {"disabled": states[name] == "disabled"}
        if runs_as is not None:
            changes["owner"] = runs_as
        _save(db, _scenario(db, project, name).model_copy(update=changes), **who)


def retire(db: Connection, project: str, kept: Iterable[Thing]) -> None:
    """Let scenarios that are only kept run by hand alone."""
    for thing in sorted(kept):
        if thing.table == "scenarios":
            found = _scenario(db, project, thing.key[0])
            _save(db, found.model_copy(update={"disabled": True}))


def state_of(scenario: Scenario) -> ScenarioState:
    """Whether it runs by itself."""
    return "disabled" if scenario.disabled else "enabled"


def _scenario(db: Connection, project: str, name: str) -> Scenario:
    return repository.as_scenario(repository.find(db, project, name))


def _save(db: Connection, scenario: Scenario, **more: Any) -> None:
    due = None
    if scenario.cron and not scenario.disabled:
        due = next_time(scenario.cron, scenario.timezone, database_now(db))
    repository.save(db, scenario, due=due, **more)
