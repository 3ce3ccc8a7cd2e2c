"""The driver `docker`: a container on each of some machines, with an API node in it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.drivers.api_nodes import ApiNodes
from modelyard.deployments.drivers.docker.container import Container
from modelyard.deployments.drivers.docker.node import ContainerNode
from modelyard.deployments.drivers.docker.options import DockerOptions
from modelyard.deployments.drivers.driver import Driver
from modelyard.deployments.drivers.services import steps_between
from modelyard.deployments.drivers.types import Desired, DesiredService, ObservedService, Step
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.kernel.context import Context
from modelyard.serving.administration.commands import ListServices


class Docker:
    """Nodes in containers."""

    options = DockerOptions

    def require_fit(self, db: Connection, infrastructure: Infrastructure) -> None:
        """Refuse projects, and nodes."""
        if infrastructure.kind != "api":
            raise errors.Invalid(
                "bundles of projects go to automation nodes: take the driver nodes", field="kind"
            )
        if infrastructure.nodes:
            raise errors.Invalid(
                "containers are the nodes of the driver docker: leave --node out, and name their "
                "machines by --option contexts=a,b",
                field="node",
            )

    def open(self, context: Context, infrastructure: Infrastructure) -> Driver:
        """A container on each machine."""
        options = DockerOptions.model_validate(infrastructure.options)
        name = f"modelyard-{infrastructure.name}"
        return Containers(
            context,
            {
                f"{machine}.{infrastructure.name}"[:127]: Container(name, machine, options)
                for machine in dict.fromkeys(options.contexts)
            },
        )


class Containers(ApiNodes):
    """Nodes that are asked in their containers, which are made when something comes to them."""

    def __init__(self, context: Context, containers: dict[str, Container]) -> None:
        super().__init__(context, tuple(containers), self._node)
        self._containers = containers

    def observe(self, place: str, target: str) -> ObservedService:
        """Ask the node, if its container runs."""
        state, differs = self._containers[place].look()
        if state == "absent":
            return ObservedService(present=False)
        if state == "stopped":
            return ObservedService(present=True, differs=differs)
        found = super().observe(place, target)
        return found.model_copy(update={"differs": differs}) if found.present else found

    def apply(self, place: str, step: Step, desired: Desired) -> None:
        """See that the container is there, and take the step if it still is to be taken."""
        container = self._containers[place]
        if not isinstance(desired, DesiredService):
            raise TypeError("a container has no projects")
        if step.action == "remove":
            self._remove(place, step, desired)
            return
        is_new = container.keep(self._context.progress)
        if not is_new or step in steps_between(desired, self.observe(place, desired.target)):
            super().apply(place, step, desired)

    def _remove(self, place: str, step: Step, desired: DesiredService) -> None:
        """Take a service away, and with the last one the container."""
        container = self._containers[place]
        if container.look()[0] == "absent":
            return  # its volume may hold other services
        container.keep(self._context.progress)
        if super().observe(place, desired.target).present:
            super().apply(place, step, desired)
        if not self._reach(self._context, place).run(ListServices()):
            container.remove()

    def render(self, desired: Desired, folder: Path) -> tuple[str, ...]:
        """Write the image's file and the packages; gives the commands that make use of them."""
        if not isinstance(desired, DesiredService):
            raise TypeError("a container has no projects")
        (folder / "packages").mkdir()
        for each in desired.packages:
            self._context.artifacts.save(each.digest, folder / "packages" / f"{each.package}.zip")
        found: list[str] = []
        for container in self._containers.values():
            (folder / "Dockerfile").write_text(container.dockerfile, "utf-8")
            found += container.commands(desired)
        return tuple(found)

    def _node(self, _context: Context, place: str) -> ContainerNode:
        return ContainerNode(self._containers[place])
