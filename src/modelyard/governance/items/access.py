"""What other rooms may ask of governed items."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard.governance.items import repository, ruling
from modelyard.governance.items.merging import left
from modelyard.governance.items.timeline import record_all
from modelyard.governance.roles import repository as roles
from modelyard.kernel.values import now


def forget_project(db: Connection, project: str, who: str) -> None:
    """Forget rules and roles of a project that is deleted; its items are kept with their story.

    Args:
        db: the transaction that deletes it.
        project: its key.
        who: deletes it.
    """
    ruling.forget_project(db, project)
    roles.forget_project(db, project)
    found = repository.kept(db, repository.of_project(db, project), lock=True)
    gone = [left(each, now()) for each in found.values()]
    repository.put(db, [each for each, _ in gone], found)
    record_all(db, who, [change for _, changes in gone for change in changes])
