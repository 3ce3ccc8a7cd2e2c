"""Two sides that are compared: what is told, what is kept, and what bad input gives."""

from __future__ import annotations

import subprocess
import time
from contextlib import closing

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp
from tests.forks import Fork

import modelyard
from modelyard import errors
from modelyard.cli.render import show

FEW = 400
RANGE = np.arange(float(FEW))


def made(**columns):
    return pd.DataFrame(columns)


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """A workspace without models, whose reports can be counted."""
    with closing(modelyard.open(tmp_path_factory.mktemp("drift") / "yard")) as yard:
        yield yard


@pytest.fixture(scope="module")
def flights():
    """Rows of two months: fares rise."""
    draw = np.random.default_rng(3)
    months = {}
    for name, rise in (("june", 0), ("october", 40)):
        months[name] = pd.DataFrame(
            {
                "fare": draw.normal(100 + rise, 30, FEW).round(2),
                "age": draw.integers(1, 90, FEW),
                "plan": draw.choice(["basic", "pro"], FEW),
            }
        )
    return months


@pytest.fixture
def compare(yard, tmp_path):
    """Compares two frames, written as files of some kind."""

    def run(reference, current, ending="parquet", **asked):
        for name, frame in (("june", reference), ("october", current)):
            path = tmp_path / f"{name}.{ending}"
            frame.to_parquet(path) if ending == "parquet" else frame.to_csv(path, index=False)
        sides = {
            "reference": tmp_path / f"june.{ending}",
            "current": tmp_path / f"october.{ending}",
        }
        return yard.drift.compute(**{name: str(path) for name, path in sides.items()}, **asked)

    return run


def outcomes(found):
    return {column.name: column.outcome for column in found.columns}


def test_columns_that_moved_are_told(compare, yard, flights):
    found = compare(reference=flights["june"], current=flights["october"])
    assert outcomes(found) == {"fare": "drifted", "age": "stable", "plan": "stable"}
    assert found.verdict.headline == "fare moved between june.parquet and october.parquet"
    [fare] = [column for column in found.columns if column.name == "fare"]
    [ks] = [test for test in fare.tests if test.test == "ks"]
    assert ks.statistic == pytest.approx(
        ks_2samp(flights["june"].fare, flights["october"].fare).statistic
    )
    assert fare.drift_importance > 0.5
    assert found.global_.accuracy.value > 0.6
    assert found.global_.detected
    assert (found.reference.rows, found.current.rows) == (FEW, FEW)
    assert "no model is known" in found.predictions.reason
    assert "no model is known" in found.performance.reason
    assert yard.files.list() == []


def test_files_of_any_kind_give_the_same(compare, flights):
    june, october = flights.values()
    parquet, csv = (compare(june, october, ending) for ending in ("parquet", "csv"))
    assert outcomes(parquet) == outcomes(csv)
    assert parquet.columns[0].tests == csv.columns[0].tests


def test_a_report_is_kept_as_it_was_and_another_beside_it(compare, yard, flights):
    first = compare(*flights.values())
    other = compare(*flights.values(), thresholds={"psi": 5.0}, false_alarms=None)
    assert outcomes(first)["fare"] == "drifted" != outcomes(other)["fare"]
    assert yard.drift.show(id=first.id) == first
    assert other.settings.thresholds == {"psi": 5.0}
    listed = {each.id: each for each in yard.drift.list()}
    assert listed[first.id].headline == first.verdict.headline
    assert listed[first.id].drifted == 1
    assert other.id in listed
    assert first.id not in {each.id for each in yard.drift.list(outcome="stable")}
    with yard.open().read() as db:
        [digest] = db.exec_driver_sql(
            f"select sha256 from drift_reports where id = '{first.id}'"
        ).scalars()
    assert yard.open().artifacts.has(digest)
    yard.drift.delete(id=first.id)
    assert not yard.open().artifacts.has(digest)
    for ask in (yard.drift.show, yard.drift.delete):
        with pytest.raises(errors.NotFound, match="drift list"):
            ask(id=first.id)


def test_parts_are_drawn_put_in_rows_and_written(compare, yard, tmp_path):
    found = compare(made(a=RANGE, b=RANGE), made(a=RANGE + 300, b=RANGE))
    asked = {"id": found.id, "part": "column", "column": "a"}
    assert "How a is spread on both sides" in yard.drift.chart(**asked).description
    rows = yard.drift.table(**asked).rows
    assert sum(row[3] for row in rows) == pytest.approx(1)
    written = yard.drift.export(**asked, to=str(tmp_path / "a.csv"))
    assert (written.format, (tmp_path / "a.csv").read_text().splitlines()[0]) == (
        "csv",
        "bin,low,high,reference,current",
    )
    statistics = yard.drift.table(id=found.id, part="columns").rows
    assert {row[0] for row in statistics} == {"a", "b"}
    assert "importances" in yard.drift.chart(id=found.id, part="importance").reason
    for part in ("predictions", "densities", "expected"):
        with pytest.raises(errors.Unsupported):
            yard.drift.chart(id=found.id, part=part)
    with pytest.raises(errors.NotFound, match="it has: a, b"):
        yard.drift.chart(id=found.id, part="column", column="c")
    with pytest.raises(errors.Invalid, match="--column"):
        yard.drift.chart(id=found.id, part="column")


def test_json_calls_it_global(compare, flights):
    found = compare(*flights.values())
    told = found.model_dump_json()
    assert '"global":{' in told
    assert type(found).model_validate_json(told) == found


def test_columns_and_how_to_look_at_them_can_be_named(compare, flights):
    found = compare(
        *flights.values(), columns=("age", "plan"), handling={"age": "categorical"}, bins=5
    )
    assert [column.name for column in found.columns] == ["age", "plan"]
    assert found.columns[0].kind == "categorical"
    assert found.global_.columns == ("age", "plan")
    with pytest.raises(errors.Invalid, match=r"neither june.* nor october.* 'fair'"):
        compare(*flights.values(), columns=("fair",))
    with pytest.raises(errors.Invalid, match="drift test"):
        compare(*flights.values(), thresholds={"pssi": 1.0})
    with pytest.raises(errors.Invalid, match="left out"):
        compare(*flights.values(), columns=("age",), handling={"age": "excluded"})


def test_a_sample_of_both_sides_is_taken(compare, flights):
    found = compare(*flights.values(), method="first", rows=100)
    assert (found.reference.rows, found.current.rows) == (100, 100)


ODD = {
    "a number here, a text there": (RANGE, RANGE.astype(str), "unknown", "double in the"),
    "missing now": (RANGE, np.full(FEW, np.nan), "drifted", ""),
    "never there": (np.full(FEW, None), np.full(FEW, None), "unknown", "missing values only"),
    "constant": (np.ones(FEW), np.ones(FEW), "stable", ""),
    "another constant": (np.ones(FEW), np.full(FEW, 2.0), "drifted", ""),
    "infinite": (RANGE, np.where(RANGE < 200, np.inf, RANGE), "drifted", ""),
    "identifier": (RANGE.astype(str), (RANGE + 200).astype(str), "unknown", "identifier"),
}


def test_odd_columns_give_a_result_or_a_reason(compare):
    sides = [made(**{name: sides[at] for name, sides in ODD.items()}) for at in (0, 1)]
    found = compare(*sides)
    for column in found.columns:
        _, _, outcome, why = ODD[column.name]
        assert column.outcome == outcome, column.why
        assert why in (column.why or "")
    assert len(found.columns) == len(ODD)
    assert found.global_.accuracy.value is not None
    assert "NaN" not in found.model_dump_json()


@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_rows_give_a_reason(compare, rows):
    found = compare(made(a=RANGE), made(a=RANGE[:rows]))
    assert outcomes(found) == {"a": "unknown"}
    assert "50 are the least" in found.global_.reason
    assert found.verdict.outcome == "unknown"
    assert found.verdict.headline == "Nothing can be said of october.parquet against june.parquet"


def test_texts_are_looked_into_where_that_is_asked_for(compare, capsys):
    draw = np.random.default_rng(4)
    words = np.array(["good", "late", "again", "price", "seat", "crew", "gate", "meal"])
    said = [[" ".join(draw.choice(words, 9)) for _ in range(FEW)] for _ in range(2)]
    later = [f"{each} refund" for each in said[1]]
    found = compare(made(note=said[0], a=RANGE), made(note=later, a=RANGE), text=True)
    [note] = found.texts
    assert (note.name, note.new_words) == ("note", ("refund",))
    assert note.accuracy.value > 0.95
    assert (found.global_.columns, note.embedding) == (("a",), None)
    found = compare(made(note=said[0], a=RANGE), made(note=later, a=RANGE), embeddings="latent")
    vectors = found.texts[0].embedding
    assert vectors.auc.value > 0.95
    assert 0 < vectors.cosine < 1
    show(found)
    assert "ROC AUC by latent" in capsys.readouterr().out
    assert found.global_.columns == ("a",)
    with pytest.raises(errors.Invalid, match="Install a package"):
        compare(made(note=said[0]), made(note=later), embeddings="nobody-brings-it")


def test_a_report_shows_itself_in_a_notebook(yard, compare):
    found = compare(made(a=RANGE, b=RANGE), made(a=RANGE + 500, b=RANGE))
    shown = found._repr_html_()
    assert found.verdict.headline in shown
    assert "<td>a</td><td>numeric</td><td>drifted</td>" in shown
    chart = found.chart("column", column="a", mode="dark")
    assert chart == yard.drift.chart(id=found.id, part="column", column="a", mode="dark")
    bundle = chart._repr_mimebundle_()
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    assert bundle["text/plain"] == chart.description
    assert "vega" in bundle["text/html"]
    table = yard.drift.show(id=found.id).table("columns")
    assert table.frame().shape == (len(table.rows), len(table.columns))
    with pytest.raises(errors.Unsupported):
        found.chart("expected")
    with pytest.raises(errors.Invalid, match="get it by a verb"):
        found.model_copy().chart("columns")


def test_zeros_do_not_hide_what_moved(compare):
    draw = np.random.default_rng(1)
    wet = draw.random(4000) < 0.03
    rain = np.where(wet, draw.exponential(1, 4000), 0)
    more = np.where(draw.random(4000) < 0.12, draw.exponential(1, 4000), 0)
    assert outcomes(compare(made(a=rain), made(a=more)))["a"] in ("look", "drifted")
    assert outcomes(compare(made(a=rain), made(a=rain)))["a"] == "stable"


def test_columns_of_one_side_are_named(compare, flights):
    found = compare(flights["june"].rename(columns={"age": "years"}), flights["october"])
    assert [column.name for column in found.columns] == ["fare", "plan"]
    assert any("only june.parquet has 'years'" in warning for warning in found.warnings)
    with pytest.raises(errors.Invalid, match="share no column"):
        compare(made(a=RANGE), made(b=RANGE))


def test_a_side_compared_with_itself(yard, flights, tmp_path):
    flights["june"].to_csv(tmp_path / "june.csv", index=False)
    file = str(tmp_path / "june.csv")
    found = yard.drift.compute(reference=file, current=file)
    assert set(outcomes(found).values()) == {"stable"}
    assert not found.global_.detected
    assert found.verdict.outcome == "stable"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"current": "june.csv"}, "--reference"),
        ({"current": "june.csv", "reference": "juli.csv"}, "juli.csv"),
        ({"current": "20260101-000000-abcdef", "reference": "june.csv"}, "evaluations list"),
        ({"current": "june.csv", "reference": "june.csv", "model": "lete"}, "lete"),
        ({"current": "june.csv", "reference": "june.csv", "version": "v1"}, "--model"),
        ({"current": "june.csv", "reference": "june.csv", "method": "first"}, "--rows"),
    ],
)
def test_what_is_refused_before_anything_is_read(yard, tmp_path, monkeypatch, asked, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "june.csv").write_text("a\n1\n")
    before = len(yard.drift.list())
    with pytest.raises(errors.ModelyardError, match=said):
        yard.drift.compute(**asked)
    assert len(yard.drift.list()) == before


def test_a_killed_comparison_leaves_no_report(yard, tmp_path, flights):
    for name, frame in flights.items():
        pd.concat([frame] * 200).to_csv(tmp_path / f"{name}.csv", index=False)
    before = len(yard.drift.list())
    command = ["drift", "compute", "--workspace", yard.folder]
    june, october = (str(tmp_path / f"{name}.csv") for name in ("june", "october"))
    command += ["--columns", "fare", "--reference", june, "--current", october]
    process = Fork(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    transit = yard.folder / "files" / "default" / "transit"
    try:
        while not list(transit.glob("drift-*/*")):
            assert process.poll() is None
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
    assert len(yard.drift.list()) == before
    found = yard.drift.compute(reference=june, current=october, columns=("fare",))
    assert outcomes(found)["fare"] == "drifted"
    assert not list(transit.glob("*")), "what was left was found, and cleared"
    assert yard.drift.list()[0].id == found.id
