"""The API node that is part of the workspace, in its folder on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from modelyard.deployments.nodes.keeping import is_kept
from modelyard.deployments.nodes.types import ADDRESS, LOCAL, PROBLEM
from modelyard.kernel.progress import Progress
from modelyard.kernel.version import __version__
from modelyard.serving.administration.commands import ListGenerations, NodeCommand, TryQuery
from modelyard.serving.administration.node import Node
from modelyard.serving.administration.types import ImportedGeneration
from modelyard.serving.audit import Administrator
from modelyard.serving.folder import NodeFolder

R = TypeVar("R")


class LocalNode:
    """Runs commands in a node's folder."""

    name = LOCAL

    def __init__(self, path: Path, person: str, progress: Progress) -> None:
        """The folder is made, if it is not there."""
        self._folder = NodeFolder.created(path)
        self._node = Node(path, Administrator(person), progress=progress)

    def run(self, command: NodeCommand[R], /) -> R:
        """Carry a command out, and give its result; errors as the command's."""
        return self._node.run(command)

    def upload(self, package: Path, /) -> ImportedGeneration:
        """Import a package."""
        return self._node.import_(file=str(package))

    def ready(self, service: str, endpoint: str) -> None:
        """See that an endpoint answers one of its test queries.

        Raises:
            ModelyardError: it does not, or no process of the node runs.
        """
        active = [each for each in self.run(ListGenerations(service=service)) if each.share]
        for each in active:
            manifest = self._folder.manifest(service, each.generation)
            for declared in manifest.endpoints:
                if declared.name == endpoint and declared.test_queries:
                    query = declared.test_queries[0].query
                    self.run(
                        TryQuery(
                            service=service,
                            endpoint=endpoint,
                            query=query,
                            generation=each.generation,
                        )
                    )

    def address(self) -> str:
        """Where the process beside a server answers; empty where there is none."""
        return self._told(ADDRESS)

    def problem(self) -> str:
        """Why the process beside a server does not run; empty: nothing is wrong."""
        return self._told(PROBLEM)

    def starts(self) -> bool:
        """Whether a server has a process of it run from now on, unless it said why it cannot."""
        return is_kept(self._folder.path) and not self.problem()

    def _told(self, name: str) -> str:
        try:
            return (self._folder.run / name).read_text("utf-8")
        except FileNotFoundError:
            return ""

    def alive(self) -> tuple[bool, str]:
        """Whether nothing says that queries should be sent elsewhere, and the version."""
        return not self._folder.not_alive.exists(), __version__
