"""Envs by their verbs: list, show, build, delete."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from modelyard import errors
from modelyard.kernel.identity import Identity
from modelyard.runtime import handlers
from modelyard.runtime.commands import BuildEnv, DeleteEnv, ListEnvs, ReadEnvLog, ShowEnv
from modelyard.runtime.envs.codeenvs import ensure_env, env_python
from modelyard.store.tables import models, versions


@pytest.fixture
def build(context, shelf, tmp_path):
    """Build a named env of requirements."""

    def built(name="team", content="scikit-learn==1.9.1\n", **facts):
        file = tmp_path / "requirements.txt"
        file.write_text(content)
        command = BuildEnv(name=name, requirements=str(file), **facts)
        return handlers.build_env(command, context)

    return built


@pytest.fixture
def used_by(context):
    """Let versions run in an env."""

    def use(env, *names):
        moment = datetime.now(UTC)
        with context.begin() as db:
            db.execute(
                insert(models).values(
                    project="default",
                    name="churn",
                    prediction_type="other",
                    description="",
                    searched="",
                    created=moment,
                )
            )
            for name in names:
                row = {"project": "default", "model": "churn", "version": name, "env": env.id}
                db.execute(
                    insert(versions).values(
                        revision="",
                        imported=moment,
                        searched="",
                        summary="",
                        size=0,
                        body="",
                        **row,
                    )
                )

    return use


def listed(context):
    return {env.id: env for env in handlers.list_envs(ListEnvs(), context)}


def test_an_env_is_built_under_a_name_and_found_by_it(context, build):
    env = build()
    assert env.name == "team"
    assert handlers.show_env(ShowEnv(env="team"), context) == env
    assert handlers.show_env(ShowEnv(env=env.id), context).name is None
    assert ensure_env(context, None, named="team").id == env.id


def test_the_list_tells_names_and_users(context, build, used_by):
    env = build()
    build("other")
    used_by(env, "v1", "v2")
    (summary,) = listed(context).values()
    assert summary.names == ("other", "team")
    assert summary.used_by == ("default/churn/v1", "default/churn/v2")
    assert summary.built_here
    assert summary.packages == len(env.packages)


def test_a_name_can_be_given_to_another_env(context, build):
    first = build()
    second = build(content="scikit-learn==1.5.2\n")
    assert handlers.show_env(ShowEnv(env="team"), context).id == second.id
    assert set(listed(context)) == {first.id, second.id}


def test_a_chosen_env_says_where_it_differs_from_what_a_model_asks_for(context, build):
    team = build()
    request = team.asked.model_copy(
        update={"requirements": ("scikit-learn==1.5.2", "xgboost"), "source": "conda.yaml"}
    )
    env = ensure_env(context, request, named="team")
    assert (env.id, env.asked) == (team.id, request)
    assert {each.asked: each.built for each in env.relaxations} == {
        "scikit-learn==1.5.2": "scikit-learn==1.9.1",
        "xgboost": "left out",
    }


def test_a_users_file_may_name_packages_by_where_they_are(context, shelf, build, tmp_path):
    (tmp_path / "mine").mkdir()
    wheel = shelf.wheel("mine", "1.0", folder=tmp_path / "mine", code="answer = 42")
    env = build(content=f"mine @ {wheel.as_uri()}\n")
    assert f"mine @ {wheel.as_uri()}" in env.packages
    asking = env.asked.model_copy(update={"requirements": ("mine==1.0",), "source": "MLmodel"})
    assert ensure_env(context, asking, named="team").relaxations == ()
    code = "import mine; print(mine.answer)"
    ran = subprocess.run([env_python(context, env), "-c", code], capture_output=True, check=True)
    assert ran.stdout.strip() == b"42"


def test_the_running_python_can_be_shown(context):
    found = handlers.show_env(ShowEnv(env="local"), context)
    (line,) = handlers.list_envs(ListEnvs(env="local"), context)
    assert (found.id, line.id, line.packages) == ("local", "local", len(found.packages))
    assert handlers.list_envs(ListEnvs(), context) == []
    with pytest.raises(errors.NotFound, match="was not built"):
        handlers.read_env_log(ReadEnvLog(env="local"), context)


def test_a_python_without_mlflow_is_no_env_and_none_is_built_for_it(context, monkeypatch):
    monkeypatch.setattr("modelyard.runtime.envs.local.holds_mlflow", lambda: False)
    with pytest.raises(errors.NotFound, match="MLflow is not installed"):
        handlers.show_env(ShowEnv(env="local"), context)


@pytest.mark.parametrize("name", ["local", "model", "inherit", "0123456789abcdef"])
def test_names_with_a_meaning_of_their_own_are_refused(build, name):
    with pytest.raises(errors.Invalid, match="cannot be named"):
        build(name)


def test_a_python_that_is_none_is_refused(build):
    with pytest.raises(errors.Invalid, match="'three' is no Python version"):
        build(python="three")


def test_a_python_that_is_not_there_is_refused(build, no_pythons):
    with pytest.raises(errors.NotFound, match=r"no Python 3\.99"):
        build(python="3.99")


def test_a_failed_build_leaves_the_name_as_it_was(context, build):
    env = build()
    with pytest.raises(errors.Invalid):
        build(content="no-such-package==1.0\n")
    assert handlers.show_env(ShowEnv(env="team"), context).id == env.id


def test_an_unknown_env_is_not_found(context, build):
    build()
    with pytest.raises(errors.NotFound, match="no code env 'taem'; there are: team"):
        handlers.show_env(ShowEnv(env="taem"), context)


def test_a_deleted_env_is_gone(context, build):
    env = build()
    handlers.delete_env(DeleteEnv(env="team"), context)
    assert listed(context) == {}
    assert not (context.folder / "envs" / env.id).exists()
    assert build().id == env.id


def test_an_env_that_versions_use_is_deleted_by_force_only(context, build, used_by):
    env = build()
    used_by(env, *(f"v{number}" for number in range(7)))
    with pytest.raises(errors.Conflict, match=r"used by default/churn/v0, .*, 2 more"):
        handlers.delete_env(DeleteEnv(env=env.id), context)
    handlers.delete_env(DeleteEnv(env="team", force=True), context)
    assert listed(context) == {}
    assert env_python(context, env).exists(), "it is built again when a version runs"
    assert list(listed(context)) == [env.id]


def test_versions_that_somebody_may_not_see_are_only_counted(yard, context, build, used_by):
    env = build()
    used_by(env, "v1", "v2")
    yard.users.create(name="eve")
    stranger = yard.acting(Identity("eve", "user")).open()
    with pytest.raises(errors.Conflict, match="is used by 2 versions; delete") as refused:
        handlers.delete_env(DeleteEnv(env="team"), stranger)
    assert "churn" not in refused.value.detail


def test_an_env_with_further_names_is_deleted_by_force_only(context, build):
    build()
    build("other")
    with pytest.raises(errors.Conflict, match="also named other"):
        handlers.delete_env(DeleteEnv(env="team"), context)
    handlers.delete_env(DeleteEnv(env="team", force=True), context)
    assert listed(context) == {}


def test_an_env_whose_folder_is_gone_can_be_deleted(context, build):
    env = build()
    (context.folder / "envs" / env.id).rename(context.folder / "elsewhere")
    assert not listed(context)[env.id].built_here
    handlers.delete_env(DeleteEnv(env="team"), context)
    assert listed(context) == {}


def test_the_running_python_is_not_ours_to_delete(context):
    with pytest.raises(errors.Invalid, match="not ours to delete"):
        handlers.delete_env(DeleteEnv(env="local"), context)
