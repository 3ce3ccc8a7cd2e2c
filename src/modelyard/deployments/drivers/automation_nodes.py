"""Projects on automation nodes: which bundle is active, and the commands that change it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from modelyard import errors
from modelyard.deployments.activating.commands import (
    ActivateBundle,
    ImportBundle,
    ListBundleActivations,
    PreloadBundle,
    ShowProjectLocals,
)
from modelyard.deployments.bundling.commands import ListBundles
from modelyard.deployments.drivers.types import (
    Desired,
    DesiredProject,
    Observed,
    ObservedProject,
    Step,
)
from modelyard.governance.commands import AddMember, ListMembers
from modelyard.governance.rights import reaches
from modelyard.governance.types import Member
from modelyard.jobs.scenarios.commands import ListScenarioRuns, ListScenarios, RunScenario
from modelyard.jobs.scenarios.types import ScenarioRun
from modelyard.kernel.command import Caller
from modelyard.kernel.context import Context
from modelyard.kernel.paging import MOST
from modelyard.kernel.paths import TRANSFERS
from modelyard.monitoring.commands import ListChecks
from modelyard.monitoring.watching.commands import ShowMonitoring
from modelyard.monitoring.watching.parts import parts_of
from modelyard.monitoring.watching.types import Part

Reach = Callable[[Context, str], AbstractContextManager[Caller]]
"""Gives a node of a name, for as long as it is asked something."""
MOST_SCENARIOS = 20
"""Scenarios of a project whose runs are asked for."""


class AutomationNodes:
    """The workspaces of an infrastructure."""

    def __init__(
        self,
        context: Context,
        names: tuple[str, ...],
        reach: Reach,
        act: Reach | None = None,
    ) -> None:
        """`reach` gives a node for looking at it, `act`, if it is another, for changing it."""
        self._context = context
        self._names = names
        self._reach = reach
        self._act = act or reach

    def places(self) -> tuple[str, ...]:
        """The nodes, in the order in which the infrastructure names them."""
        return self._names

    def observe(self, place: str, target: str) -> Observed:
        """Ask a node which bundles of a project it has, and what was chosen there."""
        with self._reach(self._context, place) as node:
            try:
                bundles = node.run(ListBundles(project=target))
            except errors.NotFound:
                return ObservedProject(present=False)
            active = node.run(ListBundleActivations(project=target, limit=1))
            chosen = node.run(ShowProjectLocals(project=target))
        return ObservedProject(
            present=True,
            bundle=active[0].bundle if active else None,
            bundles={each.bundle: each.digest for each in bundles},
            **chosen.model_dump(),
        )

    def apply(self, place: str, step: Step, desired: Desired) -> None:
        """Run the command that a step is."""
        if not isinstance(desired, DesiredProject):
            raise TypeError("an automation node has no services")
        with self._act(self._context, place) as node:
            self._take(node, step, desired)

    def _take(self, node: Caller, step: Step, desired: DesiredProject) -> None:
        project = desired.target
        if step.action == "import":
            self._import(node, desired)
        elif step.action == "preload":
            node.run(PreloadBundle(project=project, bundle=desired.bundle))
        elif step.action == "activate":
            states = desired.scenarios.items()
            node.run(
                ActivateBundle(
                    project=project,
                    bundle=desired.bundle,
                    connection=desired.connections,
                    variables=desired.variables,
                    enable=tuple(name for name, state in states if state == "enabled"),
                    disable=tuple(name for name, state in states if state == "disabled"),
                    run_as=desired.run_as,
                )
            )

    def verify(self, place: str, desired: Desired) -> None:
        """See that the bundle is active; its versions were tried when it was preloaded."""
        found = self.observe(place, desired.target)
        wanted = desired.bundle if isinstance(desired, DesiredProject) else ""
        if not isinstance(found, ObservedProject) or found.bundle != wanted:
            raise errors.Failed(f"{place} does not have {wanted} active after all")

    def let_in(self, place: str, target: str, members: Sequence[Member]) -> Sequence[Member]:
        """Give roles to who has a smaller one; those whom a node does not know are left out."""
        unknown = []
        with self._act(self._context, place) as node:
            found = node.run(ListMembers(project=target))
            there = {(each.kind, each.name): each.role for each in found}
            for each in members:
                if reaches(there.get((each.kind, each.name)), each.role):
                    continue
                given = each.model_dump(include={"name", "kind", "role"})
                try:
                    node.run(AddMember(project=target, **given))
                except errors.NotFound:
                    unknown.append(each)
        return unknown

    def begin(self, place: str, target: str, scenario: str) -> ScenarioRun:
        """Have a node begin to run a scenario of a project."""
        with self._act(self._context, place) as node:
            return node.run(RunScenario(project=target, name=scenario))

    def follow(self, place: str, run: ScenarioRun) -> ScenarioRun:
        """Ask a node how that goes."""
        with self._reach(self._context, place) as node:
            asked = ListScenarioRuns(project=run.project, name=run.scenario, run=run.id)
            (found,) = node.run(asked)
        return found

    def runs(self, place: str, target: str, limit: int) -> list[ScenarioRun]:
        """Ask a node for the newest runs of those scenarios that ran last."""
        with self._reach(self._context, place) as node:
            every = node.run(ListScenarios(project=target, limit=MOST))
            ran = [(each.last_started, each.name) for each in every if each.last_started]
            names = [name for _, name in sorted(ran, reverse=True)[:MOST_SCENARIOS]]
            found = [
                run
                for name in names
                for run in node.run(ListScenarioRuns(project=target, name=name, limit=limit))
            ]
        return sorted(found, key=lambda each: each.started, reverse=True)[:limit]

    def parts(self, place: str, target: str) -> tuple[Part, ...]:
        """Ask a node how the models and scenarios of a project are, and for its checks of drift."""
        with self._reach(self._context, place) as node:
            things = node.run(ShowMonitoring(project=target))
            checks = node.run(ListChecks(project=target, limit=MOST))
        return parts_of(things, checks)

    def _import(self, node: Caller, desired: DesiredProject) -> None:
        """Send the bundle from where files lie that go to a server."""
        folder = self._context.folder / TRANSFERS
        folder.mkdir(exist_ok=True)
        file = folder / f"{uuid.uuid4().hex}.zip"
        try:
            self._context.artifacts.save(desired.digest, file)
            node.run(ImportBundle(file=str(file), project=desired.target))
        except errors.NotFound as exc:
            if not file.exists():
                raise errors.NotFound(
                    f"the bundle {desired.bundle} was deleted, and this node does not have it; "
                    "deploy another one"
                ) from exc
            raise
        finally:
            file.unlink(missing_ok=True)
