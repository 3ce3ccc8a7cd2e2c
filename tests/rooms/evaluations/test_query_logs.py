"""Evaluations of what an API node logged: answers go before features of the same name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score
from tests.rooms.serving.querylog.queries import Result, query

from modelyard.serving.querylog.settings import QueryLogSettings
from modelyard.serving.querylog.writing import QueryLog

ROWS = 400


@pytest.fixture(scope="module")
def answered(tmp_path_factory, yard):
    """A dataset of a log in which fares are higher than before, and the truth of its rows."""
    rng = np.random.default_rng(8)
    fares = rng.uniform(20, 90, ROWS)
    truth = np.where(rng.uniform(0, 100, ROWS) < fares, "yes", "no")
    folder = tmp_path_factory.mktemp("node")
    log = QueryLog(folder, QueryLogSettings())
    for order, fare in enumerate(fares):
        features = {"fare": fare, "age": 30.0, "prediction": "no", "proba_yes": 0.0}
        share = fare / 100
        answer = Result({
            "prediction": "yes" if share > 0.5 else "no",
            "probas": {"no": 1 - share, "yes": share},
            "proba_percentile": 50,
        })  # fmt: skip
        log.record(query(features, answers=[answer], contexts=[{"order": order}]))
        log.record(query(features, answers=[Result({"prediction": "no"})], shadow=True))
    log.record(query(status=503, problem="unavailable", answers=()))
    log.close()
    path = str(folder / "churn-api" / "churn")
    yard.datasets.create(name="asked-live", path=path, format="query_log")
    known = pd.DataFrame({"order": np.arange(ROWS), "left": truth}).sample(frac=1, random_state=1)
    known.to_csv(folder / "truths.csv", index=False)
    return fares, truth, folder


def test_with_truths_that_came_later(yard, answered):
    fares, truth, folder = answered
    judged = str(folder / "judged.parquet")
    told = yard.datasets.join(
        dataset="asked-live", other=str(folder / "truths.csv"), key="context_order",
        other_key="order", output=judged,
    )  # fmt: skip
    assert (told.rows, told.matched) == (ROWS, ROWS)
    found = yard.evaluations.run(model="late", dataset=judged, skip_scoring=True, target="left")
    assert found.metrics["auc"].value == pytest.approx(roc_auc_score(truth == "yes", fares))
    accuracy = accuracy_score(truth, np.where(fares > 50, "yes", "no"))
    assert found.metrics["accuracy"].value == pytest.approx(accuracy)


def test_drift_without_a_truth(yard, answered, tmp_path):
    rng = np.random.default_rng(9)
    before = pd.DataFrame({"fare": rng.uniform(0, 60, ROWS), "age": 30.0})
    before.to_parquet(tmp_path / "before.parquet")
    yard.stores.create(name="asked")
    found = yard.evaluations.standalone(
        dataset="asked-live",
        prediction="prediction",
        probabilities={"no": "proba_no", "yes": "proba_yes"},
        prediction_type="binary_classification",
        reference=str(tmp_path / "before.parquet"),
        where="query_generation = 'p1'",
        store="asked",
    )
    [drift] = yard.drift.list(evaluation=found.id)
    assert drift.headline.startswith("fare moved")
