"""What becomes of sign-offs: every act in every state, and long lives of them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from modelyard import errors
from modelyard.governance.signoffs import machine
from modelyard.governance.signoffs.types import Round
from modelyard.governance.templates.types import Recurring, SignoffPlan

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
OLD, NEW = "a" * 64, "b" * 64
PLAN = SignoffPlan.model_validate(
    {
        "feedback": [
            {"id": "law", "groups": ["lawyers"]},
            {"id": "it", "title": "IT", "groups": ["its"]},
        ],
        "approvers": {"groups": ["bosses"]},
        "recurring": {"every": 1, "unit": "days"},
    }
)
OTHER = PLAN.model_copy(update={"feedback": PLAN.feedback[:1]})


def ask(signoff, *, to_decide=False, who="ada"):
    return machine.requested(signoff, who, OLD, AT, to_decide=to_decide, comment="")


def think(signoff, group="law", verdict="APPROVED"):
    return machine.with_opinion(signoff, "lea", group, verdict, "", AT)


def decide(signoff, decision, digest=OLD, who="bob"):
    return machine.decided(signoff, who, decision, digest, "", AT)


new = Round(plan=PLAN)
asked = ask(new)
ready = ask(think(asked), to_decide=True)
STATES = {
    "NOT_STARTED": new,
    "WAITING_FOR_FEEDBACK": think(asked),
    "WAITING_FOR_APPROVAL": ready,
    "APPROVED": decide(ready, "APPROVED"),
    "REJECTED": decide(ready, "REJECTED"),
    "ABANDONED": decide(ready, "ABANDONED"),
}
ACTS = {
    "ask": ask,
    "ask to decide": lambda signoff: ask(signoff, to_decide=True),
    "think": think,
    "think again": lambda s: machine.with_changed_opinion(s, "lea", 1, "MAJOR_ISSUE", "", AT),
    "take back": lambda signoff: machine.without_opinion(signoff, "lea", 1),
    "approve": lambda signoff: decide(signoff, "APPROVED"),
    "reject": lambda signoff: decide(signoff, "REJECTED"),
    "abandon": lambda signoff: decide(signoff, "ABANDONED"),
    "delegate": lambda signoff: machine.delegated(signoff, "bob", "eve", None, AT),
    "reset": lambda signoff: machine.reset(signoff, "ada", None),
    "change": lambda signoff: machine.settled(signoff, NEW, AT, PLAN),
    "wait": lambda signoff: machine.settled(signoff, OLD, AT + timedelta(days=2), PLAN),
}
FEEDBACK, APPROVAL = "WAITING_FOR_FEEDBACK", "WAITING_FOR_APPROVAL"
BECOMES = {
    "NOT_STARTED": {
        "ask": FEEDBACK,
        "ask to decide": APPROVAL,
        "delegate": "NOT_STARTED",
        "change": "NOT_STARTED",
        "wait": "NOT_STARTED",
    },
    FEEDBACK: {
        "ask to decide": APPROVAL,
        "think": FEEDBACK,
        "think again": FEEDBACK,
        "take back": FEEDBACK,
        "abandon": "ABANDONED",
        "delegate": FEEDBACK,
        "reset": "NOT_STARTED",
        "change": "NOT_STARTED",
        "wait": FEEDBACK,
    },
    APPROVAL: {
        "ask": FEEDBACK,
        "approve": "APPROVED",
        "reject": "REJECTED",
        "abandon": "ABANDONED",
        "delegate": APPROVAL,
        "reset": "NOT_STARTED",
        "change": "NOT_STARTED",
        "wait": APPROVAL,
    },
    "APPROVED": {"reset": "NOT_STARTED", "change": "NOT_STARTED", "wait": "NOT_STARTED"},
    "REJECTED": {
        "ask": FEEDBACK,
        "ask to decide": APPROVAL,
        "reset": "NOT_STARTED",
        "change": "REJECTED",
        "wait": "REJECTED",
    },
    "ABANDONED": {"reset": "NOT_STARTED", "change": "ABANDONED", "wait": "ABANDONED"},
}
"""What a state becomes by what may be done in it; nothing else may."""


@pytest.mark.parametrize(("state", "act"), list(itertools.product(STATES, ACTS)))
def test_every_act_in_every_state(state, act):
    before = STATES[state]
    assert before.status == state
    wanted = BECOMES[state].get(act)
    if wanted is None:
        with pytest.raises(errors.Conflict):
            ACTS[act](before)
        return
    after = ACTS[act](before)
    assert after.status == wanted
    begins_anew = wanted == "NOT_STARTED" != state or (state == "REJECTED" and wanted != state)
    assert after.number - before.number == begins_anew


def test_who_asked_decides_only_where_the_plan_lets_them():
    with pytest.raises(errors.Forbidden, match="ada asked for this sign-off"):
        decide(ready, "APPROVED", who="ada")
    assert decide(ready, "ABANDONED", who="ada").status == "ABANDONED"
    lenient = ready.model_copy(
        update={"plan": PLAN.model_copy(update={"requester_may_approve": True})}
    )
    assert decide(lenient, "APPROVED", who="ada").decided_by == "ada"
    again = ask(ask(ready, who="zoe"), to_decide=True, who="zoe")
    assert again.requested_by == "ada"  # who first asked
    for who in ("ada", "zoe"):
        with pytest.raises(errors.Forbidden, match=f"{who} asked for this sign-off"):
            decide(again, "APPROVED", who=who)
    assert decide(again, "APPROVED").decided_by == "bob"
    kept_before = ready.model_copy(update={"requesters": ()})
    with pytest.raises(errors.Forbidden, match="ada asked for this sign-off"):
        decide(kept_before, "APPROVED", who="ada")


@pytest.mark.parametrize("reload", [None, OTHER])
def test_who_reset_it_has_asked_for_it_too(reload):
    begun = machine.reset(ready, "zoe", reload)
    again = machine.reset(begun, "mia", PLAN.model_copy(update={"feedback": ()}))
    asked = ask(again, to_decide=True, who="dan")
    assert asked.requesters == ("zoe", "mia", "dan")
    for who in asked.requesters:
        with pytest.raises(errors.Forbidden, match="or reset it, and may not decide"):
            decide(asked, "REJECTED", who=who)
    assert decide(asked, "APPROVED", who="ada").decided_by == "ada"  # of the round before


def test_who_asked_does_not_choose_who_decides():
    handed_on = machine.delegated(
        machine.delegated(new, "ada", "eve", None, AT), "bob", "dan", None, AT
    )
    with_group = machine.delegated(handed_on, "ada", "eve", "law", AT)
    for asked in (ask(with_group), machine.reset(ask(with_group, who="zoe"), "ada", None)):
        assert [(to.user, to.group) for to in asked.delegates] == [("dan", None), ("eve", "law")]
        with pytest.raises(errors.Forbidden, match=r"ada asked .* may not choose who decides"):
            machine.delegated(asked, "ada", "eve", None, AT)
        assert len(machine.delegated(asked, "ada", "eve", "it", AT).delegates) == 3
        assert len(machine.delegated(asked, "bob", "eve", None, AT).delegates) == 3
    plan = PLAN.model_copy(update={"requester_may_approve": True})
    lenient = ask(with_group.model_copy(update={"plan": plan}))
    assert lenient.delegates == with_group.delegates


def test_what_was_looked_at_is_what_is_decided_on():
    with pytest.raises(errors.Conflict, match="changed since you looked at it") as raised:
        decide(ready, "APPROVED", digest=NEW)
    assert raised.value.context == {"expected": NEW, "found": OLD}


def test_feedback_that_is_required_comes_first():
    law = PLAN.feedback[0].model_copy(update={"required": True})
    plan = PLAN.model_copy(update={"feedback": (law, PLAN.feedback[1])})
    asked = ask(Round(plan=plan))
    with pytest.raises(errors.Conflict, match="feedback is needed first of law"):
        ask(think(asked, "it"), to_decide=True)
    assert ask(think(asked), to_decide=True).status == APPROVAL


def test_feedback_is_ones_own():
    given = think(think(asked), "it", "MINOR_ISSUE")
    assert [each.number for each in given.opinions] == [1, 2]
    with pytest.raises(errors.Forbidden, match="is of lea; only they"):
        machine.without_opinion(given, "bob", 1)
    with pytest.raises(errors.NotFound, match="no feedback '7'"):
        machine.without_opinion(given, "lea", 7)
    with pytest.raises(errors.NotFound, match="no feedback group 'tax'; there are: it, law"):
        think(asked, "tax")
    left = machine.without_opinion(given, "lea", 1)
    assert [each.number for each in think(left).opinions] == [2, 3]


def test_a_reset_keeps_who_is_asked_or_takes_the_template_up():
    handed_on = machine.delegated(ready, "bob", "eve", "law", AT)
    kept = machine.reset(handed_on, "ada", None)
    assert (kept.plan, len(kept.delegates), kept.opinions) == (PLAN, 1, ())
    reloaded = machine.reset(handed_on, "ada", OTHER)
    assert (reloaded.plan, reloaded.delegates) == (OTHER, ())
    assert machine.reset(new, "ada", OTHER).plan == OTHER
    with pytest.raises(errors.Conflict, match="nothing to be reset"):
        machine.reset(new, "ada", PLAN)
    with pytest.raises(errors.Conflict, match="delegated to eve already"):
        machine.delegated(handed_on, "bob", "eve", "law", AT)


def test_a_recurring_sign_off_takes_the_template_up_if_it_says_so():
    approved, later = STATES["APPROVED"], AT + timedelta(days=1)
    assert approved.due == later
    assert machine.settled(approved, OLD, later - timedelta(seconds=1), OTHER) == approved
    assert machine.settled(approved, OLD, later, OTHER).plan == PLAN
    recurring = PLAN.recurring.model_copy(update={"reload": True})
    loading = approved.model_copy(update={"plan": PLAN.model_copy(update={"recurring": recurring})})
    found = machine.settled(loading, OLD, later, OTHER)
    assert (found.plan, found.reason) == (OTHER, machine.EXPIRED)


@pytest.mark.parametrize(
    ("every", "unit", "wanted"),
    [
        (3, "days", "2026-02-03"),
        (2, "weeks", "2026-02-14"),
        (1, "months", "2026-02-28"),
        (25, "months", "2028-02-29"),
        (1, "years", "2027-01-31"),
        (9_000, "years", None),
        (10_000, "weeks", "2217-09-27"),
    ],
)
def test_a_while_after_a_day(every, unit, wanted):
    found = machine.after(AT, Recurring(every=every, unit=unit))
    assert (found and f"{found:%Y-%m-%d}") == wanted


@given(
    st.datetimes(timezones=st.just(UTC)).filter(lambda moment: moment.year < 9800),
    st.integers(1, 2000),
)
def test_months_are_counted_as_calendars_do(moment, months):
    found = machine.after(moment, Recurring(every=months, unit="months"))
    assert (found.year - moment.year) * 12 + found.month - moment.month == months
    assert found.day == moment.day or (found + timedelta(days=1)).day == 1


class Life(RuleBasedStateMachine):
    """A sign-off of something that changes, and people who do whatever comes to their mind."""

    @initialize(final=st.booleans())
    def begin(self, final):
        plan = PLAN.model_copy(update={"feedback": ()}) if final else PLAN
        self.signoff, self.digest, self.at = Round(plan=plan), OLD, AT
        self.asked: dict[int, set[str]] = {}
        """Who asked, or reset the round before, by the numbers of rounds."""

    def _do(self, act, asks=None):
        before = self.signoff = machine.settled(self.signoff, self.digest, self.at, PLAN)
        try:
            self.signoff = act(self.signoff)
        except (errors.Conflict, errors.Forbidden, errors.NotFound):
            return
        if asks is not None:
            has_begun = before.status != "NOT_STARTED"
            goes_on = self.signoff.number == before.number or not has_begun
            asked = self.asked.get(before.number, set()) if goes_on else set()
            self.asked[self.signoff.number] = asked | {asks}
        assert self.signoff.status != "APPROVED" or self.signoff.digest == self.digest

    @rule(who=st.sampled_from(["ada", "bob", "zoe"]), to_decide=st.booleans())
    def ask(self, who, to_decide):
        self._do(
            lambda s: machine.requested(
                s, who, self.digest, self.at, to_decide=to_decide, comment=""
            ),
            asks=who,
        )

    @rule(who=st.sampled_from(["lea", "ian"]), group=st.sampled_from(["law", "it"]))
    def think(self, who, group):
        self._do(lambda s: machine.with_opinion(s, who, group, "MINOR_ISSUE", "", self.at))

    @rule(who=st.sampled_from(["lea", "ian"]), number=st.integers(1, 3))
    def take_back(self, who, number):
        self._do(lambda s: machine.without_opinion(s, who, number))

    @rule(
        who=st.sampled_from(["ada", "bob", "zoe"]),
        decision=st.sampled_from(["APPROVED", "REJECTED", "ABANDONED"]),
    )
    def decide(self, who, decision):
        self._do(lambda s: machine.decided(s, who, decision, self.digest, "", self.at))

    @rule(who=st.sampled_from(["ada", "bob"]), to=st.sampled_from(["eve", "dan"]))
    def delegate(self, who, to):
        self._do(lambda s: machine.delegated(s, who, to, None, self.at))

    @rule(who=st.sampled_from(["ada", "zoe"]), reloads=st.booleans())
    def reset(self, who, reloads):
        self._do(lambda s: machine.reset(s, who, PLAN if reloads else None), asks=who)

    @rule(hours=st.integers(1, 40))
    def wait(self, hours):
        self.at += timedelta(hours=hours)

    @rule(digest=st.sampled_from([OLD, NEW]))
    def change(self, digest):
        self.digest = digest

    @invariant()
    def whoever_asked_has_not_decided_nor_chosen_who_does(self):
        asked = self.asked.get(self.signoff.number, set())
        assert set(self.signoff.requesters) == asked
        assert not asked & {each.by for each in self.signoff.delegates}
        if self.signoff.status in ("APPROVED", "REJECTED"):
            assert self.signoff.decided_by not in asked

    @invariant()
    def what_is_over_or_changed_is_no_approval(self):
        now = machine.settled(self.signoff, self.digest, self.at, PLAN)
        assert machine.settled(now, self.digest, self.at, PLAN) == now
        if now.status == "APPROVED":
            assert now.digest == self.digest
            assert now.decided + timedelta(days=1) > self.at

    @invariant()
    def it_says_who_and_when_exactly_if_that_was(self):
        begun = self.signoff.status != "NOT_STARTED"
        assert bool(self.signoff.requested_by) == bool(self.signoff.digest) == begun
        decided = self.signoff.status in ("APPROVED", "REJECTED", "ABANDONED")
        assert bool(self.signoff.decided_by) == decided == (self.signoff.decided is not None)


TestLife = Life.TestCase
