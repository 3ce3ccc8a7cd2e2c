"""Whether an evaluation may go where it is asked to go."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard import errors
from modelyard.evaluations import repository as evaluations
from modelyard.evaluations.storing import repository
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context


def check_place(context: Context, project: str, store: str | None, identifier: str | None) -> None:
    """Refuse a store that is not there, and an id that an evaluation elsewhere has.

    Raises:
        NotFound: there is no such store.
        Conflict: the id is taken.
    """
    with context.read() as db:
        if store is not None:
            repository.get(db, project, store)
        if identifier is not None:
            find_same(db, project, identifier, store)


def find_same(
    db: Connection, project: str, identifier: str, store: str | None
) -> Evaluation | None:
    """The evaluation of a store that has an id already, and gives way to another one.

    Raises:
        Conflict: one in another store, or in none, has it.
    """
    found = evaluations.find(db, project, identifier)
    if found is not None and found.store != store:
        where = f"in the store {found.store!r}" if found.store else "in no store"
        raise errors.Conflict(
            f"the evaluation {identifier!r} is {where}; choose another --id", field="id"
        )
    return found
