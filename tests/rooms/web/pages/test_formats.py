"""Values as pages write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from starlette.requests import Request

from modelyard.web.assets import address as asset
from modelyard.web.pages import formats
from modelyard.web.pages.page import address
from modelyard.web.pages.rendering import page

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(hours=23), "23 h ago"),
        (timedelta(hours=25), "yesterday"),
        (timedelta(days=6), "6 days ago"),
        (timedelta(days=30), "26 Oct"),
        (timedelta(days=400), "21 Oct 2025"),
        (timedelta(hours=-2), "14:00"),
        (timedelta(hours=-13), "tomorrow 01:00"),
        (timedelta(hours=-35), "tomorrow 23:00"),
        (timedelta(days=-2), "27 Nov"),
    ],
)
def test_moments_are_told_as_people_do(passed, words):
    assert formats.ago(NOON - passed, NOON) == words


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.25, "0.25"),
        (12.0, "12.0"),
        (0.7310585786300049, "0.731059"),
        (0.9999996423721313, "0.9999996"),
        (-0.9999999999876543, "-0.99999999999"),
        (0.000012345678901234, "1.23457e-05"),
        (-1234.56789012, "-1234.57"),
        (123456789.123456, "123456789"),
        (float("inf"), "inf"),
    ],
)
def test_figures_of_data_are_cut_and_told_whole_on_hover(value, shown):
    cut = formats.figure(value)
    whole = shown == str(value)
    assert cut == shown if whole else cut == f'<span title="{value}">{shown}</span>'


def test_numbers():
    assert formats.number(-1234567) == "\N{MINUS SIGN}1,234,567"
    assert formats.number(0.72041) == "0.720"
    assert formats.number(None) == "–"
    assert formats.percent(0.641, 1) == "64.1\N{NARROW NO-BREAK SPACE}%"
    assert [formats.size(n) for n in (999, 1234, 5_600_000_000_000)] == [
        "999 bytes",
        "1.2 kB",
        "5.6 TB",
    ]
    assert [formats.took(s) for s in (0.7, 38, 64, 7260)] == [
        "0.7 s",
        "38 s",
        "1 min 4 s",
        "2 h 1 min",
    ]
    assert formats.plural(1, "row") == "1 row"


def test_names():
    assert formats.cut("<b>" * 40, 10).startswith('<span title="&lt;b&gt;')
    assert formats.initials("<script>alert") == "SA"
    assert [formats.initials(name) for name in ("Flight delays", "ada", "…")] == ["FD", "AD", "?"]
    assert formats.sentence("there is none") == "There is none"
    assert formats.sentence("a.csv is none") == "a.csv is none"


def test_addresses_keep_any_name_in_one_segment():
    path = "/projects/{project}/datasets/{name}"
    assert address(path, project="p", name="in/a b.csv") == "/projects/p/datasets/in%2Fa%20b.csv"
    assert address(path, project="p", name="a.json") == "/projects/p/datasets/a%2Ejson"


def test_pages_name_assets_by_their_content_and_may_be_packed():
    with pytest.raises(FileNotFoundError):
        asset("css/none.css")
    request = Request({"type": "http", "headers": [(b"accept-encoding", b"gzip")], "method": "GET"})
    answer = page(request, "refused.html", {"title": "t", "problem": "<p>"})
    assert answer.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("message", "here"),
    [
        ("give one of --path, --table or --query", "Give one of “Path”, “Table” or “Query”"),
        ("name it with --tracking-uri or A_VARIABLE", "Name it with “MLflow server” or A_VARIABLE"),
        ("live was not changed; see: deployments log live-2 3", "Live was not changed"),
        ("there is no user 'bo'; see: users list", "There is no user 'bo'"),
        (
            "put the file there with 'modelyard files put', or ask",
            "Upload it under “Files”, or ask",
        ),
        ("files://transit/142f861234567890/x.zip is damaged", "x.zip is damaged"),
        ("cannot read /yard/files/p/transit/142f861234567890/1/x.zip", "Cannot read x.zip"),
        ("cannot read files://transit/mine/x.zip", "Cannot read files://transit/mine/x.zip"),
        ("a -- b --- c, well--known", "A -- b --- c, well--known"),
    ],
)
def test_messages_speak_of_pages_and_not_of_the_command_line(message, here):
    assert formats.sentence(message) == here


@pytest.mark.parametrize(
    ("own", "listed"), [("no,yes", "no, yes"), ("""'["a, b", "c"]'""", """'["a, b", "c"]'""")]
)
def test_the_own_classes_of_a_model_are_listed_for_people(own, listed):
    said = "--classes names 'a', which are not the model's own classes; the model says: --classes "
    assert formats.sentence(said + own) == (
        "“Classes” names 'a', which are not the model's own classes; its own are, in this order: "
        + listed
    )
