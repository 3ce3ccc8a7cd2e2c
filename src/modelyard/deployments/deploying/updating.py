"""Carries out what changes a deployment: held by one process, told in a log, rolled over places."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.deploying import repository, updates
from modelyard.deployments.deploying.desiring import desired_of
from modelyard.deployments.deploying.gating import gate, inspect
from modelyard.deployments.deploying.looking import look, shown
from modelyard.deployments.deploying.propagating import propagate
from modelyard.deployments.deploying.repository import Kept
from modelyard.deployments.deploying.rolling import Rolling
from modelyard.deployments.deploying.types import (
    Deployment,
    KeptUpdate,
    LogLine,
    PlaceUpdated,
    Settings,
    UpdateKind,
)
from modelyard.deployments.deploying.updates import Held
from modelyard.deployments.drivers.access import open_driver
from modelyard.deployments.drivers.types import Message
from modelyard.deployments.hooking.running import call_hooks
from modelyard.deployments.hooking.types import When
from modelyard.deployments.infrastructures.access import require
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.kernel.context import Context
from modelyard.kernel.values import now

BEATS_EVERY = 2.0
MOST_LINES = 2_000


class Displaced(Exception):
    """Somebody else took the update over, since this process gave no sign of life."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants of a deployment."""

    kind: UpdateKind
    settings: Settings
    restores: int | None = None
    pass_over: bool = False
    light: bool = False
    accepts: bool = False


def carry_out(
    context: Context, project: str, name: str, wish: Callable[[Kept, list[KeptUpdate]], Wish]
) -> Deployment:
    """Bring what is wished for to all places of a deployment, or leave them as they were.

    Args:
        context: the workspace.
        project: that of the deployment.
        name: its id.
        wish: given the deployment as it is and the updates that succeeded, says what is wanted.

    Raises:
        NotFound: there is no such deployment, infrastructure or package.
        Forbidden: whoever asks may not deploy there.
        Conflict: somebody else is changing it.
        Blocked: a policy says no.
        Failed: a place failed; the message says which, why, and what became of the others.
    """
    updates.wait_for_silence(context, project, name)
    with context.read() as db:
        kept = repository.get(db, project, name)
        infrastructure = require(context, db, kept.infrastructure, "deploy")
        _, update = _wanted(context, db, kept, infrastructure, wish)
    inspect(context, infrastructure, update)
    with context.begin() as db:
        kept = repository.get(db, project, name, lock=True)
        infrastructure = require(context, db, kept.infrastructure, "deploy")
        wanted, update = _wanted(context, db, kept, infrastructure, wish)
        said = gate(context, infrastructure, update, accepts=wanted.accepts)
        update = update.model_copy(update={"messages": said})
        held = updates.begin(db, update, context.settings.deployments.lease)
    with journal_of(context, held) as journal:
        _bring_about(context, infrastructure, kept, wanted, journal)
    look(context, project, name)
    with context.read() as db:
        return shown(context, db, project, name)


def _wanted(
    context: Context,
    db: Connection,
    kept: Kept,
    infrastructure: Infrastructure,
    wish: Callable[[Kept, list[KeptUpdate]], Wish],
) -> tuple[Wish, KeptUpdate]:
    """What is wanted of a deployment as it is now, and the update that would bring it about."""
    done = updates.succeeded(db, kept.project, kept.name)
    wanted = wish(kept, done)
    known = done[-1].desired if done else None
    update = KeptUpdate(
        project=kept.project,
        deployment=kept.name,
        number=1,
        kind=wanted.kind,
        state="running",
        actor=context.identity.name,
        started=now(),
        settings=wanted.settings,
        desired=desired_of(db, kept.project, kept.target, wanted.settings, known, infrastructure),
        restores=wanted.restores,
    )
    return wanted, update


def _bring_about(
    context: Context, infrastructure: Infrastructure, kept: Kept, wanted: Wish, journal: Journal
) -> None:
    """Call the hooks before, go over the places, call the hooks after; tell how it ended."""
    rolling = Rolling(
        open_driver(context, infrastructure),
        journal.update.desired,
        before=dict(journal.update.before),
        passes_over=wanted.pass_over,
        light=wanted.light,
        tell=journal.tell,
        proceed=journal.proceed,
    )
    journal.follow(rolling)
    hooks = partial(hooks_let_pass, context, infrastructure, kept, journal, rolling)
    if hooks("pre") and rolling.run():
        journal.say(_let_in(context, infrastructure, kept, rolling))
        if hooks("post"):
            journal.settle("succeeded", kept, wanted.settings)
            return
        rolling.go_back()
    ended = journal.settle("failed", kept, None, problem=rolling.problem)
    if wanted.kind == "create" and not ended.places:
        raise errors.Failed(f"{kept.name} was not created: {rolling.problem}")
    look(context, kept.project, kept.name)
    back = [each.place for each in ended.places if each.outcome == "restored"]
    stuck = [each.place for each in ended.places if each.outcome == "unrestored"]
    raise errors.Failed(
        f"{kept.name} was not changed: {rolling.problem}"
        + (f"; {', '.join(back)} went back to what answered before" if back else "")
        + (f"; {', '.join(stuck)} could not go back" if stuck else "")
        + f"; see: deployments log {kept.name} {ended.number}",
        number=ended.number,
        places={each.place: each.outcome for each in ended.places},
    )


def _let_in(
    context: Context, infrastructure: Infrastructure, kept: Kept, rolling: Rolling
) -> tuple[Message, ...]:
    """Give members their roles at the places that were reached."""
    identities = infrastructure.identities
    if identities.propagate_once and kept.pushed is not None:
        return ()
    reached = [place for place, state in rolling.states.items() if state in ("updated", "same")]
    return propagate(
        context, rolling.driver, identities.propagation, kept.project, kept.target, reached
    )


def hooks_let_pass(
    context: Context,
    infrastructure: Infrastructure,
    kept: Kept,
    journal: Journal,
    rolling: Rolling,
    when: When,
) -> bool:
    """Call hooks, and keep what they say; False: one stops the update, or has it go back."""
    told = journal.update.told().model_dump(mode="json", exclude={"log"})
    told |= {"stage": infrastructure.stage, "target": kept.target}
    called = call_hooks(
        context, infrastructure, when, told, tell=journal.tell, proceed=journal.proceed
    )
    journal.say(called.messages)
    if called.problem:
        rolling.problem = called.problem
    return not called.problem


class Journal:
    """What is written down of an update while it goes on; that is also its sign of life."""

    def __init__(self, context: Context, held: Held) -> None:
        self._context = context
        self._held = held
        self._lines: list[LogLine] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._lost = False
        self._rolling: Rolling | None = None
        self._said: tuple[Message, ...] = ()

    @property
    def update(self) -> KeptUpdate:
        """The update as it stands."""
        update = self._held.update
        if self._rolling is None:
            return update
        with self._lock:
            lines = tuple(self._lines)
        states = dict(self._rolling.states).items()
        return update.model_copy(
            update={
                "log": lines,
                "messages": (*update.messages, *self._said),
                "before": dict(self._rolling.before),
                "places": tuple(PlaceUpdated(place=name, outcome=what) for name, what in states),
                "problem": self._rolling.problem,
            }
        )

    def follow(self, rolling: Rolling) -> None:
        """Write down how this goes from now on."""
        self._rolling = rolling

    def say(self, messages: tuple[Message, ...]) -> None:
        """Add to what policies and hooks said."""
        self._said += messages

    def tell(self, text: str) -> None:
        """Add a line to the log."""
        with self._lock:
            if len(self._lines) < MOST_LINES:
                self._lines.append(LogLine(at=now(), text=text))
        self._context.progress(text)

    def proceed(self) -> None:
        """Write down what was found before the next change; Displaced if that is another's now."""
        self._beat()
        if self._lost:
            raise Displaced

    def settle(
        self, state: str, kept: Kept, settings: Settings | None, *, problem: str = ""
    ) -> KeptUpdate:
        """Write down how it ended, together with what is deployed from now on."""
        ended = self.update.model_copy(update={"state": state, "ended": now(), "problem": problem})
        with self._context.begin() as db:
            if not updates.holds(db, self._held):
                raise Displaced
            updates.end(db, ended)
            if settings is not None:
                changes = {"settings": settings, "pushed": ended.number, "changed": now()}
                current = repository.get(db, kept.project, kept.name)
                repository.save(db, current.model_copy(update=changes))
        return ended

    def forget(self, kept: Kept) -> None:
        """Delete the deployment, together with what is written down here."""
        with self._context.begin() as db:
            if not updates.holds(db, self._held):
                raise Displaced
            repository.remove(db, kept.project, kept.name)

    def beat_until_ended(self) -> None:
        """Give signs of life from a thread of its own."""
        pause = min(BEATS_EVERY, self._context.settings.deployments.lease / 5)
        while not self._ended.wait(pause):
            try:
                self._beat()
            except errors.Unavailable:
                continue  # the database is away; the lease says for how long that is borne

    def end(self) -> None:
        """Give no more of them."""
        self._ended.set()

    def break_off(self) -> None:
        """Say that it was broken off, unless it ended or is somebody else's."""
        self.end()
        ended = self.update.model_copy(update={"state": "broken_off", "ended": now()})
        with self._context.begin_aside() as db:
            if updates.holds(db, self._held):
                updates.end(db, ended)

    def _beat(self) -> None:
        with self._context.begin_aside() as db:
            if not updates.beat(db, self._held, self.update):
                self._lost = True


@contextmanager
def journal_of(context: Context, held: Held) -> Iterator[Journal]:
    """Give signs of life for as long as the block takes; what ends it otherwise is written down.

    Raises:
        Conflict: somebody else took the update over.
    """
    journal = Journal(context, held)
    thread = threading.Thread(target=journal.beat_until_ended, name="signs of life", daemon=True)
    thread.start()
    try:
        yield journal
    except Displaced:
        raise errors.Conflict(
            f"the update of {held.update.deployment} is carried out by somebody else, since "
            "nothing was heard of this process for too long"
        ) from None
    except BaseException:
        journal.break_off()
        raise
    finally:
        journal.end()
        thread.join()
