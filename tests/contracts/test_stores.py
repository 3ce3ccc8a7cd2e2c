"""Evaluation stores, with the rows in SQLite and in PostgreSQL."""

from __future__ import annotations

from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta

import pytest
from tests.postgres import new_database

import modelyard
from modelyard import errors
from modelyard.analysis.types import Gains, Metric
from modelyard.data.types import Sampling
from modelyard.evaluations import repository
from modelyard.evaluations.storing.reference import reference_for
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.values import name_by

FIRST = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def yard(request, tmp_path_factory):
    """A workspace; each test has a project of its own in it."""
    folder = tmp_path_factory.mktemp("stores")
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'test.db'}"
        if request.param == "postgresql":
            server = request.getfixturevalue("postgres_server")
            url = stack.enter_context(new_database(server))
        stack.enter_context(pytest.MonkeyPatch.context()).setenv("MODELYARD_DATABASE", url)
        yield stack.enter_context(closing(modelyard.open(folder / "yard", actor="tester")))


@pytest.fixture
def project(yard, request):
    """An empty project."""
    key = request.node.originalname.replace("test_", "")[:60]
    yard.projects.create(key=key)
    return key


def made(yard, project, identifier, day=1, **given):
    """An evaluation whose numbers are made up, so many days after the first of March."""
    created = FIRST + timedelta(days=day)
    evaluation = Evaluation(
        **{
            "id": identifier,
            "project": project,
            "name": name_by(created),
            "prediction_type": "binary_classification",
            "averaging": "macro",
            "gains": Gains(),
            "lift_share": 0.4,
            "confidence": 0.95,
            "model": "churn",
            "version": "v1",
            "version_digest": "1" * 64,
            "dataset": "march",
            "sampling": Sampling(),
            "target": "churned",
            "threshold_from": "none",
            "rows": 10,
            "metrics": {},
            "sample": "5" * 64,
            "created": created,
            "seconds": 0,
            **given,
        }
    )
    with yard.open().begin() as db:
        repository.add(db, evaluation, {})
    return evaluation


def ids(found):
    return [each.id for each in found]


def test_a_store_has_a_name_and_is_changed_and_deleted(yard, project):
    store = yard.stores.create(name="monthly", description="Each month", project=project)
    assert (store.evaluations, store.latest, store.created_by) == (0, None, "tester")
    with pytest.raises(errors.Conflict, match="already"):
        yard.stores.create(name="monthly", project=project)
    with pytest.raises(errors.NotFound, match="evaluations list"):
        yard.stores.create(name="other", reference="nothing", project=project)
    first = made(yard, project, "first", 1, store="monthly", labels={"month": "3"})
    second = made(yard, project, "second", 2, store="monthly")
    outside = made(yard, project, "outside", 3)
    changed = yard.stores.update(name="monthly", reference=first.id, project=project)
    assert (changed.reference, changed.description) == ("first", "Each month")
    assert yard.stores.show(name="monthly", project=project) == changed
    assert yard.stores.list(project=project) == [changed]
    assert (changed.evaluations, changed.latest) == (2, second.id)
    assert changed.latest_created == second.created
    yard.evaluations.delete(id="first", project=project)
    assert yard.stores.show(name="monthly", project=project).reference is None
    yard.stores.update(name="monthly", reference=outside.id, project=project)
    assert yard.stores.update(name="monthly", reference=None, project=project).reference is None
    yard.stores.delete(name="monthly", project=project)
    assert ids(yard.evaluations.list(project=project)) == ["outside"]
    with pytest.raises(errors.NotFound, match="evaluation store"):
        yard.stores.show(name="monthly", project=project)


def test_evaluations_are_found_and_sorted_by_labels_and_metrics(yard, project):
    yard.stores.create(name="s", project=project)
    for day, (month, auc) in enumerate([("10", 0.8), ("9", None), ("2026-01-01", 0.9)]):
        metrics = {"auc": Metric(code="auc", value=auc, low=0.1)}
        labels = {"month": month, "team": "blue"}
        made(yard, project, f"e{day}", day, store="s", labels=labels, metrics=metrics)
    made(yard, project, "plain", 5, name="A name")

    def listed(**asked):
        return ids(yard.evaluations.list(project=project, **asked))

    assert listed() == ["plain", "e2", "e1", "e0"]
    assert listed(sort="created", store="s") == ["e0", "e1", "e2"]
    assert listed(sort="name")[-1] == "plain"
    assert listed(label={"team": "blue", "month": "9"}) == ["e1"]
    assert listed(label={"team": "red"}) == []
    assert listed(sort="label:month") == ["e2", "e1", "e0", "plain"]
    assert listed(sort="-label:month") == ["e0", "e1", "e2", "plain"]
    assert listed(sort="metric:auc") == ["e0", "e2", "e1", "plain"]
    assert listed(sort="-metric:auc") == ["e2", "e0", "plain", "e1"]
    parts = []
    for sort in ("label:month", "-metric:auc"):
        after, seen = None, []
        while after is not None or not seen:
            part = yard.evaluations.list(project=project, sort=sort, limit=1, after=after)
            seen += ids(part)
            after = part.next
        parts.append(seen)
    assert parts == [listed(sort="label:month"), listed(sort="-metric:auc")]
    (line,) = yard.evaluations.list(project=project, label={"month": "10"})
    assert line.labels == {"month": "10", "team": "blue"}
    assert (line.metrics["auc"].value, line.metrics["auc"].low) == (0.8, 0.1)
    with pytest.raises(errors.NotFound, match="evaluation store"):
        listed(store="t")
    with pytest.raises(errors.Invalid, match="sort"):
        listed(sort="month")


def test_labels_are_given_and_taken_away(yard, project):
    made(yard, project, "one", labels={"month": "3", "team": "blue"})
    found = yard.evaluations.label(id="one", labels={"month": "4", "team": ""}, project=project)
    assert found.labels == {"month": "4"}
    assert yard.evaluations.show(id="one", project=project) == found
    entry = yard.audit.list(limit=1)[0]
    assert (entry.action, entry.outcome) == ("evaluations.label", "ok")
    with pytest.raises(errors.NotFound):
        yard.evaluations.label(id="two", labels={"month": "4"}, project=project)


def test_two_projects_have_evaluations_of_the_same_id(yard, project):
    yard.projects.create(key="twin")
    made(yard, project, "same", labels={"a": "1"})
    made(yard, "twin", "same", labels={"a": "2"})
    yard.evaluations.delete(id="same", project=project)
    assert yard.evaluations.show(id="same", project="twin").labels == {"a": "2"}
    with pytest.raises(errors.Conflict, match="'same' now"):
        made(yard, "twin", "same")


def test_what_is_compared_with_what(yard, project):
    yard.stores.create(name="s", project=project)
    context = yard.open()

    def reference(of):
        found = reference_for(context, of)
        return None if found is None else (found.evaluation.id, found.part)

    alone = made(yard, project, "alone", 0, store="s")
    assert reference(alone) is None
    inside = made(yard, project, "inside", 3, store="s")
    assert reference(inside) == ("alone", "drift")
    made(yard, project, "custom", 1, kind="custom", sample=None)
    made(yard, project, "before", 1, version_digest="2" * 64)
    own = made(yard, project, "own", 2)
    assert reference(inside) == ("own", "drift")
    assert reference(own) is None
    yard.stores.update(name="s", reference="before", project=project)
    assert reference(inside) == ("before", "drift")
    other = made(yard, project, "other", 4, version="v2")
    yard.stores.update(name="s", reference=other.id, project=project)
    assert reference(inside) == ("other", "drift")
    given = made(yard, project, "given", 5, model=None, version=None, reference_sample="6" * 64)
    assert reference(given) == ("given", "reference")
    asked = {"model": None, "version": None, "version_digest": None, "kind": "standalone"}
    yard.stores.create(name="t", project=project)
    made(yard, project, "first", 6, store="t", **asked)
    assert reference(made(yard, project, "second", 7, store="t", **asked)) == ("first", "drift")
