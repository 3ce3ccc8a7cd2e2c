"""What people read of workflows, sign-offs and timelines on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

from modelyard.cli.render import show
from modelyard.governance.items.types import Event, Possible
from modelyard.governance.signoffs.types import (
    Delegate,
    FieldState,
    Opinion,
    SignoffState,
    StepState,
    Workflow,
)
from modelyard.governance.templates.fields import People
from modelyard.governance.templates.types import FeedbackGroup, SignoffPlan

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ITEM = "version:default/churn/v1"
PLAN = SignoffPlan(
    feedback=(FeedbackGroup(id="risk", title="Risk", required=True, groups=("risk-team",)),),
    approvers=People(groups=("approvers",), users=("cleo",)),
)
SIGNOFF = SignoffState(
    item=ITEM,
    step="review",
    status="WAITING_FOR_FEEDBACK",
    plan=PLAN,
    current="0" * 64,
    requested=AT,
    requested_by="ada",
    request="for the summer",
    delegates=(Delegate(user="dan", group="risk", by="bo", at=AT),),
    opinions=(
        Opinion(number=1, group="risk", by="bo", verdict="MINOR_ISSUE", comment="fog?", at=AT),
    ),
    possible=(
        Possible(act="change", group="risk", number=1),
        Possible(act="approve", why_not="nobody asks for a decision now"),
    ),
)
WORKFLOW = Workflow(
    item=ITEM,
    template="standard-version",
    version=1,
    status="Development",
    steps=(
        StepState(
            id="development", title="Development", status="ONGOING", visible=True, missing=("risk",)
        ),
        StepState(
            id="review",
            title="Review",
            status="NOT_STARTED",
            visible=True,
            signoff_status="WAITING_FOR_FEEDBACK",
        ),
        StepState(id="extra", status="NOT_STARTED", visible=False),
    ),
    fields=(
        FieldState(id="risk", title="Risk", type="number", visible=True, missing=True),
        FieldState(id="hidden", type="text", visible=False),
    ),
    signoffs=(SIGNOFF,),
    possible=(
        Possible(act="set"),
        Possible(act="advance", step="review", why_not="it needs Risk"),
        Possible(act="hide"),
    ),
)


def lines(capsys, value):
    """What is shown of a value, with single spaces between words."""
    show(value)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_a_workflow_tells_what_is_needed_and_what_can_be_done(capsys):
    assert lines(capsys, WORKFLOW) == [
        f"{ITEM} Development",
        "standard-version, version 1; governed",
        "Steps",
        "Development (development) ongoing needs risk",
        "Review (review) not started sign-off waiting for feedback",
        "extra (extra) not asked here",
        "Fields",
        "risk Risk – needed",
        "Sign-off of review: waiting for feedback",
        "feedback of Risk (needed)",
        "decided by approvers, cleo",
        "handed on risk to dan, by bo",
        f"asked for {local(AT)} by ada: for the summer",
        f"risk minor issue, {local(AT)} by bo: fog? (number 1)",
        "You can",
        f"modelyard govern set {ITEM} FIELD=VALUE",
        f"modelyard govern feedback {ITEM} VERDICT --group risk --number 1",
        "Not now",
        "advance review it needs Risk",
        "approve nobody asks for a decision now",
    ]


def test_of_several_signoffs_the_step_is_typed(capsys):
    second = SIGNOFF.model_copy(update={"step": "audit"})
    shown = lines(capsys, WORKFLOW.model_copy(update={"signoffs": (SIGNOFF, second)}))
    assert "approve --step audit nobody asks for a decision now" in shown


def test_a_signoff_tells_how_it_was_decided(capsys):
    decided = {"status": "APPROVED", "decided": AT, "decided_by": "cleo", "due": AT}
    shown = lines(capsys, SIGNOFF.model_copy(update=decided))
    assert shown[:2] == [ITEM, "Sign-off of review: approved"]
    assert f"decided {local(AT)} by cleo" in shown
    assert f"holds until {local(AT)}" in shown


def test_a_timeline_is_a_line_for_each_change(capsys):
    facts = {"at": AT, "actor": "ada", "sha256": "0" * 64}
    events = [
        Event(number=3, item=ITEM, attribute="fields.risk", old=1, new=2, **facts),
        Event(number=2, item=ITEM, attribute="facts", new="x" * 100, **facts),
        Event(number=1, item="model:default/churn", attribute="state", new="new", **facts),
    ]
    assert lines(capsys, events) == [
        ITEM,
        f"3 {local(AT)} ada fields.risk 1 → 2",
        f"2 {local(AT)} ada facts {'x' * 60}…",
        "model:default/churn",
        f"1 {local(AT)} ada state new",
    ]


def local(at):
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"
