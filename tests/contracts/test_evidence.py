"""Evidence of many versions at once is that of each of them, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.e2e.models import write_model
from tests.governed import governed, published

import modelyard
from modelyard import errors
from modelyard.governance.connection.telling import look, told_items
from modelyard.governance.items.collecting import collect, fresh_ones
from modelyard.governance.items.ids import id_of
from modelyard.governance.policies.gathering import evaluations_of, gather, gathered, parts_of
from modelyard.kernel.identity import Identity
from modelyard.kernel.values import now

MODELS = {"churn": ("v1", "v2", "v3"), "fraud": ("v1", "v2")}
ITEMS = [id_of("version", "default", model, each) for model in MODELS for each in MODELS[model]]
ROWS = "".join(f"{20 + n % 50},{n % 7},{n % 2}\n" for n in range(60))
TEMPLATE = """\
name: release
kind: version
fields:
  - {id: purpose, type: text, required: true}
steps:
  - {id: assess, fields: [purpose]}
  - id: sign
    signoff: {approvers: {users: [bob]}}
"""
POLICY = "clauses: [{kind: better, metric: accuracy}, {kind: approved}, {kind: card}]"


@pytest.fixture
def yard(database_url, tmp_path, monkeypatch):
    """Models of which each knows something else: rivals, checks, sign-offs, exceptions, nothing."""
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    monkeypatch.setenv("MODELYARD_ENVS__DEFAULT", "local")
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    source = str(write_model(tmp_path / "plain"))
    for model, versions in MODELS.items():
        yard.models.create(name=model, prediction_type="binary_classification")
        for version in versions:
            yard.versions.import_(model=model, version=version, source=source, classes=(0, 1))
    (tmp_path / "rows.csv").write_text(f"age,fare,target\n{ROWS}")
    evaluated(yard, str(tmp_path / "rows.csv"))
    said(yard, tmp_path)
    yield yard
    yard.close()


def evaluated(yard, rows):
    """Evaluate versions, some twice and some in a store with a check, and activate some."""
    run = {"dataset": rows, "target": "target"}
    yard.stores.create(name="weekly")
    for version in ("v1", "v2", "v2"):
        yard.evaluations.run(model="churn", version=version, **run)
    yard.evaluations.run(model="fraud", version="v1", store="weekly", **run)
    yard.checks.create(store="weekly", name="sound", kind="numbered")
    yard.checks.run(store="weekly", fail_on="never")
    for version in ("v1", "v3", "v2", "v1"):
        yard.versions.activate(model="churn", version=version)
    yard.versions.activate(model="fraud", version="v2")
    yard.versions.update(model="fraud", version="v2", description="of the spring")


def said(yard, folder):
    """Have some be governed, one of them approved, and one excepted; compare it on its rows."""
    template = published(yard, folder, TEMPLATE)
    for item in (ITEMS[1], ITEMS[3]):
        governed(yard, item, template)
    for name in ("bob", "cora"):
        yard.users.create(name=name)
        yard.members.add(project="default", name=name, role="contributor")
    bob, cora = (yard.acting(Identity(name, "user")).govern for name in ("bob", "cora"))
    cora.set(item=ITEMS[1], values={"purpose": "to keep customers"})
    cora.request(item=ITEMS[1])
    bob.approve(item=ITEMS[1])
    (folder / "policy.yaml").write_text(POLICY)
    yard.policies.create(name="good", file=str(folder / "policy.yaml"))
    yard.policies.check(item=ITEMS[1])
    day = (now() + timedelta(days=3)).date()
    yard.policies.except_(item=ITEMS[4], policy="good", clause=1, until=day, reason="a pilot")


def test_many_at_once_are_told_as_each_alone(yard):
    context = yard.open()
    collect(context)
    with context.read() as db:
        found = fresh_ones(context, db, ITEMS)
        many = list(gathered(context, db, [found[item] for item in reversed(ITEMS)]))
        alone = [gather(context, db, item) for item in reversed(ITEMS)]
        told = evaluations_of(context, db, ITEMS)
        with pytest.raises(errors.NotFound, match="v9"):
            parts_of(context, db, [*ITEMS, id_of("version", "default", "churn", "v9")])
    plain = [each.model_dump(exclude={"gathered"}) for each in many]
    assert plain == [each.model_dump(exclude={"gathered"}) for each in alone]
    of = {each.item: each for each in many}
    for item in ITEMS:
        model, version = item.rpartition(":")[2].split("/")[1:]
        listed = yard.evaluations.list(model=model, version=version)
        assert [each.id for each in told[item]] == [each.id for each in reversed(listed)]
        assert of[item].files == yard.versions.show(model=model, version=version).digest
    each_knows_its_own(of)
    each_is_told_with_its_mark(context)


def each_knows_its_own(of):
    """What was made in the yard is known of the version that it was made of, and of no other."""
    many = [of[item] for item in ITEMS]
    first, second, third, checked, excepted = many
    assert [len(each.evaluations) for each in many] == [1, 2, 0, 1, 0]
    assert (first.active, checked.active) == ("v1", "v2")
    assert [each.version for each in third.activations][-4:] == ["v1", "v3", "v2", "v1"]
    assert {name: len(each) for name, each in third.rivals.items()} == {"v1": 1, "v2": 2}
    assert (set(first.rivals), set(checked.rivals)) == ({"v2"}, set())
    assert excepted.rivals == {"v1": checked.evaluations}
    assert {each.beside for each in second.differences} == {first.evaluations[0].id}
    assert [each for each in many if each.differences] == [second]
    assert [each.check for each in checked.checks] == ["sound"]
    assert [each for each in many if each.checks] == [checked]
    assert (second.required, second.sign_offs[0].decision) == (("purpose",), "approved")
    assert [each.decision for each in second.decisions] == ["approved"]
    assert (checked.sign_offs[0].decision, third.sign_offs) == (None, ())
    assert [each for each in many if each.exceptions] == [excepted]
    assert "description" in {each.part for each in excepted.card}
    assert "metrics" in {each.part for each in second.card} - {each.part for each in third.card}


def each_is_told_with_its_mark(context):
    """Skimming gives the marks that are told: else all would be told at each sync."""
    with context.read() as db:
        seen = look(context, db, "berlin").marks
        told = {each.item: each for each in told_items(context, db, seen, ())}
    assert {item: each.mark for item, each in told.items()} == seen
    assert [item for item in seen if told[item].evidence] == [i for i in seen if i in ITEMS]
