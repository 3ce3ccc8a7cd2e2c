"""Hooks of infrastructures: real processes, a real receiver, and all that they can do wrong."""

from __future__ import annotations

import json
import threading
from uuid import uuid4

import pytest
from sqlalchemy import update
from standardwebhooks.webhooks import Webhook
from tests.rooms.monitoring.receivers import web_hook

from modelyard import errors
from modelyard.deployments.hooking import repository, slots
from modelyard.kernel.identity import Identity
from modelyard.store.tables import hook_secrets, hook_slots

TALKS = """
def hook(update, requester, deployer, nodes):
    packages = deployer.run("packages.list", project="default", service=update["target"])
    assert nodes == {} and update["places"] == [], update
    return "warning", f"{requester} has {len(packages)} on {update['infrastructure']}"
"""
JUDGES = """
def hook(update):
    outcomes = {"p1": None, "p2": ("error", "p2 is slow"), "p3": ("undo", "p3 is wrong")}
    assert [each["outcome"] for each in update["places"]] == ["updated"] * 3, update
    return outcomes[next(iter(update["settings"]["packages"]))]
"""
BAD = {
    "raises": ("1 / 0", "raised ZeroDivisionError"),
    "leaves": ("raise SystemExit(3)", "raised SystemExit"),
    "says nonsense": ("return 42", "returned 42; it has to return one of 'success'"),
    "undoes nothing": ("return 'undo'", "returned 'undo'"),
    "asks nonsense": ("deployer.run('models.fly')", "no command 'models.fly'"),
    "asks nobody": ("nodes['x'].run('models.list')", "raised KeyError"),
    "hangs": ("import time; time.sleep(60)", "it was stopped after 1.5 s"),
    "dies": ("import os; os._exit(7)", "exit code 7"),
    "eats": ("held = bytearray(3 << 30); held[::4096] = held[::4096]", "MiB"),
}


@pytest.fixture
def receiver():
    with web_hook() as found:
        yield found


def answers(places):
    return [dict(found.shares) for found in places.found.values()]


def newest(yard, name):
    return yard.deployments.history(name=name)[0]


def test_they_are_kept_in_their_order(shared, there):
    for name in ("one", "two", "three"):
        made = shared.hooks.add(
            infrastructure=there, name=name, when="pre", code="def hook():\n    pass\n"
        )
        assert (made.kind, made.secret, made.owner) == ("python", None, "ada")
    with pytest.raises(errors.Conflict, match="a hook 'two' already"):
        shared.hooks.add(
            infrastructure=there, name="two", when="post", webhook="https://example.org/"
        )
    moved = shared.hooks.change(
        infrastructure=there, name="three", place=1, seconds=5, disabled=True
    )
    assert (moved.place, moved.seconds, moved.disabled) == (1, 5, True)
    assert shared.hooks.show(infrastructure=there, name="three").model_dump() == moved.model_dump(
        exclude={"secret"}
    )
    shared.hooks.delete(infrastructure=there, name="one")
    found = [(each.name, each.place) for each in shared.hooks.list(infrastructure=there)]
    assert found == [("three", 1), ("two", 2)]
    with pytest.raises(errors.NotFound, match=r"no hook of .* 'one'"):
        shared.hooks.show(infrastructure=there, name="one")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "give code or webhook"),
        ({"code": "def hook(): pass", "webhook": "https://a.org/"}, "one of them alone"),
        ({"code": "def other(): pass"}, "no function 'hook'"),
        ({"code": "def hook(secrets): pass"}, "takes 'secrets', which it is not given"),
        ({"code": "def hook(:"}, "no Python that can be read"),
        ({"code": "def hook(): pass", "env": "gone"}, "no code env 'gone'"),
        ({"code": "def hook(): pass", "run_as": "nobody"}, "no user 'nobody'"),
        ({"webhook": "https://a:b@example.org/"}, "holds a password"),
        ({"webhook": "https://example.org/", "run_as": "ada"}, "as nobody"),
        ({"webhook": "ftp://example.org/"}, "address"),
    ],
)
def test_what_is_no_hook(shared, there, asked, said):
    with pytest.raises(errors.ModelyardError, match=said):
        shared.hooks.add(infrastructure=there, name="no", when="pre", **asked)
    assert shared.hooks.list(infrastructure=there) == []


def test_code_is_asked_before_and_after(shared, deployed, places):
    shared.hooks.add(infrastructure=deployed, name="talks", when="pre", code=TALKS)
    shared.hooks.add(infrastructure=deployed, name="judges", when="post", code=JUDGES)
    after = shared.deployments.update(name=deployed, package="p2")
    assert (after.health, answers(places)) == ("WARNING", [{"p2": 1}] * 3)
    assert [(each.code, each.details) for each in after.messages] == [("HOOK_FAILED", "p2 is slow")]
    said = [(each.severity, each.details) for each in newest(shared, deployed).messages]
    assert said == [("warning", f"ada has 3 on {deployed}"), ("error", "p2 is slow")]
    with pytest.raises(errors.Failed, match=r"judges had all places go back: p3 is wrong; a, b, c"):
        shared.deployments.update(name=deployed, package="p3")
    assert answers(places) == [{"p2": 1}] * 3
    update = newest(shared, deployed)
    assert [each.outcome for each in update.places] == ["restored"] * 3
    assert [each.code for each in update.messages] == ["HOOK_WARNED", "HOOK_UNDID"]
    shared.hooks.change(infrastructure=deployed, name="judges", disabled=True)
    assert shared.deployments.update(name=deployed, package="p3").health == "HEALTHY"


def test_a_creation_that_is_refused_is_in_nobodys_way(shared, there, places):
    refuses = {"when": "pre", "code": "def hook():\n    return 'error', 'not on Fridays'\n"}
    shared.hooks.add(infrastructure=there, name="calm", **refuses)
    asked = {"service": "api", "package": "p1", "infrastructure": there}
    with pytest.raises(errors.Failed, match=r"was not created: .*calm failed: not on Fridays$"):
        shared.deployments.create(name=there, **asked)
    assert places.done == []
    with pytest.raises(errors.NotFound, match="no deployment"):
        shared.deployments.show(name=there)
    (entry,) = shared.audit.list(action="deployments.create", outcome="failed", limit=1)
    assert entry.arguments["name"] == there
    assert "not on Fridays" in entry.detail
    shared.hooks.change(infrastructure=there, name="calm", disabled=True)
    assert shared.deployments.create(name=f"{there}-2", **asked).health == "HEALTHY"


def test_a_deletion_asks_before_and_tells_after(shared, deployed, places):
    code = "def hook(update):\n    assert update['kind'] == 'delete'\n    return 'error', 'kept'\n"
    shared.deployments.disable(name=deployed)
    shared.hooks.add(infrastructure=deployed, name="keeps", when="pre", code=code)
    places.done.clear()
    with pytest.raises(errors.Failed, match=r"was not deleted: the pre hook keeps failed: kept"):
        shared.deployments.delete(name=deployed)
    assert places.done == []
    assert (newest(shared, deployed).kind, newest(shared, deployed).state) == ("delete", "failed")
    (failed, _) = shared.deployments.show(name=deployed).messages
    assert (failed.code, failed.title.split(",")[0]) == ("UPDATE_FAILED", "the last deletion")
    undoes = "def hook(update):\n    assert len(update['places']) == 3\n    return 'undo'\n"
    shared.hooks.change(infrastructure=deployed, name="keeps", when="post", code=undoes)
    gone = shared.deployments.delete(name=deployed)
    assert (gone.removed, [each.code for each in gone.messages]) == (
        ("a", "b", "c"),
        ["HOOK_FAILED"],
    )
    assert "returned 'undo'" in gone.messages[0].details
    assert shared.deployments.list(infrastructure=deployed) == []


@pytest.mark.parametrize("case", BAD)
def test_what_code_does_wrong_stops_the_update(shared, deployed, places, case):
    line, said = BAD[case]
    code = f"def hook(deployer, nodes):\n    {line}\n"
    shared.hooks.add(infrastructure=deployed, name="bad", when="pre", code=code, seconds=1.5)
    places.done.clear()
    if case == "eats":
        shared.hooks.change(infrastructure=deployed, name="bad", seconds=60)
    with pytest.raises(errors.Failed, match=r"the pre hook bad failed: ") as caught:
        shared.deployments.update(name=deployed, package="p2")
    assert said in caught.value.detail
    assert (places.done, answers(places)) == ([], [{"p1": 1}] * 3)
    after = shared.deployments.show(name=deployed)
    assert (after.health, after.settings.packages) == ("WARNING", {"p1": 1.0})
    assert newest(shared, deployed).messages[0].code == "HOOK_FAILED"


def test_what_a_hook_needs_may_go(shared, deployed):
    """Its env, or the secret of a webhook, which no backup holds."""
    shared.hooks.add(
        infrastructure=deployed, name="bad", when="pre", code="def hook():\n    pass\n"
    )
    with shared.open().begin() as db:
        kept = repository.get(db, deployed, "bad")
        gone = kept.hook.model_copy(update={"env": "gone"})
        repository.save(db, kept._replace(hook=gone))
    with pytest.raises(errors.Failed, match="hook bad failed: there is no code env 'gone'"):
        shared.deployments.update(name=deployed, package="p2")
    shared.hooks.delete(infrastructure=deployed, name="bad")
    shared.hooks.add(
        infrastructure=deployed, name="told", when="pre", webhook="https://example.org/"
    )
    with shared.open().begin() as db:
        db.execute(hook_secrets.delete().where(hook_secrets.c.infrastructure == deployed))
    with pytest.raises(errors.Failed, match=r"hooks change .* told --new-secret"):
        shared.deployments.update(name=deployed, package="p2")
    made = shared.hooks.change(infrastructure=deployed, name="told", new_secret=True)
    assert made.secret.startswith("whsec_")


def test_a_webhook_is_sent_the_update_signed(shared, deployed, places, receiver):
    made = shared.hooks.add(
        infrastructure=deployed, name="told", when="post", webhook=receiver.url, seconds=5
    )
    assert (
        made.secret not in shared.hooks.show(infrastructure=deployed, name="told").model_dump_json()
    )
    assert shared.deployments.update(name=deployed, package="p2").health == "HEALTHY"
    headers, body = receiver.taken[0]
    Webhook(made.secret).verify(body, headers)
    sent = json.loads(body)
    assert sent["type"] == "deployment.post"
    facts = {name: sent["data"][name] for name in ("infrastructure", "target", "actor", "stage")}
    assert facts == {"infrastructure": deployed, "target": "api", "actor": "ada", "stage": "test"}
    assert [each["outcome"] for each in sent["data"]["places"]] == ["updated"] * 3
    receiver.status, receiver.answer = 200, b'{"outcome": "undo", "message": "too slow"}'
    with pytest.raises(errors.Failed, match="too slow"):
        shared.deployments.update(name=deployed, package="p3")
    assert answers(places) == [{"p2": 1}] * 3


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (500, b"", "it answered 500"),
        (302, b"", "it answered 302"),
        (200, b"<html>", "it answered '<html>'"),
        (200, b'{"outcome": "undo"}', "has to answer nothing, or JSON"),
        (200, b'{"outcome": "error", "message": "frozen"}', "failed: frozen"),
        (200, b"{" + b" " * (1 << 20), "it answered with more than 1 MiB"),
        (None, b"", "did not answer within 0.2 s"),
    ],
)
def test_what_a_webhook_answers_wrong(shared, deployed, places, receiver, status, answer, said):
    receiver.status, receiver.answer = status or 204, answer
    receiver.headers = {"location": "http://127.0.0.1:1/"} if status == 302 else {}
    if status is None:
        receiver.may_answer.clear()
    seconds = 0.2 if status is None else 10
    shared.hooks.add(
        infrastructure=deployed, name="told", when="pre", webhook=receiver.url, seconds=seconds
    )
    places.done.clear()
    with pytest.raises(errors.Failed, match="the pre hook told failed") as caught:
        shared.deployments.update(name=deployed, package="p2")
    assert said in caught.value.detail
    assert places.done == []
    assert len(receiver.taken) <= 1, "it is told once, and follows nobody"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:1/", "cannot be reached"),
        ("http://169.254.169.254/", r"none of the hosts that alerts may call"),
    ],
)
def test_a_webhook_may_be_nowhere(shared, deployed, url, said):
    shared.hooks.add(infrastructure=deployed, name="told", when="pre", webhook=url)
    with pytest.raises(errors.Failed, match=said):
        shared.deployments.update(name=deployed, package="p2")


def test_code_asks_as_whoever_saved_it_or_whom_an_admin_named(shared, deployed):
    code = "def hook(deployer):\n    return 'success', str(len(deployer.run('users.list')))\n"
    owners, user = f"owners-{uuid4().hex}", f"u{uuid4().hex}"
    shared.users.create(name=user)
    shared.groups.create(name=owners, users=(user,))
    theirs = shared.acting(Identity(user, "user"))
    with pytest.raises(errors.NotFound):
        theirs.hooks.list(infrastructure=deployed)
    shared.infrastructures.allow(name=deployed, group=owners, permission="view")
    assert theirs.hooks.list(infrastructure=deployed) == []
    with pytest.raises(errors.Forbidden, match="and not administer"):
        theirs.hooks.add(infrastructure=deployed, name="asks", when="pre", code=code)
    shared.infrastructures.allow(name=deployed, group=owners, permission="administer")
    theirs.hooks.add(infrastructure=deployed, name="asks", when="pre", code=code)
    with pytest.raises(errors.Failed, match=f"Refused: the user {user} may not do this"):
        shared.deployments.update(name=deployed, package="p2")
    with pytest.raises(errors.Forbidden, match="ask an instance admin"):
        theirs.hooks.change(infrastructure=deployed, name="asks", run_as="ada")
    admin = f"a{uuid4().hex}"
    shared.users.create(name=admin, admin=True)
    shared.hooks.change(infrastructure=deployed, name="asks", run_as=admin)
    shared.deployments.update(name=deployed, package="p2")
    assert newest(shared, deployed).messages[0].code == "HOOK_SAID"
    with pytest.raises(errors.Forbidden, match=f"have a hook act for {admin}"):
        theirs.hooks.change(
            infrastructure=deployed, name="asks", code=code.replace("users", "groups")
        )
    shared.users.create(name=f"b{admin}", admin=True)  # the last one cannot be deleted
    shared.users.delete(name=admin)
    with pytest.raises(errors.Failed, match=f"{admin}"):
        shared.deployments.update(name=deployed, package="p3")


def test_so_many_are_called_at_a_time(shared, there):
    context, most, running, peak = shared.open(), threading.Lock(), [], []

    def call():
        with slots.slot(context, there, "post"):
            with most:
                running.append(1)
                peak.append(len(running))
            threading.Event().wait(0.05)
            with most:
                running.pop()

    threads = [threading.Thread(target=call) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (len(peak), max(peak)) == (8, slots.SLOTS)


def test_who_finds_no_slot_fails_and_the_dead_give_theirs(shared, deployed, places, monkeypatch):
    monkeypatch.setattr(slots, "WAITS", {"pre": 0.3, "post": 0.3})
    shared.hooks.add(
        infrastructure=deployed, name="late", when="pre", code="def hook():\n    pass\n"
    )
    with shared.open().begin() as db:
        for holder in "abc":
            assert repository.take_slot(db, deployed, holder, slots.SLOTS, slots.LEASE)
        assert not repository.take_slot(db, deployed, "d", slots.SLOTS, slots.LEASE)
    places.done.clear()
    with pytest.raises(errors.Failed, match=r"3 hooks of .* none of them ended within 0\.3 s"):
        shared.deployments.update(name=deployed, package="p2")
    assert places.done == []
    with shared.open().begin() as db:
        dead = hook_slots.c.holder == "b"
        db.execute(update(hook_slots).where(dead).values(beaten=1))
    shared.deployments.update(name=deployed, package="p2")
    assert answers(places) == [{"p2": 1}] * 3
    with shared.open().begin() as db:
        mine = hook_slots.c.infrastructure == deployed
        assert db.execute(hook_slots.delete().where(mine)).rowcount == 2, "its own is free again"
