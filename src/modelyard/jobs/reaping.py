"""Taking over the jobs of workers that are gone, and clearing what ended long ago."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import insert, select, update

from modelyard.jobs import endings, leases
from modelyard.kernel.context import Context
from modelyard.store.clock import DatabaseNow
from modelyard.store.database import exclusively
from modelyard.store.tables import job_duties

LONGEST_LEASES = 20
CLEARS_EVERY = 3600
_CLEARING = "forget old jobs"


class Reaper:
    """Takes over jobs whose lease ran out and was not renewed while it was watched.

    That it ran out by the database's clock is not enough: the machine of everybody may have slept,
    or its clock may have been put on, and the job's worker is about to renew it.
    """

    def __init__(
        self,
        context: Context,
        also: Callable[[Context], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`also` clears what other rooms leave until later; it is called as often as `clear`."""
        self._context = context
        self._also = also
        self._clock = clock
        self._lease = context.settings.jobs.lease
        self._first_seen: dict[tuple[str, int, float], float] = {}
        self._next = float("-inf")
        self._next_clearing = float("-inf")
        self._is_clearing = False

    def look(self) -> list[str]:
        """Look if it is time; gives the jobs that were taken over, which are queued again."""
        now = self._clock()
        if now < self._next:
            return []
        self._next = now + self._lease / 10
        with self._context.read() as db:
            out = leases.lapsed(db, LONGEST_LEASES * self._lease)
        self._first_seen = {lease: self._first_seen.get(lease, now) for lease in out}
        taken = []
        for lease, first_seen in self._first_seen.items():
            if now - first_seen < self._lease / 3:
                continue
            try:
                with self._context.begin() as db:
                    if endings.take_over(db, *lease, self._context):
                        taken.append(lease[0])
            except (TypeError, ValueError) as exc:
                with self._context.begin() as db:
                    why = f"its row makes no sense: {exc}"
                    endings.condemn(db, lease[0], lease[1], why, self._context)
        return taken

    def clear(self) -> None:
        """Forget what ended long ago, once an hour over all workers.

        Each time only a part, since leases are to be renewed in between.
        """
        if self._is_due():
            self._is_clearing = True
            self._also(self._context)
        if self._is_clearing:
            with self._context.begin() as db:
                forgotten = endings.forget_old(db, self._context.settings.jobs.keep_days)
            self._is_clearing = bool(forgotten)

    def _is_due(self) -> bool:
        """Whether it is time to clear, and no other worker does."""
        if self._clock() < self._next_clearing:
            return False
        self._next_clearing = self._clock() + CLEARS_EVERY / 6
        with self._context.begin() as db:
            exclusively(db)
            due = db.scalar(select(job_duties.c.due).where(job_duties.c.name == _CLEARING))
            if due is None:
                db.execute(insert(job_duties).values(name=_CLEARING, due=DatabaseNow()))
            again = DatabaseNow() + CLEARS_EVERY
            is_due = (job_duties.c.name == _CLEARING) & (job_duties.c.due <= DatabaseNow())
            return bool(db.execute(update(job_duties).where(is_due).values(due=again)).rowcount)
