"""The report of an evaluation: whole, readable anywhere, and nothing in it but text."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from modelyard import errors
from modelyard.evaluations.assertion_types import AssertionResult
from modelyard.evaluations.charting.reporting import page_of
from modelyard.evaluations.types import Diagnostic

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


@pytest.fixture(scope="module")
def contents(yard):
    def screens(found):
        return {x: yard.evaluations.screen(id=found.id, screen=x).content for x in found.screens}

    return screens


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        ("kinds", {"target": "kind", "averaging": "macro"}),
        ("minutes", {"target": "delay"}),
    ],
)
def test_a_report_holds_all_screens_and_needs_no_network(
    yard, evaluate, rows, tmp_path, model, asked
):
    found = evaluate(rows, model, **asked)
    file = tmp_path / "report.html"
    told = yard.evaluations.report(id=found.id, output=str(file), columns=("age", "fare"))
    page = file.read_text("utf-8")
    assert (told.screens, told.slices) == (len(found.screens), ("age", "fare"))
    assert told.size == file.stat().st_size < 1_000_000
    assert "http" not in page.replace("http-equiv", "")
    read = Reader(page)
    assert read.tags["svg"] == len(found.screens) + 2
    assert read.tags["h1"] == 1
    assert read.tags["h2"] == len(found.screens) + 3
    assert read.headings[-2:] == ["Slices by age", "Slices by fare"]
    assert "script" not in read.tags
    assert len(set(read.ids)) == len(read.ids)
    for each in found.metrics.values():
        if each.low is not None:
            assert f"{each.value:.3f}".replace("-", "−") in page or abs(each.value) > 99
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
            **dict.fromkeys(("dataset", "target", "weights", "created_by"), HOSTILE),
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
            "diagnostics": (
                Diagnostic(code="odd", severity="warning", title=HOSTILE, detail=HOSTILE),
            ),
        }
    )
    page = page_of(changed, screens, [told])
    read = Reader(page)
    assert not {"script", "img", "iframe", "object", "link", "form"} & set(read.tags)
    assert "49" not in " ".join(read.headings)
    assert HOSTILE in read.headings[0]
    assert "<td>1,234</td><td>yes</td><td>50.0 %</td><td>90.0 %</td><td>failed</td>" in page


@pytest.fixture(scope="module")
def late(evaluate, rows):
    return evaluate(rows)


def test_what_cannot_be_drawn_says_why(late, contents):
    empty = {name: [] for name in ("threshold", "false_positive_rate", "true_positive_rate")}
    area = {"code": "auc", "value": None, "low": None, "reason": "all rows are of one class"}
    page = page_of(late, {"roc": {**empty, "area": area}}, [])
    assert "ROC curve: all rows are of one class." in page


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
    assert list(tmp_path.iterdir()) == []


def test_one_row_is_reported_without_slices(yard, evaluate, rows, tmp_path):
    found = evaluate(rows[:1], "minutes", target="delay")
    yard.evaluations.report(id=found.id, output=str(tmp_path / "one.html"))
    page = Reader((tmp_path / "one.html").read_text())
    assert "Error distribution" in page.headings
    assert not [each for each in page.ids if each.startswith("slices")]
