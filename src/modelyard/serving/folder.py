"""The folder of a node: all that it knows, in files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from modelyard import errors
from modelyard.archives.types import MANIFEST
from modelyard.kernel.faults import invalid
from modelyard.kernel.progress import Progress, silence
from modelyard.kernel.values import Value, now
from modelyard.serving.durable import locked, remove_folder, staged, sync_folder, write_whole
from modelyard.serving.packages.types import Manifest, PackagedEndpoint, PoolSettings
from modelyard.serving.settings import NODE_FILE, NodeSettings, read_node_settings
from modelyard.serving.types import ServiceState

B = TypeVar("B", bound=BaseModel)

STATE = "service.json"
GENERATIONS = "generations"
REMAPPED = ".connections.json"
NOT_ALIVE = "apinode-not-alive.txt"
TEMPLATE = """\
# Settings of this API node; all of them: docs/reference/node-settings.md
# [listen]
# port = 8500
"""


class Remapped(Value):
    """Which connections of the node stand for those of a package."""

    connections: dict[str, str] = {}


class NodeFolder:
    """Where things are in a node's folder, and how they are read and written.

    Every file is replaced as a whole, so that it is read without a lock; whoever changes a service
    holds that service's lock (`changing`) from reading its state to writing it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.services = path / "services"
        self.config = path / "config" / "services"
        self.envs = path / "envs"
        self.logs = path / "logs"
        self.run = path / "run"
        self.inbox = path / "inbox"
        self.stages = path / "stage"
        self.keys = path / "keys.json"
        self.connections = path / "connections.json"
        self.not_alive = path / NOT_ALIVE
        self.metrics = self.run / "metrics"
        self.guards = self.run / "guards"
        self._locks = self.run / "locks"

    @classmethod
    def opened(cls, path: Path) -> NodeFolder:
        """The folder of a node that is there.

        Raises:
            NotFound: there is no node in it.
        """
        if not (path / NODE_FILE).is_file():
            raise errors.NotFound(
                f"there is no API node in {path}; make one: modelyard node init --folder {path}"
            )
        folder = cls(path.absolute())
        folder.complete()
        return folder

    @classmethod
    def created(cls, path: Path) -> NodeFolder:
        """Make a node of a folder that is new or empty, or complete one that is there.

        Raises:
            Conflict: the folder holds something else.
            Failed: it cannot be written.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
            if not (path / NODE_FILE).exists():
                if any(path.iterdir()):
                    raise errors.Conflict(
                        f"{path} is not empty, and no API node; name a new or an empty folder"
                    )
                write_whole(path / NODE_FILE, TEMPLATE.encode())
            return cls.opened(path)
        except OSError as exc:
            raise errors.Failed(f"no API node can be made in {path}: {exc}") from exc

    def complete(self) -> None:
        """Make the folders that are not there."""
        for folder in (
            self.services,
            self.config,
            self.envs,
            self.logs,
            self.run,
            self.inbox,
            self.stages,
            self._locks,
        ):
            folder.mkdir(parents=True, exist_ok=True)
        self.run.chmod(0o700)  # whoever reaches a control socket administers the node

    def settings(self) -> NodeSettings:
        """The settings as they are now."""
        return read_node_settings(self.path)

    def changing(self, service: str, progress: Progress = silence) -> AbstractContextManager[None]:
        """Hold the lock of a service: one after another changes it."""
        file = self._locks / f"service-{service}.lock"
        return locked(file, what=service, progress=progress)

    def changing_keys(self, progress: Progress = silence) -> AbstractContextManager[None]:
        """Hold the lock of the keys."""
        return locked(self._locks / "keys.lock", what="the keys", progress=progress)

    def changing_connections(self, progress: Progress = silence) -> AbstractContextManager[None]:
        """Hold the lock of the connections."""
        return locked(self._locks / "connections.lock", what="connections", progress=progress)

    def changing_envs(self, progress: Progress = silence) -> AbstractContextManager[None]:
        """Hold the lock of code envs, from building one to keeping what needs it."""
        return locked(self._locks / "envs.lock", what="code envs", progress=progress)

    def staged(self) -> AbstractContextManager[Path]:
        """A new folder on the same disk, to put something together in."""
        return staged(self.stages)

    # Services

    def service_names(self) -> list[str]:
        """The services that there are, sorted."""
        return sorted(each.parent.name for each in self.services.glob(f"*/{STATE}"))

    def has_service(self, service: str) -> bool:
        """Whether there is such a service."""
        return (self.services / service / STATE).is_file()

    def state(self, service: str) -> ServiceState:
        """What is kept of a service; NotFound if there is none."""
        file = self.services / service / STATE
        try:
            return _read(file, ServiceState)
        except FileNotFoundError:
            raise errors.NotFound.among("service", service, self.service_names()) from None

    def write_state(self, service: str, state: ServiceState) -> None:
        """Keep the state of a service."""
        folder = self.services / service
        (folder / GENERATIONS).mkdir(parents=True, exist_ok=True)
        write_whole(folder / STATE, state.model_dump_json(indent=2).encode())

    def add_service(self, service: str, by: str) -> ServiceState:
        """Keep a service that has no generations yet, unless it is there; gives its state."""
        if not self.has_service(service):
            self.write_state(service, ServiceState(changed=now(), changed_by=by))
        return self.state(service)

    def remove_service(self, service: str) -> None:
        """Forget a service with all of its generations."""
        remove_folder(self.services / service, self.stages)

    # Generations

    def generation(self, service: str, generation: str) -> Path:
        """Where the package of a generation is unpacked; NotFound if it is not there."""
        folder = self.services / service / GENERATIONS / generation
        if not (folder / MANIFEST).is_file():
            self.state(service)
            known = self.generation_names(service)
            raise errors.NotFound.among(f"generation of {service}", generation, known)
        return folder

    def generation_names(self, service: str) -> list[str]:
        """The generations of a service, those that came last at the end."""
        found = [
            (each.stat().st_mtime_ns, each.parent.name)
            for each in (self.services / service / GENERATIONS).glob(f"*/{MANIFEST}")
        ]
        return [name for _, name in sorted(found)]

    def manifest(self, service: str, generation: str) -> Manifest:
        """What the package of a generation holds."""
        file = self.generation(service, generation) / MANIFEST
        found = file.stat()
        return _manifest(file, found.st_ino, found.st_mtime_ns)

    def remapped(self, service: str, generation: str) -> dict[str, str]:
        """The node's connections by those of a generation's package, where names differ."""
        file = self.generation(service, generation) / REMAPPED
        try:
            return _read(file, Remapped).connections
        except FileNotFoundError:
            return {}

    def write_remapped(self, service: str, generation: str, connections: dict[str, str]) -> None:
        """Keep which connections stand for those of a generation's package."""
        file = self.generation(service, generation) / REMAPPED
        write_whole(file, Remapped(connections=connections).model_dump_json().encode())

    def add_generation(self, stage: Path, service: str, generation: str) -> None:
        """Put an unpacked package in its place; it appears there as a whole."""
        target = self.services / service / GENERATIONS / generation
        target.parent.mkdir(parents=True, exist_ok=True)
        os.utime(stage / MANIFEST)  # its age as a generation
        stage.rename(target)
        sync_folder(target.parent)

    def remove_generation(self, service: str, generation: str) -> None:
        """Forget a generation; the caller has seen to it that nobody needs it."""
        remove_folder(self.generation(service, generation), self.stages)

    def every_manifest(self) -> Iterator[Manifest]:
        """What each generation of each service holds."""
        for service in self.service_names():
            for generation in self.generation_names(service):
                yield self.manifest(service, generation)

    def pool(self, service: str, endpoint: PackagedEndpoint) -> PoolSettings:
        """Workers of an endpoint: as its file in `config/services/` says, else as its package does.

        Raises:
            Invalid: the file cannot be read.
        """
        file = self.config / service / f"{endpoint.name}.json"
        try:
            given = file.read_bytes()
        except FileNotFoundError:
            return endpoint.pool
        try:
            own = PoolSettings.model_validate_json(given)
            return PoolSettings(**(endpoint.pool.model_dump() | own.model_dump(exclude_unset=True)))
        except ValidationError as exc:
            raise errors.Invalid(f"{file}: {invalid(exc).detail}") from None


@lru_cache(maxsize=64)
def _manifest(file: Path, _number: int, _moment: int) -> Manifest:
    """A manifest may be large, and never changes; another file of its name has another number."""
    return _read(file, Manifest)


def _read(file: Path, kind: type[B]) -> B:
    try:
        return kind.model_validate_json(file.read_bytes())
    except ValidationError as exc:
        raise errors.Failed(
            f"{file} cannot be read: {invalid(exc).detail}; bring it back from a backup, or remove "
            "the service and import its packages again"
        ) from None
