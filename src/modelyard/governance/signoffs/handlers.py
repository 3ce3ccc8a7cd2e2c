"""How steps and sign-offs of governed items answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from modelyard import errors
from modelyard.governance import repository as people
from modelyard.governance.items.collecting import fresh, notice
from modelyard.governance.items.elsewhere import is_governed_elsewhere
from modelyard.governance.items.seeing import holder_of, require_visible, visible
from modelyard.governance.roles.access import access_of
from modelyard.governance.roles.types import Allowed
from modelyard.governance.signoffs import acting, machine, standing
from modelyard.governance.signoffs.allowing import allowed
from modelyard.governance.signoffs.attaching import attach, download
from modelyard.governance.signoffs.carrying import carried_out
from modelyard.governance.signoffs.commands import (
    Abandon,
    AdvanceItem,
    Approve,
    AttachFile,
    Decide,
    Delegate,
    DownloadFile,
    GiveFeedback,
    ListTasks,
    MayOnItem,
    MigrateTemplate,
    OfSignoff,
    Reject,
    RequestSignoff,
    Reset,
    SetFields,
    ShowStanding,
    ShowWorkflow,
    WithdrawFeedback,
)
from modelyard.governance.signoffs.desk import Desk, opened
from modelyard.governance.signoffs.filling import filled
from modelyard.governance.signoffs.migrating import migrate
from modelyard.governance.signoffs.rights import (
    Actor,
    require_editor,
)
from modelyard.governance.signoffs.showing import shown, state_of
from modelyard.governance.signoffs.tasks import tasks_of
from modelyard.governance.signoffs.types import (
    Attachment,
    Decision,
    Migrated,
    Round,
    SignoffState,
    Standing,
    Task,
    Workflow,
)
from modelyard.governance.signoffs.workflow import moved
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now


@handles(ShowWorkflow)
def show_workflow(command: ShowWorkflow, context: Context) -> Workflow:
    """As it is at this moment, whatever was written down."""
    notice(context, command.item)
    seen = visible(context)
    with context.read() as db:
        require_visible(db, command.item, seen)
        desk = opened(db, fresh(context, db, command.item), now())
        return shown(desk, holder_of(context, db, command.item))


@handles(ShowStanding)
def show_standing(command: ShowStanding, context: Context) -> Standing:
    """Look it up, and ask no room."""
    seen = visible(context)
    with context.read() as db:
        require_visible(db, command.item, seen)
        return standing.of_item(db, command.item)


@handles(SetFields)
def set_fields(command: SetFields, context: Context) -> Workflow:
    """All of them, or none if one is not taken."""
    seen = visible(context)

    def fill(db: Connection, desk: Desk, actor: Actor) -> Desk:
        fields = filled(db, desk, actor, command.values, seen)
        return replace(desk, item=desk.item.model_copy(update={"fields": fields}))

    done = carried_out(context, command.item, "update", fill)
    return shown(done.desk, done.actor.holder, done.messages)


@handles(AdvanceItem)
def advance_item(command: AdvanceItem, context: Context) -> Workflow:
    """By whoever may fill it in."""
    warnings: tuple[str, ...] = ()

    def advance(_db: Connection, desk: Desk, actor: Actor) -> Desk:
        nonlocal warnings
        require_editor(actor, desk)
        came = moved(desk.course, command.step, actor.holder.reads)
        warnings = came.warnings
        return replace(desk, item=desk.item.model_copy(update={"steps": dict(came.course.steps)}))

    done = carried_out(context, command.item, "update", advance)
    return shown(done.desk, done.actor.holder, (*warnings, *done.messages))


@handles(RequestSignoff)
def request_signoff(command: RequestSignoff, context: Context) -> SignoffState:
    """By whoever may fill it in."""

    def ask(desk: Desk, actor: Actor, step: str, signoff: Round) -> Round:
        return acting.requested(desk, actor, step, signoff, command.ask, command.comment)

    return _changed(context, command, ask)


@handles(GiveFeedback)
def give_feedback(command: GiveFeedback, context: Context) -> SignoffState:
    """By who is asked as one of a group."""
    said = (command.verdict, command.comment)

    def give(desk: Desk, actor: Actor, _step: str, signoff: Round) -> Round:
        if command.number is None:
            return acting.told(desk, actor, signoff, *said, command.group)
        return machine.with_changed_opinion(signoff, actor.name, command.number, *said, desk.at)

    return _changed(context, command, give)


@handles(WithdrawFeedback)
def withdraw_feedback(command: WithdrawFeedback, context: Context) -> SignoffState:
    """One's own."""
    return _changed(
        context,
        command,
        lambda _desk, actor, _step, signoff: machine.without_opinion(
            signoff, actor.name, command.number
        ),
    )


@handles(Approve)
def approve(command: Approve, context: Context) -> SignoffState:
    """Once, by one of two who do so at once."""
    return _decided(context, command, "APPROVED")


@handles(Reject)
def reject(command: Reject, context: Context) -> SignoffState:
    """By who may approve."""
    return _decided(context, command, "REJECTED")


@handles(Abandon)
def abandon(command: Abandon, context: Context) -> SignoffState:
    """By who may approve."""
    return _decided(context, command, "ABANDONED")


@handles(Delegate)
def delegate(command: Delegate, context: Context) -> SignoffState:
    """To a user who can sign in."""

    def hand_on(desk: Desk, actor: Actor, _step: str, signoff: Round) -> Round:
        acting.require_delegating(actor, signoff, command.group)
        return machine.delegated(signoff, actor.name, command.user, command.group, desk.at)

    with context.read() as db:
        user = people.get_user(db, command.user)
    if not user.active:
        raise errors.Conflict(f"the user {user.name} is not active, and could do nothing")
    return _changed(context, command, hand_on)


@handles(Reset)
def reset(command: Reset, context: Context) -> SignoffState:
    """By whoever may fill the item in, or decide."""

    def begin(desk: Desk, actor: Actor, step: str, signoff: Round) -> Round:
        return acting.begun_anew(desk, actor, step, signoff, reload=command.reload)

    return _changed(context, command, begin)


@handles(AttachFile)
def attach_file(command: AttachFile, context: Context) -> Attachment:
    """By whoever may fill it in."""
    return attach(context, command)


@handles(DownloadFile)
def download_file(command: DownloadFile, context: Context) -> Attachment:
    """By whoever sees the item."""
    return download(context, command)


@handles(MigrateTemplate)
def migrate_template(command: MigrateTemplate, context: Context) -> Migrated:
    """By whoever may publish templates."""
    return migrate(context, command)


@handles(MayOnItem)
def may_on_item(command: MayOnItem, context: Context) -> Allowed:
    """As it is at this moment."""
    notice(context, command.item)
    with context.read() as db:
        require_visible(db, command.item, access_of(context, db).visible())
        return allowed(context, db, command)


@handles(ListTasks)
def list_tasks(_command: ListTasks, context: Context) -> list[Task]:
    """What whoever asks could do now; where another node governs, nothing of that is here."""
    with context.read() as db:
        if is_governed_elsewhere(db):
            return []
        return tasks_of(db, access_of(context, db))


def _decided(context: Context, command: Decide, decision: Decision) -> SignoffState:
    def decide(desk: Desk, actor: Actor, step: str, signoff: Round) -> Round:
        return acting.decided(desk, actor, step, signoff, decision, command.comment, command.digest)

    return _changed(context, command, decide)


def _changed(
    context: Context,
    command: OfSignoff[SignoffState],
    change: Callable[[Desk, Actor, str, Round], Round],
) -> SignoffState:
    step = ""

    def act(_db: Connection, desk: Desk, actor: Actor) -> Desk:
        nonlocal step
        step = _step(desk, command.step)
        try:
            signoff = change(desk, actor, step, desk.rounds[step])
        except errors.Conflict as exc:
            raise errors.Conflict(
                f"the sign-off of {step} of {desk.item.id}: {exc.detail}", **exc.context
            ) from None
        return replace(desk, rounds={**desk.rounds, step: signoff})

    done = carried_out(context, command.item, "signoff", act)
    for message in done.messages:
        context.progress(message)
    return state_of(done.desk, step, done.actor.holder)


def _step(desk: Desk, named: str | None) -> str:
    known = list(desk.rounds)
    if named is None:
        ongoing = desk.course.ongoing
        if ongoing is not None and ongoing.id in known:
            return ongoing.id
        if len(known) == 1:
            return known[0]
        if known:
            raise errors.Invalid(f"say which step by --step: {', '.join(known)}", field="step")
        raise errors.Conflict(f"{desk.item.id} has no step with a sign-off by its template")
    if named not in known:
        raise errors.NotFound.among("step with a sign-off", named, known)
    return named
