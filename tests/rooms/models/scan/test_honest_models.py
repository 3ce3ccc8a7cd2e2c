"""Models as their libraries write them: none is held up that holds no code of its own."""

from __future__ import annotations

import io
import pickle
import unittest
import warnings

import catboost
import cloudpickle
import joblib
import lightgbm
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn.metrics
import sklearn.preprocessing
import skops.io
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils import all_estimators
from sklearn.utils._test_common.instance_generator import _construct_instances

X, Y = load_iris(return_X_y=True)
X, Y = X[::5], Y[::5]
TEXTS = ["a b c", "d e f", "a e c"] * 10


def joblib_bytes(value, **options):
    file = io.BytesIO()
    joblib.dump(value, file, **options)
    return file.getvalue()


def fitted(estimator):
    """The estimator, fitted on the first of some data that it takes; None if it cannot be made."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            instance = next(iter(_construct_instances(estimator)))
        except unittest.SkipTest:
            return None
        for inputs in (X, np.abs(X), TEXTS):
            for target in (Y, (Y > 0).astype(int), np.c_[Y, Y], None):
                try:
                    return instance.fit(inputs, target)
                except Exception:  # noqa: BLE001  the wrong data for this one
                    continue
        return instance


SLOW = {"HalvingRandomSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "RFECV"}


@pytest.mark.parametrize("letter", "ABCDEFGHIKLMNOPQRSTV")
def test_every_estimator_of_scikit_learn_is_known(letter, scan):
    estimators = {n: e for n, e in all_estimators() if n[0] == letter and n not in SLOW}
    files = {}
    for name, estimator in estimators.items():
        model = fitted(estimator)
        files |= {f"{name}.{p}.pkl": pickle.dumps(model, p) for p in (2, 5)}
        files[f"{name}.joblib"] = joblib_bytes(model)
    found = scan(files)
    assert found.verdict == "known_safe", found.findings[:5]


@pytest.fixture(scope="module")
def gradient_boosters():
    texts = np.array(["no", "yes"])[(Y > 0).astype(int)]
    xgb = {"n_estimators": 2}
    return {
        "xgb": xgboost.XGBClassifier(**xgb).fit(X, Y),
        "xgb_booster": xgboost.train({}, xgboost.DMatrix(X, Y), 1),
        "lgb": lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(X, texts),
        "lgb_booster": lightgbm.train({"verbose": -1}, lightgbm.Dataset(X, Y), 1),
        "cb": catboost.CatBoostClassifier(iterations=2, verbose=0, allow_writing_files=False).fit(
            X, texts
        ),
    }


def test_gradient_boosters_are_known(gradient_boosters, scan):
    files = {f"{name}.pkl": pickle.dumps(model) for name, model in gradient_boosters.items()}
    files |= {f"{n}.joblib": joblib_bytes(model) for n, model in gradient_boosters.items()}
    found = scan(files)
    assert found.verdict == "known_safe", found.findings[:5]


def test_a_pipeline_over_columns_is_known_in_every_format(scan):
    frame = pd.DataFrame(X, columns=list("abcd")).assign(e=["x", "y", "z"] * 10)
    columns = ColumnTransformer(
        [("n", StandardScaler(), list("abc")), ("c", OneHotEncoder(), ["e"])], remainder="drop"
    )
    log = FunctionTransformer(np.exp, feature_names_out="one-to-one")
    model = make_pipeline(columns, log, RandomForestClassifier(3)).fit(frame, Y)
    search = GridSearchCV(LogisticRegression(), {"C": [1, 2]}, scoring="f1_macro").fit(X, Y)
    found = scan(
        {
            "model.pkl": pickle.dumps(model),
            "old.pkl": pickle.dumps(model, 0),
            "cloud.pkl": cloudpickle.dumps(model),
            "model.joblib": joblib_bytes(model),
            "search.pkl": pickle.dumps(search),
            "model.skops": skops.io.dumps(model),
        }
    )
    assert found.verdict == "known_safe", found.findings[:5]


def test_frames_arrays_and_numbers_are_known(judge):
    values = [
        pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": pd.Categorical(["u", "v"])}),
        pd.DataFrame({"d": pd.to_datetime(["2024-01-01"]), "e": pd.array([None], dtype="Int64")}),
        pd.Series([1.5], index=pd.MultiIndex.from_tuples([("a", 1)])),
        [pd.Timestamp("2024-01-01"), pd.Timedelta("1s"), pd.NaT, pd.NA, pd.Period("2024-01")],
        np.array(["a", None], dtype=object),
        np.zeros(2, dtype=[("a", int), ("b", "U3")]),
        np.ma.masked_array([1, 2], [True, False]),
        [np.float64(1), np.random.default_rng(0), np.random.RandomState(0)],
        [scipy.sparse.csr_matrix(np.eye(2)), scipy.sparse.coo_array(np.eye(2))],
    ]
    for value in values:
        for data in (pickle.dumps(value, 2), pickle.dumps(value, 5), joblib_bytes(value)):
            assert judge(data) == "known_safe", value


def test_a_pickle_of_plain_values_is_data_only(judge):
    value = {"a": [1, 2.5, "text", None, True, b"bytes"], "b": {"c": (1, 2)}}
    for protocol in range(3, 6):
        assert judge(pickle.dumps(value, protocol)) == "data_only"


@pytest.mark.parametrize("method", ["zlib", "gzip", "bz2", "lzma", "xz"])
def test_compressed_joblib_files_are_read(method, judge):
    model = LogisticRegression().fit(X, Y)
    assert judge(joblib_bytes(model, compress=(method, 3)), "model.joblib") == "known_safe"


class OwnEstimator(LogisticRegression):
    """A class that no library knows."""


def test_code_of_the_author_needs_review(judge):
    local = FunctionTransformer(lambda rows: rows)
    assert judge(cloudpickle.dumps(local)) == "needs_review"
    assert judge(cloudpickle.dumps(OwnEstimator().fit(X, Y))) == "needs_review"


def test_the_settings_extend_the_list(judge):
    data = pickle.dumps(sklearn.metrics.pairwise.check_pairwise_arrays)
    assert judge(data) == "needs_review"
    assert judge(data, imports=("sklearn.metrics.*",)) == "known_safe"
    assert judge(data, imports=("sklearn.metrics.pairwise.check_pairwise_arrays",)) == "known_safe"
    assert judge(data, imports=("sklearn.cluster.*", "sklearnmetrics.*")) == "needs_review"


def test_the_settings_cannot_trust_what_is_dangerous(judge):
    assert judge(b"cos\nsystem\n(S'x'\ntR.", imports=("os.*", "os.system")) == "dangerous"
