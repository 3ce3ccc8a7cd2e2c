"""What policies ask of groups of rows, found out before they are asked: it may take seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress

from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.evaluations import repository
from modelyard.evaluations.governing import evidence
from modelyard.evaluations.looking.commands import ShowFairness
from modelyard.evaluations.looking.comparing import compare_groups
from modelyard.evaluations.looking.remembering import keep, question_of
from modelyard.evaluations.sample import open_sample
from modelyard.governance.policies.evidence import Evaluated, Gap, Measurement
from modelyard.governance.policies.grouping import meant
from modelyard.governance.policies.types import Clause, FairnessClause
from modelyard.kernel.context import Context

MOST = 20
"""Evaluations whose rows are read for a clause, of those the newest."""
SECONDS = 30.0
"""That are given to one version."""


def make_ready(
    context: Context, project: str, model: str, version: str, clauses: Iterable[Clause]
) -> None:
    """Find out how far groups are apart on the evaluations of a version, the newest first."""
    asked = [clause for clause in clauses if isinstance(clause, FairnessClause)]
    if not asked:
        return
    with context.read() as db:
        ((_, parts),) = evidence(db, [(project, model, version)])
    told: tuple[Evaluated, ...] = parts["evaluations"]
    known = {(gap.evaluation, *question_of(gap)) for gap in parts["gaps"]}
    newest = sorted(told, key=lambda each: (each.created, each.id), reverse=True)
    end = time.monotonic() + SECONDS
    for clause in asked:
        question = (clause.by, clause.reference, clause.outcome)
        for each in [found for found in newest if meant(clause, found)][:MOST]:
            if time.monotonic() > end:
                return
            if (each.id, *question) not in known:
                _keep(context, project, _gap(context, project, each, clause))


def _keep(context: Context, project: str, gap: Gap | None) -> None:
    if gap is None:
        return
    with suppress(IntegrityError), context.begin_aside() as db:  # it was deleted meanwhile
        keep(db, project, gap)


def _gap(
    context: Context, project: str, evaluation: Evaluated, clause: FairnessClause
) -> Gap | None:
    """What is found; None: its rows are not there, so that it is to be looked at again."""
    by, reference, outcome = clause.by, clause.reference, clause.outcome
    gap = Gap(evaluation=evaluation.id, by=by, reference=reference, outcome=outcome)
    asked = ShowFairness(
        project=project, id=evaluation.id, by=by, reference=reference, outcome=outcome
    )
    try:
        with context.read() as db:
            kept = repository.get(db, project, evaluation.id)
        with open_sample(context, kept) as sample:
            found = compare_groups(sample, asked)
    except errors.NotFound:
        return None
    except (errors.Invalid, errors.Unsupported) as exc:
        return gap.model_copy(update={"problem": exc.detail})
    measured = {
        each.criterion: Measurement(
            value=each.difference.value, low=each.difference.low, high=each.difference.high
        )
        for each in found.disparities
    }
    groups = {each.criterion: each.group for each in found.disparities if each.group is not None}
    return gap.model_copy(update={"measured": measured, "groups": groups})
