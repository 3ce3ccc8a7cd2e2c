"""A driver whose places are values, and which fails where it is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from modelyard import errors
from modelyard.deployments.drivers.driver import STEP
from modelyard.deployments.drivers.types import DesiredService, ObservedService, WantedPackage
from modelyard.serving.watching.types import Activity

DAY = datetime(2026, 3, 1, tzinfo=UTC)
ABSENT = ObservedService(present=False)


def desired(*packages: str, **more) -> DesiredService:
    """A service of which packages answer, the first most."""
    shares = {package: 1 / len(packages) for package in packages}
    wanted = tuple(
        WantedPackage(package=each, digest="0" * 64, created=DAY)
        for each in (*packages, *more.get("shadows", ()))
    )
    return DesiredService(**{"target": "api", "shares": shares, "packages": wanted, **more})


class Made:
    """Places by name; `fails` is asked before anything is done to one."""

    def __init__(self, *names: str, fails: Callable[[str, str], bool] = lambda *_: False) -> None:
        self.found = dict.fromkeys(names, ABSENT)
        self.fails = fails
        self.done: list[str] = []
        self.answered: dict[str, list[Activity]] = {name: [] for name in names}

    def places(self) -> tuple[str, ...]:
        return tuple(self.found)

    def observe(self, place: str, target: str) -> ObservedService:
        self._ask(place, "observe")
        return self.found[place]

    def activity(self, place: str, target: str, minutes: int) -> list[Activity]:
        self._ask(place, "activity")
        since = datetime.now(UTC) - timedelta(minutes=minutes + STEP)
        return [each for each in self.answered[place] if each.minute >= since]

    def apply(self, place, step, desired) -> None:
        self._ask(place, step.action)
        self.done.append(f"{place}: {step}")
        before = self.found[place]
        match step.action:
            case "import":
                created = next(p.created for p in desired.packages if p.package == step.what)
                have = {**before.generations, step.what: created}
                changes = {"present": True, "enabled": True, "generations": have, "processes": 1}
                if before.present:
                    del changes["enabled"]
            case "map":
                assert desired.shares.keys() <= before.generations.keys()
                changes = {"enabled": True, "shares": desired.shares, "shadows": desired.shadows}
            case "access":
                changes = {"access": desired.access}
            case "disable":
                changes = {"enabled": False, "shares": {}, "shadows": ()}
            case "remove":
                self.found[place] = ABSENT
                return
        self.found[place] = before.model_copy(update=changes)

    def verify(self, place, desired) -> None:
        self._ask(place, "verify")

    def _ask(self, place: str, what: str) -> None:
        if self.fails(place, what):
            raise errors.Unavailable(f"{what} fails")
