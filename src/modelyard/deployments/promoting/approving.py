"""Who may approve a promotion, and whose approvals count at this moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.promoting.cases import Case, fails, holds
from modelyard.deployments.promoting.gates import ApprovalGate
from modelyard.deployments.promoting.types import Approval, PipelineStep, Promotion, Verdict
from modelyard.governance.access import place_in
from modelyard.kernel.context import Context


def judge_approval(context: Context, case: Case, gate: ApprovalGate) -> Verdict:
    """So many of those that may have approved, and still may."""
    given = case.promotion.approvals if case.promotion is not None else ()
    with context.read() as db:
        counting = [each.by for each in given if _counts(db, case.pipeline.project, gate, each)]
    lost = [each.by for each in given if each.by not in counting]
    if len(counting) >= gate.count:
        return holds(gate, f"approved by {', '.join(counting)}")
    why = f"{len(counting)} of {gate.count} approved"
    if counting:
        why += f" ({', '.join(counting)})"
    if case.promotion is None:
        why = "nobody has asked for it yet, so nobody could approve"
    elif lost:
        why += f"; what {', '.join(lost)} said does not count here"
    return fails(gate, f"{why}; {_who(gate)} may")


def may_approve(
    context: Context, db: Connection, project: str, step: PipelineStep, at: datetime
) -> bool:
    """Whether whoever asks is named by a gate for approvals of a step."""
    mine = approval_of(context, at)
    return any(_counts(db, project, gate, mine) for gate in approval_gates(step))


def approval_of(context: Context, at: datetime, note: str = "") -> Approval:
    """That whoever asks says yes."""
    identity = context.identity
    return Approval(by=identity.name, local=identity.is_local, at=at, note=note)


def require_other(promotion: Promotion, context: Context) -> None:
    """Refuse whoever asked for it; Forbidden says who may."""
    if context.identity.name == promotion.requester:
        raise errors.Forbidden(
            f"{promotion.requester} asked for it, and so may not approve it; somebody else has to"
        )


def approval_gates(step: PipelineStep) -> Iterator[ApprovalGate]:
    """The gates of a step that wait for approvals."""
    return (gate for gate in step.gates if isinstance(gate, ApprovalGate))


def named_by(step: PipelineStep) -> str:
    """Who may approve at a step, in words."""
    return " or ".join(_who(gate) for gate in approval_gates(step))


def _counts(db: Connection, project: str, gate: ApprovalGate, approval: Approval) -> bool:
    """Whether whoever approved may, as things are now: nobody who came later under their name."""
    if approval.local:
        return True  # they have the workspace's folder in hand
    place = place_in(db, approval.by, project)
    if place is None or place.created > approval.at:
        return False
    if gate.users or gate.groups:
        return approval.by in gate.users or bool(place.groups & {*gate.groups})
    return place.role != "reader"


def _who(gate: ApprovalGate) -> str:
    groups = [f"users of {name}" for name in gate.groups]
    return ", ".join((*gate.users, *groups)) or "contributors of the project"
