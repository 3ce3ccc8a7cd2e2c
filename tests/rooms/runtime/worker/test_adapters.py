"""What each adapter reads off its native model, in the cases that the zoo does not hold."""

from __future__ import annotations

import catboost
import lightgbm
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
import xgboost
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.svm import SVC
from tests.model_zoo.data import iris, marriages, tumours
from tests.model_zoo.made import BINARY, REGRESSION, quietly

from modelyard.runtime.worker.flavors import Flavor
from modelyard.runtime.worker.flavors.catboost import CatBoost
from modelyard.runtime.worker.flavors.lightgbm import LightGBM
from modelyard.runtime.worker.flavors.scikit_learn import ScikitLearn
from modelyard.runtime.worker.flavors.statsmodels import Statsmodels
from modelyard.runtime.worker.flavors.xgboost import XGBoost
from modelyard.runtime.worker.problems import Problem


def _adapt(kind, native, **facts):
    return kind(None, native, facts, "")


def _rule(adapter, prediction_type):
    expected = adapter.expects(prediction_type)
    return expected and (expected["rule"], expected["call"], expected["activation"])


@pytest.fixture(scope="module")
def binary():
    features, labels = tumours()
    return features, (labels == "malignant").astype(int)


class TestXGBoost:
    @pytest.mark.parametrize(
        ("objective", "prediction_type", "rule"),
        [
            ("binary:logistic", BINARY, ("positive_probability", "predict", "none")),
            ("binary:logitraw", BINARY, ("positive_probability", "predict", "sigmoid")),
            ("binary:hinge", BINARY, ("labels", "predict", "none")),
            ("binary:logistic", REGRESSION, ("number", "predict", "none")),
            ("reg:squarederror", REGRESSION, ("number", "predict", "none")),
            ("reg:squarederror", BINARY, None),
            ("binary:logistic", "other", None),
        ],
    )
    def test_the_objective_decides(self, objective, prediction_type, rule, binary):
        booster = xgboost.train({"objective": objective}, xgboost.DMatrix(*binary), 2)
        assert _rule(_adapt(XGBoost, booster), prediction_type) == rule

    def test_a_booster_of_arrays_has_a_width_and_no_names(self, binary):
        features, target = binary
        booster = xgboost.train({}, xgboost.DMatrix(features.to_numpy(), target), 2)
        adapter = _adapt(XGBoost, booster)
        assert (adapter.features(), adapter.width()) == (None, 5)

    def test_a_regressor_is_asked_for_its_number(self, binary):
        adapter = _adapt(XGBoost, xgboost.XGBRegressor(n_estimators=2).fit(*binary))
        assert _rule(adapter, REGRESSION) == ("number", "predict", "none")
        assert adapter.classes() is None
        assert not adapter.has_probabilities()

    def test_a_classifier_over_categories_can_be_asked(self):
        columns, targets = marriages()
        frame = columns[["occupation", "age"]].astype({"occupation": "category"})
        target = (targets["affair"] == "yes").astype(int)
        native = xgboost.XGBClassifier(n_estimators=2, enable_categorical=True).fit(frame, target)
        expected = native.predict_proba(frame)
        native.set_params(enable_categorical=False)
        np.testing.assert_array_equal(_adapt(XGBoost, native).probabilities(frame), expected)


class TestLightGBM:
    def test_an_objective_of_its_own_gives_raw_scores(self, binary):
        features, target = binary
        options = {"objective": lambda margin, data: (margin, margin**0), "verbose": -1}
        booster = lightgbm.train(options, lightgbm.Dataset(features, target), 2)
        adapter = _adapt(LightGBM, booster)
        assert adapter.notes() == [
            "the model has an objective of its own: its numbers are raw scores"
        ]
        assert adapter.expects(BINARY) is None
        assert _rule(adapter, REGRESSION) == ("number", "predict", "none")

    def test_a_booster_of_arrays_has_a_width_and_no_names(self, binary):
        features, target = binary
        data = lightgbm.Dataset(features.to_numpy(), target)
        adapter = _adapt(LightGBM, lightgbm.train({"verbose": -1}, data, 2))
        assert (adapter.features(), adapter.width()) == (None, 5)

    def test_a_category_that_the_trees_do_not_use_is_known_all_the_same(self, binary):
        features, target = binary
        frame = features.assign(site=pd.Categorical(["A"] * len(features), ["A", "B"]), part="x")
        frame["part"] = pd.Categorical(np.where(target, "left", "right"))
        data = lightgbm.Dataset(frame, target)
        booster = lightgbm.train({"objective": "binary", "verbose": -1}, data, 2)
        known = {
            column["name"]: column["categories"] for column in _adapt(LightGBM, booster).features()
        }
        assert (known["site"], known["part"]) == (["A", "B"], ["left", "right"])

    def test_a_ranker_gives_numbers(self, binary):
        features, target = binary
        native = lightgbm.LGBMRanker(n_estimators=2, verbose=-1)
        adapter = _adapt(LightGBM, native.fit(features, target, group=[300, 269]))
        assert adapter.expects(BINARY) is None
        assert _rule(adapter, REGRESSION) == ("number", "predict", "none")


OPTIONS = {"iterations": 2, "verbose": 0, "allow_writing_files": False}


class TestCatBoost:
    @pytest.mark.parametrize(
        ("labels", "classes"),
        [([False, True], [False, True]), (["no", "yes"], ["no", "yes"]), ([0.0, 1.0], [0.0, 1.0])],
    )
    def test_classes_are_as_they_were_learned(self, labels, classes, binary):
        features, target = binary
        native = catboost.CatBoostClassifier(**OPTIONS).fit(features, np.array(labels)[target])
        assert _adapt(CatBoost, native).classes() == classes

    @pytest.mark.parametrize(
        ("loss", "prediction_type", "rule"),
        [
            ("CrossEntropy", BINARY, ("probabilities", "native", "none")),
            ("RMSE", REGRESSION, ("number", "predict", "none")),
            ("RMSE", BINARY, None),
        ],
    )
    def test_the_loss_function_decides(self, loss, prediction_type, rule, binary):
        native = catboost.CatBoost({**OPTIONS, "loss_function": loss}).fit(*binary)
        adapter = _adapt(CatBoost, native)
        assert _rule(adapter, prediction_type) == rule
        assert adapter.classes() == ([0, 1] if loss == "CrossEntropy" else None)

    def test_the_base_class_over_several_classes(self):
        features, labels = iris()
        native = catboost.CatBoost({**OPTIONS, "loss_function": "MultiClass"}).fit(features, labels)
        adapter = _adapt(CatBoost, native)
        assert adapter.classes() == ["setosa", "versicolor", "virginica"]
        np.testing.assert_allclose(adapter.probabilities(features).sum(axis=1), 1)

    def test_a_model_of_arrays_has_a_width_and_no_names(self, binary):
        features, target = binary
        native = catboost.CatBoostClassifier(**OPTIONS).fit(features.to_numpy(), target)
        adapter = _adapt(CatBoost, native)
        assert (adapter.features(), adapter.width()) == (None, 5)

    def test_a_model_without_its_parameters_is_known_by_its_class(self, binary, tmp_path):
        native = catboost.CatBoostClassifier(**OPTIONS).fit(*binary)
        native.save_model(str(tmp_path / "model.onnx"), format="json")
        bare = catboost.CatBoostClassifier().load_model(str(tmp_path / "model.onnx"), format="json")
        assert _rule(_adapt(CatBoost, bare), BINARY) == ("probabilities", "native", "none")


class TestScikitLearn:
    @pytest.mark.parametrize(
        ("asked", "rule"),
        [
            ("predict", ("probabilities", "native", "none")),
            ("predict_proba", ("probabilities", "predict", "none")),
            ("predict_log_proba", ("probabilities", "native", "none")),
        ],
    )
    def test_predict_fn_decides(self, asked, rule, binary):
        adapter = _adapt(
            ScikitLearn, LogisticRegression(max_iter=5000).fit(*binary), predict_fn=asked
        )
        assert _rule(adapter, BINARY) == rule
        assert adapter.expects("other") is None

    def test_a_search_is_asked_for_its_best(self, binary):
        search = GridSearchCV(LogisticRegression(max_iter=5000), {"C": [1, 2]}, cv=2).fit(*binary)
        assert _rule(_adapt(ScikitLearn, search), BINARY) == ("probabilities", "native", "none")

    def test_support_vectors_have_probabilities_only_if_asked_and_then_need_not_agree(self, binary):
        assert _rule(_adapt(ScikitLearn, SVC().fit(*binary)), BINARY)[0] == "labels"
        with quietly():
            native = SVC(probability=True).fit(*binary)
        adapter = _adapt(ScikitLearn, native)
        assert "labels follow the probabilities" in adapter.notes()[0]

    def test_clusters_are_no_classes(self, binary):
        adapter = _adapt(ScikitLearn, KMeans(2, n_init=1).fit(binary[0]))
        assert adapter.expects(BINARY) is None
        with pytest.raises(Problem, match="KMeans gives no probabilities beside predict"):
            Flavor.probabilities(adapter, None)

    def test_several_targets_are_left_to_their_shape(self, binary):
        features, target = binary
        native = RandomForestClassifier(2).fit(features, np.column_stack([target, 1 - target]))
        adapter = _adapt(ScikitLearn, native)
        assert (adapter.classes(), adapter.expects(BINARY)) == (None, None)
        assert not adapter.has_probabilities()

    @pytest.mark.parametrize("positive", [0, 1])
    def test_a_tuned_threshold_is_told_for_the_second_class(self, positive, binary):
        tuned = TunedThresholdClassifierCV(
            LogisticRegression(max_iter=5000), scoring="f1", cv=2, response_method="predict_proba"
        ).fit(*binary)
        tuned.best_threshold_ = 0.3
        tuned.pos_label = positive
        assert _adapt(ScikitLearn, tuned).threshold() == pytest.approx([0.7, 0.3][positive])


class TestStatsmodels:
    @pytest.mark.parametrize(
        ("family", "rule"),
        [(sm.families.Binomial(), "positive_probability"), (sm.families.Poisson(), None)],
    )
    def test_a_glm_gives_probabilities_if_its_family_is_binomial(self, family, rule, binary):
        features, target = binary
        adapter = _adapt(Statsmodels, sm.GLM(target, features[["mean_radius"]] / 30, family).fit())
        found = _rule(adapter, BINARY)
        assert (found and found[0]) == rule
        assert _rule(adapter, REGRESSION)[0] == "number"
        assert adapter.expects("other") is None

    def test_classes_that_are_numbers(self, binary):
        features, _ = binary
        target = np.arange(len(features)) % 3 + 5
        with quietly():
            native = sm.MNLogit(target, features[["mean_radius"]]).fit(disp=0)
        assert _adapt(Statsmodels, native).classes() == [5, 6, 7]

    def test_a_fit_on_arrays_has_a_width_and_no_names(self, binary):
        features, target = binary
        adapter = _adapt(Statsmodels, sm.OLS(target, features.to_numpy()).fit())
        assert (adapter.features(), adapter.width()) == (None, 5)
        assert adapter.habits().constants == {}

    @pytest.mark.parametrize("keeps_data", [True, False])
    def test_the_names_in_a_formula(self, keeps_data):
        columns, targets = marriages()
        data = columns.assign(affairs=targets["affairs"]).rename(
            columns={"children": "kids at home"}
        )
        formula = "affairs ~ np.log(age) * C(occupation) + I(Q('kids at home') ** 2)"
        native = smf.ols(formula, data).fit()
        if not keeps_data:
            native.model.data.frame = None
        names = [feature["name"] for feature in _adapt(Statsmodels, native).features()]
        assert sorted(names) == ["age", "kids at home", "occupation"]


def test_any_model_may_tell_its_classes_as_scikit_learn_does():
    class Told:
        classes_ = np.array(["a", "b"])

    assert _adapt(Flavor, Told()).classes() == ["a", "b"]
    for odd in (None, "ab", [], [["a"], ["b"]], np.zeros((2, 2))):
        Told.classes_ = odd
        assert _adapt(Flavor, Told()).classes() is None


def test_a_plain_model_is_given_optional_columns_only_if_they_are_there():
    assert not _adapt(Flavor, object()).habits().fill_optional
    assert _adapt(ScikitLearn, KMeans()).habits().fill_optional
