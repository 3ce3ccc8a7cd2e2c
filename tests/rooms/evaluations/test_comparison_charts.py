"""Comparisons as charts, tables and files: with the numbers of the evaluations in them."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import os
import re

import pytest
from tests.rooms.evaluations.test_reporting import HOSTILE, Reader

from modelyard import errors

DRAWN = f"drawn-{os.getpid()}"
"""Several processes share the workspace."""


@pytest.fixture(scope="module")
def compared(yard, evaluate, rows):
    """A comparison of two evaluations of the same rows, by their models' names."""
    late = evaluate(rows, "late")
    found = {"late": late, "frail": yard.evaluations.run(model="frail", dataset=late.dataset)}
    made = yard.comparisons.create(
        name=DRAWN, items=tuple(each.id for each in found.values()), champion=found["late"].id
    )
    yard.comparisons.update(name=DRAWN, call={found["frail"].id: "frail one"})
    return made, found


def test_a_curve_of_each_is_drawn_with_the_numbers_that_it_has(yard, compared):
    _, found = compared
    chart = yard.comparisons.show(name=DRAWN).chart("roc")
    lines = {row["line"] for row in chart.spec["datasets"]["lines"]}
    assert lines == {"late v1 champion", "frail one"}
    table = chart.table()
    one = yard.evaluations.table(id=found["frail"].id, screen="roc")
    mine = [row[1:] for row in table.rows if row[0] == "frail one"]
    assert (table.columns[1:], mine) == (one.columns, list(one.rows))
    bundle = chart._repr_mimebundle_()
    told = bundle[0] if isinstance(bundle, tuple) else bundle
    assert told["text/plain"] == chart.description


def test_metrics_and_differences_are_those_that_are_shown(yard, compared):
    shown = yard.comparisons.show(name=DRAWN)
    [challenge] = shown.challenges
    table = yard.comparisons.table(name=DRAWN, part="differences")
    by_code = {row[2]: row[3:6] for row in table.rows}
    assert by_code == {
        each.code: (each.difference, each.low, each.high) for each in challenge.differences
    }
    metrics = yard.comparisons.table(name=DRAWN, part="metrics")
    values = {(row[0], row[2]): row[3] for row in metrics.rows}
    assert values == {
        (item.key, code): metric.value
        for item in shown.items
        for code, metric in item.metrics.items()
    }
    chart = yard.comparisons.chart(name=DRAWN, part="metrics", intervals=False)
    assert {row["low"] for row in chart.spec["datasets"]["bars"]} == {None}


def test_what_is_hidden_is_not_drawn(yard, compared):
    _, found = compared
    key = found["frail"].id
    yard.comparisons.update(name=DRAWN, hide=(key,))
    try:
        chart = yard.comparisons.chart(name=DRAWN, part="metric", metric="auc")
        assert [row["line"] for row in chart.spec["datasets"]["bars"]] == ["late v1 champion"]
        with pytest.raises(errors.NotFound, match="challenger"):
            yard.comparisons.chart(name=DRAWN, part="differences")
    finally:
        yard.comparisons.update(name=DRAWN, unhide=(key,))


def test_groups_are_drawn_and_told_as_they_were_compared(yard, compared):
    _, found = compared
    slices = yard.comparisons.slices(name=DRAWN, by="fare", metric="auc")
    chart = yard.comparisons.show(name=DRAWN).chart("slices", by="fare", metric="auc")
    at = slices.items.index(found["frail"].id)
    wanted = {
        f"fare = {each.group.label}": each.values[at].difference.difference
        for each in slices.groups
        if each.values[at].difference and each.values[at].difference.difference is not None
    }
    assert {row["name"]: row["value"] for row in chart.spec["datasets"]["groups"]} == wanted
    rows = chart.table().rows
    assert len(rows) == len(slices.groups) * len(slices.items)
    with pytest.raises(errors.Invalid, match="--by names the column"):
        yard.comparisons.chart(name=DRAWN, part="slices")
    with pytest.raises(errors.NotFound, match="challenger"):
        yard.comparisons.chart(name=DRAWN, part="slices", by="fare", item="late:v9")


@pytest.mark.parametrize("part", ["decision", "density", "importances", "errors"])
def test_a_part_is_drawn_or_says_why_not(yard, compared, part):
    chart = yard.comparisons.chart(name=DRAWN, part=part)
    assert (chart.spec is None) == bool(chart.reason)
    assert bool(chart.reason) == (part in ("errors", "importances"))


def test_a_part_is_written_as_picture_and_as_csv(yard, compared, tmp_path):
    to = tmp_path / "lift.csv"
    written = yard.comparisons.export(name=DRAWN, part="lift", to=str(to))
    rows = list(csv.DictReader(to.read_text().splitlines()))
    assert {row["item"] for row in rows} == {"late v1", "frail one"}
    assert (written.format, written.size) == ("csv", to.stat().st_size)
    picture = tmp_path / "lift.json"
    yard.comparisons.export(name=DRAWN, part="lift", to=str(picture))
    assert json.loads(picture.read_text())["layer"]


def test_what_there_is_not_is_named(yard, compared):
    with pytest.raises(errors.NotFound, match="metric"):
        yard.comparisons.chart(name=DRAWN, part="metric", metric="nothing")
    with pytest.raises(errors.NotFound, match="class"):
        yard.comparisons.chart(name=DRAWN, part="roc", label="nobody")
    with pytest.raises(errors.Invalid, match="--item is of the part"):
        yard.comparisons.chart(name=DRAWN, part="roc", item="late:v1")


@pytest.fixture(scope="module")
def reported(yard, compared, tmp_path_factory):
    """A report of the comparison while its words are hostile: what was told, and the page."""
    key = compared[1]["frail"].id
    yard.comparisons.update(name=DRAWN, description=HOSTILE, call={key: HOSTILE[:60]})
    file = tmp_path_factory.mktemp("reported") / "comparison.html"
    try:
        told = yard.comparisons.report(name=DRAWN, output=str(file), by="fare")
    finally:
        yard.comparisons.update(name=DRAWN, description="", call={key: "frail one"})
    with pytest.raises(errors.Conflict, match="--replace"):
        yard.comparisons.report(name=DRAWN, output=str(file))
    assert told.size == file.stat().st_size < 1_000_000
    return told, file.read_text("utf-8")


def test_a_report_holds_all_that_is_compared(yard, reported):
    told, text = reported
    read = Reader(text)
    assert (told.items, told.workbenches, told.by) == (2, 2, "fare")
    assert {"differences", "roc", "decision", "slices"} <= set(told.charts)
    assert read.tags["svg"] == len(told.charts)
    titles = {"Is the difference real?", "Metrics", "Thresholds and costs", "ROC curve"}
    assert {*titles, "Model information"} <= set(read.headings)
    for item in yard.comparisons.show(name=DRAWN).items:
        auc = item.metrics["auc"]
        cell = rf'{auc.value:.3f}(</b>)?<br><span class="ci">{auc.low:.3f} to {auc.high:.3f}</span>'
        assert re.search(cell, text)


def test_names_in_a_report_stay_text_and_no_other_script_runs(reported):
    _, text = reported
    read = Reader(text)
    assert not {"img", "iframe", "object", "link", "form"} & set(read.tags)
    assert len(set(read.ids)) == len(read.ids)
    assert "49" not in " ".join(read.headings)
    grids = re.findall(r'<script type="application/json" data-grid>(.*?)</script>', text)
    assert all(len(json.loads(each)["threshold"]) > 100 for each in grids)
    [moving] = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert read.tags["script"] == len(grids) + 1 == 3
    allowed = base64.b64encode(hashlib.sha256(moving.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'\"" in text


def test_a_report_that_cannot_be_written_leaves_no_file(yard, compared, tmp_path):
    with pytest.raises(errors.Invalid, match="'rage'"):
        yard.comparisons.report(name=DRAWN, output=str(tmp_path / "c.html"), by="rage")
    with pytest.raises(errors.NotFound, match="nobody"):
        yard.comparisons.report(name="nobody", output=str(tmp_path / "c.html"))
    with pytest.raises(errors.Invalid, match=r"not written as \.pdf"):
        yard.comparisons.report(name=DRAWN, output=str(tmp_path / "c.pdf"))
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_reported_where_nothing_is_compared(yard, tmp_path):
    yard.comparisons.create(name="blank", prediction_type="regression")
    file = tmp_path / "blank.html"
    told = yard.comparisons.report(name="blank", output=str(file))
    assert (told.items, told.charts, told.by, told.workbenches) == (0, (), None, 0)
    assert "script" not in Reader(file.read_text("utf-8")).tags
