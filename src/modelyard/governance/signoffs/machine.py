"""What becomes of a sign-off: pure functions from one state to the next."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta

from modelyard import errors
from modelyard.governance.signoffs.types import Decision, Delegate, Opinion, Round, Verdict
from modelyard.governance.templates.types import FeedbackGroup, Recurring, SignoffPlan

WAITING = ("WAITING_FOR_FEEDBACK", "WAITING_FOR_APPROVAL")
BOUND = (*WAITING, "APPROVED")
"""In which it is about one state of the item, and begins anew if that changes."""
CHANGED = "what it was about changed"
EXPIRED = "the approval was for a time, which is over"
MOST_OPINIONS = 500
LATEST = 9999
"""The last year that there is."""


def anew(signoff: Round, reason: str, plan: SignoffPlan | None = None) -> Round:
    """The next round; with a plan, which is taken up, delegations go."""
    return Round(
        number=signoff.number + 1,
        plan=plan or signoff.plan,
        delegates=() if plan else signoff.delegates,
        reason=reason,
    )


def settled(signoff: Round, digest: str, at: datetime, plan: SignoffPlan) -> Round:
    """It as it is at a moment: one whose item changed, or whose time is over, has begun anew.

    Args:
        signoff: as it was left.
        digest: of what it would be about now.
        at: the moment.
        plan: what the template asks for now, which a recurring one may take up.
    """
    if signoff.status in BOUND and signoff.digest != digest:
        return anew(signoff, CHANGED)
    if signoff.status == "APPROVED" and signoff.due is not None and signoff.due <= at:
        recurring = signoff.plan.recurring
        return anew(signoff, EXPIRED, plan if recurring and recurring.reload else None)
    return signoff


def requested(
    signoff: Round, who: str, digest: str, at: datetime, *, to_decide: bool, comment: str
) -> Round:
    """Ask for feedback, or for a decision: where nobody gives feedback always for that.

    Raises:
        Conflict: it is approved or abandoned, asked for already, or feedback is needed first.
    """
    if signoff.status == "APPROVED":
        raise errors.Conflict("it is approved already; reset it to have it approved again")
    if signoff.status == "ABANDONED":
        raise errors.Conflict("it was abandoned; reset it first")
    if signoff.status == "REJECTED":
        signoff = anew(signoff, "asked for again after it was rejected")
    to_decide = to_decide or not signoff.plan.feedback
    wanted = WAITING[to_decide]
    if signoff.status == wanted:
        raise errors.Conflict(f"it is {wanted} already, since {signoff.requested_by} asked for it")
    if to_decide:
        _require_feedback(signoff)
    first = signoff.status == "NOT_STARTED"
    return _with_requesters(signoff, who).model_copy(
        update={
            "status": wanted,
            "digest": digest,
            "reason": "",
            "requested_by": who if first else signoff.requested_by,
            "requested": at if first else signoff.requested,
            "request": comment or signoff.request,
        }
    )


def with_opinion(
    signoff: Round, who: str, group: str, verdict: Verdict, comment: str, at: datetime
) -> Round:
    """Add feedback.

    Raises:
        NotFound: there is no such group.
        Conflict: nobody asks for feedback now.
    """
    require_group(signoff.plan, group)
    _require_feedback_is_asked(signoff)
    if len(signoff.opinions) >= MOST_OPINIONS:
        raise errors.Conflict(f"there are {MOST_OPINIONS} opinions already; change one of yours")
    number = max((each.number for each in signoff.opinions), default=0) + 1
    opinion = Opinion(number=number, group=group, by=who, verdict=verdict, comment=comment, at=at)
    return signoff.model_copy(update={"opinions": (*signoff.opinions, opinion)})


def with_changed_opinion(
    signoff: Round, who: str, number: int, verdict: Verdict, comment: str, at: datetime
) -> Round:
    """Change feedback of one's own; errors as in `without_opinion`."""
    found = _own_opinion(signoff, who, number)
    told = {"verdict": verdict, "comment": comment, "at": at}
    changed = found.model_copy(update=told)
    opinions = tuple(changed if each is found else each for each in signoff.opinions)
    return signoff.model_copy(update={"opinions": opinions})


def without_opinion(signoff: Round, who: str, number: int) -> Round:
    """Take feedback of one's own back.

    Raises:
        NotFound: there is no such feedback.
        Forbidden: it is somebody else's.
        Conflict: nobody asks for feedback now.
    """
    found = _own_opinion(signoff, who, number)
    left = tuple(each for each in signoff.opinions if each is not found)
    return signoff.model_copy(update={"opinions": left})


def decided(
    signoff: Round, who: str, decision: Decision, digest: str, comment: str, at: datetime
) -> Round:
    """Decide, once: nobody who asked does, unless the plan lets them.

    Raises:
        Conflict: nobody asks for a decision now, or it was about another state of the item.
        Forbidden: they asked for it themselves, or reset it before it was asked for.
    """
    gives_up = decision == "ABANDONED"
    if signoff.status not in (WAITING if gives_up else WAITING[1:]):
        raise errors.Conflict(_not_to_be_decided(signoff))
    if signoff.digest != digest:
        raise errors.Conflict(
            f"{CHANGED} since you looked at it; look again, and decide anew",
            expected=digest,
            found=signoff.digest,
        )
    if not gives_up and signoff.bars(who):
        raise errors.Forbidden(
            f"{who} asked for this sign-off, or reset it, and may not decide on it; "
            "another approver has to"
        )
    recurring = signoff.plan.recurring
    due = after(at, recurring) if recurring and decision == "APPROVED" else None
    told = {"status": decision, "decided_by": who, "decided": at, "comment": comment, "due": due}
    return signoff.model_copy(update=told)


def delegated(signoff: Round, who: str, to: str, group: str | None, at: datetime) -> Round:
    """Have somebody give feedback for a group, or decide, beside those who are asked.

    Raises:
        NotFound: there is no such group.
        Forbidden: they asked for the decision that they would have somebody take.
        Conflict: they are already, or there is nothing left to be done.
    """
    require_delegable(signoff, who, group)
    if any((each.user, each.group) == (to, group) for each in signoff.delegates):
        raise errors.Conflict(f"it is delegated to {to} already")
    delegate = Delegate(user=to, group=group, by=who, at=at)
    return signoff.model_copy(update={"delegates": (*signoff.delegates, delegate)})


def require_delegable(signoff: Round, who: str, group: str | None) -> None:
    """Refuse a group that there is not, what is decided, and a decision to who asked for it."""
    if group is not None:
        require_group(signoff.plan, group)
    if signoff.status in ("APPROVED", "REJECTED", "ABANDONED"):
        raise errors.Conflict(f"it is {signoff.status}, so there is nothing to be delegated")
    if group is None and signoff.bars(who):
        raise errors.Forbidden(
            f"{who} asked for this sign-off, or reset it, and may not choose who decides on it; "
            "another approver can"
        )


def reset(signoff: Round, who: str, plan: SignoffPlan | None) -> Round:
    """Begin anew, with those who are asked now, or with those whom a plan names, undelegated.

    Who does so counts as one who asks for it: else they could have a colleague ask, and decide.

    Raises:
        Conflict: it has not begun, and the plan is the same.
    """
    if signoff.status == "NOT_STARTED" and (plan is None or _is_as_planned(signoff, plan)):
        raise errors.Conflict("it has not begun, so there is nothing to be reset")
    before = signoff.requesters if signoff.status == "NOT_STARTED" else ()
    begun = anew(signoff, f"reset by {who}", plan)
    return _with_requesters(begun, *before, who)


def after(moment: datetime, recurring: Recurring) -> datetime | None:
    """The moment some days, weeks, months or years later; None: when there are no years left.

    The 31st of a month that has none is its last day.
    """
    if recurring.unit in ("days", "weeks"):
        days = recurring.every * (7 if recurring.unit == "weeks" else 1)
        try:
            return moment + timedelta(days=days)
        except OverflowError:
            return None
    months = recurring.every * (12 if recurring.unit == "years" else 1)
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    if year > LATEST:
        return None
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))


def require_group(plan: SignoffPlan, group: str) -> FeedbackGroup:
    """The feedback group of an id; NotFound if there is none."""
    found = next((each for each in plan.feedback if each.id == group), None)
    if found is None:
        raise errors.NotFound.among("feedback group", group, (each.id for each in plan.feedback))
    return found


def _with_requesters(signoff: Round, *who: str) -> Round:
    """With more of those who asked: what they delegated of the decision goes."""
    requesters = tuple(dict.fromkeys((*signoff.requesters, *who)))
    asked = signoff.model_copy(update={"requesters": requesters})
    left = tuple(to for to in signoff.delegates if to.group is not None or not asked.bars(to.by))
    return asked.model_copy(update={"delegates": left})


def _require_feedback(signoff: Round) -> None:
    given = {each.group for each in signoff.opinions}
    required = [each for each in signoff.plan.feedback if each.required]
    silent = [each.called for each in required if each.id not in given]
    if silent:
        raise errors.Conflict(
            f"feedback is needed first of {', '.join(silent)}; nobody of them gave it so far"
        )


def _require_feedback_is_asked(signoff: Round) -> None:
    if signoff.status != "WAITING_FOR_FEEDBACK":
        because = f": {signoff.reason}" if signoff.reason else ""
        raise errors.Conflict(f"nobody asks for feedback now, it is {signoff.status}{because}")


def _own_opinion(signoff: Round, who: str, number: int) -> Opinion:
    _require_feedback_is_asked(signoff)
    found = next((each for each in signoff.opinions if each.number == number), None)
    if found is None:
        known = (str(each.number) for each in signoff.opinions)
        raise errors.NotFound.among("feedback", str(number), known)
    if found.by != who:
        raise errors.Forbidden(f"the feedback {number} is of {found.by}; only they may change it")
    return found


def _not_to_be_decided(signoff: Round) -> str:
    if signoff.decided is not None:
        when = f"{signoff.decided:%Y-%m-%d %H:%M} UTC"
        return f"it is {signoff.status} already, by {signoff.decided_by} at {when}"
    because = f": {signoff.reason}" if signoff.reason else ""
    return f"nobody asks for a decision now, it is {signoff.status}{because}; request it first"


def _is_as_planned(signoff: Round, plan: SignoffPlan) -> bool:
    return signoff.plan == plan and not signoff.delegates
