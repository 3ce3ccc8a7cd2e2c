"""What governance is told of checks, as parts of versions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Connection, func, select

from modelyard.evaluations.numbered import CheckOutcome
from modelyard.governance.items.facts import Asked, Fact
from modelyard.governance.items.ids import id_of
from modelyard.governance.policies.evidence import Checked, Parts, Path, Paths
from modelyard.kernel.context import Context
from modelyard.store.among import Among
from modelyard.store.tables import check_results, checks, evaluation_stores, evaluations

WORSE: tuple[CheckOutcome, ...] = ("not_applicable", "ok", "empty", "warning", "error")
TOLD = ("outcome", "title", "message", "evaluation", "evaluated")


def facts(_context: Context, db: Connection, asked: Asked) -> Iterator[Fact]:
    """Of each version what came last of each check on its evaluations, and the worst of that.

    Checks that are disabled are left out.
    """
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for item, check, result in _results(db, asked):
        found[item][check] = {name: result.get(name) for name in TOLD}
    for item, outcomes in found.items():
        worst = max((each["outcome"] for each in outcomes.values()), key=WORSE.index)
        body: dict[str, JsonValue] = {"worst": worst, "outcomes": outcomes}
        yield Fact(item, "checks", body)


def evidence(db: Connection, paths: Paths) -> Iterator[tuple[Path, Parts]]:
    """What came of each check that is not disabled on each evaluation of versions."""
    of, on = check_results.c, evaluations.c
    same = (checks.c.project == of.project) & (checks.c.store == of.store)
    query = (
        select(
            *(of.project, on.model, on.version),
            *(of.store, of.name, of.evaluation, of.outcome, of.body),
        )
        .join(evaluations, (on.project == of.project) & (on.id == of.evaluation))
        .join(checks, same & (checks.c.name == of.name))
        .where(Among((on.project, on.model, on.version), paths))
        .where(checks.c.disabled.is_(False))
        .order_by(of.created, of.id)
    )
    told: dict[Path, list[Checked]] = defaultdict(list)
    for row in db.execute(query):
        result = json.loads(row.body)
        told[row.project, row.model, row.version].append(
            Checked(
                check=row.name,
                store=row.store,
                evaluation=row.evaluation,
                outcome=row.outcome,
                title=result.get("title", ""),
                created=result["created"],
            )
        )
    yield from ((path, {"checks": tuple(told[path])}) for path in paths)


def _results(db: Connection, asked: Asked) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The newest result of each check on each version: item, check, and what the result says."""
    of, on = check_results.c, evaluations.c
    newest = func.row_number().over(
        partition_by=(of.project, of.store, of.name, on.model, on.version),
        order_by=(of.evaluated.desc(), of.created.desc(), of.id.desc()),
    )
    same = (checks.c.project == of.project) & (checks.c.store == of.store)
    stores = evaluation_stores.c
    kept = (stores.project == of.project) & (stores.name == of.store)
    told = (
        select(of.project, on.model, on.version, of.store, of.name, of.id, newest.label("place"))
        .join(evaluations, (on.project == of.project) & (on.id == of.evaluation))
        .join(checks, same & (checks.c.name == of.name))
        .join(evaluation_stores, kept & evaluation_stores.c.governed)
        .where(checks.c.disabled.is_(False), on.model.is_not(None), on.version.is_not(None))
    )
    query = asked.within(told, "version", of.project, on.model, on.version)
    if query is None:
        return
    ranked = query.subquery()
    mine = (of.project == ranked.c.project) & (of.id == ranked.c.id) & (ranked.c.place == 1)
    rows = select(ranked, of.body).join(check_results, mine).order_by(ranked.c.store, ranked.c.name)
    for row in db.execute(rows):
        item = id_of("version", row.project, row.model, row.version)
        yield item, f"{row.store}/{row.name}", json.loads(row.body)
