"""The examples of the how-to pages, run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs" / "how-to"


@pytest.mark.parametrize(("page", "count"), [("alerts", 1), ("monitoring", 2)])
def test_every_example_works(page, count, letters, alerting):
    alerting.yard.models.create(name="churn", prediction_type="binary_classification")
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / f"{page}.md").read_text("utf-8"), re.DOTALL)
    assert len(blocks) == count
    for block in blocks:
        exec(block, {"yard": alerting.yard})
    assert alerting.yard.alerts.show(name="team").to == ("ada@example.org",)
    if page == "monitoring":
        assert alerting.yard.scenarios.show(name="follow-churn").cron == "0 6 * * MON"
    else:
        assert len(letters.taken) == 1
