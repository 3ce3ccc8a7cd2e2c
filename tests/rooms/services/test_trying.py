"""Test queries are answered as an API node would answer them."""

from __future__ import annotations

import sqlite3

import pytest

from modelyard import errors

FAILED = """
def fails(age):
    if age < 0:
        raise ValueError("nobody is younger than 0")
    return {"old": age > 30}
"""
LOOKED = {"dataset": "customers", "key": {"id": "id"}}


@pytest.fixture
def tried(yard, service, tmp_path):
    """A service with endpoints of every kind, and queries of which some are answered well."""
    file = tmp_path / "fails.py"
    file.write_text(FAILED)
    of = {"service": service}
    yard.endpoints.enrich(
        **of, endpoint="late", name="customers", **LOOKED, column={"fare": "fare"}
    )
    yard.endpoints.function(**of, endpoint="old", file=str(file), function="fails")
    yard.endpoints.lookup(
        **of, endpoint="who", **LOOKED, column={"plan": "plan"}, no_match="ignore"
    )

    def add(endpoint, name, value, **expected):
        how = {"expected": expected} if expected else {}
        yard.queries.add(**of, endpoint=endpoint, name=name, value=value, **how)

    add("late", "right", {"age": 3, "id": 1}, prediction="no", probas={"no": 0.9, "yes": 0.1})
    add("late", "wrong", {"age": 3, "id": 1}, prediction="yes")
    add("late", "several", {"age": 3, "id": 2})
    add("late", "free", {"age": 3, "id": 1})
    add("old", "right", {"age": 31}, response={"old": True})
    add("old", "failed", {"age": -1})
    add("who", "right", {"id": 1}, plan="pro")
    add("who", "nobody", {"id": 9})
    return service


def test_every_query_is_asked(yard, tried):
    found = yard.services.test(name=tried)
    assert [(each.endpoint, each.outcome) for each in found.endpoints] == [
        *(("late", "loaded"), ("old", "loaded"), ("who", "loaded"))
    ]
    outcomes = {(each.endpoint, each.query): each for each in found.queries}
    assert {where: each.outcome for where, each in outcomes.items()} == {
        ("late", "right"): "as_expected",
        ("late", "wrong"): "failed",
        ("late", "several"): "failed",
        ("late", "free"): "answered",
        ("old", "right"): "as_expected",
        ("old", "failed"): "failed",
        ("who", "right"): "as_expected",
        ("who", "nobody"): "answered",
    }
    assert found.failed == 3
    assert outcomes[("late", "wrong")].problem == "expects prediction 'yes' and got 'no'"
    assert "nobody is younger than 0" in outcomes[("old", "failed")].problem
    assert outcomes[("who", "nobody")].ignored == "NO_MATCH"
    assert yard.packages.list(service=tried) == []


def test_an_endpoint_that_cannot_be_loaded_is_told(yard, service, tmp_path):
    file = tmp_path / "broken.py"
    file.write_text("import nowhere\n\ndef broken(): pass\n")
    yard.endpoints.function(service=service, endpoint="broken", file=str(file), function="broken")
    with pytest.raises(errors.Failed, match=r"broken: .*nowhere"):
        yard.services.test(name=service, endpoint=("broken",), strict=True)
    with pytest.raises(errors.NotFound, match="named 'nope'; there are: broken, late"):
        yard.services.test(name=service, endpoint=("nope",))


def test_queries_of_functions_hold_what_these_take(yard, service, made):
    of = {"service": service, "endpoint": "price"}
    file = str(made / "price.py")
    yard.endpoints.function(service=service, endpoint="price", file=file, function="price")
    made_of_rows = yard.queries.generate(**of, dataset=str(made / "truth.csv"), rows=1)
    assert [sorted(each.query) for each in made_of_rows] == [["age", "fare"]]


def test_a_table_that_stays_in_its_database_is_read_there(yard, service, tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as db:
        db.execute("create table plans (id integer, plan text)")
        db.execute("insert into plans values (1, 'pro')")
    db.close()
    shop = f"shop-{service[-8:]}"
    yard.connections.create(name=shop, database=f"sqlite:///{tmp_path}/shop.db")
    of, found = {"service": service}, f"connection://{shop}/plans"
    looked = {"dataset": found, "key": {"id": "id"}, "column": {"plan": "plan"}}
    with pytest.raises(errors.Invalid, match="'customers' is no table of a database"):
        yard.endpoints.lookup(
            **of, endpoint="who", **(looked | {"dataset": "customers"}), referenced=True
        )
    yard.endpoints.lookup(**of, endpoint="who", **looked, referenced=True, cache_seconds=5)
    yard.queries.add(**of, endpoint="who", name="ann", value={"id": 1}, expected={"plan": "pro"})
    tried = yard.services.test(name=service, endpoint=("who",))
    assert (tried.failed, tried.queries[0].answer) == (0, {"plan": "pro"})
    manifest = yard.packages.create(service=service, package="p1").manifest
    assert manifest.tables == ()
    (table,) = manifest.references
    assert (table.connection, table.table) == (shop, "plans")
    assert table.columns == {"id": "int64", "plan": "string"}
    assert manifest.endpoints[1].lookups[0].cache_seconds == 5
