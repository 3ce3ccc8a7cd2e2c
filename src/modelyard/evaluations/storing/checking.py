"""Checks that are run with each evaluation of a store.

What they ask is known to `monitoring`, which knows evaluations: here their command is only named.
"""

from __future__ import annotations

from contextlib import suppress

from modelyard import errors
from modelyard.evaluations.storing import repository
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context

CHECKS = "checks.run"


def check_each(found: Evaluation, context: Context) -> Evaluation:
    """Run the checks of its store on an evaluation that was just kept, if the store says so.

    Raises:
        ModelyardError: one of them came to an error, or they could not be run; the evaluation is
            kept all the same.
    """
    if found.store is None:
        return found
    with context.read() as db:
        how = repository.get(db, found.project, found.store).check_each
    if how != "never":
        given = {
            "project": found.project,
            "store": found.store,
            "evaluation": found.id,
            "fail_on": "error" if how == "fail" else "never",
        }
        with suppress(errors.NotFound):  # it has no checks
            context.caller.run(context.commands.fill(CHECKS, given))
    return found
