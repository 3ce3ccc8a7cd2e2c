"""Screens of evaluations on terminals."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from modelyard.analysis.types import Metric
from modelyard.cli.evaluation_card import screen_table, screen_view
from modelyard.evaluations.charting.types import ScreenTable
from modelyard.evaluations.types import Screen


def said(what, width):
    file = io.StringIO()
    Console(file=file, width=width).print(what)
    return file.getvalue().splitlines()


def wide(count, rows=2):
    columns = ("group", *(f"metric_of_number_{at}" for at in range(count)))
    cells = tuple((f"g{row}", *(row + at / 10 for at in range(count))) for row in range(rows))
    return ScreenTable(evaluation="e", screen="slices", columns=columns, rows=cells)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_columns_that_do_not_fit_are_named_and_the_others_are_whole(width):
    lines = said(screen_table(wide(50)), width)
    assert max(map(len, lines)) <= width
    assert "…" not in "".join(lines[:5])
    assert "more columns, which --json shows, too: metric_of" in " ".join(" ".join(lines).split())
    assert any(line.split()[:3] == ["g1", "1.0000", "1.1000"] for line in lines)


def test_all_columns_are_shown_where_there_is_room():
    assert "more column" not in " ".join(said(screen_table(wide(3)), 80))


def test_rows_in_steps_are_counted():
    assert said(screen_table(wide(1, rows=61)), 80)[-1] == "1 row in 3 of 61; --json has all"


def test_counts_have_no_digits_behind_the_point():
    content = {
        "cells": {"true_positive": 1200.0, "false_positive": 1.0, "false_negative": 0.0},
        "weight": [0.0, 1.0, 2.0],
        "share": [0.0, 0.5, 1.0],
    }
    lines = [
        each.split()
        for each in said(screen_view(Screen(evaluation="e", name="confusion", content=content)), 80)
    ]
    assert ["false", "positive", "1"] in lines
    assert ["false", "negative", "0"] in lines
    assert lines[-3:] == [["0", "0.0000"], ["1", "0.5000"], ["2", "1.0000"]]


def test_metrics_say_what_is_to_be_known_of_them():
    found = Metric(code="mape", value=0.5, low=0.4, high=0.6, note="1 row is left out")
    content = {"area": found.model_dump(mode="json")}
    assert "0.4000 to 0.6000; 1 row is left out" in " ".join(
        said(screen_view(Screen(evaluation="e", name="roc", content=content)), 80)
    )
