"""What is asked under an Idempotency-Key is done once, whenever the server dies."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import insert, select, update

from modelyard import errors
from modelyard.kernel.identity import Identity
from modelyard.kernel.values import now
from modelyard.store.database import noted, transaction
from modelyard.store.tables import projects, replays
from modelyard.web.answers import Answer
from modelyard.web.problems import Refused
from modelyard.web.replays import KEPT, Claim, claim

ME = Identity("ada", "user")
MADE = Answer(201, b'{"key":"x"}', headers={"location": "/api/v1/projects/x"})


@pytest.fixture
def begin(engine):
    return partial(transaction, engine)


def make(begin, held, key="x"):
    """Change something, as a command does, and note it with the claim."""
    with noted(begin, held.note) as db:
        db.execute(insert(projects).values(key=key, description="", created=now()))


def made(engine):
    with transaction(engine) as db:
        return db.scalars(select(projects.c.key).where(projects.c.key != "default")).all()


def let_go(engine):
    """The time passes in which a claim is held."""
    with transaction(engine) as db:
        db.execute(update(replays).values(held_until=now() - timedelta(seconds=1)))


def test_the_same_request_gets_the_same_answer(engine, begin):
    held = claim(begin, ME, "k", b"request")
    make(begin, held)
    held.keep(MADE, secret=False)
    again = claim(begin, ME, "k", b"request")
    assert (again.status, again.body) == (MADE.status, MADE.body)
    assert again.headers == {**MADE.headers, "idempotent-replayed": "true"}


def test_another_request_is_refused(engine, begin):
    claim(begin, ME, "k", b"request").keep(MADE, secret=False)
    with pytest.raises(errors.Invalid, match="another request"):
        claim(begin, ME, "k", b"other")


def test_keys_are_of_who_sends_them(engine, begin):
    assert isinstance(claim(begin, ME, "k", b"request"), Claim)
    for other in (Identity("eve", "user"), Identity("ada", "key", key="7"), Identity("ada")):
        assert isinstance(claim(begin, other, "k", b"other"), Claim)


def test_a_request_under_way_is_not_begun_again(engine, begin):
    claim(begin, ME, "k", b"request")
    with pytest.raises(Refused, match="under way") as refused:
        claim(begin, ME, "k", b"request")
    assert refused.value.status == 409


def test_a_server_that_died_before_the_change_is_forgotten(engine, begin):
    lost = claim(begin, ME, "k", b"request")
    let_go(engine)
    held = claim(begin, ME, "k", b"request")
    assert isinstance(held, Claim)
    make(begin, held)
    with pytest.raises(errors.Conflict, match="sent again"):
        make(begin, lost, "y")  # it was only slow: what it changed is rolled back
    assert made(engine) == ["x"]
    lost.keep(Answer(500), secret=False)
    held.keep(MADE, secret=False)
    assert claim(begin, ME, "k", b"request").status == 201


def test_a_claim_from_the_future_holds_nobody_up(engine, begin):
    lost = claim(begin, ME, "k", b"request")
    with transaction(engine) as db:  # the clock is set back by a day
        db.execute(update(replays).values(held_until=now() + timedelta(days=1)))
    make(begin, claim(begin, ME, "k", b"request"))
    with pytest.raises(errors.Conflict, match="sent again"):
        make(begin, lost, "y")
    assert made(engine) == ["x"]


def test_a_server_that_died_after_the_change_is_told(engine, begin):
    make(begin, claim(begin, ME, "k", b"request"))
    let_go(engine)
    with pytest.raises(Refused, match="carried out") as refused:
        claim(begin, ME, "k", b"request")
    assert refused.value.status == 409


def test_an_error_that_changed_nothing_may_be_tried_again(engine, begin):
    claim(begin, ME, "k", b"request").keep(Answer(404, b"{}"), secret=False)
    assert isinstance(claim(begin, ME, "k", b"another try"), Claim)


def test_an_error_after_a_change_is_kept(engine, begin):
    held = claim(begin, ME, "k", b"request")
    make(begin, held)
    held.keep(Answer(422, b"{}"), secret=False)
    assert claim(begin, ME, "k", b"request").status == 422


def test_secrets_are_kept_nowhere(engine, begin):
    held = claim(begin, ME, "k", b"password=tiger")
    held.keep(Answer(200, b'{"secret":"opensesame"}'), secret=True)
    with transaction(engine) as db:
        row = " ".join(map(str, db.execute(select(replays)).one()))
    assert "opensesame" not in row
    assert "tiger" not in row
    with pytest.raises(Refused, match="secret"):
        claim(begin, ME, "k", b"password=tiger")


def test_keys_are_forgotten_after_a_day(engine, begin):
    claim(begin, ME, "k", b"request").keep(MADE, secret=False)
    with transaction(engine) as db:
        db.execute(update(replays).values(created=now() - KEPT - timedelta(seconds=1)))
    assert isinstance(claim(begin, ME, "k", b"other"), Claim)


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_keys_have_a_length(engine, begin, key):
    with pytest.raises(errors.Invalid, match="255"):
        claim(begin, ME, key, b"request")
