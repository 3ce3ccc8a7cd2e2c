"""Replaying a version, activating it and rolling back, in a real browser."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect
from tests.browser import PATIENCE
from tests.e2e.models import write_model

pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)
HOSTILE = "<b onclick=alert(1)>x"
OLD = "return (frame['fare'] / 100).clip(0, 1).to_numpy()"
NEW = "return (frame['fare'] / 100 - 0.2 * (frame['age'] > 60)).clip(0, 1).to_numpy()"
MODEL = "/projects/flights/models/late"


@pytest.fixture(scope="module")
def replayed(site, tmp_path_factory):
    """A replay of a version that is not active."""
    folder = tmp_path_factory.mktemp("replayed")
    of = {"project": "flights", "model": "late"}
    site.yard.models.create(project="flights", name="late", prediction_type="binary_classification")
    for version, body in (("v1", OLD), ("v2", NEW)):
        site.yard.versions.import_(
            **of,
            version=version,
            source=str(write_model(folder / version, predict=body)),
            env="local",
            classes=("no", HOSTILE),
            target="truth",
            activate=version == "v1",
        )
    draw = np.random.default_rng(2)
    fare, age = draw.integers(0, 101, 400), draw.integers(0, 90, 400)
    truth = np.where(draw.random(400) < fare / 100, HOSTILE, "no")
    frame = pd.DataFrame({"age": age, "fare": fare, HOSTILE: HOSTILE, "truth": truth})
    frame.to_parquet(folder / "rows.parquet")
    place = str(folder / "rows.parquet")
    site.yard.datasets.create(project="flights", name="october", path=place)
    return site.yard.versions.replay(**of, version="v2", rows="october")


def test_the_pages_are_fit_to_be_seen(ana, replayed, shots):
    one = f"{MODEL}/versions/v2"
    for path in (f"/projects/flights/replays/{replayed.id}", one, f"{one}/replay", MODEL):
        ana.look_at(path, shots)


def test_a_version_is_replayed_activated_and_rolled_back(ana, site, replayed):
    page = ana.page
    page.goto(f"{MODEL}/versions/v2")
    page.get_by_role("link", name="Replay first").click()
    page.get_by_label("Dataset").fill("october")
    page.get_by_label("Rows", exact=False).first.fill("100")
    page.get_by_role("button", name="Replay", exact=True).click()
    page.wait_for_url("**/jobs/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Replay late v2 on october")
    page.goto(f"/projects/flights/replays/{replayed.id}")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("decides")
    expect(page.locator("[data-chart] svg, [data-chart] canvas").first).to_be_visible()
    with page.expect_download() as found:
        page.get_by_role("link", name="CSV").last.click()
    rows = list(csv.DictReader(found.value.path().read_text().splitlines()))
    assert [int(row["row"]) for row in rows] == [each.row for each in replayed.movers]
    page.get_by_role("button", name="Activate v2").click()
    expect(page.get_by_role("status")).to_contain_text("v2 is the active version of late.")
    page.get_by_role("button", name="Roll back to v1").click()
    expect(page.get_by_role("status")).to_contain_text("v1 is the active version of late again.")
    expect(page.get_by_text("rolled back to v1")).to_be_visible()
    assert site.yard.models.show(project="flights", name="late").active_version == "v1"
    site.yard.versions.activate(project="flights", model="late", version="v2")
    page.goto(MODEL)
    page.get_by_role("button", name="Roll back to v1").click()
    expect(page.get_by_role("status")).to_contain_text("v1 is the active version of late again.")


def test_who_may_only_read_sees_it_and_changes_nothing(rob, replayed):
    page = rob.page
    page.goto(f"/projects/flights/replays/{replayed.id}")
    expect(page.get_by_text("Decided otherwise")).to_be_visible()
    assert page.get_by_role("button", name="Activate").count() == 0
    page.goto(f"{MODEL}/versions/v2")
    assert page.get_by_role("link", name="Replay first").count() == 0
