"""What somebody may do with an item, and by which rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import Connection

from modelyard import errors
from modelyard.governance.access import require_user
from modelyard.governance.items.collecting import fresh
from modelyard.governance.roles.access import access_of
from modelyard.governance.roles.rights import ALL
from modelyard.governance.roles.types import Allowed
from modelyard.governance.signoffs.commands import MayOnItem
from modelyard.governance.signoffs.desk import opened
from modelyard.governance.signoffs.rights import Actor
from modelyard.governance.signoffs.types import Round
from modelyard.kernel.context import Context
from modelyard.kernel.identity import Identity
from modelyard.kernel.values import now


def allowed(context: Context, db: Connection, command: MayOnItem) -> Allowed:
    """Tell it of whoever asks, or, to who governs the instance, of another user.

    Raises:
        Forbidden: whoever asks may not know that of others.
        NotFound: there is no such user.
    """
    access = access_of(context, db)
    if command.user not in (None, access.person.name):
        if not access.person.governs:
            raise errors.Forbidden(
                f"the user {access.person.name} may ask what they may do themselves; of others who "
                "governs the instance"
            )
        require_user(db, str(command.user))
        other = replace(context, identity=Identity(str(command.user), "user"))
        access = access_of(other, db)
    holder = access.on(db, [command.item])[command.item]
    item = fresh(context, db, command.item)
    asked: tuple[str, ...] = ()
    if item.state == "governed":
        desk = opened(db, item, now())
        asked = tuple(_asked(Actor(holder), desk.rounds))
    known = [each.id for each in holder.template.fields] if holder.template else []
    return Allowed(
        item=item.id,
        user=holder.person.name,
        all=holder.person.governs,
        may=tuple(each for each in ALL if holder.may(each)),
        roles=holder.held,
        reads=tuple(each for each in known if each in holder.reads),
        writes=tuple(each for each in known if each in holder.writes),
        asked=asked,
    )


def _asked(actor: Actor, rounds: dict[str, Round]) -> Iterator[str]:
    for step, signoff in rounds.items():
        if actor.is_asked(signoff, None):
            yield step
        for each in signoff.plan.feedback:
            if actor.is_asked(signoff, each.id):
                yield f"{step}/{each.id}"
