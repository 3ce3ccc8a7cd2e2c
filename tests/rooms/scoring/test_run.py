"""Scoring real files with real models, against what scikit-learn itself says."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from scipy.stats import rankdata

from modelyard import Workspace, errors


def run(yard: Workspace, people: Path, target: Path, **options):
    """Score people; the run and what it wrote."""
    found = yard.scoring.run(model="churn", input=str(people), output=str(target), **options)
    return found, pq.read_table(target)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where to write."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "scored.parquet"


@pytest.fixture(scope="module")
def expected(models: Path) -> pa.Table:
    """What scikit-learn predicts for the people."""
    return pq.read_table(models / "churn.expected.parquet")


@pytest.mark.parametrize("options", [{"batch_rows": 70}, {"workers": 1}])
def test_restructured_output_is_what_the_model_says(
    yard, people, target, expected, options
) -> None:
    done, scored = run(yard, people, target, **options)
    assert (done.state, done.rows, done.rejected, done.version) == ("finished", 1000, 0, "v1")
    assert done.rows_per_second > 0
    assert done.resumed_from is None
    given = pq.read_table(people)
    assert scored.column_names == [*given.column_names, "prediction", "proba_no", "proba_yes"]
    assert scored.select(given.column_names).to_pydict() == given.to_pydict()
    assert scored["prediction"].to_pylist() == expected["prediction"].to_pylist()
    for name in ("proba_no", "proba_yes"):
        np.testing.assert_allclose(scored[name], expected[name], atol=1e-12)


def test_direct_output_is_untouched(yard, people, target, expected) -> None:
    done, scored = run(yard, people, target, mode="direct", keep=())
    assert done.mode == "direct"
    assert scored.num_columns == 1
    assert scored.column(0).to_pylist() == expected["prediction"].to_pylist()


def test_options_choose_what_is_written(yard, workspace, people, target, expected) -> None:
    _, scored = run(
        yard,
        people,
        target,
        keep=("id",),
        threshold=0.9,
        probabilities=False,
        percentile=True,
        metadata=True,
        batch_rows=128,
    )
    assert scored.column_names == [
        "id",
        "prediction",
        "proba_percentile",
        "smmd_savedModelId",
        "smmd_modelVersion",
        "smmd_fullModelId",
        "smmd_predictionTime",
    ]
    positive = expected["proba_yes"].to_numpy()
    assert scored["prediction"].to_pylist() == np.where(positive >= 0.9, "yes", "no").tolist()
    ranks = np.ceil(rankdata(positive, "max") / 10)
    assert np.abs(scored["proba_percentile"].to_numpy() - ranks).max() <= 1
    assert set(scored["smmd_fullModelId"].to_pylist()) == {"S-default-churn-v1"}
    assert len(scored["smmd_predictionTime"].unique()) == 1
    assert not list((workspace / "runs").iterdir())


@pytest.mark.parametrize("mode", ["restructured", "direct"])
def test_no_rows_have_the_columns_of_one_row(yard, people, tmp_path, target, mode) -> None:
    schemas = []
    for rows in (0, 1):
        few = tmp_path / "few.parquet"
        pq.write_table(pq.read_table(people).slice(0, rows), few)
        done, scored = run(yard, few, target, mode=mode, percentile=mode == "restructured")
        assert (done.state, done.rows, scored.num_rows) == ("finished", rows, rows)
        schemas.append(scored.schema)
    assert schemas[0] == schemas[1]


def test_names_may_hold_blanks_quotes_and_any_letters(yard, people, tmp_path, expected) -> None:
    folder = tmp_path / "Größe \"x\" 'y' 数据"
    folder.mkdir()
    source = folder / "my people.csv"
    pacsv.write_csv(pq.read_table(people), source)
    target = folder / "scored people.csv"
    yard.scoring.run(model="churn", input=str(source), output=str(target), keep=("größe €",))
    scored = pacsv.read_csv(target)
    assert scored.column_names == ["größe €", "prediction", "proba_no", "proba_yes"]
    assert scored["prediction"].to_pylist() == expected["prediction"].to_pylist()


def test_two_thousand_columns(yard, models, target) -> None:
    done = yard.scoring.run(
        model="wide", input=str(models / "wide.parquet"), output=str(target), batch_rows=7
    )
    scored = pq.read_table(target)
    assert (done.rows, scored.num_columns) == (30, 2001)
    rows = pq.read_table(models / "wide.parquet").to_pandas()
    np.testing.assert_allclose(scored["prediction"], rows.sum(axis=1), rtol=1e-6, atol=1e-6)


def test_an_input_column_called_prediction_is_kept_under_another_name(
    yard, people, tmp_path, target
) -> None:
    marked = tmp_path / "marked.parquet"
    table = pq.read_table(people)
    pq.write_table(table.append_column("prediction", table["id"]), marked)
    done, scored = run(yard, marked, target)
    assert scored["input_prediction"].to_pylist() == table["id"].to_pylist()
    assert scored["prediction"].to_pylist()[0] in {"no", "yes"}
    assert "'input_prediction'" in done.warnings[0]


def test_tables_of_a_database_are_scored_into_tables(yard, people, tmp_path, expected) -> None:
    database = tmp_path / "scores.db"
    yard.connections.create(name="db", database=f"sqlite:///{database}")
    first, second = "connection://db/first", "connection://db/scored"
    yard.scoring.run(model="churn", input=str(people), output=first, probabilities=False)
    done = yard.scoring.run(model="churn", input=first, output=second, keep=("id",))
    assert (done.state, done.rows) == ("finished", 1000)
    with sqlite3.connect(database) as db:
        rows = db.execute("select id, prediction, proba_yes from scored order by id").fetchall()
    db.close()
    assert [label for _, label, _ in rows] == expected["prediction"].to_pylist()
    np.testing.assert_allclose([p for _, _, p in rows], expected["proba_yes"])


def test_the_first_refused_row_is_named_and_nothing_is_left(yard, numbers, target) -> None:
    source = numbers(1000, 432, 871)
    target.write_text("old")
    with pytest.raises(errors.ModelyardError, match=r"row 432 of .*must not be negative") as error:
        yard.scoring.run(model="careful", input=str(source), output=str(target), batch_rows=100)
    assert error.value.context["row"] == 432
    assert target.read_text() == "old"
    assert list(target.parent.iterdir()) == [target]
    (failed,) = yard.scoring.list()
    assert failed.state == "failed"
    assert "row 432" in yard.scoring.show(id=failed.id).problem


def test_refused_rows_can_be_left_out(yard, numbers, target) -> None:
    source = numbers(1000, 0, 432, 999)
    done = yard.scoring.run(
        model="careful", input=str(source), output=str(target), batch_rows=100, on_error="skip"
    )
    assert (done.rows, done.rejected) == (1000, 3)
    kept = [row for row in range(1000) if row not in {0, 432, 999}]
    assert pq.read_table(target)["id"].to_pylist() == kept
    assert done.rejects == str(target.with_name("scored.parquet.rejects.jsonl"))
    refused = [json.loads(line) for line in Path(done.rejects).read_text().splitlines()]
    assert [line["row"] for line in refused] == [0, 432, 999]
    assert all("must not be negative" in line["reason"] for line in refused)
    assert refused[1]["values"] == {"id": 432, "x": -1.0}


def test_a_cell_of_another_type_is_named_or_left_out(yard, people, tmp_path, target) -> None:
    lines = ["age,größe €,plan", "40,50.5,pro", "old,50.5,pro", "41,50.5,basic"]
    source = tmp_path / "mixed.csv"
    source.write_text("\n".join(lines), "utf-8")
    options = {"model": "churn", "input": str(source), "output": str(target)}
    with pytest.raises(errors.Invalid, match=r"row 1 of .*age.*old"):
        yard.scoring.run(**options)
    done = yard.scoring.run(**options, on_error="skip")
    assert (done.rows, done.rejected) == (3, 1)
    (refused,) = map(json.loads, Path(done.rejects).read_text("utf-8").splitlines())
    assert refused["row"] == 1
    assert refused["values"]["age"] == "old"


def test_every_row_may_be_refused(yard, numbers, target) -> None:
    source = numbers(5, *range(5))
    done = yard.scoring.run(model="careful", input=str(source), output=str(target), on_error="skip")
    assert (done.rows, done.rejected, pq.read_table(target).num_rows) == (5, 5, 0)


def test_parameters_reach_the_model_and_unknown_ones_are_refused(yard, numbers, target) -> None:
    source = numbers(3)
    options = {"model": "careful", "input": str(source), "output": str(target), "keep": ()}
    yard.scoring.run(**options, params={"factor": "5"})
    assert pq.read_table(target).column(0).to_pylist() == [0.0, 5.0, 10.0]
    with pytest.raises(errors.Invalid, match=r"no parameter 'fctor'.*delay, factor"):
        yard.scoring.run(**options, params={"fctor": 5})
    with pytest.raises(errors.Invalid, match="'factor' takes long"):
        yard.scoring.run(**options, params={"factor": "five"})


@pytest.mark.parametrize(
    ("model", "options", "kind", "words"),
    [
        ("careful", {"mode": "restructured"}, errors.Unsupported, "type 'other'"),
        ("careful", {"threshold": 0.5}, errors.Invalid, "--threshold needs --mode restructured"),
        ("churn", {"mode": "direct", "percentile": True}, errors.Invalid, "--percentile needs"),
        ("churn", {"mode": "direct", "probabilities": False}, errors.Invalid, "restructured"),
        ("wide", {"threshold": 0.5}, errors.Invalid, "binary classification"),
        ("churn", {"version": "v9"}, errors.NotFound, "v9"),
        ("chorn", {}, errors.NotFound, "chorn"),
        ("churn", {"input": "nowhere.csv"}, errors.NotFound, "nowhere.csv"),
        ("churn", {"keep": ("agge",)}, errors.Invalid, "'agge'.*'age'"),
        ("careful", {}, errors.Invalid, "'x' is missing from"),
    ],
)
def test_what_does_not_go_together_is_refused_at_once(
    yard, people, target, model, options, kind, words
) -> None:
    options = {"input": str(people), **options}
    with pytest.raises(kind, match=words):
        yard.scoring.run(model=model, output=str(target), **options)
    assert not list(target.parent.iterdir())


def test_an_input_is_not_overwritten(yard, people) -> None:
    with pytest.raises(errors.Invalid, match="overwrite its own input"):
        yard.scoring.run(model="churn", input=str(people), output=str(people))


def test_progress_tells_rows_and_pace(yard, workspace, numbers, target) -> None:
    told: list[tuple[str, float | None, int | None]] = []

    def progress(message, /, *, fraction=None, rows=None) -> None:
        told.append((message, fraction, rows))

    from modelyard import open as open_workspace

    open_workspace(workspace, progress=progress).scoring.run(
        model="careful", input=str(numbers(1000)), output=str(target), batch_rows=250
    )
    scored = [entry for entry in told if entry[2]]
    assert [entry[2] for entry in scored] == [250, 500, 750, 1000]
    assert [entry[1] for entry in scored] == [0.25, 0.5, 0.75, 1.0]
    assert "of 1,000 rows" in scored[0][0]
    assert "rows/s" in scored[0][0]
    assert "left" in scored[0][0]


def test_a_recipe_scores_its_input_as_it_is_then(yard, people, tmp_path, target) -> None:
    source = tmp_path / "today.parquet"
    pq.write_table(pq.read_table(people).slice(0, 1), source)
    made = yard.recipes.create(
        name="daily", model="churn", input=str(source), output=str(target), keep=("id",)
    )
    assert not target.exists()
    assert yard.recipes.show(name="daily") == made
    (line,) = yard.recipes.list()
    assert (line.name, line.model, line.version, line.mode) == (
        "daily",
        "churn",
        None,
        "restructured",
    )
    assert (line.input, line.output, line.created) == (str(source), str(target), made.created)
    assert yard.recipes.list(model="wide") == []
    assert [usage.recipe for usage in yard.models.usages(name="churn")] == ["daily"]
    for rows in (0, 10):
        pq.write_table(pq.read_table(people).slice(0, rows), source)
        done = yard.recipes.run(name="daily")
        assert pq.read_table(target)["id"].to_pylist() == list(range(rows))
    assert yard.scoring.show(id=done.id) == done
    assert len(yard.scoring.list(model="churn")) == 2


def test_recipes_are_named_once_and_for_a_model_that_is_there(yard, people, tmp_path) -> None:
    paths = {"input": str(people), "output": str(tmp_path / "b.csv")}
    yard.recipes.create(name="daily", model="churn", **paths)
    with pytest.raises(errors.Conflict, match="'daily'"):
        yard.recipes.create(name="daily", model="churn", **paths)
    yard.recipes.delete(name="daily")
    for ask in (yard.recipes.run, yard.recipes.show, yard.recipes.delete):
        with pytest.raises(errors.NotFound, match="'daily'"):
            ask(name="daily")
    with pytest.raises(errors.NotFound, match="'nope'"):
        yard.recipes.create(name="n", model="nope", **paths)
    with pytest.raises(errors.NotFound, match="no scoring run 'x'"):
        yard.scoring.show(id="x")


@pytest.mark.parametrize(
    ("changes", "kind", "said"),
    [
        ({"version": "v7"}, errors.NotFound, "'v7'"),
        ({"input": "nowhere"}, errors.NotFound, "'nowhere'"),
        ({"input": "nowhere.csv"}, errors.NotFound, "nowhere.csv"),
        ({"output": "nowhere"}, errors.Invalid, "no ending"),
        ({"output": "missing/folder.csv"}, errors.NotFound, "missing"),
        ({"keep": ("id", "shoe")}, errors.Invalid, "'shoe'"),
        ({"mode": "direct", "threshold": 0.3}, errors.Invalid, "--threshold"),
        ({"params": {"speed": 1}}, errors.Invalid, "'speed'"),
        ({"model": "careful", "mode": "restructured"}, errors.Unsupported, "'other'"),
    ],
)
def test_a_recipe_that_could_not_run_is_refused_as_its_run_would_be(
    yard, people, tmp_path, changes, kind, said
) -> None:
    scoring = {
        "model": "churn",
        "input": str(people),
        "output": str(tmp_path / "out.csv"),
        **changes,
    }
    with pytest.raises(kind, match=said) as of_recipe:
        yard.recipes.create(name="daily", **scoring)
    assert yard.recipes.list() == []
    with pytest.raises(kind) as of_run:
        yard.scoring.run(**scoring)
    assert str(of_recipe.value) == str(of_run.value)


def test_a_recipe_is_changed_and_what_is_not_given_stays(yard, people, numbers, tmp_path) -> None:
    paths = {"input": str(people), "output": str(tmp_path / "b.csv")}
    how = {"version": "v1", "threshold": 0.3, "keep": ("id",), "batch_rows": 5}
    made = yard.recipes.create(name="daily", model="churn", **paths, **how)
    changed = yard.recipes.update(name="daily", threshold=0.4, on_error="skip")
    assert changed == yard.recipes.show(name="daily")
    assert changed.created == made.created
    asked = {"threshold": 0.4, "on_error": "skip"}
    assert changed.command == made.command.model_copy(update=asked)
    emptied = yard.recipes.update(name="daily", version=None, threshold=None, keep=None, model=None)
    nothing = {"version": None, "threshold": None, "keep": None}
    assert emptied.command == changed.command.model_copy(update=nothing)
    to = {"model": "careful", "input": str(numbers(3))}
    other = yard.recipes.update(name="daily", **to, mode=None, params=None)
    assert (other.command.mode, other.command.params) == ("direct", {})
    assert [usage.recipe for usage in yard.models.usages(name="careful")] == ["daily"]
    assert yard.models.usages(name="churn") == []
    for wrong, kind in (
        ({"input": "nowhere"}, errors.NotFound),
        ({"keep": ("shoe",)}, errors.Invalid),
    ):
        with pytest.raises(kind):
            yard.recipes.update(name="daily", **wrong)
    with pytest.raises(errors.NotFound, match="'other'"):
        yard.recipes.update(name="other", on_error="fail")
    assert yard.recipes.show(name="daily") == other


def test_what_a_recipe_uses_is_deleted_only_by_force(yard, people, tmp_path) -> None:
    yard.connections.create(name="here", path=str(tmp_path))
    yard.datasets.create(name="people", path=str(people))
    yard.datasets.create(name="unused", path=str(people))
    outputs = {"named": str(tmp_path / "a.csv"), "active": "connection://here/b.csv"}
    yard.recipes.create(
        name="named", model="churn", version="v1", input="people", output=outputs["named"]
    )
    yard.recipes.create(name="active", model="churn", input="people", output=outputs["active"])
    yard.datasets.delete(name="unused")
    with pytest.raises(errors.Conflict, match=r"used by the recipes active, named; .*--force"):
        yard.datasets.delete(name="people")
    with pytest.raises(errors.Conflict, match=r"used by the recipe active; .*--force"):
        yard.connections.delete(name="here")
    with pytest.raises(errors.Conflict, match=r"active version of 'churn', .*recipes active use"):
        yard.versions.delete(model="churn", versions=("v1",))
    assert yard.versions.show(model="churn", version="v1").active
    yard.datasets.delete(name="people", force=True)
    yard.connections.delete(name="here", force=True)
    yard.versions.delete(model="churn", versions=("v1",), force=True)
    assert (
        yard.datasets.list() == yard.connections.list() == yard.versions.list(model="churn") == []
    )
    assert [line.name for line in yard.recipes.list()] == ["active", "named"]
    with pytest.raises(errors.NotFound, match="named 'v1'"):
        yard.recipes.run(name="named")


def test_a_version_that_is_not_active_may_be_named_by_a_recipe_too(
    yard, models, people, tmp_path
) -> None:
    source, classes = str(models / "churn"), ("no", "yes")
    yard.versions.import_(model="churn", version="v2", source=source, env="local", classes=classes)
    yard.recipes.create(
        name="old", model="churn", version="v1", input=str(people), output=str(tmp_path / "a.csv")
    )
    with pytest.raises(errors.Conflict, match=r"old \(v1\); .*--force"):
        yard.versions.delete(model="churn", versions=("v1",))
    yard.recipes.delete(name="old")
    assert yard.versions.delete(model="churn", versions=("v1",)) == ["v1"]
