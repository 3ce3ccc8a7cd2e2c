"""What a driver is: how the places of an infrastructure are looked at, and changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from sqlalchemy import Connection

from modelyard.deployments.drivers.options import Options
from modelyard.deployments.drivers.types import Desired, Observed, Step
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.governance.types import Member
from modelyard.kernel.context import Context
from modelyard.monitoring.watching.types import Part
from modelyard.serving.watching.types import Activity

STEP = 5
"""Minutes of a stretch of activity."""


class Driver(Protocol):
    """The places of one infrastructure, which are alike and are changed one after another.

    Each method may be called again after it broke off half-way, and then ends as if it had not.
    They raise errors of ours: `Unavailable` where a place cannot be reached.
    """

    def places(self) -> tuple[str, ...]:
        """Where a deployment runs, in the order in which it is updated."""
        ...

    def observe(self, place: str, target: str) -> Observed:
        """Look at what there is of a service at a place."""
        ...

    def apply(self, place: str, step: Step, desired: Desired) -> None:
        """Take one step towards what is desired."""
        ...

    def verify(self, place: str, desired: Desired) -> None:
        """See that every endpoint answers there as it should; Failed says what does not."""
        ...


@runtime_checkable
class TellsActivity(Driver, Protocol):
    """A driver whose places tell what they were asked."""

    def activity(self, place: str, target: str, minutes: int) -> list[Activity]:
        """What a service was asked at a place, by endpoint, generation and `STEP` minutes."""
        ...


@runtime_checkable
class TellsParts(Driver, Protocol):
    """A driver whose places tell how what is in a project is."""

    def parts(self, place: str, target: str) -> tuple[Part, ...]:
        """How the models, the scenarios and the data of a project are at a place."""
        ...


@runtime_checkable
class Renders(Protocol):
    """A driver that works by files, which it can write out for somebody else to use."""

    def render(self, desired: Desired, folder: Path) -> tuple[str, ...]:
        """Write them into a folder; gives the commands that make use of them there."""
        ...


@runtime_checkable
class LetsIn(Driver, Protocol):
    """A driver whose places have members of their own."""

    def let_in(self, place: str, target: str, members: Sequence[Member]) -> Sequence[Member]:
        """Give members their roles in a project at a place; gives those who are not known there."""
        ...


class DriverKind(Protocol):
    """An entry of the group `modelyard.drivers`."""

    @property
    def options(self) -> type[Options]:
        """The type of the options that an infrastructure may give it."""
        ...

    def require_fit(self, db: Connection, infrastructure: Infrastructure) -> None:
        """Refuse an infrastructure that this driver cannot reach; Invalid says why."""
        ...

    def open(self, context: Context, infrastructure: Infrastructure) -> Driver:
        """Make one for an infrastructure; nothing is reached yet."""
        ...
