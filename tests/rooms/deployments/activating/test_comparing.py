"""In what two bundles of a project differ, thing by thing and field by field."""

from __future__ import annotations

from contextlib import closing

import pytest
from tests.bundled import PROJECT

import modelyard


@pytest.fixture
def design(made, copied, tmp_path):
    """The workspace in which b1 and b2 were made."""
    with closing(modelyard.open(copied(made / "design", tmp_path / "design"), actor="ada")) as yard:
        yield yard


def told(yard, before, after):
    found = yard.bundles.diff(before=before, after=after, **PROJECT)
    return {(each.kind, each.name, each.field): each for each in found.changes}


def test_fields_are_told_with_what_was_and_is(design):
    design.bundles.create(bundle="b8", **PROJECT)
    design.projects.update(key="churn", description="as it is now")
    design.services.create(name="new-api", endpoint={"late": "m"}, **PROJECT)
    design.bundles.create(bundle="b9", **PROJECT)
    forth, back = told(design, "b8", "b9"), told(design, "b9", "b8")
    assert forth.keys() == back.keys()
    change = next(each for key, each in forth.items() if key[2] == "description")
    assert (change.kind, change.change, change.after) == ("project", "changed", "as it is now")
    assert forth["service", "new-api", ""].change == "added"
    assert back["service", "new-api", ""].change == "removed"


def test_a_function_in_the_python_of_whoever_runs_it_is_told(design, tmp_path):
    code = tmp_path / "price.py"
    code.write_text("def price(age):\n    return 2 * age\n")
    design.bundles.create(bundle="b8", **PROJECT)
    design.services.create(name="prices", **PROJECT)
    given = {"service": "prices", "endpoint": "price", "function": "price", "env": "local"}
    design.endpoints.function(**given, file=str(code), **PROJECT)
    design.bundles.create(bundle="b9", **PROJECT)
    assert told(design, "b8", "b9")["endpoint", "prices/price", ""].change == "added"


def test_labels_are_not_told_beside_an_evaluation_that_came(design):
    first = design.evaluations.run(model="m", dataset="truth", target="late", **PROJECT)
    design.bundles.create(bundle="b8", models=("none",), **PROJECT)
    design.bundles.create(bundle="b9", models=("all",), stores=("all",), **PROJECT)
    found = told(design, "b8", "b9")
    assert found["evaluation", first.id, ""].change == "added"
    assert not [key for key in found if key[0] == "label"]
    design.evaluations.label(id=first.id, labels={"season": "late"}, **PROJECT)
    design.bundles.create(bundle="b10", models=("all",), stores=("all",), **PROJECT)
    ((kind, name, _),) = told(design, "b9", "b10")
    assert (kind, name) == ("label", f"{first.id}/season")
