"""Services, their endpoints and test queries: what is kept, and what is refused."""

from __future__ import annotations

import pytest

from modelyard import errors
from modelyard.serving.packages.types import PoolSettings


def test_a_service_is_made_changed_and_deleted(yard):
    made = yard.services.create(
        name="flights", endpoint={"late": "late", "fixed": "anything:v1"}, access="keys"
    )
    assert yard.services.show(name="flights") == made
    late, fixed = made.endpoints
    assert (late.kind, late.model, late.version) == ("prediction", "late", None)
    assert (fixed.model, fixed.version) == ("anything", "v1")
    changed = yard.services.update(name="flights", description="how late", access="public")
    assert (changed.description, changed.access) == ("how late", "public")
    assert changed.changed > made.changed
    (line,) = [each for each in yard.services.list() if each.name == "flights"]
    assert (line.endpoints, line.packages, line.latest) == (("late", "fixed"), 0, None)
    with pytest.raises(errors.Conflict, match="a service 'flights' already"):
        yard.services.create(name="flights")
    yard.services.delete(name="flights")
    with pytest.raises(errors.NotFound, match="no service 'flights'"):
        yard.services.show(name="flights")


@pytest.mark.parametrize(
    ("endpoint", "kind", "match"),
    [
        ("late:", errors.Invalid, "x=MODEL or x=MODEL:VERSION"),
        (":v1", errors.Invalid, "needs a saved model"),
        ("late/v1", errors.Invalid, "'late/v1' is none"),
        ("lat", errors.NotFound, "named 'lat'; there are: late"),
        ("late:v2", errors.NotFound, "version of 'late' named 'v2'; there are: v1"),
    ],
)
def test_endpoints_that_name_no_version(yard, endpoint, kind, match):
    with pytest.raises(kind, match=match):
        yard.services.create(name="wrong", endpoint={"x": endpoint})
    with pytest.raises(errors.NotFound):
        yard.services.show(name="wrong")


def test_endpoints_of_every_kind(yard, service, made):
    of = {"service": service}
    other = yard.endpoints.create(**of, endpoint="any", model="anything", output="direct")
    priced = yard.endpoints.function(
        **of, endpoint="price", file=str(made / "price.py"), function="price", with_headers=True
    )
    looked = yard.endpoints.lookup(
        **of, endpoint="who", dataset="customers", key={"customer": "id"}, column={"plan": "plan"}
    )
    assert yard.endpoints.list(**of)[1:] == [other, priced, looked]
    assert priced.code == (made / "price.py").read_text()
    assert looked.lookups[0].keys == {"customer": "id"}
    changed = yard.endpoints.update(**of, endpoint="any", version="v1", pool={"floor": 2})
    assert changed.pool == PoolSettings(floor=2)
    assert yard.endpoints.update(**of, endpoint="any", version=None).version is None
    assert yard.endpoints.show(**of, endpoint="any").pool == PoolSettings(floor=2)
    yard.endpoints.delete(**of, endpoint="price")
    assert [each.name for each in yard.endpoints.list(**of)] == ["late", "any", "who"]


def test_enrichments(yard, service):
    of = {"service": service, "endpoint": "late"}
    how = {"dataset": "customers", "key": {"customer": "id"}}
    enriched = yard.endpoints.enrich(
        **of, name="customers", **how, column={"fare": "fare"}, several_matches="first"
    )
    assert enriched.lookups[0].several_matches == "first"
    again = yard.endpoints.enrich(**of, name="customers", **how, column={"age": "fare"})
    assert [each.columns for each in again.lookups] == [{"age": "fare"}]
    with pytest.raises(errors.NotFound, match="enrichment of 'late' named 'plans'"):
        yard.endpoints.unenrich(**of, name="plans")
    assert yard.endpoints.unenrich(**of, name="customers").lookups == ()


@pytest.mark.parametrize(
    ("asked", "kind", "match"),
    [
        ({"dataset": "customer"}, errors.NotFound, "no dataset and no file 'customer'"),
        ({"key": {"customer": "ids"}}, errors.Invalid, "column of 'customers' named 'ids'"),
        ({"column": {"fare": "price"}}, errors.Invalid, "column of 'customers' named 'price'"),
        ({"column": {"fares": "fare"}}, errors.Invalid, "input of 'late' named 'fares'"),
        ({"key": {}}, errors.Invalid, "key: must not be empty"),
        ({"no_match": "first"}, errors.Invalid, "must be 'error', 'ignore' or 'missing'"),
    ],
)
def test_enrichments_that_cannot_be(yard, service, asked, kind, match):
    usual = {"dataset": "customers", "key": {"customer": "id"}, "column": {"fare": "fare"}}
    with pytest.raises(kind, match=match):
        yard.endpoints.enrich(service=service, endpoint="late", name="x", **{**usual, **asked})


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"function": "late"}, "a prediction endpoint, which has no function"),
        ({"file": "price.py"}, "a prediction endpoint, which has no file"),
        ({"pool": {"floor": 9}}, "have to be in order"),
        ({"pool": {"floor": 0}}, "floor: must be at least 1"),
        ({"pool": {"workers": 1}}, "must be 'floor'"),
        ({"model": "anything", "output": "restructured"}, "prediction type 'other'"),
    ],
)
def test_changes_that_do_not_fit(yard, service, made, monkeypatch, changes, match):
    monkeypatch.chdir(made)
    with pytest.raises(errors.ModelyardError, match=match):
        yard.endpoints.update(service=service, endpoint="late", **changes)


@pytest.mark.parametrize(
    ("code", "asked", "match"),
    [
        ("def price(:", {}, "no Python that can be read"),
        ("def cost(): pass", {}, "function in the file named 'price'; there are: cost"),
        ("price = 1", {}, "function in the file named 'price'"),
        ("\xff".encode("latin-1"), {}, "no text in UTF-8"),
        ("def price(): pass", {"env": "nowhere"}, "no code env"),
        ("def price(): pass", {"env": "model"}, "has no model whose env"),
        ("def price(): pass", {"file": "none.py"}, "there is no file"),
    ],
)
def test_functions_that_cannot_be_called(yard, service, tmp_path, code, asked, match):
    file = tmp_path / "f.py"
    file.write_bytes(code if isinstance(code, bytes) else code.encode())
    with pytest.raises(errors.ModelyardError, match=match):
        yard.endpoints.function(
            **{"service": service, "endpoint": "f", "file": str(file), "function": "price", **asked}
        )


def test_test_queries(yard, service, made):
    of = {"service": service, "endpoint": "late"}
    one = yard.queries.add(**of, name="one", value={"age": 30}, expected={"prediction": "no"})
    with pytest.raises(errors.Conflict, match="a test query 'one' already"):
        yard.queries.add(**of, name="one", value={"age": 30})
    rows = str(made / "truth.csv")
    first = yard.queries.generate(**of, dataset=rows, rows=2)
    assert [each.name for each in first] == ["row-1", "row-2"]
    assert [sorted(each.query) for each in first] == [["age", "fare"]] * 2, "and not the truth"
    drawn = yard.queries.generate(**of, dataset=rows, rows=2, method="random", seed=1)
    assert [each.name for each in drawn] == ["row-3", "row-4"]
    assert yard.queries.list(**of) == [one, *first, *drawn]
    with pytest.raises(errors.NotFound, match="named 'row-9'"):
        yard.queries.delete(**of, names=("one", "row-9"))
    yard.queries.delete(**of, names=("one", "row-3"))
    assert yard.queries.list(**of) == [*first, drawn[1]]
    assert yard.queries.generate(**of, dataset=rows, rows=1, replace=True) == first[:1]
    assert yard.queries.list(**of) == first[:1]
    how = {"dataset": "customers", "key": {"customer": "id"}, "column": {"plan": "plan"}}
    yard.endpoints.lookup(service=service, endpoint="who", **how)
    with pytest.raises(errors.Invalid, match="none of the columns that 'who' takes: customer"):
        yard.queries.generate(service=service, endpoint="who", dataset=rows)


def test_queries_hold_keys_instead_of_what_they_find(yard, service):
    how = {"dataset": "customers", "key": {"id": "id"}, "column": {"fare": "fare"}}
    yard.endpoints.enrich(service=service, endpoint="late", name="customers", **how)
    made = yard.queries.generate(service=service, endpoint="late", dataset="customers", rows=1)
    assert [each.query for each in made] == [{"id": 1}]


def test_what_a_service_uses_is_told(yard, service):
    used = yard.models.usages(name="late")
    mine = next(each for each in used if each.service == service)
    assert (mine.endpoint, mine.kind, mine.version, mine.recipe) == ("late", "endpoint", None, None)
    with pytest.raises(errors.Conflict, match=f"the endpoint {service}/late"):
        yard.models.delete(name="late")
    yard.endpoints.update(service=service, endpoint="late", version="v1")
    with pytest.raises(errors.Conflict, match=f"the endpoint {service}/late|is the active"):
        yard.versions.delete(model="late", versions=("v1",))
    how = {"dataset": "customers", "key": {"id": "id"}, "column": {"fare": "fare"}}
    yard.endpoints.enrich(service=service, endpoint="late", name="customers", **how)
    with pytest.raises(errors.Conflict, match=f"endpoints?.* {service}/late"):
        yard.datasets.delete(name="customers")
