"""A rolling update: one place after another, each seen to answer; all of them go back at a failure.

It begins again with what it finds, so whoever is killed in the middle only has to be run again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from modelyard import errors
from modelyard.deployments.drivers.differences import restoring, steps_between
from modelyard.deployments.drivers.driver import Driver
from modelyard.deployments.drivers.types import Desired, Observed, Step

PlaceState = Literal[
    "waiting", "updated", "same", "passed_over", "failed", "restored", "unrestored"
]


class _Restored(Exception):
    """A place failed."""


@dataclass
class Rolling:
    """An update on its way, over the places of a driver."""

    driver: Driver
    desired: Desired
    before: dict[str, Observed] = field(default_factory=dict)
    """What was found at each place before it was first changed: to that it goes back."""
    passes_over: bool = False
    """Whether places that cannot be reached are passed over, as long as one is."""
    light: bool = False
    """Whether what prepares a place is refused."""
    tell: Callable[[str], None] = lambda _: None
    """Is told each thing that happens, as a line of a log."""
    proceed: Callable[[], None] = lambda: None
    """Called before each change; what it raises ends the update there, as if it were killed."""
    states: dict[str, PlaceState] = field(default_factory=dict)
    problem: str = ""
    _found: dict[str, Observed] = field(default_factory=dict)
    _preloaded: set[str] = field(default_factory=set)

    def run(self) -> bool:
        """Update all places; False: one failed, and what was changed went back.

        `states` says what came of each place and `problem` what failed.
        """
        places = self.driver.places()
        self.states = dict.fromkeys(places, "waiting")
        try:
            reached = self._look(places)
            for place in reached:
                self._prepare(place)
            for place in reached:
                self._change(place, reached)
        except _Restored:
            return False
        return True

    def take_away(self) -> dict[str, str]:
        """Take what is deployed from all places; gives why, by the places that still have it."""
        places = self.driver.places()
        self.states = dict.fromkeys(places, "waiting")
        left: dict[str, str] = {}
        for place in places:
            try:
                for step in steps_between(
                    self.desired, self.driver.observe(place, self.desired.target)
                ):
                    self._take(place, step, self.desired)
            except errors.ModelyardError as exc:
                self._fail(place, exc)
                left[place] = exc.detail
            else:
                self.states[place] = "updated"
        return left

    def go_back(self) -> None:
        """Bring all places back to what they were before they were updated."""
        changed = [place for place, state in self.states.items() if state == "updated"]
        self._restore(tuple(reversed(changed)))

    def _look(self, places: Sequence[str]) -> list[str]:
        """Find out what there is, before anything is changed."""
        reached, away = [], []
        for place in places:
            try:
                found = self.driver.observe(place, self.desired.target)
            except errors.ModelyardError as exc:
                self.tell(f"{place}: cannot be reached: {exc.detail}")
                away.append(place)
                self.problem = f"{place} cannot be reached: {exc.detail}"
                continue
            self._found[place] = found
            self.before.setdefault(place, found)
            reached.append(place)
        if away and (not self.passes_over or not reached):
            for place in away:
                self.states[place] = "failed"
            self.tell("nothing was changed")
            raise _Restored
        for place in away:
            self.states[place] = "passed_over"
        self.problem = ""
        return reached

    def _prepare(self, place: str) -> None:
        """What changes no answer, such as importing a package and building its envs."""
        try:
            for step in steps_between(self.desired, self._found[place]):
                if step.prepares:
                    self._require_heavy(step)
                    self._found.pop(place, None)  # it is no longer so
                    self._take(place, step, self.desired)
                    if step.action == "preload":
                        self._preloaded.add(place)
        except errors.ModelyardError as exc:
            self._fail(place, exc)
            self.tell("nothing that answers was changed")
            self._undo_presence()
            raise _Restored from exc

    def _require_heavy(self, step: Step) -> None:
        if self.light:
            raise errors.Conflict(
                f"a light update only changes settings, and this one would {step}; leave --light "
                "out"
            )

    def _change(self, place: str, reached: Sequence[str]) -> None:
        try:
            steps = self._steps(place)
            for step in steps:
                self._take(place, step, self.desired)
            self._verify(place, self.desired)
        except errors.ModelyardError as exc:
            self._fail(place, exc)
            done = reached[: reached.index(place) + 1]
            self._restore(tuple(reversed(done)))
            raise _Restored from exc
        changed = bool(steps) or self._differs_from_before(place)
        self.states[place] = "updated" if changed else "same"
        self.tell(f"{place}: {'updated' if changed else 'was so already'}")

    def _differs_from_before(self, place: str) -> bool:
        """Whether an earlier attempt changed it already."""
        return bool(steps_between(self.desired, self.before[place]))

    def _steps(self, place: str) -> tuple[Step, ...]:
        found = self._found.get(place) or self.driver.observe(place, self.desired.target)
        steps = steps_between(self.desired, found)
        if place in self._preloaded:  # which no look at the place tells
            steps = tuple(each for each in steps if each.action != "preload")
        return steps

    def _take(self, place: str, step: Step, desired: Desired) -> None:
        self.proceed()
        self.tell(f"{place}: {step}")
        self.driver.apply(place, step, desired)

    def _verify(self, place: str, desired: Desired) -> None:
        if desired.present and desired.enabled:
            self.driver.verify(place, desired)

    def _fail(self, place: str, exc: errors.ModelyardError) -> None:
        self.states[place] = "failed"
        self.problem = f"{place}: {exc.detail}"
        self.tell(f"{place}: failed: {exc.detail}")

    def _undo_presence(self) -> None:
        """Take away a service that only this update brought, where it could not be prepared."""
        new = [place for place, found in self.before.items() if not found.present]
        self._restore(new)

    def _restore(self, places: Sequence[str]) -> None:
        """Bring places back to what was found, the last one first; each by itself."""
        for place in places:
            wanted = restoring(self.desired.target, self.before[place])
            try:
                found = self.driver.observe(place, self.desired.target)
                steps = steps_between(wanted, found)
                for step in steps:
                    self._take(place, step, wanted)
            except errors.ModelyardError as exc:
                self.tell(f"{place}: could not go back: {exc.detail}")
                if self.states[place] != "failed":
                    self.states[place] = "unrestored"
                continue
            if self.states[place] == "failed":
                self.tell(f"{place}: as it was before")
            elif steps or self.states[place] == "updated":
                self.states[place] = "restored"
                self.tell(f"{place}: went back to what it was before")
