"""Services on API nodes: what they say of themselves, and the commands that change them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from modelyard import errors
from modelyard.deployments.drivers.driver import STEP
from modelyard.deployments.drivers.types import Desired, DesiredService, ObservedService, Step
from modelyard.kernel.context import Context
from modelyard.serving.administration import commands
from modelyard.serving.administration.commands import NodeCommand
from modelyard.serving.administration.types import ImportedGeneration, NodeService, TriedQuery
from modelyard.serving.watching.commands import AnswerTests, ShowActivity
from modelyard.serving.watching.types import Activity, AnsweredTest
from modelyard.store.staging import stage

R = TypeVar("R")
STARTS_WITHIN, LOOKS_EVERY = 60.0, 0.25
"""Seconds in which a process that is to run has to, and between two looks."""


class Administered(Protocol):
    """A node as far as a deployment needs it: `links.ApiNode`, or one in a container."""

    def run(self, command: NodeCommand[R], /) -> R:
        """Have it carry out a command, and give the result; errors as the command's."""
        ...

    def upload(self, package: Path, /) -> ImportedGeneration:
        """Have it import a package, a file of this machine."""
        ...

    def address(self) -> str:
        """Where it answers; empty: nothing runs there, or it is not known."""
        ...

    def problem(self) -> str:
        """Why no process of it runs although it should, as far as that is known."""
        ...

    def starts(self) -> bool:
        """Whether somebody is known to have a process of it run from now on."""
        ...


class ApiNodes:
    """The nodes of an infrastructure."""

    def __init__(
        self,
        context: Context,
        names: tuple[str, ...],
        reach: Callable[[Context, str], Administered],
    ) -> None:
        self._context = context
        self._names = names
        self._reach = reach

    def places(self) -> tuple[str, ...]:
        """The nodes, in the order in which the infrastructure names them."""
        return self._names

    def observe(self, place: str, target: str) -> ObservedService:
        """Ask a node what it has of a service, and what its processes have in memory."""
        node = self._reach(self._context, place)
        service = _service(node, target)
        if service is None:
            return ObservedService(present=False)
        generations = node.run(commands.ListGenerations(service=target))
        processes = [each for each in node.run(commands.ListProcesses()) if not each.starting]
        loaded = [set(each.loaded) for each in processes]
        needed = [f"{target}/{name}" for name in service.active]
        return ObservedService(
            present=True,
            enabled=service.enabled,
            shares=service.active,
            shadows=service.shadows,
            access=service.access,
            generations={each.generation: each.created for each in generations},
            endpoints=service.endpoints,
            processes=len(processes),
            unloaded=tuple(
                name.partition("/")[2]
                for name in needed
                if not all(name in each for each in loaded)
            ),
            fell_back=service.fell_back.reason if service.fell_back else "",
            problem=service.problem if processes else node.problem(),
        )

    def apply(self, place: str, step: Step, desired: Desired) -> None:
        """Run the command that a step is."""
        if not isinstance(desired, DesiredService):
            raise TypeError("an API node has no projects")
        node, service = self._reach(self._context, place), desired.target
        match step.action:
            case "import":
                self._import(node, step.what, desired)
            case "access":
                node.run(commands.SetAccess(service=service, access=desired.access))
            case "map":
                node.run(_mapping(desired, _service(node, service)))
            case "disable":
                node.run(commands.DisableService(service=service))
            case "remove":
                node.run(commands.DeleteService(service=service))

    def address(self, place: str) -> str:
        """Where the node answers, as far as this workspace knows."""
        return self._reach(self._context, place).address()

    def ask(self, place: str, query: commands.TryQuery) -> TriedQuery:
        """Have the node try it."""
        return self._reach(self._context, place).run(query)

    def test(self, place: str, target: str, package: str) -> list[AnsweredTest]:
        """Have the node answer the test queries of a generation."""
        node = self._reach(self._context, place)
        return node.run(AnswerTests(service=target, generation=package))

    def verify(self, place: str, desired: Desired) -> None:
        """See that all processes have what answers in memory, and ask each endpoint a test query.

        The node's own switch compared golden predictions and test queries already; where none of
        its processes runs there is nothing more to see.
        """
        found = self._started(place, desired.target)
        if found.unloaded:
            raise errors.Failed(
                f"not all processes of {place} have {', '.join(found.unloaded)} in memory"
                + (f": {found.problem}" if found.problem else "")
            )
        if found.fell_back:
            raise errors.Failed(f"its guard went back: {found.fell_back}")
        if found.processes and isinstance(desired, DesiredService):
            self._ask(self._reach(self._context, place), desired)

    def _started(self, place: str, target: str) -> ObservedService:
        """What is found once a process that is about to run does, and has loaded what it needs."""
        node, until = self._reach(self._context, place), time.monotonic() + STARTS_WITHIN
        while True:
            found = self.observe(place, target)
            runs = found.processes and not found.unloaded
            if runs or found.problem or not node.starts() or time.monotonic() > until:
                return found
            time.sleep(LOOKS_EVERY)

    def activity(self, place: str, target: str, minutes: int) -> list[Activity]:
        """Ask a node what a service was asked; its answers for shadows are left out."""
        node = self._reach(self._context, place)
        found = node.run(ShowActivity(service=target, minutes=minutes, step=STEP, buckets=True))
        return [each for each in found if not each.shadow]

    def _ask(self, node: Administered, desired: DesiredService) -> None:
        for package in desired.packages:
            for endpoint, query in package.asked.items():
                node.run(
                    commands.TryQuery(
                        service=desired.target,
                        endpoint=endpoint,
                        query=query,
                        generation=package.package,
                    )
                )

    def _import(self, node: Administered, package: str, desired: DesiredService) -> None:
        wanted = next(each for each in desired.packages if each.package == package)
        with stage(self._context, lambda _: None) as place:
            file = place.folder / f"{package}.zip"
            try:
                self._context.artifacts.save(wanted.digest, file)
            except errors.NotFound as exc:
                raise errors.NotFound(
                    f"the package {package} was deleted, and this node does not have it; deploy "
                    "another one"
                ) from exc
            node.upload(file)


def _service(node: Administered, name: str) -> NodeService | None:
    found = node.run(commands.ListServices())
    return next((each for each in found if each.service == name), None)


def _mapping(desired: DesiredService, there: NodeService | None) -> commands.SetMapping:
    """The command that has generations answer; a guard needs something that answered before."""
    guard = desired.guard
    before = there.active if there else {}
    grows = any(share > before.get(name, 0) for name, share in desired.shares.items())
    asked: dict[str, Any] = {
        "service": desired.target,
        "entries": desired.shares,
        "shadows": desired.shadows,
    }
    if guard is not None and before and grows:
        asked |= {
            "error_rate": guard.error_rate,
            "p99_ms": guard.p99_ms,
            "guard_queries": guard.queries,
            "guard_minutes": guard.minutes,
        }
    return commands.SetMapping.model_validate(asked)
