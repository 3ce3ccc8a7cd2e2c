"""The main job as a user does it, by command line, in processes and not, and by Python."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.e2e.models import write_model

ROOT = Path(__file__).parents[2]
IMPORT = ("versions", "import", "churn")
CLASSES = ("--classes", "no,yes")


def test_score_in_both_modes(imported):
    words = ("scoring", "run", "churn", "--input", "holdout", "--output", "scored.parquet")
    run = imported.process(*words, "--json").json
    assert (run["state"], run["rows"], run["version"]) == ("finished", 2, "v1")
    scored = pq.read_table(imported.folder / "scored.parquet").to_pydict()
    assert scored["prediction"] == ["yes", "no"]
    assert scored["id"] == ["a", "b"]
    words = ["--mode", "direct", "--keep", "id", "--version", "v1"]
    imported.ok("scoring", "run", "churn", "--input", "holdout", "--output", "raw.csv", *words)
    lines = (imported.folder / "raw.csv").read_text().replace('"', "").splitlines()
    assert lines == ["id,prediction", "a,1", "b,0"]


def test_phases_are_told_on_stderr_where_there_is_no_terminal(imported):
    words = ("scoring", "run", "churn", "--input", "holdout", "--output", "scored.parquet")
    done = imported.process(*words)
    assert "finished" in done.out
    lines = done.err.splitlines()
    assert lines[0] == "loading the model"
    assert re.fullmatch(r"scored 2 of 2 rows, [\d,]+ rows/s \(100%\)", lines[1])
    assert len(lines) == 2


def test_detached(imported):
    """Paths mean what they mean here; `jobs wait` gives what the command would have."""
    words = ("scoring", "run", "churn", "--input", "holdout", "--output", "scored.csv", "--detach")
    said = imported.process(*words).out
    assert "modelyard worker " in said
    [waiting] = re.findall(r"modelyard (jobs wait \S+)", said)
    assert imported.process("worker", "--drain").code == 0
    assert imported.ok(*waiting.split())["output"] == "scored.csv"
    assert (imported.folder / "scored.csv").read_text().count("\n") == 3


def test_show_list_activate_verify_export_delete(imported, model_folder):
    imported.ok(*IMPORT, "v2", str(model_folder), "--description", "second", *CLASSES)
    listed = imported.ok("versions", "list", "churn", "--sort", "version")
    assert [(v["version"], v["active"]) for v in listed] == [("v1", False), ("v2", True)]
    assert [v["version"] for v in imported.ok("versions", "list", "churn", "--search", "SEC")] == [
        "v2"
    ]
    assert imported.ok("versions", "activate", "churn", "v1")["active_version"] == "v1"
    shown = imported.ok("versions", "show", "churn")
    assert shown["id"] == "S-default-churn-v1"
    assert shown["core"]["classes"] == ["no", "yes"]
    check = imported.ok("versions", "verify", "churn", "v1")
    assert check["matching"] == check["rows"] > 0
    exported = imported.ok("versions", "export", "churn", "v1", "out.zip")
    with zipfile.ZipFile(imported.folder / "out.zip") as archive:
        assert "MLmodel" in archive.namelist()
    again = imported.ok(*IMPORT, "v3", "out.zip", "--no-activate", *CLASSES)
    assert again["digest"] == shown["digest"] == exported["digest"]
    assert imported("versions", "export", "churn", "v1", "out.zip").code == 4
    assert imported("versions", "export", "churn", "v1", "out.tar.gz").code == 7
    refused = imported("versions", "delete", "churn", "v1")
    assert refused.code == 4
    assert "--force" in refused.err
    assert imported.ok("versions", "delete", "churn", "v2", "v3") == ["v2", "v3"]
    assert imported.ok("versions", "delete", "churn", "v1", "--force") == ["v1"]
    assert imported.left_behind() == []
    assert imported.ok("models", "show", "churn")["active_version"] is None


def test_describe_and_delete_projects_and_models(cli):
    cli.ok("projects", "create", "lab")
    assert cli.ok("projects", "update", "lab", "--description", "tries")["description"] == "tries"
    cli.ok("models", "create", "m", "--prediction-type", "other", "--project", "lab")
    told = cli.ok("models", "update", "m", "--description", "new", "--project", "lab")
    assert told["description"] == "new"
    refused = cli("projects", "delete", "lab")
    assert refused.code == 4
    assert "1 saved model" in refused.err
    assert cli.ok("projects", "delete", "lab", "--force") is None
    assert [project["key"] for project in cli.ok("projects", "list")] == ["default"]
    assert cli("projects", "delete", "default", "--force").code == 2


def test_verify_names_rows_that_differ(imported):
    """A model whose answers depend on something outside its folder."""
    outside = imported.folder / "outside.txt"
    outside.write_text("30")
    model = write_model(
        imported.folder / "drifting",
        predict=f"return (frame['age'] > float(open({str(outside)!r}).read())).astype(int)",
    )
    (imported.folder / "rows.csv").write_text("age,fare\n10,1\n35,1\n50,1\n")
    imported.ok(*IMPORT, "v9", str(model), "--dataset", "rows.csv", *CLASSES)
    imported.ok("versions", "verify", "churn", "v9")
    outside.write_text("40")
    failed = imported("versions", "verify", "churn", "v9")
    assert failed.code == 1
    assert "golden predictions" in failed.err
    assert "row 1" in failed.err
    refused = imported("scoring", "run", "churn", "--input", "rows.csv", "--output", "x.csv")
    assert refused.code == 1, "a version that failed its check may not score"
    assert "does not reproduce" in refused.err
    [last, *_] = imported.ok("versions", "show", "churn", "v9")["verifications"]
    assert last["largest_gap"] is None, "labels are not apart by a number"
    assert not (imported.folder / "x.csv").exists()


def test_made_up_rows_that_get_nonsense_are_no_failure(imported):
    """A probability that is linear in the age is none for the ages that no dataset holds."""
    model = write_model(imported.folder / "linear", predict="return frame['age'] / 100")
    words = (*IMPORT, "v2", str(model), "--dataset", "holdout", *CLASSES)
    version = imported.ok(*words)
    assert version["probe"]["interpretation"]["rule"] == "positive_probability"
    assert version["golden"]["rows"] > 2, "some made-up rows got an answer that can be read"
    assert imported.ok("versions", "verify", "churn", "v2")["matching"] > 2


@pytest.mark.parametrize(
    ("read", "said"),
    [
        ('{"rule": "probabilities", "probabilities": ["a", "b"]}', "no column 'a'"),
        ('{"rule": "positive_probability"}', "where a probability was due"),
    ],
)
def test_an_interpretation_that_does_not_fit_is_refused_at_import(imported, read, said):
    model = write_model(imported.folder / "raw", predict="return frame['age'] - 30")
    done = imported(*IMPORT, "v2", str(model), *CLASSES, "--interpretation", read)
    assert done.code == 1
    assert said in done.err
    assert [v["version"] for v in imported.ok("versions", "list", "churn")] == ["v1"]


def test_words_for_people_and_json_for_scripts(imported):
    people = imported("versions", "show", "churn", "v1")
    assert people.code == 0
    assert "Prediction type" in people.out
    assert imported("envs", "list").code == 0
    assert isinstance(imported.ok("envs", "list"), list)
    assert imported("models", "list").out.count("churn") == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["models", "create", "churn"], 2, "--prediction-type"),
        (["models", "create", "a b", "--prediction-type", "other"], 2, "NAME"),
        (["models", "create", "churn", "--prediction-type", "other"], 4, "already"),
        (["models", "create", "x", "--prediction-type", "other", "--project", "no"], 3, "default"),
        (["versions", "import", "churn", "v 1", "x"], 2, "VERSION"),
        (["versions", "import", "churn", "v1", "x", "--classes", "a"], 2, "exactly 2"),
        (["versions", "show", "churn", "v7"], 3, "v1"),
        (
            ["versions", "import", "churn", "v1", "x", "--features", "a", "--dataset", "b"],
            2,
            "both",
        ),
        (["nonsense"], 2, "No such command"),
    ],
)
def test_wrong_words_are_said(imported, words, code, said):
    done = imported(*words)
    assert done.code == code, done.err
    assert said in done.err
    assert done.out == ""


def test_in_json_mode_stderr_holds_an_error_and_nothing_else(imported):
    (imported.folder / "no-fare.csv").write_text("age\n1\n")
    words = ("scoring", "run", "churn", "--output", "scored.csv", "--json")
    done = imported.process(*words, "--input", "no-fare.csv")
    assert (done.code, done.out) == (2, "")
    problem = json.loads(done.err)
    assert problem["code"] == "invalid"
    assert "fare" in problem["detail"]
    done = imported.process(*words, "--input", "holdout")
    assert (done.json["state"], done.err) == ("finished", "")


def test_the_python_example_of_the_readme(model_folder, tmp_path):
    readme = (ROOT / "README.md").read_text("utf-8")
    example = re.search(r"```python\n(.*?)```", readme, re.DOTALL)[1]
    model_folder.rename(tmp_path / "mlflow-model")
    (tmp_path / "holdout.csv").write_text("age,fare,churned\n40,1,yes\n20,1,no\n50,2,no\n")
    done = subprocess.run(
        [sys.executable, "-c", example],
        cwd=tmp_path,
        env={**os.environ, "MODELYARD_ENVS__DEFAULT": "local"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "needs_review labels"
    assert done.stdout.splitlines()[1].startswith("3 ")
    f1, low, high = map(float, done.stdout.splitlines()[2].split())
    assert low < f1 < high
    assert f1 == pytest.approx(2 / 3), "one of two that are flagged churned, and nobody else did"
