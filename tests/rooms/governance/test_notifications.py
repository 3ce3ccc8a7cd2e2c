"""Who is told what of governed items: in the header, by a real mail server and a real receiver."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import select, update
from tests.governed import governed, published
from tests.rooms.monitoring.receivers import mail_server, web_hook

import modelyard
from modelyard import errors
from modelyard.governance.notifying import delivering
from modelyard.governance.notifying.noticing import notice
from modelyard.governance.notifying.reminding import remind
from modelyard.governance.signoffs.errands import settle_due
from modelyard.housekeeping.clearing import clear
from modelyard.kernel.identity import Identity
from modelyard.store.tables import governed_items, signoffs

TEXT = """\
name: review
kind: model
fields:
  - {id: risk, type: category, options: [low, high], required: true}
steps:
  - {id: assess, fields: [risk]}
  - id: sign
    signoff:
      feedback:
        - {id: law, title: Law, groups: [lawyers]}
      approvers: {groups: [bosses]}
      recurring: {every: 1, unit: months}
  - {id: live}
"""
ITEM = "model:risk/churn"
ORIGIN = "https://yard.example.org"
PEOPLE = {"cora": "coders", "lea": "lawyers", "bob": "bosses", "eve": "", "root": ""}
DAY = 86_400


class Office:
    """A governed model and people who are told of it, by a clock that is told."""

    def __init__(self, yard):
        self.yard = yard
        self.now = time.time()
        self.of = {name: yard.acting(Identity(name, "user")).govern for name in PEOPLE}

    def tick(self, seconds=0.0):
        """What a worker does, later."""
        self.now += seconds
        context = self.yard.open()
        notice(context, self.now)
        remind(context, self.now)
        return delivering.deliver(context, lambda _: self.now)

    def kinds(self, name):
        """What somebody was told, the oldest first."""
        return [each.kind for each in reversed(self.of[name].notifications())]

    def texts(self, name):
        return [each.text for each in reversed(self.of[name].notifications())]

    def waits_for_decision(self):
        self.of["cora"].request(item=ITEM)
        self.tick()
        self.of["lea"].feedback(item=ITEM, verdict="MINOR_ISSUE", comment="<b>mind</b> the law")
        self.of["cora"].request(item=ITEM)
        self.tick()


@pytest.fixture
def letters(monkeypatch):
    with mail_server() as (found, port):
        monkeypatch.setenv("MODELYARD_MAIL__HOST", "127.0.0.1")
        monkeypatch.setenv("MODELYARD_MAIL__PORT", str(port))
        monkeypatch.setenv("MODELYARD_MAIL__SECURITY", "none")
        yield found


@pytest.fixture
def office(letters, tmp_path, monkeypatch):
    """Only cora is of the project, root is an admin; what came before is told to nobody."""
    monkeypatch.setenv("MODELYARD_ALERTS__WEBHOOKS", '["127.0.0.0/8"]')
    monkeypatch.setenv("MODELYARD_SECURITY__URL", ORIGIN)
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    for name, group in PEOPLE.items():
        yard.users.create(name=name, email=f"{name}@example.org", admin=name == "root")
        if group:
            yard.groups.create(name=group, users=(name,))
    yard.projects.create(key="risk")
    yard.members.add(project="risk", name="cora", role="contributor")
    yard.models.create(project="risk", name="churn", prediction_type="regression")
    governed(yard, ITEM, published(yard, tmp_path, TEXT))
    yard.govern.set(item=ITEM, values={"risk": "low"})
    found = Office(yard)
    found.tick()
    yield found
    yard.close()


def test_a_sign_off_is_told_to_those_who_have_to_do_with_it(office, letters):
    office.waits_for_decision()
    office.of["bob"].approve(item=ITEM, comment="go")
    office.tick()
    assert office.kinds("lea") == ["asked", "asked", "approved"]
    assert office.kinds("cora") == ["feedback", "approved"]  # and nothing of what she did
    assert office.kinds("bob") == ["asked"]
    assert office.kinds("eve") == []
    assert office.texts("cora")[1] == f"bob approved the step sign of {ITEM}"
    assert letters.taken == []  # for a minute it is collected
    office.tick(61)
    assert sorted(letters.to) == [(f"{name}@example.org",) for name in ("bob", "cora", "lea")]
    mine = next(each for each in letters.taken if each["To"] == "cora@example.org")
    plain, html = mine.get_body(("plain",)).get_content(), mine.get_body(("html",)).get_content()
    address = f"{ORIGIN}/governance/items/{quote(ITEM, safe='')}"
    assert mine["Subject"] == f"[Modelyard] bob approved the step sign of {ITEM} and 1 more"
    assert all(part in plain for part in ("“<b>mind</b> the law”", address))
    assert all(part in html for part in ("&lt;b&gt;mind&lt;/b&gt;", address))
    assert "<b>" not in html
    assert office.tick(600) == 0  # each once


def test_what_changes_ends_or_begins_anew_is_told_with_its_reason(office):
    office.waits_for_decision()
    office.of["bob"].reject(item=ITEM, comment="no")
    office.of["cora"].request(item=ITEM)
    office.of["lea"].feedback(item=ITEM, verdict="MAJOR_ISSUE")
    office.of["lea"].feedback(item=ITEM, verdict="APPROVED", number=1)
    office.of["lea"].withdraw(item=ITEM, number=1)
    office.of["cora"].reset(item=ITEM)
    office.of["cora"].request(item=ITEM)
    office.of["bob"].abandon(item=ITEM)
    office.yard.govern.reset(item=ITEM)
    office.waits_for_decision()
    _told_otherwise(office.yard)
    settle_due(office.yard.open())
    office.tick()
    assert office.kinds("bob")[-7:] == [
        *("cancelled", "asked", "reset", "asked", "feedback", "asked", "lapsed"),
    ]
    assert office.kinds("cora")[:5] == ["feedback", "rejected", "feedback", "edited", "withdrawn"]
    assert office.texts("bob")[-1].endswith("lapsed: what it was about changed")


def test_one_is_told_what_is_delegated_and_finished(office):
    office.of["cora"].request(item=ITEM)
    office.of["bob"].delegate(item=ITEM, user="eve")
    office.tick()
    assert office.texts("eve") == [f"bob delegated the decision on the step sign of {ITEM} to eve"]
    office.of["cora"].request(item=ITEM, ask="approval")
    office.of["eve"].approve(item=ITEM)
    office.of["cora"].advance(item=ITEM, step="live")
    office.of["cora"].advance(item=ITEM)
    office.tick()
    assert office.kinds("eve") == ["delegated", "asked", "finished"]
    (mine,) = office.of["eve"].subscriptions()
    assert (mine.scope, mine.name, mine.level, mine.chosen) == ("item", ITEM, "all", False)


def test_subscriptions_say_who_is_told_how_much(office):
    of = office.of
    of["root"].subscribe(project="risk")
    of["lea"].mute(item=ITEM)
    of["bob"].unsubscribe(item=ITEM)
    office.waits_for_decision()
    of["bob"].approve(item=ITEM)
    office.tick()
    assert office.kinds("root") == ["asked", "feedback", "asked", "approved"]
    assert office.kinds("lea") == []
    assert office.kinds("bob") == ["asked"]  # what is asked of him, and no more
    of["root"].unsubscribe(project="risk")
    assert [of[name].subscribed(item=ITEM).level for name in ("cora", "lea", "bob", "root")] == [
        *("all", "none", "asked", "asked"),
    ]
    with pytest.raises(errors.NotFound):
        of["eve"].subscribed(item=ITEM)
    of["cora"].reset(item=ITEM)
    office.tick()
    assert office.kinds("root")[-1] == "approved"
    for refused in ({}, {"item": ITEM, "project": "risk"}, {"kind": "model", "template": "review"}):
        with pytest.raises(errors.Invalid, match="name one"):
            of["root"].subscribe(**refused)
    with pytest.raises(errors.NotFound, match="no subscription to the project risk"):
        of["root"].unsubscribe(project="risk")
    for unknown in ({"item": "model:risk/nothing"}, {"project": "none"}, {"template": "none"}):
        with pytest.raises(errors.NotFound):
            of["root"].subscribe(**unknown)
    with pytest.raises(errors.Invalid, match="--user NAME"):
        office.yard.govern.subscriptions()
    with pytest.raises(errors.Forbidden):
        of["eve"].subscriptions(user="bob")
    assert office.yard.govern.subscriptions(user="lea")[0].level == "none"


def test_who_may_not_see_an_item_any_more_is_told_nothing_of_it(office, letters):
    for refused in ({"item": ITEM}, {"project": "risk"}):
        with pytest.raises(errors.NotFound):
            office.of["eve"].subscribe(**refused)
    office.of["eve"].subscribe(kind="model")
    office.yard.members.add(project="risk", name="eve", role="reader")
    office.of["cora"].request(item=ITEM)
    office.tick()
    assert office.kinds("eve") == ["asked"]
    office.yard.members.remove(project="risk", name="eve")
    office.of["lea"].feedback(item=ITEM, verdict="APPROVED")
    office.tick(61)
    assert office.kinds("eve") == []
    assert office.of["eve"].news().unread == 0
    assert "eve@example.org" not in {each["To"] for each in letters.taken}


def test_a_webhook_of_ones_own_is_signed_and_the_same_until_it_is_taken(office):
    with web_hook() as hook:
        made = office.of["cora"].notify(webhook=hook.url, mail=False, digest=0)
        assert office.of["cora"].notifying().webhook == hook.url
        hook.status = 500
        office.of["cora"].request(item=ITEM)
        office.of["lea"].feedback(item=ITEM, verdict="APPROVED")
        office.tick()
        assert "answered 500" in office.of["cora"].notifying().problem
        hook.status = 204
        assert office.tick(20) == 0  # it is put off
        office.tick(20)
        assert office.of["cora"].notifying().problem == ""
        (first, _), (second, body) = hook.taken
        assert first["webhook-id"] == second["webhook-id"]
        told = json.loads(body)["data"]
        assert told["user"] == "cora"
        assert [each["kind"] for each in told["notifications"]] == ["feedback"]
        assert _is_signed(second, body, made.secret)
    office.of["cora"].notify(no_webhook=True)
    assert office.of["cora"].notifying().webhook == ""
    with pytest.raises(errors.Forbidden, match=r"alerts\.webhooks"):
        office.of["cora"].notify(webhook="http://10.0.0.1/hook")
    with pytest.raises(errors.Invalid, match="not both"):
        office.of["cora"].notify(webhook="http://10.0.0.1/hook", no_webhook=True)


def test_many_at_once_are_one_mail_and_a_server_that_is_away_is_asked_once(office, letters):
    office.of["root"].subscribe(kind="model")
    for number in range(60):
        office.yard.models.create(project="risk", name=f"m{number}", prediction_type="regression")
        governed(office.yard, f"model:risk/m{number}", "review")
        office.of["cora"].request(item=f"model:risk/m{number}")
        if number == 30:
            office.tick(50)  # while more comes
    office.tick(50)
    assert letters.taken == []
    office.tick(61)
    mine = [each for each in letters.taken if each["To"] == "root@example.org"]
    assert len(mine) == 1
    text = mine[0].get_body(("plain",)).get_content()
    assert "And 70 more." in text
    assert office.of["root"].news().unread == 120


def test_a_mail_server_that_takes_nothing_is_asked_once_for_all(office, letters):
    async def later(*_):
        return "451 not now"

    letters.handle_DATA = later
    office.waits_for_decision()
    assert office.tick(61) == 1  # although several are to get mail
    assert "not now" in "".join(office.of[name].notifying().problem for name in PEOPLE)
    del letters.handle_DATA
    assert office.tick(20) == 0
    office.tick(61)
    assert len(letters.taken) == len(set(letters.to)) == 3
    assert office.of["cora"].notifying().problem == ""


def test_one_address_that_gets_no_mail_holds_nobody_up(office, letters, monkeypatch):
    monkeypatch.setenv("MODELYARD_MAIL__DOMAINS", '["example.org"]')
    office.yard.users.update(name="cora", email="cora@elsewhere.org")
    again = Office(modelyard.open(office.yard.folder, actor="tester"))
    again.waits_for_decision()
    again.tick(61)
    assert {each["To"] for each in letters.taken} == {"lea@example.org", "bob@example.org"}
    assert "no mail is sent to elsewhere.org" in again.of["cora"].notifying().problem
    again.yard.close()


def test_one_is_reminded_once_in_as_many_days_as_are_set(office):
    office.of["cora"].request(item=ITEM)
    office.tick()
    office.tick(6 * DAY)
    assert office.kinds("lea") == ["asked"]
    office.tick(1.1 * DAY)
    office.tick(1 * DAY)
    assert office.kinds("lea") == ["asked", "reminder"]
    assert (
        f"{ITEM} waits for you to give feedback on the step sign, since" in office.texts("lea")[-1]
    )
    office.tick(7 * DAY)
    assert office.kinds("lea") == ["asked", "reminder", "reminder"]
    office.of["lea"].feedback(item=ITEM, verdict="APPROVED")
    office.tick(8 * DAY)
    assert office.kinds("lea") == ["asked", "reminder", "reminder"]


def test_the_end_of_an_approval_is_told_before_and_when_it_comes(office):
    office.waits_for_decision()
    due = office.of["bob"].approve(item=ITEM).due
    office.tick()
    office.now = due.timestamp() - 8 * DAY
    office.tick()
    assert office.kinds("cora")[-1] == "approved"
    office.tick(2 * DAY)
    office.tick(2 * DAY)
    assert office.kinds("cora")[-2:] == ["approved", "reset_soon"]
    with office.yard.open().begin() as db:  # it was due yesterday
        mine = signoffs.c.status == "APPROVED"
        row = db.execute(select(signoffs.c.body).where(mine)).scalar_one()
        over = json.loads(row) | {"due": f"{due - timedelta(days=40):%Y-%m-%dT%H:%M:%SZ}"}
        told = {"due": due - timedelta(days=40), "body": json.dumps(over)}
        db.execute(update(signoffs).where(mine).values(told))
    settle_due(office.yard.open())
    office.tick()
    assert office.kinds("cora")[-2:] == ["reset_soon", "reset_done"]


def test_one_webhook_is_told_of_everything(office, monkeypatch):
    with web_hook() as hook:
        secret = f"whsec_{base64.b64encode(b'x' * 32).decode()}"
        monkeypatch.setenv("MODELYARD_NOTIFICATIONS__WEBHOOK", hook.url)
        with pytest.raises(errors.Invalid, match=r"give notifications\.secret with it"):
            modelyard.open(office.yard.folder, actor="tester").open()
        monkeypatch.setenv("MODELYARD_NOTIFICATIONS__SECRET", secret)
        everything = Office(modelyard.open(office.yard.folder, actor="tester"))
        office.of["cora"].set(item=ITEM, values={"risk": "high"})
        office.of["cora"].request(item=ITEM)
        everything.tick()
        everything.tick(61)
        (headers, body), *_ = hook.taken
        assert json.loads(body)["data"]["user"] is None
        assert b"high" not in body  # no value of a field is told
        assert _is_signed(headers, body, secret)
        assert len(hook.taken) == 1
        everything.yard.close()


def test_one_is_told_of_ones_own_actions_where_one_wants(office):
    office.of["cora"].notify(own=True)
    office.of["cora"].request(item=ITEM)
    office.tick()
    assert office.kinds("cora") == ["asked"]
    news = office.of["cora"].news()
    assert (news.unread, news.latest[0].read) == (1, False)
    assert office.of["cora"].read(ids=(news.latest[0].id,)).unread == 0
    assert office.of["cora"].notifications(unread=True) == []
    with pytest.raises(errors.NotFound):
        office.of["lea"].read(ids=(news.latest[0].id,))
    assert office.of["lea"].read().unread == 0


def test_what_is_long_ago_or_of_what_is_gone_is_forgotten(office):
    office.of["root"].subscribe(project="risk")
    office.now -= 100 * DAY
    office.of["cora"].request(item=ITEM)
    office.tick()
    assert office.kinds("root") == ["asked"]
    clear(office.yard.open())
    assert office.kinds("root") == []
    office.yard.projects.delete(key="risk", force=True)
    assert office.of["root"].subscriptions() == []
    office.yard.users.delete(name="lea")
    assert office.tick() == 0


def _told_otherwise(yard, digit="1"):
    """As if a room had told something else of it."""
    of = governed_items.c
    with yard.open().begin() as db:
        db.execute(update(governed_items).where(of.id == ITEM).values(digest=digit * 64))


def _is_signed(headers, body, secret):
    """As Standard Webhooks says."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return headers["webhook-signature"] == f"v1,{digest}"
