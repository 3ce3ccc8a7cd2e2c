"""Requests that may be sent again: what was done for an Idempotency-Key is done once.

A key is claimed before its command runs. Each transaction in which the command changes something
notes so in the key's own row, and fails if the key was taken over meanwhile: so nothing is ever
done twice, whenever the server dies. Afterwards the answer is kept with the key.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update

from modelyard import errors
from modelyard.kernel.identity import Identity
from modelyard.kernel.values import now
from modelyard.store.database import Begin, upsert
from modelyard.store.tables import replays
from modelyard.web.answers import Answer
from modelyard.web.bodies import JSON
from modelyard.web.problems import KIND, Refused

KEPT = timedelta(hours=24)
HELD = timedelta(seconds=60)
SKEW = timedelta(minutes=5)
"""By how much the clocks of servers may differ."""
LONGEST = 255
AGAIN = {"idempotent-replayed": "true"}


@dataclass(frozen=True)
class Claim:
    """The right to carry out the request of a key."""

    id: str
    attempt: str
    begin: Begin

    def note(self, db: Connection) -> None:
        """Note, with what is changed, that something is changed.

        Raises:
            Conflict: somebody else took the key over; the transaction must not be committed.
        """
        noted = db.execute(update(replays).where(self._mine()).values(state="changed"))
        if noted.rowcount != 1:
            raise errors.Conflict("this request took so long that it was sent again meanwhile")

    def keep(self, answer: Answer, *, secret: bool) -> None:
        """Keep the answer, unless it is an error that changed nothing: that may be tried again."""
        with self.begin() as db:
            state = db.scalar(select(replays.c.state).where(self._mine()))
            if answer.status >= 400 and state == "running":
                db.execute(delete(replays).where(self._mine()))
                return
            body = None if secret else answer.body.decode()
            kept = {"status": answer.status, "headers": json.dumps(answer.headers), "body": body}
            db.execute(update(replays).where(self._mine()).values(state="answered", **kept))

    def _mine(self) -> Any:
        return (replays.c.id == self.id) & (replays.c.attempt == self.attempt)


def claim(begin: Begin, who: Identity, key: str, request: bytes) -> Claim | Answer:
    """The right to carry out a request, or the answer that its key got before.

    Raises:
        Invalid: the key is too long, or was used with another request.
        Refused: its first request is still under way, or its answer was lost (409).
    """
    if not 0 < len(key) <= LONGEST:
        raise errors.Invalid(f"an Idempotency-Key has 1 to {LONGEST} letters")
    owner = json.dumps([who.kind, who.name, who.key, key])
    mine = Claim(hashlib.sha256(owner.encode()).hexdigest(), uuid.uuid4().hex, begin)
    # Keyed, since requests hold passwords that nobody should guess from their digest.
    digest = hashlib.blake2b(
        request, key=hashlib.sha256(key.encode()).digest(), digest_size=32
    ).hexdigest()
    moment = now()
    with begin() as db:
        db.execute(delete(replays).where(replays.c.created < moment - KEPT))
        fresh = {
            "id": mine.id,
            "request": digest,
            "attempt": mine.attempt,
            "state": "running",
            "held_until": moment + HELD,
            "created": moment,
        }
        if db.execute(upsert(db, replays, fresh).returning(replays.c.id)).first():
            return mine
        row = db.execute(select(replays).where(replays.c.id == mine.id).with_for_update()).one()
        if row.request != digest:
            raise errors.Invalid(
                "this Idempotency-Key was used with another request; take a new one for this"
            )
        if row.state == "answered":
            return _again(row)
        # One that is held for longer was claimed before the clock was set back.
        if moment < row.held_until < moment + HELD + SKEW:
            raise _in_flight()
        if row.state == "changed":
            raise _lost()
        values = {"attempt": mine.attempt, "held_until": moment + HELD}
        db.execute(update(replays).where(replays.c.id == mine.id).values(values))
    return mine


def _again(row: Any) -> Answer:
    if row.body is None:
        raise Refused(
            409,
            errors.Conflict(
                "this request was carried out before, and its answer held a secret, which is "
                "shown once; look at what it made, or take a new Idempotency-Key"
            ),
        )
    headers: dict[str, str] = json.loads(row.headers)
    kind = KIND if row.status >= 400 else JSON
    return Answer(row.status, row.body.encode(), kind, {**headers, **AGAIN})


def _in_flight() -> Refused:
    return Refused(
        409,
        errors.Conflict("the first request with this Idempotency-Key is still under way"),
        {"retry-after": "1"},
    )


def _lost() -> Refused:
    return Refused(
        409,
        errors.Conflict(
            "this request was carried out, at least in part, but the server ended before it could "
            "answer; look at what is there before you send it under a new Idempotency-Key"
        ),
    )
