"""The sections of a model card about what people decided, and where the version answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelyard.dossiers.cards.known import Known
from modelyard.dossiers.cards.sections import facts, missing, moment, table, written
from modelyard.dossiers.types import CardSection
from modelyard.governance.signoffs.types import Workflow

SHORT = 12
"""Digits of a digest in a table."""


def of_standing(known: Known) -> Iterator[CardSection]:
    """Ethics and caveats, then what governance knows."""
    yield written(known, "ethics", "Ethical considerations", "ethics")
    yield _caveats(known)
    yield _governance(known)
    yield _signoffs(known)
    yield _exceptions(known)
    yield _deployments(known)


def _caveats(known: Known) -> CardSection:
    warned = known.evaluation.diagnostics if known.evaluation else ()
    rows = ((each.code, each.outcome, each.title, each.evidence or "–") for each in warned)
    return CardSection(
        name="caveats",
        title="Caveats and recommendations",
        texts=known.basis.texts["limitations"],
        tables=table("What the evaluation warns of", ("Check", "Outcome", "Title", "Why"), rows),
        missing=missing(known, "limitations"),
    )


def _governance(known: Known) -> CardSection:
    item, workflow = known.item, known.workflow
    template = f"{workflow.template}, version {workflow.version}" if workflow else None
    filled = [each for each in workflow.fields if each.visible] if workflow else []
    rows = ((each.title or each.id, _value(each.value), each.step or "–") for each in filled)
    steps = ((each.title or each.id, each.status) for each in (workflow.steps if workflow else ()))
    why = () if workflow else ("It is not governed, so nobody signed it off.",)
    return CardSection(
        name="governance",
        title="Governance",
        facts=facts(
            ("Item", item.id),
            ("State", item.state),
            ("Template", template),
            ("Where it is", item.status),
            ("Digest that approvals are bound to", item.digest),
        ),
        tables=(
            *table("Steps", ("Step", "Status"), steps),
            *table("Fields", ("Field", "Value", "Step"), rows),
        ),
        missing=why,
    )


def _value(value: Any) -> Any:
    """A value of a field; of files their names, sizes and digests."""
    if isinstance(value, dict) and "sha256" in value:
        return f"{value.get('name')} ({value.get('size')} bytes, {value['sha256']})"
    if isinstance(value, list):
        return ", ".join(str(_value(each)) for each in value)
    return value


def _signoffs(known: Known) -> CardSection:
    workflow = known.workflow
    now = (
        (each.step, each.status, each.requested_by, each.decided_by, each.reason)
        for each in (workflow.signoffs if workflow else ())
    )
    decided = (
        (
            *(step, each.number, each.status, each.decided_by, moment(each.decided)),
            *(each.comment, each.digest[:SHORT]),
        )
        for step, each in known.decided
    )
    return CardSection(
        name="signoffs",
        title="Sign-offs",
        tables=(
            *table("As they are now", ("Step", "Status", "Asked by", "Decided by", "Why"), now),
            *table(
                "Feedback", ("Step", "Group", "By", "Verdict", "Comment", "At"), _said(workflow)
            ),
            *table(
                "Decisions that were made",
                ("Step", "Round", "Decision", "By", "At", "Comment", "Digest"),
                decided,
            ),
        ),
    )


def _said(workflow: Workflow | None) -> Iterator[tuple[Any, ...]]:
    for each in workflow.signoffs if workflow else ():
        for opinion in each.opinions:
            told = (opinion.group, opinion.by, opinion.verdict, opinion.comment)
            yield each.step, *told, moment(opinion.at)


def _exceptions(known: Known) -> CardSection:
    rows = (
        (
            *(each.policy, each.title, each.reason, each.by, each.made, each.until),
            f"withdrawn by {each.withdrawn_by}" if each.withdrawn else "",
        )
        for each in known.exceptions
    )
    columns = ("Policy", "Clause", "Reason", "By", "Made", "Until", "Withdrawn")
    return CardSection(name="exceptions", title="Exceptions", tables=table("", columns, rows))


def _deployments(known: Known) -> CardSection:
    places: dict[str, Any] = known.item.facts.get("deployments", {})
    rows = (
        (name.partition(":")[2], each["infrastructure"], each["stage"] or "–", each["health"])
        for name, each in sorted(places.items())
    )
    columns = ("Deployment", "Infrastructure", "Stage", "Health")
    return CardSection(name="deployments", title="Deployments", tables=table("", columns, rows))
