"""A worker: claims jobs, runs each in a process of its own, and writes down what comes of them."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import selectors
import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError

from modelyard import errors
from modelyard.jobs import endings, leases, presence
from modelyard.jobs.aside import Aside, Errands, nothing
from modelyard.jobs.bell import Bell, bell_of
from modelyard.jobs.child import Child
from modelyard.jobs.endings import Died, Ending
from modelyard.jobs.leases import Printed
from modelyard.jobs.leash import slept
from modelyard.jobs.reaping import Reaper
from modelyard.jobs.scenarios import runs
from modelyard.kernel.context import Context

LOG = logging.getLogger("modelyard.jobs")
LOOKS_EVERY = 0.2
"""Seconds between two looks at the children, and on SQLite at the file."""
ENDS_WITHIN = 0.01
"""Seconds between two looks at a process that is about to be gone."""
REPORTS_EVERY = 0.5
LOOKS_ANYWAY_EVERY = 5.0
"""Seconds after which it looks for jobs although no bell rang."""
TRIES_EVERY = 0.5
"""Seconds between two attempts to reach a database that is away."""
TELLS_AFTER = 5.0
"""Seconds for which it is away before that is told: on SQLite, many wait for one writer."""
LINGERS = 5.0
"""Seconds that a job's process gets to end by itself once it has said what came of it."""
UNKEPT = (DBAPIError, TypeError, ValueError)
"""What writing down raises where the database does not take what is to be written."""

Command = Callable[[str, int], Sequence[str]]
"""The command line that runs a job, given its id and the number of its lease."""


class Worker:
    """Runs jobs until it is stopped.

    Its context belongs to it alone, and waits for the database only briefly: see `opening.hasty`.
    """

    def __init__(
        self,
        context: Context,
        command: Command,
        *,
        slots: int,
        queues: Sequence[str] = (),
        clears: Callable[[Context], None] = lambda _: None,
        errands: Errands = nothing,
    ) -> None:
        """`command` starts a job's process.

        `clears` removes what other rooms leave until later, `errands` are what they have done
        beside jobs, again soon after one has ended.
        """
        self.name = f"{os.uname().nodename}-{os.getpid()}-{secrets.token_hex(3)}"
        self._context = context
        self._rules = context.settings.jobs
        self._command = command
        self._slots = slots
        self._queues = tuple(queues)
        self._children: dict[str, Child] = {}
        self._ended: list[Child] = []
        self._bell: Bell = bell_of(context.engine)
        self._reaper = Reaper(context, clears)
        self._aside = Aside(context, errands)
        self._selector = selectors.DefaultSelector()
        self._listened: int | None = None
        self._rang = False
        self._wake, self._waker = os.pipe()
        for descriptor in (self._wake, self._waker):
            os.set_blocking(descriptor, False)
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._stop_at: float | None = None
        self._away_since = float("inf")
        self._is_told = False
        self._retry_at = self._next_look = self._beaten = self._reported = self._shown = float(
            "-inf"
        )
        self._slept = slept()
        self._is_idle = False

    def stop(self) -> None:
        """Claim nothing more, and end once the running jobs have; the second time: at once."""
        now = time.monotonic()
        self._stop_at = now + self._rules.grace if self._stop_at is None else now
        with contextlib.suppress(OSError):  # it has ended
            os.write(self._waker, b"x")

    def run(self, *, drain: bool = False) -> None:
        """Work until stopped; with `drain` until nothing is left to do."""
        self._aside.start()
        try:
            while not self._is_done(drain=drain):
                self._hear()
                self._turn()
            if drain and self._stop_at is None:
                self._aside.once()
        finally:
            self._aside.stop(self._rules.grace)
            for child in self._children.values():
                child.kill()
            self._leave()
            self._bell.close()
            self._context.engine.dispose()
            self._selector.close()
            os.close(self._wake)
            waker, self._waker = self._waker, -1
            os.close(waker)

    def _leave(self) -> None:
        """Say that it is gone; if the database is away, its silence will tell."""
        if self._away_since == float("inf"):
            with contextlib.suppress(errors.Unavailable), self._context.begin() as db:
                presence.leave(db, self.name)

    def _is_done(self, *, drain: bool) -> bool:
        if self._children:
            return False
        if self._stop_at is None:
            return drain and self._is_idle and not self._ended
        # What cannot be written down while its lease lasts is left to who takes the job over.
        return all(time.monotonic() > child.until for child in self._ended)

    def _hear(self) -> None:
        """Wait for something to happen, and take in what the children say."""
        self._listen_to_bell()
        ending = any(child.is_ending for child in self._children.values())
        found = self._selector.select(ENDS_WITHIN if ending else LOOKS_EVERY)
        ready = {key.fd for key, _ in found}
        if self._wake in ready:
            os.read(self._wake, 1 << 10)
        if self._listened in ready:  # asked now: a lost connection would stay ready
            self._rang = self._bell.rang() or self._rang
        now = time.monotonic()
        for child in list(self._children.values()):
            for descriptor in child.listen():
                self._forget(descriptor)
            descriptors = child.descriptors
            if child.has_ended():
                self._children.pop(child.job)
                for descriptor in descriptors:
                    self._forget(descriptor)
                self._ended.append(child)
            elif child.ending_since is not None and now - child.ending_since > LINGERS:
                child.kill()
        if self._stop_at is not None and now >= self._stop_at:
            for child in self._children.values():
                child.stop("its worker was stopped")

    def _turn(self) -> None:
        """Write down what is to be written, then look for work; later if the database is away."""
        if time.monotonic() < self._retry_at:
            return
        try:
            self._write()
            self._look()
        except errors.Unavailable as exc:
            now = time.monotonic()
            self._retry_at, self._next_look = now + TRIES_EVERY, float("-inf")
            self._away_since = min(self._away_since, now)
            if not self._is_told and now - self._away_since >= TELLS_AFTER:
                LOG.warning("%s; trying again", exc.in_full())
                self._is_told = True
        else:
            if self._is_told:
                LOG.info("the database answers again")
            self._away_since, self._is_told = float("inf"), False

    def _write(self) -> None:
        while self._ended:
            self._settle(self._ended[0])
            self._ended.pop(0)
            self._next_look = float("-inf")
        now, sleep = time.monotonic(), slept()
        woken = sleep - self._slept > 1  # the machine slept: others may think we are gone
        self._slept = sleep
        if self._children and (woken or now - self._beaten >= self._rules.lease / 5):
            self._beat(now)
        if now - self._shown >= presence.SHOWS_EVERY:
            self._shown = now
            with self._context.begin() as db:
                presence.show(db, self.name, slots=self._slots, queues=self._queues)
        if now - self._reported >= REPORTS_EVERY:
            self._report()
            self._reported = now

    def _settle(self, child: Child) -> None:
        ending: Ending = child.ending or Died("ended unseen")
        printed, keep = Printed(child.printed, tuple(child.lines)), self._rules.log_lines
        try:
            with self._context.begin() as db:
                if child.said:
                    leases.report(
                        db, child.job, child.lease, said=child.said, printed=Printed(), keep=keep
                    )
                told = endings.settle(db, child.job, child.lease, ending, self._context, printed)
        except UNKEPT as exc:
            detail = f"what came of it cannot be kept: {exc}"
            with self._context.begin() as db:
                kept = endings.condemn(db, child.job, child.lease, detail, self._context)
            told = f"failed: {detail}" if kept else None
        if told is None:
            told = f"{endings.in_words(ending)}; but it is another worker's"
        self._aside.hurry()
        LOG.info("job %s ended: %s", child.job, told)

    def _beat(self, now: float) -> None:
        with self._context.begin() as db:
            renewed = leases.beat(db, self.name, self._rules.lease)
        self._beaten = now
        for child in self._children.values():
            if renewed.get(child.job) == child.lease:
                child.renew(now + self._rules.lease)
            else:
                self._drop(child)

    def _report(self) -> None:
        """Write down what the children said, all at once; each by itself if that cannot be kept."""
        news = [child for child in self._children.values() if child.said or child.lines]
        try:
            self._report_of(news)
        except UNKEPT:
            for child in news:
                try:
                    self._report_of([child])
                except UNKEPT as exc:
                    child.said, child.lines = {}, []
                    child.condemn(f"what it said cannot be kept: {exc}")

    def _report_of(self, news: Sequence[Child]) -> None:
        if not news:
            return
        lost = []
        with self._context.begin() as db:
            for child in news:
                printed = Printed(child.printed, tuple(child.lines))
                keep = self._rules.log_lines
                if not leases.report(
                    db, child.job, child.lease, said=child.said, printed=printed, keep=keep
                ):
                    lost.append(child)
        for child in news:
            child.said, child.lines = {}, []
        for child in lost:
            self._drop(child)

    def _drop(self, child: Child) -> None:
        LOG.warning("job %s is another worker's: its process is killed", child.job)
        child.kill()

    def _look(self) -> None:
        rang, self._rang = self._bell.rang() or self._rang, False
        if rang or time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOKS_ANYWAY_EVERY
            with self._context.read() as db:
                found = leases.outlook(db, self.name, self._queues)
            for job in found.cancelled:
                if job in self._children:
                    self._children[job].stop()
            fired = found.due is not None and found.due <= 0 and self._fire()
            claimed = (found.ready or fired) and self._claim()
            self._is_idle = not found.ready and found.soon is None and not claimed
            for moment in (found.soon, found.due):
                if moment is not None:
                    self._next_look = min(self._next_look, time.monotonic() + max(0.0, moment))
        for job in self._reaper.look():
            LOG.warning("job %s is taken over: its worker gave no sign of life", job)
            self._next_look = float("-inf")
        self._reaper.clear()

    def _fire(self) -> bool:
        if self._stop_at is not None:
            return False
        with self._context.begin() as db:
            told = runs.fire(db, self._context.commands)
        for line in told:
            LOG.info(line)
        return bool(told)

    def _claim(self) -> bool:
        claimed = False
        while self._stop_at is None and len(self._children) < self._slots:
            now = time.monotonic()
            with self._context.begin() as db:
                row = leases.claim(
                    db,
                    self.name,
                    seconds=self._rules.lease,
                    queues=self._queues,
                    limits=self._rules.limits,
                )
            if row is None:
                break
            claimed = True
            self._start(row, now + self._rules.lease)
        return claimed

    def _start(self, row: Row[Any], until: float) -> None:
        printed = row.lines if isinstance(row.lines, int) else 0
        keep = self._rules.log_lines
        command = self._command(row.id, row.lease)
        try:
            child = Child.start(command, job=row.id, lease=row.lease, printed=printed, keep=keep)
        except OSError as exc:
            LOG.warning("job %s cannot be started: %s", row.id, exc)
            with self._context.begin() as db:
                why = Died(f"could not be started: {exc}")
                endings.settle(db, row.id, row.lease, why, self._context, Printed())
            return
        child.renew(until)
        self._children[row.id] = child
        for descriptor in child.descriptors:
            self._selector.register(descriptor, selectors.EVENT_READ)
        LOG.info("job %s started: %s, attempt %d", row.id, row.command, row.attempt)

    def _listen_to_bell(self) -> None:
        """Wait for the bell's socket too, where it has one; it changes when it was lost."""
        descriptor = self._bell.descriptor()
        if descriptor != self._listened:
            if self._listened is not None:
                self._forget(self._listened)
            if descriptor is not None:
                self._selector.register(descriptor, selectors.EVENT_READ)
            self._listened = descriptor

    def _forget(self, descriptor: int) -> None:
        if descriptor in self._selector.get_map():
            self._selector.unregister(descriptor)
