"""The node in a container: its commands are those of `modelyard node`, run inside."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from modelyard import errors
from modelyard.deployments.drivers.docker.container import HOME, Container
from modelyard.deployments.drivers.inside import node_words, result_of
from modelyard.serving.administration.commands import ImportGeneration, NodeCommand
from modelyard.serving.administration.types import ImportedGeneration

R = TypeVar("R")


class ContainerNode:
    """Runs commands in the node's folder in a running container."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def run(self, command: NodeCommand[R], /) -> R:
        """Have it carry out a command; errors as the command's.

        Raises:
            Unavailable: the container does not run, or docker does not answer.
            Unsupported: what is in the container knows no such command.
            Failed: what is answered cannot be read.
        """
        answer = self._container.run(
            "exec", self._container.name, "modelyard", *node_words(command)
        )
        return result_of(command, answer, self._container.name)

    def upload(self, package: Path, /) -> ImportedGeneration:
        """Have it import a package, a file of this machine."""
        package.chmod(0o644)  # whoever runs in the container reads it
        there = f"{HOME}/{package.name}"
        copied = self._container.run("cp", str(package), f"{self._container.name}:{there}")
        if copied.code:
            raise errors.Failed(f"docker cp: {copied.reason}")
        try:
            return self.run(ImportGeneration(file=there))
        finally:
            words = ("exec", "--user=0", self._container.name, "rm", "-f", there)
            self._container.run(*words)

    def address(self) -> str:
        """Where it answers, as seen from its own machine; empty: at all addresses of that."""
        return self._container.address

    def problem(self) -> str:
        """Docker says why it does not run, where it does not."""
        return ""

    def starts(self) -> bool:
        """It runs, or docker says that it does not."""
        return False
