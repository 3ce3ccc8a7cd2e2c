"""What a handler is given beside its command."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from sqlalchemy import Connection, Engine

from modelyard import errors
from modelyard.kernel.catalog import Catalog
from modelyard.kernel.command import Command, Deputy, DistantCaller
from modelyard.kernel.etags import tag_of_value
from modelyard.kernel.identity import Identity
from modelyard.kernel.progress import Progress
from modelyard.kernel.settings import Settings
from modelyard.kernel.values import Value


class Artifacts(Protocol):
    """Bytes by their sha256 digest (64 hex digits, small letters)."""

    def put(self, file: Path, *, move: bool = False) -> str:
        """Keep the content of a local file and give back its digest; the same content is kept once.

        With `move` the file is given away: it is gone afterwards.
        """
        ...

    def open(self, digest: str) -> BinaryIO:
        """Read an artifact; NotFound if it is not here."""
        ...

    def save(self, digest: str, target: Path) -> None:
        """Copy an artifact to a local file, checking its digest; Failed if it is damaged."""
        ...

    def has(self, digest: str) -> bool:
        """Say whether the artifact is here."""
        ...

    def remove(self, digests: Iterable[str]) -> None:
        """Forget artifacts; those that are not here are passed over."""
        ...


class Remote(Protocol):
    """Reaches workspaces on other servers."""

    def __call__(
        self,
        url: str,
        api_key: str,
        ca_file: str | None,
        progress: Progress,
        acting_as: str = "",
        /,
        *,
        seconds: float | None = None,
    ) -> DistantCaller:
        """A workspace on another server; nothing is asked of it yet.

        Args:
            url: its address.
            api_key: the key to show.
            ca_file: a file of authorities.
            progress: an ear for how far things are.
            acting_as: the user there to act for; empty: the key's.
            seconds: that it may be silent, and is asked once; None: it is asked patiently.
        """
        ...


class Authority(Protocol):
    """Knows who may do what."""

    def authorize(self, context: Context, command: Command[Any], /) -> None:
        """Let the command pass, or say why not."""
        ...

    def visible_projects(
        self, context: Context, right: str | None = None, /
    ) -> frozenset[str] | None:
        """The projects whose names the identity may see, or in which it has a right; None: all."""
        ...


@dataclass(frozen=True)
class Context:
    """The workspace as a handler sees it."""

    folder: Path
    """The workspace's own folder on this machine: staging, cache, code envs, logs."""
    engine: Engine
    artifacts: Artifacts
    settings: Settings
    identity: Identity
    """Who runs the command."""
    commands: Catalog
    """Every command there is, by name."""
    caller: Deputy
    """Runs another command as part of this one."""
    progress: Progress
    authority: Authority
    begin_aside: Callable[[], AbstractContextManager[Connection]]
    """Open a transaction for what is written about a command, not by it: the audit log."""
    begin: Callable[[], AbstractContextManager[Connection]]
    """Open a transaction; leaving the block commits, an exception rolls back. Keep it short."""
    read: Callable[[], AbstractContextManager[Connection]]
    """Open a transaction that only reads, and so waits for no writer."""
    remote: Remote
    watched: tuple[str, ...] = ()
    """Modules that monitoring asks how things are which it cannot know, each by its `statuses`."""
    governable: tuple[str, ...] = ()
    """Modules that tell governance of what is theirs, each by its `facts`."""
    readying: tuple[str, ...] = ()
    """Modules that find out beforehand what policies ask of a version, each by `make_ready`."""
    expected: frozenset[str] | None = None
    """Entity tags of which one must be that of what a guarded command changes; None: any."""

    def unchanged(self, value: Value) -> None:
        """Go on only with what the caller saw, where he said what that was.

        Called by guarded commands with what they are about to change, as its GET shows it, inside
        the transaction that changes it.

        Raises:
            Conflict: it changed meanwhile.
        """
        if self.expected is not None and (found := tag_of_value(value)) not in self.expected:
            raise errors.Conflict(
                "it changed since you looked at it; look again, and decide anew",
                expected=sorted(self.expected),
                found=found,
            )

    def authorize(self, command: Command[Any]) -> None:
        """Let whoever runs this run the command too, or say why not.

        Raises:
            Unauthenticated: nobody is signed in, or the user or key is no longer valid.
            NotFound: it is about a project in which the identity has no role, or that is not there.
            Forbidden: it takes a right that the identity lacks; the message says who can grant it.
        """
        self.authority.authorize(self, command)

    def visible_projects(self, right: str | None = None) -> frozenset[str] | None:
        """The projects whose names the identity may see, or in which it has a right; None: all."""
        return self.authority.visible_projects(self, right)
