"""Envs found again or built, whatever happens meanwhile."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from modelyard import errors
from modelyard.kernel.settings import EnvSettings
from modelyard.runtime.envs.codeenvs import ensure_env, env_python
from modelyard.runtime.types import EnvRequest

REQUEST = EnvRequest(
    requirements=("mlflow==3.17.2", "scikit-learn==1.9.1"),
    source="requirements.txt",
    mlflow="3.17.2",
)

BUILD_ELSEWHERE = """
    import sys
    from pathlib import Path
    import modelyard
    from modelyard.runtime.envs.codeenvs import ensure_env
    from modelyard.runtime.types import EnvRequest

    folder, request, gate = sys.argv[1:]
    context = modelyard.open(folder, actor="another").open()
    while gate and not Path(gate).exists():
        pass
    print(ensure_env(context, EnvRequest.model_validate_json(request), named="model").id)
"""


@pytest.fixture
def unreachable(shelf):
    """Take the index away."""

    def take():
        shutil.rmtree(shelf.folder)

    return take


@pytest.fixture
def elsewhere(context, shelf):
    """Ensure an env in another process."""
    started = []

    def start(request, gate=""):
        code = textwrap.dedent(BUILD_ELSEWHERE)
        process = subprocess.Popen(
            [sys.executable, "-c", code, context.folder, request.model_dump_json(), gate],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def with_envs(context):
    """The workspace with other settings of its envs."""

    def change(**settings):
        envs = EnvSettings(**settings)
        return replace(context, settings=context.settings.model_copy(update={"envs": envs}))

    return change


def under(context):
    return sorted(path.name for path in (context.folder / "envs").iterdir())


def test_an_env_holds_what_was_asked_for(context, shelf):
    env = ensure_env(context, REQUEST, named="model")
    assert {"mlflow==3.17.2", "scikit-learn==1.9.1", "pyarrow==25.0.1"} <= set(env.packages)
    assert env.asked == REQUEST
    assert [each.built for each in env.relaxations] == ["setuptools<81"]
    assert env.size_mb >= 0
    code = "import mlflow, sys; print(sys.prefix)"
    python = env_python(context, env)
    ran = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == str(context.folder / "envs" / env.id)
    log = (context.folder / "logs" / "envs" / f"{env.id}.log").read_text()
    assert "nothing -> setuptools<81" in log
    assert under(context) == [env.id]


def test_the_same_request_costs_no_index_the_second_time(context, shelf, unreachable):
    first = ensure_env(context, REQUEST, named="model")
    unreachable()
    again = REQUEST.model_copy(update={"source": "conda.yaml"})
    assert ensure_env(context, again, named="model") == first.model_copy(update={"asked": again})


def test_requests_that_lead_to_the_same_packages_share_an_env_not_its_relaxations(context, shelf):
    pinned = REQUEST.model_copy(update={"requirements": (*REQUEST.requirements, "numpy==2.4.6")})
    other = REQUEST.model_copy(update={"requirements": (*REQUEST.requirements, "--pre")})
    envs = [ensure_env(context, request, named="model") for request in (REQUEST, pinned, other)]
    assert {env.id for env in envs} == {envs[0].id}
    assert [[each.asked for each in env.relaxations] for env in envs] == [
        ["nothing"],
        ["nothing"],
        ["--pre", "nothing"],
    ]
    assert len(under(context)) == 1


def test_no_request_gives_an_env_that_holds_mlflow(context, shelf):
    assert "mlflow==3.17.2" in ensure_env(context, None).packages


def test_a_folder_that_is_gone_is_built_again_from_its_lock(context, shelf):
    env = ensure_env(context, REQUEST, named="model")
    shelf.wheel("numpy", "2.5.0")
    shutil.rmtree(context.folder / "envs" / env.id)
    python = env_python(context, env)
    assert python.exists()
    assert (python.parents[1] / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}").is_dir()
    assert list(python.parents[1].rglob("numpy-2.4.6.dist-info"))


def test_an_env_whose_python_is_gone_is_built_again(context, shelf):
    env = ensure_env(context, REQUEST, named="model")
    python = env_python(context, env)
    python.unlink()
    python.symlink_to("/no/such/python")
    assert env_python(context, env) == python
    assert python.exists()
    assert under(context) == [env.id]


def test_an_env_of_a_python_that_this_machine_lacks_is_unavailable(context, shelf, no_pythons):
    env = ensure_env(context, REQUEST, named="model")
    foreign = env.model_copy(update={"id": "0" * 16, "python": "3.99.1"})
    with pytest.raises(errors.Unavailable, match=r"cannot be built here: there is no Python 3\.99"):
        env_python(context, foreign)


def test_the_running_python_can_be_chosen(context):
    env = ensure_env(context, REQUEST, named="local")
    assert env.id == "local"
    assert env_python(context, env) == Path(sys.executable)
    wrong = REQUEST.model_copy(update={"requirements": ("scikit-learn==0.1", "no-such-package")})
    relaxed = {
        each.asked: each.built for each in ensure_env(context, wrong, named="local").relaxations
    }
    assert relaxed["no-such-package"] == "left out"
    assert relaxed["scikit-learn==0.1"].startswith("scikit-learn==")


@pytest.mark.parametrize("default", ["model", "local"])
def test_a_running_python_without_mlflow_gives_way_and_says_so(
    with_envs, shelf, monkeypatch, default
):
    context = with_envs(default=default)
    local = ensure_env(context, None, named="local")
    monkeypatch.setattr("modelyard.runtime.envs.local.util.find_spec", lambda _name: None)
    env = ensure_env(context, REQUEST, named="local")
    assert "mlflow==3.17.2" in env.packages
    assert env.relaxations[0].asked == "the Python that runs Modelyard"
    with pytest.raises(errors.Unavailable, match="MLflow is not installed in"):
        env_python(context, local)


def test_the_default_comes_from_the_settings(with_envs):
    assert ensure_env(with_envs(default="local"), REQUEST).id == "local"
    with pytest.raises(errors.NotFound, match="no code env 'team'"):
        ensure_env(with_envs(default="team"), REQUEST)


def test_two_processes_that_build_the_same_env_both_succeed(context, elsewhere, tmp_path):
    gate = tmp_path / "gate"
    processes = [elsewhere(REQUEST, str(gate)) for _ in range(2)]
    time.sleep(1)  # both are then at the gate, or will come through it as it is open
    gate.touch()
    answers = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], answers
    ids = {out.strip() for out, _ in answers}
    assert len(ids) == 1
    assert under(context) == sorted(ids)


def test_a_killed_build_leaves_no_half_env_and_is_swept_up(context, shelf, elsewhere, tmp_path):
    pid = tmp_path / "pid"
    shelf.source(
        "slow",
        "1.0",
        work=f"import os, pathlib, time; pathlib.Path('{pid}').write_text(str(os.getppid())); "
        "time.sleep(60)",
    )
    slow = REQUEST.model_copy(update={"requirements": ("mlflow==3.17.2", "slow==1.0")})
    process = elsewhere(slow)
    deadline = time.monotonic() + 60
    while not pid.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    (left,) = under(context)
    assert left.endswith(".building")
    assert ensure_env(context, REQUEST, named="model").id in under(context)
    assert left in under(context), "uv outlives us, and its folder is its own while it does"
    os.killpg(int(pid.read_text()), signal.SIGKILL)
    while left in under(context) and time.monotonic() < deadline:
        other = REQUEST.model_copy(update={"requirements": (f"mlflow>={time.monotonic()}",)})
        with pytest.raises(errors.Invalid):
            ensure_env(context, other, named="model")
    assert under(context) == [ensure_env(context, REQUEST, named="model").id]


def test_a_failed_build_leaves_its_log_and_nothing_else(context, shelf):
    bad = REQUEST.model_copy(update={"requirements": ("no-such-package==1.0",)})
    logs = []
    for _ in range(2):
        with pytest.raises(errors.Invalid) as raised:
            ensure_env(context, bad, named="model")
        logs.append(Path(raised.value.context["log"]))
    assert "no-such-package" in logs[1].read_text()
    assert list(logs[1].parent.iterdir()) == [logs[1]], "the log of the first failure is replaced"
    assert under(context) == []


def test_a_lock_that_cannot_be_installed_any_more_fails_with_uvs_reason(
    context, shelf, unreachable
):
    env = ensure_env(context, REQUEST, named="model")
    lost = env.model_copy(update={"id": "1" * 16, "packages": ("gone==1.0",)})
    with pytest.raises(errors.Failed, match=r"cannot be built: .*gone.*log"):
        env_python(context, lost)


def test_a_build_that_takes_too_long_leaves_nothing(with_envs, shelf):
    shelf.source("slow", "1.0", work="import time; time.sleep(60)")
    slow = REQUEST.model_copy(update={"requirements": ("mlflow==3.17.2", "slow==1.0")})
    context = with_envs(build_timeout=4)
    with pytest.raises(errors.Failed, match="longer than 4 seconds"):
        ensure_env(context, slow, named="model")
    assert under(context) == []


def test_a_folder_that_cannot_be_written_is_said(context, shelf):
    (context.folder / "envs").write_text("in the way")
    with pytest.raises(errors.Failed, match="no code env can be built in"):
        ensure_env(context, REQUEST, named="model")


def test_a_full_disk_is_said_and_leaves_nothing(context, shelf, small_disk):
    small_disk(context.folder / "envs")
    with pytest.raises(errors.Failed, match=r"(?i)cannot be built.*no space left"):
        ensure_env(context, REQUEST, named="model")
    assert under(context) == []
