"""The report of an evaluation: whole, readable anywhere, and nothing in it but text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from contextlib import closing
from html.parser import HTMLParser

import pytest

import modelyard
from modelyard import errors
from modelyard.evaluations.assertion_types import AssertionResult
from modelyard.evaluations.charting.report_page import page
from modelyard.evaluations.charting.report_parts import of_screen
from modelyard.evaluations.charting.report_sections import begun, screens, slices
from modelyard.evaluations.charting.reporting import bench
from modelyard.evaluations.charting.stills import Stills
from modelyard.evaluations.numbered import NumberedCheck

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)> {{ 7 * 7 }}'


class Reader(HTMLParser):
    """What a browser would find on a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: dict[str, int] = {}
        self.headings: list[str] = []
        self.ids: list[str] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self._inside = tag
        names = {name for name, _ in attrs}
        assert not {name for name in names if name.startswith("on")} | names & {"src"}
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside in {"h1", "h2", "h3"}:
            self.headings.append(data)


def page_of(evaluation, contents, found):
    with begun(evaluation) as drawing:
        own = list(screens(drawing, contents))
        sections = [slices(drawing, found, [each.column for each in found])] if found else []
        return page(evaluation, own, sections, bench(evaluation, contents))


@pytest.fixture(scope="module")
def contents(yard):
    def screens(found):
        return {x: yard.evaluations.screen(id=found.id, screen=x).content for x in found.screens}

    return screens


@pytest.mark.parametrize(
    ("model", "asked", "fairness"),
    [
        (
            "kinds",
            {"target": "kind", "averaging": "macro"},
            {"fairness": ["age"], "outcome": "late"},
        ),
        ("minutes", {"target": "delay"}, {}),
    ],
)
def test_a_report_holds_all_screens_and_needs_no_network(
    yard, evaluate, rows, tmp_path, model, asked, fairness
):
    found = evaluate(rows, model, **asked)
    worst = yard.evaluations.worst(id=found.id).slices  # a report tells what was found last
    file = tmp_path / "report.html"
    said = []
    with closing(
        modelyard.open(yard.folder, progress=lambda text, **_: said.append(text))
    ) as heard:
        told = heard.evaluations.report(
            id=found.id, output=str(file), columns=("age", "fare"), rows=3, **fairness
        )
    text = file.read_text("utf-8")
    is_regression = model == "minutes"
    assert (told.screens, told.slices) == (len(found.screens), ("age", "fare"))
    assert told.residuals == (("age", "fare") if is_regression else ())
    assert told.fairness == (() if is_regression else ("age",))
    assert told.size == file.stat().st_size < 1_000_000
    assert {"drawing screens", "computing slices", "picking rows"} <= set(said)
    assert "http" not in text.replace("http-equiv", "")
    read = Reader(text)
    by_column = 4 if is_regression else 3
    assert read.tags["svg"] == len(found.screens) + by_column + bool(worst)
    assert read.tags["h1"] == 1
    assert read.headings[0] == f"{model}, version v1, on {found.dataset.rpartition('/')[2]}"
    titles = [
        "Slices by age",
        "Slices by fare",
        "Best and worst rows",
        "Worst rows",
    ]
    grouped = ["Residuals by age", "Residuals by fare"] if is_regression else ["Fairness by age"]
    assert {*titles, *grouped, "The worst slices"} <= set(read.headings)
    assert "script" not in read.tags
    assert len(set(read.ids)) == len(read.ids)
    for each in found.metrics.values():
        if each.low is not None:
            assert f"{each.value:.3f}".replace("-", "−") in text or abs(each.value) > 99
    for order in ("worst", "best"):
        for row in yard.evaluations.rows(id=found.id, order=order, first=3).rows:
            assert f'<th scope="row">{row.row:,}</th>' in text
            assert f"<i>fare</i> {row.values.root['fare']}</span>" in text
    with pytest.raises(errors.Conflict, match="--replace"):
        yard.evaluations.report(id=found.id, output=str(file))


def test_markup_in_names_stays_text(yard, late, contents):
    screens = contents(late)
    slices = yard.evaluations.slices(id=late.id, by="age")
    [first, *others] = slices.slices
    group = first.group.model_copy(update={"label": HOSTILE})
    told = slices.model_copy(
        update={
            "column": HOSTILE,
            "slices": (first.model_copy(update={"group": group}), *others),
        }
    )
    changed = late.model_copy(
        update={
            **dict.fromkeys(("dataset", "target", "weights", "created_by", "positive"), HOSTILE),
            "classes": (HOSTILE, "yes"),
            "assertions": (
                AssertionResult(
                    name=HOSTILE, where=HOSTILE, expect=("yes",), ratio=1, reason=HOSTILE
                ),
                AssertionResult(
                    name="young",
                    where="age < 30",
                    expect=("yes",),
                    ratio=0.9,
                    passed=False,
                    matching=1234,
                    valid_ratio=0.5,
                ),
            ),
            "checks": (
                NumberedCheck(code="odd", outcome="warning", title=HOSTILE, evidence=HOSTILE),
            ),
        }
    )
    page = page_of(changed, screens, [told])
    read = Reader(page)
    assert not {"img", "iframe", "object", "link", "form"} & set(read.tags)
    assert read.tags["script"] == 2, "numbers of the workbench, and what moves them"
    [numbers] = re.findall(r'<script type="application/json" data-grid>(.*?)</script>', page)
    assert len(json.loads(numbers)["threshold"]) > 100
    [moving] = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    allowed = base64.b64encode(hashlib.sha256(moving.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'\"" in page
    assert "49" not in " ".join(read.headings)
    assert read.headings[0].endswith(HOSTILE.rpartition("/")[2])
    assert "<td>1,234</td><td>yes</td><td>50.0 %</td><td>90.0 %</td><td>failed</td>" in page


@pytest.fixture(scope="module")
def late(evaluate, rows):
    return evaluate(rows)


def test_what_cannot_be_drawn_says_why(late, contents):
    empty = {name: [] for name in ("threshold", "false_positive_rate", "true_positive_rate")}
    area = {"code": "auc", "value": None, "low": None, "reason": "all rows are of one class"}
    page = page_of(late, {"roc": {**empty, "area": area}}, [])
    assert "ROC curve: all rows are of one class." in page


def test_notes_stand_beside_their_metrics(late):
    noted = late.metrics["auc"].model_copy(update={"note": "1 row is left out"})
    page = page_of(late.model_copy(update={"metrics": {"auc": noted}}), {}, [])
    assert '<th scope="row">ROC AUC<br>1 row is left out</th>' in page


def test_models_without_a_truth_have_a_report_that_says_so(yard, evaluate, rows, tmp_path):
    found = evaluate(rows, "anything")
    file = tmp_path / "report.html"
    told = yard.evaluations.report(id=found.id, output=str(file))
    assert (told.screens, told.slices) == (0, ())
    assert "cannot be compared with a truth" in file.read_text("utf-8")


def test_a_column_that_is_not_there_leaves_no_file(yard, late, tmp_path):
    with pytest.raises(errors.Invalid, match="'rage'"):
        yard.evaluations.report(id=late.id, output=str(tmp_path / "r.html"), columns=("rage",))
    with pytest.raises(errors.NotFound):
        yard.evaluations.report(id="none", output=str(tmp_path / "r.html"))
    with pytest.raises(errors.Invalid, match=r"not written as \.pdf"):
        yard.evaluations.report(id=late.id, output=str(tmp_path / "r.pdf"))
    assert list(tmp_path.iterdir()) == []


def test_no_rows_are_reported_without_what_is_told_of_rows(yard, evaluate, rows, tmp_path):
    found = evaluate(rows[:0])
    told = yard.evaluations.report(id=found.id, output=str(tmp_path / "none.html"))
    assert (told.screens, told.slices) == (len(found.screens), ())
    assert "there are no rows" in (tmp_path / "none.html").read_text()
    assert yard.evaluations.slices(id=found.id, by="age").slices == ()


def test_one_row_is_reported_without_slices(yard, evaluate, rows, tmp_path):
    found = evaluate(rows[:1], "minutes", target="delay")
    yard.evaluations.report(id=found.id, output=str(tmp_path / "one.html"))
    page = Reader((tmp_path / "one.html").read_text())
    assert "Error distribution" in page.headings
    assert not [each for each in page.ids if each.startswith("slices")]


def test_many_classes_are_told_by_their_worst():
    count = 40
    weights = [[0.0] * count for _ in range(count)]
    for at in range(count):
        weights[at][at], weights[at][(at + 1) % count] = 50, at
    told = of_screen("confusion", {"classes": list(range(count)), "weights": weights}, ())[0]
    assert (told.of, told.which) == (count**2, ", the most frequent mistakes")
    assert [row[:3] for row in told.rows[:2]] == [["39", "0", "39"], ["38", "39", "38"]]
    assert len(told.rows) == 12


def test_a_chart_that_cannot_be_drawn_says_so():
    with Stills() as stills, pytest.raises(errors.Failed, match="cannot be drawn"):
        stills.svg({"layer": [{"mark": {"type": "odd"}}], "config": {}, "description": ""}, 300)
