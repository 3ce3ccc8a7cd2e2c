"""Jobs and rights: what somebody may do counts when a job is submitted, and again when it runs."""

from __future__ import annotations

import pytest

from modelyard import errors
from modelyard.kernel.identity import Identity


@pytest.fixture
def yard(place):
    yard = place.yard
    for name in ("ada", "bob", "eve"):
        yard.users.create(name=name)
    for key in ("red", "blue"):
        yard.projects.create(key=key)
    yard.members.add(project="red", name="ada", role="contributor")
    yard.members.add(project="red", name="bob", role="reader")
    return yard


def create_model(yard, name, project="red"):
    given = {"project": project, "name": name, "prediction_type": "regression"}
    return yard.jobs.submit(command="models.create", given=given).id


def test_rights_are_looked_at_again_when_a_job_runs(place, yard):
    ada = yard.acting(Identity("ada", "user", "10.0.0.1"))
    key = yard.keys.create(name="ci", user="ada")
    by_key = yard.acting(Identity("ada", "key", "10.0.0.2", key.id))
    stays, revoked = create_model(ada, "stays"), create_model(by_key, "revoked")
    with pytest.raises(errors.NotFound):
        create_model(ada, "hidden", "blue")
    with pytest.raises(errors.Forbidden):
        create_model(yard.acting(Identity("bob", "user")), "forbidden")
    yard.keys.revoke(id=key.id)
    assert place.worker("--drain").wait() == 0
    assert place.job(stays).state == "succeeded"
    assert place.job(revoked).error.code == "unauthenticated"
    late = create_model(ada, "late")
    yard.members.remove(project="red", name="ada")
    assert place.worker("--drain").wait() == 0
    assert place.job(late).error.code == "not_found"
    assert [model.name for model in yard.models.list(project="red")] == ["stays"]
    said = {(e.arguments["name"], e.outcome, e.address) for e in yard.audit.list(action="models")}
    assert said >= {
        ("stays", "ok", "10.0.0.1"),
        ("revoked", "unauthenticated", "10.0.0.2"),
        ("late", "not_found", "10.0.0.1"),
    }
    yard.audit.verify()


def test_jobs_are_seen_and_stopped_by_whom_they_concern(yard):
    ada, bob, eve = (yard.acting(Identity(name, "user")) for name in ("ada", "bob", "eve"))
    job = create_model(ada, "model")
    assert [each.id for each in bob.jobs.list()] == [job]
    assert eve.jobs.list() == []
    with pytest.raises(errors.NotFound):
        eve.jobs.show(id=job)
    with pytest.raises(errors.Forbidden):
        bob.jobs.cancel(id=job)
    reading = yard.keys.create(name="r", user="ada", rights=("models:read",))
    with pytest.raises(errors.Forbidden):
        yard.acting(Identity("ada", "key", "", reading.id)).jobs.list()
    elsewhere = yard.keys.create(name="e", user="ada", projects=("blue",))
    assert yard.acting(Identity("ada", "key", "", elsewhere.id)).jobs.list() == []
    assert ada.jobs.cancel(id=job).state == "cancelled"
