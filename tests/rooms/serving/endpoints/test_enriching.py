"""What tables add to rows, and the three cases in which they cannot."""

from __future__ import annotations

import asyncio
import sys

import pytest
from tests.rooms.serving.endpoints.unpacked import (
    PEOPLE,
    loaded,
    model,
    numbers,
    prediction,
    table,
    told,
)

from modelyard import errors
from modelyard.serving.packages.types import Enrichment, LookupEndpoint

ECHO = """
import pyarrow as pa

class Model:
    def __init__(self, options):
        pass

    def describe(self):
        return {}

    def predict(self, table, options):
        return pa.table({"y": [2 * x for x in table["x"].to_pylist()]}), [], {}
"""


def lookup(**changes):
    usual = {"name": "people", "table": "people", "keys": {"who": "id"}, "columns": {"x": "x"}}
    return Enrichment(**{**usual, **changes})


@pytest.fixture
def look_up(tmp_path):
    """Ask a lookup endpoint rows, all in one query."""

    def run(rows, *lookups):
        endpoint = LookupEndpoint(name="l", lookups=lookups or (lookup(),))

        async def asked():
            tables = (table(tmp_path, "people", PEOPLE),)
            async with loaded(endpoint, tmp_path, sys.executable, tables=tables) as ready:
                return await told(ready.ask(rows))

        return asyncio.run(asked())

    return run


def test_a_row_is_found_by_its_key_however_that_is_sent(look_up):
    assert look_up([{"who": 1}, {"who": "1"}, {"who": 1.0, "more": 3}]) == [{"x": 10}] * 3


CASES = {
    "missing_key": ([{}, {"who": None}], "MISSING_KEY", "feature 'who' is missing"),
    "no_match": ([{"who": 9}], "NO_MATCH", "has no row for who 9"),
    "several_matches": ([{"who": 2}], "MULTIPLE_LOOKUP_MATCHES", "has several rows for who 2"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_case_has_its_reaction(look_up, case):
    rows, ignored, said = CASES[case]
    assert look_up(rows, lookup(**{case: "ignore"})) == [ignored] * len(rows)
    assert look_up(rows, lookup(**{case: "missing"})) == [{"x": None}] * len(rows)
    refused = look_up([{"who": 1}, *rows], lookup(**{case: "error"}))
    assert isinstance(refused, errors.Invalid)
    assert said in refused.detail
    assert refused.context == {"field": "who", "row": 1}


def test_the_first_of_several_is_that_of_the_table(look_up):
    assert look_up([{"who": 2}], lookup(several_matches="first")) == [{"x": 20}]


def test_a_key_of_another_type_is_refused(look_up):
    refused = look_up([{"who": "ann"}])
    assert isinstance(refused, errors.Invalid)
    assert "feature 'who' holds 'ann', expected a whole number" in refused.detail


def test_several_lookups_make_one_answer_and_may_build_on_each_other(look_up):
    second = lookup(name="again", keys={"city": "city", "x": "x"}, columns={"id": "id"})
    rows = [{"who": 1}]
    first = lookup(columns={"x": "x", "city": "city"})
    assert look_up(rows, first, second) == [{"x": 10, "city": "Oslo", "id": 1}]


def test_features_that_a_table_adds_are_predicted_from(tmp_path, plain_python):
    (tmp_path / "models" / "m").mkdir(parents=True)
    (tmp_path / "models" / "m" / "model.py").write_text(ECHO)
    (tmp_path / "models" / "m" / "MLmodel").write_text("flavors: {}")
    endpoint = prediction(enrichments=(lookup(no_match="ignore"),), return_enriched=True)

    async def run():
        tables = (table(tmp_path, "people", PEOPLE),)
        made = loaded(endpoint, tmp_path, plain_python, models=(model(),), tables=tables)
        async with made as ready:
            answer = await ready.ask([{"who": 1}, {"who": 9, "x": 1}])
            only = await ready.ask([{"who": 9}])
            with pytest.raises(errors.Invalid, match="feature 'who' is missing"):
                await ready.ask(numbers(1))
            return answer, only

    answer, only = asyncio.run(run())
    assert [row.output for row in answer.rows] == [{"y": 20}, None]
    assert [row.ignored for row in answer.rows] == ["", "NO_MATCH"]
    assert [row.enriched for row in answer.rows] == [{"who": 1, "x": 10}, {"who": 9, "x": 1}]
    assert only.rows[0].ignored == "NO_MATCH"
