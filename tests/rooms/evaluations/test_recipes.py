"""Recipes of evaluations: saved, run by name, listed beside those of scorings."""

from __future__ import annotations

import shutil
from contextlib import closing

import pytest

import modelyard
from modelyard import errors


@pytest.fixture(scope="module")
def yard(imported, tmp_path_factory):
    """A workspace with a store."""
    folder = tmp_path_factory.mktemp("recipes")
    shutil.copytree(imported, folder, dirs_exist_ok=True)
    with closing(modelyard.open(folder / "yard")) as yard:
        yard.stores.create(name="repeated")
        yield yard


@pytest.fixture
def scored(rows, written):
    """Rows and what something predicted for them, in a file."""
    likely = rows.fare / 100
    guess = rows.assign(prediction=rows.truth, proba_no=1 - likely, proba_yes=likely)
    return written(guess.head(300), "scored.csv")


def test_a_recipe_evaluates_into_its_store_each_time(yard, scored):
    asked = {"model": "late", "dataset": scored, "skip_scoring": True, "store": "repeated"}
    yard.projects.update(key="default", variables={"month": "3"})
    made = yard.recipes.evaluation(recipe="monthly", **asked, label={"month": "${month}"})
    assert (made.kind, made.command.label) == ("evaluation", {"month": "${month}"})
    assert yard.recipes.show(name="monthly") == made
    first = yard.recipes.run(name="monthly")
    yard.projects.update(key="default", variables={"month": "4"})
    second = yard.recipes.run(name="monthly")
    assert [each.labels["month"] for each in (first, second)] == ["3", "4"]
    assert second == yard.evaluations.show(id=second.id)
    with pytest.raises(errors.Conflict, match="already"):
        yard.recipes.evaluation(recipe="monthly", **asked)
    changed = yard.recipes.evaluation(recipe="monthly", **asked, threshold=0.3, replace=True)
    assert (changed.command.threshold, changed.created) == (0.3, made.created)
    (usage,) = yard.models.usages(name="late")
    assert (usage.recipe, usage.kind) == ("monthly", "evaluations run")
    with pytest.raises(errors.Conflict, match="used by monthly"):
        yard.models.delete(name="late")
    yard.recipes.delete(name="monthly")


def test_recipes_of_all_kinds_are_in_one_list(yard, scored, tmp_path):
    output = str(tmp_path / "out.parquet")
    yard.recipes.create(name="a-scoring", model="late", input=scored, output=output)
    asked = {"dataset": scored, "prediction_type": "binary_classification", "target": "truth"}
    asked |= {"prediction": "prediction", "store": "repeated"}
    made = yard.recipes.standalone(recipe="alone", **asked)
    yard.recipes.evaluation(recipe="with-model", model="late", dataset=scored, output=output)
    kinds = {each.name: each.kind for each in yard.recipes.list()}
    assert kinds == {
        "a-scoring": "scoring", "alone": "standalone", "with-model": "evaluation",
    }  # fmt: skip
    (line,) = yard.recipes.list(kind=["standalone"])
    assert (line.name, line.model, line.input, line.store) == ("alone", None, scored, "repeated")
    assert [each.name for each in yard.recipes.list(kind=["scoring"])] == ["a-scoring"]
    both = yard.recipes.list(kind=["evaluation", "standalone"])
    assert [each.name for each in both] == ["alone", "with-model"]
    assert [each.name for each in yard.recipes.list(dataset=output)] == ["a-scoring", "with-model"]
    assert [each.name for each in yard.recipes.list(model="late")] == ["a-scoring", "with-model"]
    found = yard.recipes.run(name="alone")
    assert (found.kind, found.store) == ("standalone", "repeated")
    assert made.command == yard.recipes.show(name="alone").command
    with pytest.raises(errors.Conflict, match="is a scoring"):
        yard.recipes.standalone(recipe="a-scoring", **asked, replace=True)
    about = {each.name: each.about for each in yard.search.find(words="repeated", kind="recipe")}
    assert about == {}
    (hit,) = yard.search.find(words="alone", kind="recipe")
    assert hit.about == f"evaluates {scored}, into repeated"


def test_a_recipe_of_an_evaluation_is_changed_by_its_settings(yard, scored):
    asked = {"model": "late", "dataset": scored, "skip_scoring": True, "label": {"month": "3"}}
    made = yard.recipes.evaluation(recipe="changing", **asked, threshold=0.3)
    changed = yard.recipes.update(
        name="changing",
        threshold=0.4,
        setting={"store": "repeated", "drift_rows": 9, "label": {"a": "b"}},
    )
    told = {"threshold": 0.4, "store": "repeated", "drift_rows": 9, "label": {"a": "b"}}
    assert (
        changed
        == made.model_copy(update={"command": made.command.model_copy(update=told)})
        == yard.recipes.show(name="changing")
    )
    emptied = yard.recipes.update(name="changing", threshold=None, setting={"store": None})
    assert (emptied.command.threshold, emptied.command.store) == (None, None)
    yard.recipes.standalone(
        recipe="changing-alone", dataset=scored, prediction="prediction", target="truth",
        prediction_type="binary_classification",
    )  # fmt: skip
    alone = yard.recipes.update(name="changing-alone", setting={"reference": scored})
    assert alone.command.reference == scored
    for name in ("changing", "changing-alone"):
        yard.recipes.delete(name=name)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"setting": {"stores": "repeated"}}, "store"),
        ({"setting": {"rows": "many"}}, "rows"),
        ({"setting": {"store": "nowhere"}}, "nowhere"),
        ({"setting": {"dataset": None}}, "dataset"),
        ({"setting": {"optimise": "f1", "threshold": 0.5}}, "--threshold says one"),
        ({"probabilities": False}, "--setting"),
        ({"input": "june.csv"}, "--setting"),
        ({"model": "nothing"}, "nothing"),
    ],
)
def test_what_a_recipe_of_an_evaluation_cannot_become(yard, scored, asked, said):
    given = {"model": "late", "dataset": scored, "skip_scoring": True}
    made = yard.recipes.evaluation(recipe="kept", **given, replace=True)
    with pytest.raises(errors.ModelyardError, match=said):
        yard.recipes.update(name="kept", **asked)
    assert yard.recipes.show(name="kept").command == made.command


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"store": "weekly"}, "weekly"),
        ({"label": {"a": "${unknown}"}}, "stands for nothing"),
        ({"dataset": "gone.csv"}, "gone.csv"),
        ({"prediction": "nothing"}, "nothing"),
    ],
)
def test_what_could_not_run_is_not_saved(yard, scored, asked, said):
    asked = {"dataset": scored, "model": "late", "skip_scoring": True} | asked
    with pytest.raises(errors.ModelyardError, match=said):
        yard.recipes.evaluation(recipe="wrong", **asked)
    with pytest.raises(errors.NotFound):
        yard.recipes.show(name="wrong")
