"""The pages of drift, in a real browser."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect
from tests.browser import PATIENCE

from modelyard.analysis.drift.performance import performance_drift
from modelyard.analysis.drift.types import (
    Contribution,
    Density,
    EmbeddingDrift,
    Expected,
    PredictionDrift,
    TextDrift,
    Why,
)
from modelyard.analysis.types import Metric
from modelyard.evaluations.drifting.keeping import keep
from modelyard.web.pages.naming import DONE, done

pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)
HOSTILE = "<b onclick=alert(1)>x/y.json"


def metric(code, value, half=0.01):
    return Metric(code=code, value=value, low=value - half, high=value + half)


def of_a_model(found):
    """The same with what a model would add."""
    auc, loss = metric("auc", 0.72), metric("logLoss", 0.5)
    split = {"mix": metric("auc", -0.01), "relation": metric("auc", -0.065)}
    columns = tuple(
        each.model_copy(update={"model_importance": 1 / len(found.columns)})
        for each in found.columns
    )
    density = Density(value=(0.0, 0.5, 1.0), reference=(1.0, 2.0, 0.1), current=(2.0, 1.0, 0.2))
    return found.model_copy(
        update={
            "id": f"{found.id[:-1]}z",
            "columns": columns,
            "model": "late",
            "version": "v1",
            "performance": performance_drift(
                (auc, loss),
                (metric("auc", 0.645), metric("logLoss", 0.5)),
                classes=((7, 3), (8, 2)),
            ),
            "predictions": PredictionDrift(densities={"late": density}, outcome="stable"),
            "texts": (
                TextDrift(
                    name="note",
                    auc=metric("auc", 0.912),
                    embedding=EmbeddingDrift(
                        embedding="latent", distance=0.25, cosine=0.81, auc=metric("auc", 0.934)
                    ),
                ),
                TextDrift(name=HOSTILE, reason="a side has 3 texts, and 20 are the least"),
            ),
            "expected": Expected(
                method="confidence",
                metrics=(metric("auc", 0.7),),
                realised=(metric("auc", 0.645),),
                trusted=False,
                doubts=("the data moved",),
            ),
            "why": Why(
                code="auc",
                reference=0.72,
                current=0.645,
                **split,
                columns=(Contribution(column=HOSTILE, **split),),
            ),
        }
    )


@pytest.fixture(scope="module")
def reports(site, tmp_path_factory):
    """A report of two datasets, and one of a model."""
    folder = tmp_path_factory.mktemp("sides")
    draw = np.random.default_rng(5)
    for month, rise in (("june", 0), ("october", 40)):
        frame = pd.DataFrame(
            {
                "fare": draw.normal(100 + rise, 30, 300),
                "plan": draw.choice(["basic", "pro"], 300),
                HOSTILE: draw.choice([f"{month}</td>", "<script>"], 300),
            }
        )
        frame.to_parquet(folder / f"{month}.parquet")
    sides = {"reference": str(folder / "june.parquet"), "current": str(folder / "october.parquet")}
    found = site.yard.drift.compute(project="flights", **sides)
    richer = of_a_model(found)
    keep(site.yard.open(), richer)
    return found.id, richer.id


@pytest.fixture(scope="module")
def ana(ana, reports):
    return ana


def test_the_pages_are_fit_to_be_seen(ana, reports, shots):
    plain, richer = (f"/projects/flights/drift/{each}" for each in reports)
    for path in ("/projects/flights/drift", plain, richer, f"{plain}/columns/plan"):
        ana.look_at(path, shots)


def test_the_verdict_leads_to_a_column_and_its_numbers(ana, reports):
    page = ana.page
    page.goto("/projects/flights/drift")
    page.get_by_role("link", name="october.parquet against june.parquet").last.click()
    expect(page.get_by_role("cell", name="Drifted")).to_have_count(2)
    page.get_by_text("By Population stability index").click()
    page.get_by_role("link", name="Kolmogorov-Smirnov", exact=True).click()
    expect(page.get_by_text("By Kolmogorov-Smirnov")).to_be_visible()
    assert page.locator("#columns tbody tr").first.locator("td").first.inner_text() == "fare"
    page.get_by_role("link", name="fare", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("fare")
    expect(page.locator(".plot svg")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    assert sum(float(row["current"]) for row in rows) == pytest.approx(1)


def test_columns_of_any_name_have_a_page(ana, reports):
    page = ana.page
    page.goto(f"/projects/flights/drift/{reports[0]}")
    page.get_by_role("link", name=HOSTILE[:20]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    expect(page.get_by_text("october</td>")).to_be_visible()


def test_performance_what_is_expected_and_why(ana, reports):
    page = ana.page
    page.goto(f"/projects/flights/drift/{reports[1]}")
    expect(page.get_by_text("Worse, and not by chance")).to_be_visible()
    expect(page.get_by_role("row", name="ROC AUC")).to_contain_text("−0.089 to −0.061")
    expect(page.get_by_text("It moves with the shares of the classes alone")).to_be_visible()
    expect(page.get_by_text("It cannot be trusted: the data moved")).to_be_visible()
    expect(page.locator(".plot svg")).to_have_count(4)
    expect(page.get_by_role("row", name="note")).to_contain_text("0.934")
    expect(page.get_by_text("A side has 3 texts")).to_be_visible()
    page.get_by_role("link", name="Why did it move?").click()
    expect(page.get_by_role("row", name="All together")).to_contain_text("−0.065")


def test_settings_are_changed_in_a_form_that_is_filled_in(ana, reports):
    page = ana.page
    page.goto(f"/projects/flights/drift/{reports[0]}")
    page.get_by_role("link", name="Change settings").click()
    expect(page.locator("#f-current")).to_have_value(re.compile("october.parquet"))
    expect(page.locator("#f-reference")).to_have_value(re.compile("june.parquet"))


def test_a_project_shows_its_newest_reports(ana, reports):
    page = ana.page
    page.goto("/projects/flights")
    page.get_by_role("link", name="october.parquet against june.parquet").first.click()
    expect(page).to_have_url(re.compile("/projects/flights/drift/[^/]+$"))
    page.go_back()
    page.get_by_role("link", name="All drift reports").click()
    expect(page).to_have_url(re.compile("/projects/flights/drift$"))


@pytest.mark.parametrize(
    "path",
    [
        "drift/none",
        "drift/{}/columns/none",
        "drift/{}/parts/none/table.json",
        "drift/{}/parts/column/table.json",
        "drift/{}/parts/densities/chart.json",
        "stores/a%20b",
        "models/a%20b",
        "models/a%20b.json",
    ],
)
def test_what_is_not_there_is_said(ana, reports, path):
    where = ana.page.url.split("/projects")[0] + "/projects/flights/" + path.format(reports[0])
    assert ana.context.request.get(where).status in {404, 422}


@pytest.mark.parametrize("command", DONE)
def test_whatever_somebody_did_is_told_without_its_arguments_too(command):
    assert "{" not in done(command, {})
