"""The search over all rooms, with the rows in SQLite and in PostgreSQL."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing

import pytest
from pydantic import ValidationError
from sqlalchemy import insert, select, update
from tests.postgres import new_database

import modelyard
from modelyard.deployments.deploying.repository import Kept
from modelyard.deployments.deploying.repository import add as add_deployment
from modelyard.deployments.deploying.types import ProjectSettings
from modelyard.kernel.identity import Identity
from modelyard.kernel.values import now
from modelyard.recipes.repository import add as add_recipe
from modelyard.recipes.types import Recipe
from modelyard.runtime import repository
from modelyard.runtime.types import CodeEnv, EnvRequest
from modelyard.scoring.types import Scoring
from modelyard.search.commands import FindThings
from modelyard.store.tables import jobs, scenarios, versions

PASSWORD = "hunter2"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def yard(request, tmp_path_factory):
    """A workspace with something of every kind that is called churn."""
    folder = tmp_path_factory.mktemp("search")
    with ExitStack() as stack:
        if request.param == "postgresql":
            server = request.getfixturevalue("postgres_server")
            url = stack.enter_context(new_database(server))
        else:
            url = f"sqlite:///{folder / 'test.db'}"
        stack.enter_context(pytest.MonkeyPatch.context()).setenv("MODELYARD_DATABASE", url)
        yard = stack.enter_context(closing(modelyard.open(folder / "yard", actor="tester")))
        fill(yard, folder)
        yield yard


def fill(yard, folder):
    (folder / "rows.csv").write_text("age\n1\n")
    yard.projects.create(key="churn", description="KÜNDIGUNGEN und Ähnliches")
    here = {"project": "churn"}
    for name in ("churn", "Churn-2", "old-churn", "other"):
        yard.models.create(name=name, prediction_type="regression", **here)
    yard.models.update(name="other", description="100 % of the churn_rate", **here)
    yard.datasets.create(name="churn", path=str(folder / "rows.csv"), **here)
    yard.connections.create(name="churn", path=str(folder), **here)
    how = {"input": "rows.csv", "output": "out.csv", "model": "churn"}
    recipe = Recipe(name="nightly", created=now(), command=Scoring(**how), **here)
    step = {"command": "models.delete", "arguments": {"name": "churn", **here}}
    yard.scenarios.create(name="tidy", description="Removes CHURN", steps=[step], **here)
    asked = {"prediction_type": "regression", "description": "churn, which one?"}
    yard.comparisons.create(name="autumn", **asked, **here)
    yard.stores.create(name="weekly", **here)
    yard.checks.create(store="weekly", name="no-churn", kind="range", metric="auc", min=0, **here)
    yard.alerts.create(
        name="board",
        slack=f"https://192.0.32.10/{PASSWORD}",
        description="Told of all churn",
        **here,
    )
    deploy(yard)
    yard.users.create(name="churner", display_name="Änne", email="a@example.org")
    yard.groups.create(name="team", description="looks after churn")
    yard.jobs.submit(command="models.show", given={"name": "churn", **here})
    row = {"project": "churn", "model": "churn", "version": "v1", "revision": "1", "env": "e"}
    row |= {"imported": now(), "size": 1, "searched": "v1\nchampion\nof june", "body": "{}"}
    summary = '{"name": "Champion", "description": "of June"}'
    env = CodeEnv(
        id="0123456789abcdef",
        python="3.11.4",
        packages=("numpy==1.26.4",),
        asked=EnvRequest(python="3.11", source="requirements.txt"),
        created=now(),
        size_mb=1,
    )
    with yard.open().begin() as db:
        db.execute(insert(versions).values(**row, summary=summary))
        repository.add_env(db, env)
        repository.give_name(db, "churn-env", env.id)
        add_recipe(db, recipe)


def deploy(yard):
    """A service, a bundle, and its deployment as somebody left it who could not bring it about."""
    about = {"project": "churn", "notes": "who leaves", "models": ("none",)}
    yard.services.create(project="churn", name="churn-api", description="who leaves")
    yard.bundles.create(bundle="churn-1", **about)
    yard.infrastructures.create(name="churn-here", stage="test", driver="local", kind="project")
    kept = Kept(
        project="churn",
        name="live",
        infrastructure="churn-here",
        target="churn-there",
        settings=ProjectSettings(bundle="churn-1"),
        created=now(),
        created_by="tester",
        changed=now(),
    )
    with yard.open().begin() as db:
        add_deployment(db, kept, frozenset())


def kinds(found):
    return {each.kind for each in found}


def test_things_of_every_kind_are_found(yard):
    found = yard.search.find(words="churn")
    assert kinds(found) == {
        *("project", "saved model", "dataset", "connection", "recipe", "scenario", "job"),
        *("code env", "user", "group", "comparison", "check", "alert", "service", "bundle"),
        *("deployment", "infrastructure"),
    }
    (version,) = yard.search.find(words="champion")
    assert (version.kind, version.name, version.project, version.model) == (
        *("version", "v1", "churn", "churn"),
    )
    assert version.about == "Champion"
    job = next(each for each in found if each.kind == "job")
    assert job.about == "Show a saved model, queued"
    assert yard.search.find(words=job.name.upper()) == [job]


def test_what_fits_best_comes_first(yard):
    found = yard.search.find(words=" CHURN ")
    names = [each.name for each in found if each.kind == "saved model"]
    assert names == ["churn", "Churn-2", "old-churn", "other"]
    called = [each.kind for each in found if each.name == "churn"]
    assert called == [each.kind for each in found[: len(called)]]
    assert called == ["project", "saved model", "dataset", "connection"]


def test_every_word_has_to_fit(yard):
    (model,) = yard.search.find(words="churn rate 100")
    assert model.name == "other"
    assert yard.search.find(words="churn nowhere") == []
    (recipe,) = yard.search.find(words="rows.csv churn", kind="recipe")
    assert recipe.about == "rows.csv with churn, into out.csv"


def test_checks_and_alerts_are_found_by_what_is_shown_of_them(yard):
    (check,) = yard.search.find(words="range weekly AUC")
    assert (check.kind, check.name, check.store) == ("check", "no-churn", "weekly")
    assert check.about == "range of auc, in weekly"
    (alert,) = yard.search.find(words="slack 192.0.32.10")
    assert (alert.kind, alert.name, alert.about) == ("alert", "board", "Told of all churn")
    assert yard.search.find(words=PASSWORD[:5], kind="alert") == []


def test_deployments_are_found_by_whoever_may_see_where_they_are(yard):
    (found,) = yard.search.find(words="churn-there test", kind="deployment")
    assert (found.name, found.project) == ("live", "churn")
    assert found.about == "churn-there on churn-here, test"
    yard.members.add(project="churn", name="churner", role="reader")
    churner = yard.acting(Identity("churner", "user"))
    assert {"deployment", "infrastructure"} & kinds(churner.search.find(words="churn")) == set()
    yard.infrastructures.allow(name="churn-here", group="team", permission="view")
    yard.groups.update(name="team", add=("churner",))
    assert {"deployment", "infrastructure"} <= kinds(churner.search.find(words="churn-here"))
    yard.members.remove(project="churn", name="churner")
    assert kinds(churner.search.find(words="churn-here")) == {"infrastructure"}


@pytest.mark.parametrize("words", ["kündigungen", "ÄHNLICHES", "ü"])
def test_letters_are_found_in_any_case(yard, words):
    assert [each.name for each in yard.search.find(words=words)] == ["churn"]


def test_signs_of_patterns_stand_for_themselves(yard):
    for words in ("100 %", "churn_rate"):
        assert [each.name for each in yard.search.find(words=words)] == ["other"]
    for words in ("c%n", "ch_rn", "\\", "'", "*"):
        assert yard.search.find(words=words) == []


def test_a_kind_is_asked_for_alone_and_cut(yard):
    found = yard.search.find(words="churn", kind="saved model", limit=2)
    assert [each.name for each in found] == ["churn", "Churn-2"]
    most = yard.search.find(words="churn", limit=1)
    assert len(most) == len(kinds(most)) == 17


def test_a_damaged_scenario_stops_nobody(yard):
    damaged = update(scenarios).where(scenarios.c.name == "tidy")
    with yard.open().begin() as db:
        (body,) = db.scalars(select(scenarios.c.body))
        db.execute(damaged.values(body="{tidy churn"))
    (found,) = yard.search.find(words="TIDY")
    assert (found.kind, found.about) == ("scenario", "")
    assert "scenario" not in kinds(yard.search.find(words="churn"))
    with yard.open().begin() as db:
        db.execute(damaged.values(body=body))


def test_passwords_in_arguments_cannot_be_guessed(yard):
    (job,) = yard.jobs.list()
    source = f"https://bob:{PASSWORD}@models.example.org/plain"
    given = {"model": "churn", "version": "v2", "source": source, "project": "churn"}
    changes = {"command": "versions.import", "arguments": json.dumps(given)}
    with yard.open().begin() as db:
        db.execute(update(jobs).where(jobs.c.id == job.id).values(changes))
    (found,) = yard.search.find(words="models.example.org")
    assert found.about == "Import churn v2, queued"
    assert [each.name for each in yard.search.find(words="import churn v2", kind="job")] == [job.id]
    for guess in (PASSWORD, PASSWORD[:3], "bob:h"):
        assert yard.search.find(words=guess) == []


def test_jobs_whose_arguments_are_damaged_are_found_by_id(yard):
    job = yard.jobs.list()[0]
    for damaged in ("[", "[1]", "null"):
        with yard.open().begin() as db:
            db.execute(update(jobs).where(jobs.c.id == job.id).values(arguments=damaged))
        (found,) = yard.search.find(words=job.id)
        assert found.about.endswith(", queued")


@pytest.mark.parametrize("words", ["", " \t", "x" * 201])
def test_words_that_make_no_sense(words):
    with pytest.raises(ValidationError):
        FindThings(words=words)
