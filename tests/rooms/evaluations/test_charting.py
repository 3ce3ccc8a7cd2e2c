"""Charts and tables of evaluations by verbs, in notebooks, and as files."""

from __future__ import annotations

import csv
import json
import pickle
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

import modelyard
from modelyard import errors
from modelyard.evaluations.types import Evaluation


@pytest.fixture(scope="module")
def late(evaluate, rows):
    return evaluate(rows)


@pytest.fixture(scope="module")
def kinds(evaluate, rows):
    return evaluate(rows, "kinds", target="kind", averaging="macro")


@pytest.fixture(scope="module")
def minutes(evaluate, rows):
    return evaluate(rows, "minutes", target="delay")


def test_every_screen_has_a_chart_and_a_table(yard, evaluate, rows, late, kinds, minutes):
    for found in (late, kinds, minutes, evaluate(rows, "labels")):
        for screen in found.screens:
            chart = yard.evaluations.chart(id=found.id, screen=screen, mode="dark")
            assert chart.spec["config"]["background"] == "transparent"
            assert (chart.screen, chart.mode, chart.reason) == (screen, "dark", None)
            table = yard.evaluations.table(id=found.id, screen=screen)
            assert table.rows
            assert {len(row) for row in table.rows} == {len(table.columns)}


def test_the_words_are_those_of_the_classes(yard, late, minutes):
    chart = yard.evaluations.chart(id=late.id, screen="roc")
    titles = {layer["encoding"]["y"].get("title") for layer in chart.spec["layer"]}
    assert titles == {"Share of “yes” found (recall)"}
    assert f"{late.metrics['auc'].value:.3f}" in chart.note
    assert chart.spec["params"] == [{"name": "threshold", "value": 0.5}]
    scatter = yard.evaluations.chart(id=minutes.id, screen="scatter")
    assert "Predicted by true delay" in scatter.description


def test_the_table_of_a_curve_is_its_points_then_its_band(yard, late):
    content = yard.evaluations.screen(id=late.id, screen="roc").content
    frame = late.table("roc").frame()
    points, band = frame[frame.low.isna()], frame[frame.low.notna()]
    assert points.false_positive_rate.tolist() == content["false_positive_rate"]
    assert points.true_positive_rate.tolist() == content["true_positive_rate"]
    assert band.false_positive_rate.tolist() == content["band"]["x"]
    assert band.high.tolist() == content["band"]["high"]


def test_the_table_of_a_matrix_has_its_shares(late, kinds):
    frame = late.table("confusion").frame()
    assert frame.groupby("actual").of_actual.sum().tolist() == pytest.approx([1, 1])
    assert frame.groupby("predicted").of_predicted.sum().tolist() == pytest.approx([1, 1])
    several = kinds.table("confusion").frame()
    assert several.weight.sum() == kinds.rows
    assert set(several.actual) == set(kinds.classes)


def test_tables_of_several_classes_name_them(yard, kinds):
    content = yard.evaluations.screen(id=kinds.id, screen="roc").content
    frame = kinds.roc_curve().frame()
    assert set(frame["class"]) == {*kinds.classes, "macro average", "micro average"}
    late = frame[(frame["class"] == "late") & frame.low.isna()]
    [found] = (each for each in content["classes"] if each["label"] == "late")
    assert late.true_positive_rate.tolist() == found["true_positive_rate"]
    assert "class" not in kinds.roc_curve("late").frame()


def test_one_of_several_classes(yard, kinds):
    chart = kinds.roc_curve("late")
    assert "“late”" in chart.description
    assert "band" in chart.spec["datasets"]
    with pytest.raises(errors.NotFound, match="there are: "):
        kinds.roc_curve("nobody")
    with pytest.raises(errors.Invalid, match="confusion has no curve"):
        yard.evaluations.chart(id=kinds.id, screen="confusion", label="late")


def test_slices_are_a_screen_of_a_column(yard, late):
    slices = yard.evaluations.slices(id=late.id, by="age")
    chart = late.slice_chart("age")
    drawn = {row["name"]: row["value"] for row in chart.spec["datasets"]["groups"]}
    assert list(drawn) == [each.group.label for each in slices.slices]
    frame = chart.frame()
    assert frame.auc.tolist()[1:] == list(drawn.values())
    assert frame.columns[0] == "age"
    assert late.slice_chart("age", "f1").description.startswith("F1 by age")
    with pytest.raises(errors.NotFound, match="no metric 'f3'"):
        late.slice_chart("age", "f3")
    for asked in ({"screen": "slices"}, {"screen": "roc", "by": "age"}):
        with pytest.raises(errors.Invalid, match="--by"):
            yard.evaluations.chart(id=late.id, **asked)


def test_residuals_and_fairness_are_screens_of_a_column(yard, late, kinds, minutes):
    errors_of = yard.evaluations.residuals(id=minutes.id, by="age")
    chart = minutes.residual_chart("age")
    assert [row["value"] for row in chart.spec["datasets"]["groups"]] == list(errors_of.mean)
    frame = chart.frame()
    assert frame["age"].tolist() == list(errors_of.label)
    assert frame["low"].tolist() == list(errors_of.low)
    label = yard.evaluations.fairness(id=late.id, by="fare").rates.label[1]
    report = yard.evaluations.fairness(id=late.id, by="fare", reference=label, outcome="no")
    frame = late.fairness_chart("fare", label, "no").frame()
    assert frame["fare"][frame["reference"]].tolist() == [label]
    assert frame["positive_rate"].tolist() == list(report.rates.positive_rate)
    with pytest.raises(errors.Unsupported, match="regression predicts numbers"):
        minutes.fairness_chart("age")
    with pytest.raises(errors.Unsupported, match="predicts classes"):
        late.residual_chart("age")
    with pytest.raises(errors.Invalid, match="name it by --outcome"):
        kinds.fairness_chart("age")
    for asked in ({"screen": "residuals"}, {"screen": "roc", "reference": label}):
        with pytest.raises(errors.Invalid, match=r"--by|--reference"):
            yard.evaluations.table(id=late.id, **asked)


def test_metrics_assertions_and_rows_are_tables(yard, late, tmp_path):
    frame = late.table("metrics").frame().set_index("code")
    assert frame.value.to_dict() == {code: each.value for code, each in late.metrics.items()}
    assert frame.metric["auc"] == "ROC AUC"
    assert late.table("assertions").rows == ()
    asked = {"order": "best", "first": 3, "where": "age < 30", "metric": "brierScore"}
    found = yard.evaluations.rows(id=late.id, **asked)
    frame = late.table("rows", **asked).frame()
    assert frame["row"].tolist() == [each.row for each in found.rows]
    assert frame.loss.tolist() == [each.loss for each in found.rows]
    assert frame["truth (2)"].tolist() == [each.values.root["truth"] for each in found.rows]
    with pytest.raises(errors.Unsupported, match="rows are a table"):
        yard.evaluations.export(id=late.id, screen="rows", to=str(tmp_path / "rows.svg"))
    for asked in ({"screen": "roc", "order": "best"}, {"screen": "rows", "metric": "auc"}):
        with pytest.raises(errors.Invalid, match=r"--order|rows lose by"):
            yard.evaluations.table(id=late.id, **asked)


def test_the_last_search_for_the_worst_slices_is_kept(yard, evaluate, rows):
    late = evaluate(rows.assign(place=rows.age.floordiv(30), name=rows.age.floordiv(30)))
    with pytest.raises(errors.NotFound, match=f"evaluations worst {late.id}"):
        late.table("worst")
    yard.evaluations.worst(id=late.id, columns=["age"])
    found = yard.evaluations.worst(id=late.id, columns=["fare", "age"], combined=1)
    assert yard.evaluations.screen(id=late.id, screen="worst").content["columns"] == ["fare", "age"]
    frame = late.table("worst").frame()
    assert frame.loss.tolist() == [each.loss for each in found.slices]
    assert frame.group.tolist() == [each.conditions[0].group.label for each in found.slices]
    drawn = late.chart("worst").spec["datasets"]["groups"]
    assert [each["low"] for each in drawn] == [each.low for each in found.slices]
    assert "worst" not in yard.evaluations.show(id=late.id).screens


def test_the_screen_of_a_slice(yard, late):
    group = yard.evaluations.slices(id=late.id, by="age").slices[0].group.label
    of_slice = {"screen": "roc", "by": "age", "group": group}
    content = yard.evaluations.screen(id=late.id, **of_slice).content
    chart = late.chart(**of_slice)
    assert chart.title == f"ROC curve where age is {group}"
    drawn = [row["true_positive_rate"] for row in chart.spec["datasets"]["curve"]]
    assert drawn == content["true_positive_rate"]
    frame = chart.frame()
    assert frame[frame.low.isna()].true_positive_rate.tolist() == drawn


def test_a_notebook_shows_the_chart(late, minutes):
    chart = late.roc_curve()
    shown = chart._repr_mimebundle_()
    bundle = shown[0] if isinstance(shown, tuple) else shown
    assert bundle["text/plain"] == chart.description
    assert any("vega" in kind or "html" in kind for kind in bundle)
    assert chart.chart.to_dict()["title"]["text"] == "ROC curve"
    assert len(minutes.error_percentiles().frame()) == 11


def test_every_screen_has_a_method(late, kinds, minutes):
    asked = (
        (late, "confusion_matrix decision_chart roc_curve precision_recall_curve gain_curve"),
        (late, "lift_chart calibration_curve density_chart"),
        (kinds, "class_chart average_chart"),
        (minutes, "scatter_chart point_chart error_distribution error_percentiles error_quantiles"),
    )
    drawn = [getattr(found, name)().screen for found, names in asked for name in names.split()]
    screens = {*late.screens, *kinds.screens, *minutes.screens}
    assert sorted(drawn) == sorted(screens)
    assert "0.800" in late.confusion_matrix(0.8).description


def test_where_it_came_from_is_no_part_of_the_value(yard, late):
    plain = Evaluation.model_validate_json(late.model_dump_json())
    assert plain == late == yard.evaluations.show(id=late.id)
    with pytest.raises(errors.Invalid, match="does not know its workspace"):
        plain.roc_curve()
    assert pickle.loads(pickle.dumps(late)) == late
    assert late.roc_curve() == yard.evaluations.chart(id=late.id, screen="roc")


@pytest.mark.parametrize("ending", ["svg", "png", "html", "json", "csv"])
def test_a_screen_is_written_as_its_ending_says(yard, late, tmp_path, ending):
    file = tmp_path / f"roc.{ending}"
    told = yard.evaluations.export(id=late.id, screen="roc", to=str(file))
    content = file.read_bytes()
    assert (told.format, told.size) == (ending, len(content))
    if ending == "svg":
        assert ET.fromstring(content).tag.endswith("svg")
    elif ending == "png":
        assert content.startswith(b"\x89PNG")
    elif ending == "html":
        assert b"<script src" not in content
    elif ending == "json":
        assert json.loads(content)["title"]["text"] == "ROC curve"
    else:
        [head, first, *_] = csv.reader(content.decode().splitlines())
        assert (head[0], first[1]) == ("threshold", "0.0")
    with pytest.raises(errors.Conflict, match="--replace"):
        yard.evaluations.export(id=late.id, screen="roc", to=str(file))
    assert yard.evaluations.export(id=late.id, screen="roc", to=str(file), replace=True).size


def test_files_that_cannot_be_written(yard, late, tmp_path):
    with pytest.raises(errors.Failed, match="cannot be written"):
        yard.evaluations.export(id=late.id, screen="lift", to=str(tmp_path / "no" / "lift.csv"))
    with pytest.raises(errors.Invalid, match=r"written as \.pdf; .* \.svg, \.png"):
        yard.evaluations.export(id=late.id, screen="roc", to=str(tmp_path / "roc.pdf"))
    with pytest.raises(errors.NotFound, match="it has: confusion"):
        yard.evaluations.export(id=late.id, screen="rock", to=str(tmp_path / "rock.svg"))
    assert list(tmp_path.iterdir()) == []


def test_altair_is_loaded_by_the_first_chart(yard, late):
    code = (
        "import sys, modelyard; from modelyard.workspace import BUS; BUS.handlers;"
        f"yard = modelyard.open({str(yard.folder)!r});"
        f"yard.evaluations.table(id={late.id!r}, screen='roc');"
        "print([name for name in ('altair', 'vl_convert', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert modelyard.__version__
