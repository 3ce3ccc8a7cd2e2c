"""Sign-offs of governed items by several people."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, update
from tests.governed import governed, published

import modelyard
from modelyard import errors
from modelyard.governance.signoffs.errands import settle_due
from modelyard.kernel.identity import Identity
from modelyard.kernel.values import now
from modelyard.store.tables import signoffs

TEXT = """\
name: review
kind: model
fields:
  - {id: risk, type: category, options: [low, high], required: true}
  - {id: notes, type: text}
steps:
  - {id: assess, fields: [risk]}
  - id: sign
    signoff:
      feedback:
        - {id: law, title: Law, groups: [lawyers], required: true}
        - {id: it, title: IT, groups: [its]}
      approvers: {groups: [bosses]}
      recurring: {every: 1, unit: years}
  - {id: live}
"""
PEOPLE = {
    "cora": "coders", "lea": "lawyers", "ian": "its", "bob": "bosses", "ben": "bosses", "eve": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """A workspace with a template, and people; only cora and bob are of its project."""
    folder = tmp_path_factory.mktemp("signoffs")
    yard = modelyard.open(folder / "yard", actor="tester")
    published(yard, folder, TEXT)
    for name in (*PEOPLE, "una", "ulf"):
        yard.users.create(name=name)
    for group in {*PEOPLE.values()} - {""}:
        yard.groups.create(name=group, users=tuple(u for u, g in PEOPLE.items() if g == group))
    yard.projects.create(key="risk")
    for name in ("cora", "bob"):
        yard.members.add(project="risk", name=name, role="contributor")
    yield yard
    yard.close()


@pytest.fixture(scope="module")
def of(yard):
    """What users see of governance, by their names."""
    return {name: yard.acting(Identity(name, "user")).govern for name in (*PEOPLE, "una", "ulf")}


@pytest.fixture
def item(yard, request):
    """A governed model of the test's own, whose risk is known."""
    name = request.node.name.replace("_", "-")[:60]
    yard.models.create(project="risk", name=name, prediction_type="regression")
    item = governed(yard, f"model:risk/{name}", "review")
    yard.govern.set(item=item, values={"risk": "low"})
    return item


def ready(of, item):
    """Bring the sign-off so far that it waits for approval; gives it."""
    of["cora"].request(item=item)
    of["lea"].feedback(item=item, verdict="MINOR_ISSUE", comment="mind the law")
    return of["cora"].request(item=item)


def signoff(yard, item):
    return yard.govern.workflow(item=item).signoffs[0]


def told(yard, item):
    found = yard.govern.timeline(item=item, attribute="signoffs")
    return [(each.actor, each.attribute, each.new) for each in reversed(found)]


def tasks(of, name, item):
    return [(task.asked, task.group) for task in of[name].tasks() if task.item == item]


def test_those_are_asked_whom_the_template_names(of, item):
    for name in ("lea", "bob"):
        with pytest.raises(errors.Forbidden if name == "bob" else errors.NotFound):
            of[name].feedback(item="model:risk/none" if name == "lea" else item, verdict="APPROVED")
    asked = of["cora"].request(item=item, comment="please")
    assert (asked.status, asked.requested_by) == ("WAITING_FOR_FEEDBACK", "cora")
    assert asked.request == "please"
    waits = {name: tasks(of, name, item) for name in PEOPLE if tasks(of, name, item)}
    assert waits == {"lea": [("feedback", "law")], "ian": [("feedback", "it")]}
    with pytest.raises(errors.Forbidden, match="none of the groups that are asked: law, it"):
        of["bob"].feedback(item=item, verdict="APPROVED")
    with pytest.raises(errors.NotFound):
        of["una"].feedback(item=item, verdict="APPROVED")
    with pytest.raises(errors.Forbidden, match="the group lawyers"):
        of["ian"].feedback(item=item, verdict="APPROVED", group="law")
    with pytest.raises(errors.Conflict, match="feedback is needed first of Law"):
        of["cora"].request(item=item, ask="approval")


def test_two_groups_think_and_one_approves(yard, of, item):
    of["cora"].request(item=item, comment="please")
    of["lea"].feedback(item=item, verdict="MAJOR_ISSUE", comment="no")
    of["lea"].feedback(item=item, verdict="MINOR_ISSUE", comment="well", number=1)
    of["ian"].feedback(item=item, verdict="APPROVED")
    with pytest.raises(errors.Forbidden, match="is of lea; only they"):
        of["ian"].withdraw(item=item, number=1)
    of["ian"].withdraw(item=item, number=2)
    assert tasks(of, "lea", item) == []
    ready = of["cora"].request(item=item)
    (opinion,) = ready.opinions
    assert (opinion.by, opinion.verdict, opinion.comment) == ("lea", "MINOR_ISSUE", "well")
    assert tasks(of, "ben", item) == [("approval", None)]
    with pytest.raises(errors.Forbidden, match=r"lea may not decide .* the group bosses"):
        of["lea"].approve(item=item)
    done = of["bob"].approve(item=item, comment="fine", digest=ready.current)
    assert (done.status, done.decided_by, done.digest) == ("APPROVED", "bob", ready.digest)
    assert done.due.year == done.decided.year + 1
    events = told(yard, item)
    assert ("bob", "signoffs.sign.status", "APPROVED") in events
    assert ("cora", "signoffs.sign.request", "please") in events
    assert [actor for actor, name, _ in events if ".feedback.1" in name] == ["lea", "lea"]
    assert yard.audit.verify().events >= len(events)
    yard.govern.advance(item=item, step="live")


def test_rejected_mended_asked_for_again_and_approved(yard, of, item):
    ready(of, item)
    of["ben"].reject(item=item, comment="too risky")
    with pytest.raises(errors.Conflict, match="REJECTED already, by ben"):
        of["bob"].approve(item=item)
    with pytest.raises(errors.Blocked, match="its sign-off is rejected"):
        yard.govern.advance(item=item, step="live")
    of["cora"].set(item=item, values={"risk": "high"})
    assert signoff(yard, item).status == "REJECTED"  # until it is asked for again
    again = ready(of, item)
    assert (again.number, again.comment, again.decided) == (2, "", None)
    assert of["bob"].approve(item=item).status == "APPROVED"


def test_who_asked_does_not_approve(of, item):
    of["bob"].request(item=item)
    of["lea"].feedback(item=item, verdict="APPROVED")
    of["bob"].request(item=item)
    assert tasks(of, "bob", item) == []
    with pytest.raises(errors.Forbidden, match="bob asked for this sign-off"):
        of["bob"].approve(item=item)
    assert of["ben"].approve(item=item).decided_by == "ben"


def test_nobody_who_asked_in_the_round_approves(yard, of, item):
    of["bob"].request(item=item)
    of["lea"].feedback(item=item, verdict="APPROVED")
    asked = of["cora"].request(item=item)
    assert (asked.requested_by, asked.requesters) == ("bob", ("bob", "cora"))
    assert tasks(of, "bob", item) == []
    for govern in (of["bob"].approve, of["bob"].reject):
        with pytest.raises(errors.Forbidden, match="bob asked for this sign-off"):
            govern(item=item)
    of["ben"].reset(item=item)
    again = ready(of, item)
    assert (again.requested_by, again.requesters) == ("cora", ("ben", "cora"))
    assert (tasks(of, "ben", item), tasks(of, "bob", item)) == ([], [("approval", None)])
    with pytest.raises(errors.Forbidden, match="ben asked for this sign-off, or reset it"):
        of["ben"].approve(item=item)
    assert of["bob"].approve(item=item).decided_by == "bob"


def test_who_asks_does_not_choose_who_decides(yard, of, item):
    of["bob"].delegate(item=item, user="eve")
    of["ben"].delegate(item=item, user="ian")
    of["bob"].request(item=item)
    assert ("bob", "signoffs.sign.delegates.eve.approval", None) in told(yard, item)
    of["lea"].feedback(item=item, verdict="APPROVED")
    of["bob"].request(item=item)
    with pytest.raises(errors.Forbidden, match=r"bob asked .* may not choose who decides"):
        of["bob"].delegate(item=item, user="eve")
    with pytest.raises(errors.NotFound):
        of["eve"].approve(item=item)  # who has nothing to do with it any more
    of["ben"].reset(item=item)
    assert ("ben", "signoffs.sign.delegates.ian.approval", None) in told(yard, item)
    assert signoff(yard, item).delegates == ()


def test_a_decision_waits_for_what_is_required(yard, of, item):
    of["cora"].set(item=item, values={"risk": None})
    of["cora"].request(item=item)  # what people think may be asked before
    of["lea"].feedback(item=item, verdict="MINOR_ISSUE")
    with pytest.raises(errors.Blocked, match=r"required fields are empty: risk; .* govern set"):
        of["cora"].request(item=item)
    why = {each.act: each.why_not for each in of["cora"].workflow(item=item).signoffs[0].possible}
    assert "required fields are empty: risk" in why["request_approval"]
    with pytest.raises(errors.Blocked, match="are empty: risk"):
        of["cora"].request(item=item, ask="approval")
    of["cora"].set(item=item, values={"risk": "low"})
    ready(of, item)
    assert of["bob"].approve(item=item).status == "APPROVED"


def test_what_waits_since_before_is_not_approved_without_what_is_required(yard, of, item):
    of["cora"].set(item=item, values={"risk": None})
    of["cora"].request(item=item)
    of["lea"].feedback(item=item, verdict="APPROVED")
    of["ben"].delegate(item=item, user="eve")
    mine = (signoffs.c.item == item, signoffs.c.current)
    with yard.open().begin() as db:  # as an earlier release left it, ben having asked
        kept = json.loads(db.scalar(select(signoffs.c.body).where(*mine)))
        del kept["requesters"]
        kept |= {"status": "WAITING_FOR_APPROVAL", "requested_by": "ben"}
        db.execute(
            update(signoffs).where(*mine).values(status=kept["status"], body=json.dumps(kept))
        )
    with pytest.raises(errors.Blocked, match="are empty: risk"):
        of["bob"].approve(item=item)
    for name in ("ben", "eve"):
        with pytest.raises(errors.Forbidden):
            of[name].approve(item=item)
    assert of["bob"].reject(item=item).status == "REJECTED"


def test_an_approval_lapses_when_what_it_was_about_changes(yard, of, item):
    ready(of, item)
    approved = of["bob"].approve(item=item)
    of["cora"].set(item=item, values={"notes": "what no step asks for"})
    of["cora"].advance(item=item, step="live")
    assert signoff(yard, item).status == "APPROVED"
    of["cora"].set(item=item, values={"risk": "high"})
    found = signoff(yard, item)
    assert (found.status, found.reason) == ("NOT_STARTED", "what it was about changed")
    assert ("modelyard", "signoffs.sign.reason", found.reason) in told(yard, item)
    with pytest.raises(errors.Conflict, match=r"nobody asks for a decision now.*changed"):
        of["bob"].approve(item=item)
    of["cora"].set(item=item, values={"risk": "low"})
    assert signoff(yard, item).status == "NOT_STARTED"  # what has lapsed does not come back
    again = ready(of, item)
    assert again.digest == approved.digest
    with pytest.raises(errors.Conflict, match="changed since you looked at it"):
        of["bob"].approve(item=item, digest="0" * 64)


def test_a_recurring_sign_off_begins_anew_when_its_time_is_over(yard, of, item):
    ready(of, item)
    due = of["bob"].approve(item=item).due
    settle_due(yard.open())
    assert signoff(yard, item).status == "APPROVED"
    mine = (signoffs.c.item == item, signoffs.c.current)
    with yard.open().begin() as db:  # as if a year went by
        kept = json.loads(db.scalar(select(signoffs.c.body).where(*mine)))
        assert kept["due"][:10] == f"{due:%Y-%m-%d}"
        body = json.dumps({**kept, "due": now().isoformat()})
        db.execute(update(signoffs).where(*mine).values(due=now(), body=body))
    assert signoff(yard, item).status == "NOT_STARTED"
    assert settle_due(yard.open()) == 1
    reason = "the approval was for a time, which is over"
    assert ("modelyard", "signoffs.sign.reason", reason) in told(yard, item)


def test_what_one_is_asked_for_can_be_handed_on(yard, of, item):
    with pytest.raises(errors.Forbidden, match="only those may who are asked themselves"):
        of["cora"].delegate(item=item, user="eve")
    of["cora"].request(item=item)
    of["lea"].delegate(item=item, user="eve", group="law")
    assert tasks(of, "eve", item) == [("feedback", "law")]
    of["eve"].feedback(item=item, verdict="APPROVED")
    of["cora"].request(item=item)
    with pytest.raises(errors.Forbidden):
        of["eve"].approve(item=item)
    of["bob"].delegate(item=item, user="eve")
    with pytest.raises(errors.Conflict, match="delegated to eve already"):
        of["bob"].delegate(item=item, user="eve")
    with pytest.raises(errors.NotFound, match="no user 'eva'"):
        of["bob"].delegate(item=item, user="eva")
    assert of["eve"].approve(item=item).decided_by == "eve"
    kept = of["cora"].reset(item=item)
    assert (kept.status, {each.user for each in kept.delegates}) == ("NOT_STARTED", {"eve"})
    assert of["cora"].reset(item=item, reload=True).delegates == ()


def test_who_is_gone_does_nothing_and_leaves_nothing_to_who_is_called_like_them(yard, of, item):
    ready(of, item)
    of["bob"].delegate(item=item, user="una")
    yard.users.delete(name="una")
    (ended,) = yard.govern.timeline(item=item, attribute="signoffs.sign.delegates.una.approval")[:1]
    assert (ended.actor, ended.old, ended.new) == ("tester", "bob", None)
    yard.users.update(name="ulf", active=False)
    for name, said in (("una", "no user 'una' any more"), ("ulf", "'ulf' is not active")):
        with pytest.raises(errors.Unauthenticated, match=said):
            of[name].approve(item=item)
    with pytest.raises(errors.Conflict, match="ulf is not active"):
        of["bob"].delegate(item=item, user="ulf")
    yard.users.create(name="una")
    assert tasks(of, "una", item) == []
    with pytest.raises(errors.NotFound):
        of["una"].approve(item=item)
    yard.groups.update(name="bosses", remove=("bob",))
    with pytest.raises(errors.Forbidden, match="bob may not decide"):
        of["bob"].approve(item=item)
    yard.groups.update(name="bosses", add=("bob",))


def test_what_was_abandoned_stays_so_until_it_is_reset(yard, of, item):
    ready(of, item)
    of["bob"].abandon(item=item, comment="nobody wants it")
    for call in (of["cora"].request, of["ben"].approve):
        with pytest.raises(errors.Conflict, match=r"abandoned|ABANDONED"):
            call(item=item)
    of["cora"].reset(item=item)
    with pytest.raises(errors.Conflict, match="nothing to be reset"):
        of["cora"].reset(item=item)
    assert signoff(yard, item).status == "NOT_STARTED"
    assert of["cora"].request(item=item).status == "WAITING_FOR_FEEDBACK"


def test_an_admin_may_do_all_of_it_but_approve_what_they_asked_for(yard, item):
    yard.govern.request(item=item)
    yard.govern.feedback(item=item, verdict="APPROVED", group="law")
    yard.govern.request(item=item)
    with pytest.raises(errors.Forbidden, match="tester asked for this sign-off"):
        yard.govern.approve(item=item)
    yard.users.create(name="root", admin=True)
    root = yard.acting(Identity("root", "user")).govern
    assert root.tasks() == []
    assert root.approve(item=item).decided_by == "root"
    with pytest.raises(errors.NotFound, match="no step with a sign-off 'assess'; there are: sign"):
        root.reset(item=item, step="assess")


def test_what_comes_later_under_the_same_name_inherits_no_approval(yard, of, item):
    ready(of, item)
    of["bob"].approve(item=item)
    name = item.rpartition("/")[2]
    yard.models.delete(project="risk", name=name)
    yard.govern.sync()
    yard.models.create(project="risk", name=name, prediction_type="other")
    governed(yard, item, "review")
    yard.govern.set(item=item, values={"risk": "low"})
    assert signoff(yard, item).status == "NOT_STARTED"
    changed = yard.govern.show(item=item).changed
    settle_due(yard.open())
    assert yard.govern.show(item=item).changed == changed
    again = of["cora"].request(item=item)
    assert (again.number, tasks(of, "lea", item)) == (2, [("feedback", "law")])
