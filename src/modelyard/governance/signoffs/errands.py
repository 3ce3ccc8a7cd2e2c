"""What a worker does for sign-offs beside its jobs: those that no longer hold begin anew."""

from __future__ import annotations

from modelyard.governance.items.elsewhere import is_governed_elsewhere
from modelyard.governance.items.repository import get
from modelyard.governance.signoffs import repository
from modelyard.governance.signoffs.desk import KEEPER, opened, put
from modelyard.kernel.context import Context
from modelyard.kernel.values import now


def settle_due(context: Context) -> int:
    """Write down which sign-offs ended by a change or by time; gives of how many items.

    They had ended before: whoever asked was told so. This tells it in the timeline.
    """
    with context.read() as db:
        if is_governed_elsewhere(db):
            return 0
        due = repository.to_settle(db, now())
    settled = 0
    for item in due:
        with context.begin_aside() as db:
            found = get(db, item, lock=True)
            if found.state == "governed":
                desk = opened(db, found, now())
                if desk.rounds != desk.left:  # else it is of another life of the item
                    put(db, desk, desk, KEEPER)
                    settled += 1
    return settled
