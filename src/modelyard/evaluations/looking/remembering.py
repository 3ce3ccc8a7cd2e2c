"""How far groups were found to be apart: rows that go with their evaluation."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict

from sqlalchemy import Connection, delete, insert, select

from modelyard.governance.policies.evidence import Gap, Path, Paths
from modelyard.store.among import Among
from modelyard.store.tables import evaluation_gaps, evaluations

GROUPS = "1"
"""How gaps are computed; raised when that changes, so that what was kept before is not told."""
Question = tuple[str, str | None, str | None]
"""A column, the group that others are compared with, and the class that is the outcome."""
OF = evaluation_gaps.c


def keep(db: Connection, project: str, gap: Gap) -> None:
    """Keep what was found, in place of an earlier answer; the evaluation has to be there."""
    asked = hashlib.sha256(json.dumps(question_of(gap)).encode()).hexdigest()
    place = {"project": project, "evaluation": gap.evaluation, "question": asked}
    mine = (OF.project == project) & (OF.evaluation == gap.evaluation) & (OF.question == asked)
    db.execute(delete(evaluation_gaps).where(mine))
    body = gap.model_dump_json()
    db.execute(insert(evaluation_gaps).values(**place, variant=GROUPS, body=body))


def kept(db: Connection, paths: Paths) -> dict[Path, list[Gap]]:
    """What was found of the evaluations of versions."""
    on = evaluations.c
    query = select(on.project, on.model, on.version, OF.body)
    query = query.join(evaluations, (on.project == OF.project) & (on.id == OF.evaluation))
    query = query.where(
        Among((on.project, on.model, on.version), paths), OF.variant == GROUPS
    ).order_by(OF.evaluation, OF.question)
    found: dict[Path, list[Gap]] = defaultdict(list)
    for row in db.execute(query):
        gap = Gap.model_validate_json(row.body)
        found[row.project, row.model, row.version].append(gap)
    return found


def question_of(gap: Gap) -> Question:
    """What a gap answers."""
    return gap.by, gap.reference, gap.outcome
