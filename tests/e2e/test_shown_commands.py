"""The commands of the README, run by a shell as they stand, and of how-to pages, typed as such."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.e2e.models import write_model
from tests.imported_command import imported_command
from tests.ports import free_port
from tests.rooms.models.sources.conftest import own_environment, wait_for

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


def commands(page):
    """All command lines of a page."""
    text = (ROOT / page).read_text("utf-8")
    blocks = re.findall(r"```(?:bash|console)\n(.*?)```", text, re.DOTALL)
    said = "\n".join(blocks).replace("$ ", "").splitlines()
    return [line for line in said if line.startswith("modelyard ")]


@pytest.fixture
def shell(cli):
    """A shell in the yard's folder; it stops at what fails."""

    def run(lines, places=Path(sys.executable).parent):
        path = f"{places}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-euxo", "pipefail", "-c", "\n".join(lines)],
            cwd=cli.folder,
            env={**cli.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def typed(cli, lines):
    """Type command lines in this process, as one types them into a shell; what fails is told."""
    for line in lines:
        done = cli(*shlex.split(line, comments=True)[1:])
        assert done.code == 0, (line, done.err)


@pytest.fixture
def tracking_uri(tmp_path):
    """An MLflow server with the registered model churn."""
    folder = tmp_path / "server"
    folder.mkdir()
    port = free_port()
    uri = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", "art"]
    environ = own_environment(MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false")
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=environ, stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_for(uri, server, folder / "log")
            logging = [sys.executable, HERE / "log_churn.py", uri]
            subprocess.run(logging, cwd=folder, env=environ, check=True, capture_output=True)
            yield uri
        finally:
            os.killpg(server.pid, 9)
            server.wait()


def asked_as_shown(cli, shell):
    """Serve the node of the README as it says, and ask it so; gives the answer."""
    text, port = (ROOT / "README.md").read_text("utf-8"), str(free_port())
    (serve,) = re.findall(r"^modelyard (node serve .*) &$", text, re.MULTILINE)
    (ask,) = re.findall(r"^curl (http.*)$", text, re.MULTILINE)
    words = [sys.executable, "-m", "modelyard", *serve.replace("8500", port).split()]
    with (cli.folder / "node.log").open("wb") as log:
        node = subprocess.Popen(words, cwd=cli.folder, stderr=log, stdout=log)
        try:
            patiently = "curl -s --retry 60 --retry-delay 1 --retry-connrefused "
            return shell([patiently + ask.replace("8500", port)])
        finally:
            node.terminate()
            node.wait()


@pytest.mark.slow
def test_the_readme(cli, shell, tracking_uri, tmp_path):
    write_model(cli.folder / "mlflow-model")
    (cli.folder / "holdout.csv").write_text("id,age,fare,churned\na,40,1,yes\nb,20,2,no\n")
    readme = (ROOT / "README.md").read_text("utf-8")
    [policy] = re.findall(r"```yaml\n(# production.*?)```", readme, re.DOTALL)
    (cli.folder / "production.yaml").write_text(policy)
    shown = [line for line in commands("README.md") if " serve" not in line]
    with imported_command(tmp_path) as places:
        shell([line.replace("http://127.0.0.1:5000", tracking_uri) for line in shown], places)
    assert json.loads(asked_as_shown(cli, shell))["result"]["prediction"] == "yes"
    scored = pq.read_table(cli.folder / "scored.parquet")
    assert scored["prediction"].to_pylist() == ["yes", "no"]
    assert (cli.folder / "raw.csv").read_text().splitlines()[1:] == ['"a",1', '"b",0']
    listed = {v["version"]: v["active"] for v in cli.ok("versions", "list", "churn")}
    assert listed == {"v1": True, "v2": False}


def test_how_to_score(imported):
    shown = commands("docs/how-to/scoring.md")
    first = next(at for at, line in enumerate(shown) if "scoring show" in line)
    typed(imported, shown[:first])
    [run] = imported.ok("scoring", "list", "--model", "churn")
    typed(
        imported,
        (re.sub("[0-9]+-[0-9]+-[0-9a-f]+", run["id"], line) for line in shown[first:]),
    )
    columns = pq.read_schema(imported.folder / "scored.parquet").names
    assert columns == ["id", "prediction"], "the recipe keeps the id alone"
    assert len(imported.ok("scoring", "list")) == 2


def test_how_to_evaluate(imported, shell):
    page = "docs/how-to/evaluations.md"
    likely = write_model(
        imported.folder / "likely", predict="return (frame['age'] / 100).to_numpy()"
    )
    imported.ok(
        "versions", "import", "churn", "v2", str(likely), "--classes", "no,yes", "--activate"
    )
    lines = [f"{age},1,{'yes' if age * 7 % 100 < age else 'no'}" for age in range(100)]
    (imported.folder / "holdout.csv").write_text("\n".join(["age,fare,churned", *lines]))
    typed(imported, commands(page))
    [line] = imported.ok("evaluations", "list")
    [block] = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    said = shell([f"{shlex.quote(sys.executable)} -c {shlex.quote(block)}"])
    assert said.split()[0] == str(line["value"])
    assert "over 9 to 19" in said
    assert imported.ok("evaluations", "list") == [line], "the page deletes its second one"
    for month in ("january", "february"):
        shutil.copy(imported.folder / "holdout.csv", imported.folder / f"{month}.csv")
    typed(imported, commands("docs/how-to/stores.md"))
    inside = imported.ok("evaluations", "list", "--store", "monthly")
    assert [each["kind"] for each in inside] == [
        "model",
        "custom",
        "standalone",
        "standalone",
        *["model"] * 2,
    ]


def test_how_to_tell_drift(imported, shell):
    page = "docs/how-to/drift.md"
    for name, youngest in (("june", 0), ("october", 40)):
        lines = [f"{youngest + at / 10},{at % 7}" for at in range(600)]
        (imported.folder / f"{name}.csv").write_text("\n".join(["age,fare", *lines]))
    typed(imported, commands(page))
    [block] = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    said = shell([f"{shlex.quote(sys.executable)} -c {shlex.quote(block)}"])
    assert said.startswith("drifted The predictions for october.csv moved, and so did the data")
    assert "age drifted" in said
    listed = imported.ok("drift", "list")
    assert [each["drifted"] for each in listed] == [1, 1], "the page deletes its third one"


def test_how_to_choose_a_mode(imported):
    mood = "import pandas; p = frame['age'].clip(0, 100) / 100"
    mood += "; return pandas.DataFrame({'p_bad': p, 'p_good': 1 - p})"
    price = "import pandas; return pandas.DataFrame({'yhat': frame['fare'], 'low': 0.0})"
    write_model(imported.folder / "raw-model", predict="return frame['age'] - 30")
    for name, version, kind, predict, classes in (
        ("prices", "v3", "regression", price, ()),
        ("mood", "v2", "binary_classification", mood, ("--classes", "bad,good")),
    ):
        model = write_model(imported.folder / name, predict=predict)
        imported.ok("models", "create", name, "--prediction-type", kind)
        imported.ok("versions", "import", name, version, str(model), *classes)
    typed(imported, commands("docs/how-to/output-modes.md"))

    def predicted(model):
        words = ("scoring", "run", model, "--input", "holdout", "--output", f"{model}.parquet")
        imported.ok(*words)
        return pq.read_table(imported.folder / f"{model}.parquet").to_pydict()

    churn = predicted("churn")
    assert churn["proba_yes"] == pytest.approx([0.99995, 0.00005], abs=1e-5), "the sigmoid of ±10"
    assert predicted("prices")["prediction"] == [1, 2]
    assert predicted("mood")["proba_bad"] == pytest.approx([0.4, 0.2])
