"""Governed items follow what they are of, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from contextlib import closing
from types import SimpleNamespace

import pytest
from sqlalchemy import update
from tests.e2e.models import write_model
from tests.rooms.deployments.made import Made

import modelyard
from modelyard import errors
from modelyard.deployments.drivers import access
from modelyard.deployments.drivers.options import Options
from modelyard.governance.items import collecting
from modelyard.governance.items.collecting import bring, collect, collect_due
from modelyard.housekeeping.errands import run_errands
from modelyard.jobs import presence
from modelyard.kernel.identity import Identity
from modelyard.kernel.plugs import Plugs
from modelyard.store.tables import item_events

V1 = "version:default/churn/v1"
ROWS = "".join(f"{20 + n % 50},{n % 7},{n % 2}\n" for n in range(60))


@pytest.fixture
def yard(database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    monkeypatch.setenv("MODELYARD_ENVS__DEFAULT", "local")
    monkeypatch.setenv("MODELYARD_GOVERNANCE__EVERY", "0.001")
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    yield yard
    yard.close()


def ids(yard, **wanted):
    return [item.id for item in yard.govern.items(**wanted)]


def attributes(yard, item):
    return [event.attribute for event in yard.govern.timeline(item=item)]


class TestOfARealModel:
    @pytest.fixture
    def source(self, yard, tmp_path):
        (tmp_path / "rows.csv").write_text(f"age,fare,target\n{ROWS}")
        yard.models.create(name="churn", prediction_type="binary_classification")
        source = str(write_model(tmp_path / "plain"))
        yard.versions.import_(model="churn", version="v1", source=source, classes=(0, 1))
        return {"model": "churn", "dataset": str(tmp_path / "rows.csv"), "target": "target"}

    def test_it_appears_by_itself_and_goes_by_itself(self, yard, source):
        version = yard.versions.show(model="churn", version="v1")
        facts = yard.govern.show(item=V1).facts
        assert facts["version"]["digest"] == version.digest
        assert facts["version"]["scan"]["verdict"] == version.scan.verdict
        assert "description" in facts["version"]["missing"]
        assert facts["activation"] == {"active": True}
        bundle = yard.bundles.create(bundle="b1", models=("all",))
        assert ids(yard, project="default") == [
            "bundle:default/b1", "model:default/churn", "project:default", V1,
        ]  # fmt: skip
        inside = yard.govern.show(item="bundle:default/b1").facts["bundle"]
        assert inside["digest"] == bundle.digest
        assert inside["versions"][0]["digest"] == version.digest
        yard.versions.update(model="churn", version="v1", description="punctual")
        assert ids(yard, search="PUNCTUAL") == [V1]
        assert attributes(yard, V1)[:2] == ["version.missing", "version.description"]
        yard.models.delete(name="churn", force=True)
        assert ids(yard, kind="version") == []
        assert ids(yard, kind="version", gone=True) == [V1]
        assert yard.govern.show(item=V1).facts["version"]["digest"] == version.digest

    def test_evaluations_drift_and_checks_are_part_of_it(self, yard, source):
        run = yard.evaluations.run
        alone = run(**source)
        before = yard.govern.show(item=V1)
        yard.stores.create(name="weekly", check_each="note")
        yard.checks.create(store="weekly", name="right", kind="range", metric="accuracy", min=0.99)
        stored = run(**source, store="weekly")
        found = yard.govern.show(item=V1)
        told = found.facts
        assert (
            told["evaluations"][alone.id]["metrics"]["accuracy"] == alone.metrics["accuracy"].value
        )
        assert told["monitoring"]["weekly"]["newest"]["id"] == stored.id
        assert told["drift"]["id"] == yard.drift.list()[0].id
        assert told["checks"]["worst"] == "error"
        assert told["checks"]["outcomes"]["weekly/right"]["evaluation"] == stored.id
        assert found.digest == before.digest  # what comes regularly ends no approval
        assert run(**source).id in yard.govern.show(item=V1).facts["evaluations"]
        assert yard.govern.show(item=V1).digest != before.digest

    def test_what_is_deployed_is_told_of_both_sides(self, yard, source, monkeypatch):
        driver = Made("a")
        made = SimpleNamespace(options=Options, require_fit=lambda *_: None, open=lambda *_: driver)
        fixed = Plugs("drivers", "driver", {"made": made, **access.BUILT_IN})
        monkeypatch.setattr(access, "DRIVERS", fixed)
        yard.services.create(name="answers")
        yard.endpoints.create(service="answers", endpoint="churn", model="churn", version="v1")
        yard.packages.create(service="answers", package="p1")
        yard.infrastructures.create(name="prod", stage="production", driver="made")
        yard.deployments.create(
            name="churn-prod", service="answers", package="p1", infrastructure="prod"
        )
        item = "deployment:default/churn-prod"
        found, version = yard.govern.show(item=item), yard.govern.show(item=V1)
        digest = version.facts["version"]["digest"]
        assert found.facts["deployment"]["versions"] == {V1: digest}
        assert found.facts["health"] == {"health": "HEALTHY"}
        assert version.facts["deployments"][item]["stage"] == "production"
        assert ids(yard, stage="production") == [item, "infrastructure:prod"]

    def test_a_forged_event_of_it_is_found(self, yard, source):
        assert attributes(yard, V1) == ["state"]
        with yard.open().begin() as db:
            db.execute(update(item_events).where(item_events.c.item == V1).values(actor="eve"))
        with pytest.raises(errors.Failed, match=r"timeline of governed items is not .*: actor"):
            yard.audit.verify()


class TestLooking:
    def test_one_that_finds_nothing_writes_nothing(self, yard):
        first = collect(yard.open())
        assert (first.items, first.new) == (3, 3)
        again = collect(yard.open())
        assert (again.new, again.changed, again.gone) == (0, 0, 0)

    def test_it_goes_on_where_a_killed_one_stopped(self, yard, monkeypatch):
        for number in range(5):
            yard.projects.create(key=f"p{number}")
        monkeypatch.setattr(collecting, "AT_ONCE", 2)
        put, written = collecting.repository.put, []

        def dying(db, found, known):
            if len(written) == 2:
                raise KeyboardInterrupt
            written.append(len(found))
            put(db, found, known)

        with monkeypatch.context() as patch:
            patch.setattr(collecting.repository, "put", dying)
            with pytest.raises(KeyboardInterrupt):
                collect(yard.open())
        assert collect(yard.open()).new == 8 - sum(written)
        assert yard.audit.verify().events == 8

    def test_workers_do_it_beside_their_jobs(self, yard):
        run_errands(yard.open(), lambda: False)
        assert len(repository_ids(yard)) == 3

    def test_it_is_not_done_again_and_again(self, yard, monkeypatch):
        monkeypatch.setenv("MODELYARD_GOVERNANCE__EVERY", "600")
        with closing(modelyard.open(yard.folder)) as slow:
            assert collect_due(slow.open()) == 600
            slow.projects.create(key="red")
            assert collect_due(slow.open()) < 600
            assert "project:red" not in ids(slow)
            assert slow.govern.sync().new == 1
            assert "project:red" in ids(slow)

    def test_requests_leave_it_to_workers_but_for_the_one_that_is_asked_for(self, yard):
        for kind in ("project", "model"):
            yard.rules.set(kind=kind, action="govern")
        before = ids(yard)
        with yard.open().begin() as db:
            presence.show(db, "here-1", slots=1, queues=())
        yard.projects.create(key="red")
        yard.projects.create(key="blue")
        yard.models.create(project="red", name="rose", prediction_type="regression")
        assert ids(yard) == before
        assert yard.govern.show(item="model:red/rose").state == "governed"
        assert set(ids(yard)) == {*before, "model:red/rose", "project:red"}
        with pytest.raises(errors.NotFound, match=r"no item 'project:rad'.*red"):
            yard.govern.show(item="project:rad")
        with yard.open().begin() as db:
            presence.leave(db, "here-1")
        assert "project:blue" in ids(yard)

    def test_a_single_one_is_brought_up_to_date_within_a_transaction(self, yard):
        yard.projects.create(key="red", description="warm")
        with yard.open().begin() as db:
            assert bring(yard.open(), db, "project:red").facts["project"]["description"] == "warm"
            with pytest.raises(errors.NotFound, match="there is no item 'project:blue'"):
                bring(yard.open(), db, "project:blue")
        assert repository_ids(yard) == ["project:red"]


class TestSeeing:
    @pytest.fixture
    def people(self, yard):
        for key in ("red", "blue"):
            yard.projects.create(key=key)
        for name in ("ada", "bob", "root"):
            yard.users.create(name=name, admin=name == "root")
        yard.members.add(project="red", name="ada", role="reader")
        yard.groups.create(name="ops", users=("bob",))
        yard.infrastructures.create(
            name="vault", kind="api", stage="production", driver="local", everybody="none"
        )
        yard.infrastructures.allow(name="vault", group="ops", permission="view")
        return {name: yard.acting(Identity(name, "user")) for name in ("ada", "bob", "root")}

    def test_everybody_sees_what_they_may(self, people):
        local = ["infrastructure:local-api", "infrastructure:local-project"]
        assert ids(people["ada"]) == [*local, "project:red"]
        assert ids(people["bob"]) == [*local, "infrastructure:vault"]
        assert len(ids(people["root"])) == 6

    def test_what_one_may_not_see_is_not_there(self, people):
        for item in ("project:blue", "infrastructure:vault"):
            for ask in (people["ada"].govern.show, people["ada"].govern.timeline):
                with pytest.raises(errors.NotFound, match=f"there is no item '{item}'"):
                    ask(item=item)
        seen = {event.item for event in people["ada"].govern.timeline()}
        assert seen == set(ids(people["ada"]))

    def test_a_key_of_another_project_sees_none_of_this(self, yard, people):
        yard.members.add(project="blue", name="ada", role="reader")
        key = yard.keys.create(name="k", user="ada", projects=("blue",))
        there = yard.acting(Identity("ada", "key", "", key.id))
        assert "project:red" not in ids(there)
        assert "project:blue" in ids(there)

    def test_what_is_of_a_project_that_is_gone_is_for_admins(self, yard, people):
        assert "project:red" in ids(people["ada"])
        yard.projects.delete(key="red")
        assert ids(people["ada"], gone=True) == []
        assert ids(people["root"], gone=True) == ["project:red"]
        assert json.loads(people["root"].govern.show(item="project:red").model_dump_json())["gone"]


def repository_ids(yard):
    with yard.open().read() as db:
        return [item for item, _, _ in collecting.repository.seen(db, None)]
