"""What people do with sign-offs: whether they may, and what becomes of it."""

from __future__ import annotations

from modelyard import errors
from modelyard.governance.signoffs import machine
from modelyard.governance.signoffs.desk import Desk
from modelyard.governance.signoffs.rights import (
    Actor,
    require_approver,
    require_editor,
    require_reviewer,
)
from modelyard.governance.signoffs.types import Asked, Decision, Round, Verdict
from modelyard.governance.signoffs.workflow import called
from modelyard.governance.templates.types import FeedbackGroup, SignoffPlan

MAY_DELEGATE = {
    "everybody": "only those may who are asked themselves, and admins",
    "admins": "only admins may, by its template",
    "nobody": "nobody may, by its template",
}


def requested(
    desk: Desk, actor: Actor, step: str, signoff: Round, ask: Asked | None, comment: str = ""
) -> Round:
    """Ask for feedback or for a decision; without `ask` for what comes next."""
    require_editor(actor, desk)
    ask = ask or ("approval" if signoff.status in machine.WAITING else "feedback")
    digest, to_decide = desk.digest(step), ask == "approval"
    asked = machine.requested(
        signoff, actor.name, digest, desk.at, to_decide=to_decide, comment=comment
    )
    if asked.status == "WAITING_FOR_APPROVAL":
        _require_filled(desk, actor, step)
    return asked


def told(
    desk: Desk, actor: Actor, signoff: Round, verdict: Verdict, comment: str, group: str | None
) -> Round:
    """Say what one thinks; without a group for the only one that one speaks for."""
    found = _group(actor, signoff, group)
    require_reviewer(actor, signoff, found)
    return machine.with_opinion(signoff, actor.name, found.id, verdict, comment, desk.at)


def decided(
    desk: Desk,
    actor: Actor,
    step: str,
    signoff: Round,
    decision: Decision,
    comment: str = "",
    digest: str | None = None,
) -> Round:
    """Decide on what was looked at; without a digest on what was asked about."""
    require_approver(actor, signoff, desk.item.id)
    seen = digest or signoff.digest
    done = machine.decided(signoff, actor.name, decision, seen, comment, desk.at)
    if decision == "APPROVED":
        _require_filled(desk, actor, step)
    return done


def require_delegating(actor: Actor, signoff: Round, group: str | None) -> None:
    """Refuse those who may not have others do what is asked, and what nobody can hand on now."""
    if not actor.delegates(signoff, group):
        who = MAY_DELEGATE[signoff.plan.delegation]
        raise errors.Forbidden(f"the user {actor.name} may not delegate this: {who}")
    machine.require_delegable(signoff, actor.name, group)


def begun_anew(desk: Desk, actor: Actor, step: str, signoff: Round, *, reload: bool) -> Round:
    """Reset it, with `reload` as the template asks for it now."""
    if not actor.edits:
        require_approver(actor, signoff, desk.item.id)
    return machine.reset(signoff, actor.name, _plan(desk, step) if reload else None)


def _require_filled(desk: Desk, actor: Actor, step: str) -> None:
    """Refuse to decide on what is not filled in yet; Blocked names it."""
    found = desk.template.step(step)
    missing = desk.course.lacking(found) if found else []
    if missing:
        raise errors.Blocked(
            f"the sign-off of {step} of {desk.item.id} is not to be decided on while "
            f"required fields are empty: {called(missing, actor.holder.reads)}; "
            "fill them in first, on its page or by govern set, files by govern attach",
            step=step,
        )


def _plan(desk: Desk, step: str) -> SignoffPlan | None:
    found = desk.template.step(step)
    return found.signoff if found else None


def _group(actor: Actor, signoff: Round, named: str | None) -> FeedbackGroup:
    """The group that somebody speaks for."""
    plan = signoff.plan
    if named is not None:
        return machine.require_group(plan, named)
    mine = [each for each in plan.feedback if actor.is_asked(signoff, each.id)]
    if actor.granted and len(plan.feedback) == 1:
        mine = list(plan.feedback)
    if len(mine) == 1:
        return mine[0]
    known = ", ".join(each.id for each in mine or plan.feedback)
    if not plan.feedback:
        raise errors.Conflict("nobody is asked for feedback by its template")
    if not mine:
        raise errors.Forbidden(
            f"the user {actor.name} is in none of the groups that are asked: {known}"
        )
    raise errors.Invalid(f"say for which group you speak by --group: {known}", field="group")
