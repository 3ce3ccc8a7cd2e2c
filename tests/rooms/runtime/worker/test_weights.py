"""A model's own importances and coefficients, beside what its library itself tells."""

from __future__ import annotations

import catboost
import lightgbm
import numpy as np
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
import xgboost
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from tests.model_zoo.data import iris, marriages, tumours

from modelyard.models.importance_types import OwnImportances
from modelyard.runtime.worker.flavors import Flavor
from modelyard.runtime.worker.flavors.catboost import CatBoost
from modelyard.runtime.worker.flavors.lightgbm import LightGBM
from modelyard.runtime.worker.flavors.scikit_learn import ScikitLearn
from modelyard.runtime.worker.flavors.statsmodels import Statsmodels
from modelyard.runtime.worker.flavors.weights import weightiest
from modelyard.runtime.worker.flavors.xgboost import XGBoost
from modelyard.runtime.worker.problems import Problem

UNNAMED = "the model does not name its features: they are numbered from 0"
BOOSTED = {"iterations": 3, "verbose": 0, "allow_writing_files": False}


def read(kind, native, names=None, most=1000):
    """What is told, as the product tells it, and its values by feature."""
    told = weightiest(kind(None, native, {}, "").weights(names), most)
    found = OwnImportances.model_validate({**told, "model": "a", "version": "b"})
    return found, [dict(zip(found.features, each.values, strict=True)) for each in found.effects]


def by_name(names, values):
    return pytest.approx(dict(zip(names, np.asarray(values, float), strict=True)), rel=1e-6)


@pytest.fixture(scope="module")
def binary():
    features, labels = tumours()
    return features, (labels == "malignant").astype(int)


@pytest.fixture(scope="module")
def couples():
    columns, targets = marriages()
    return columns[["occupation", "age"]], targets["affair"]


class TestScikitLearn:
    def test_a_forest_tells_the_fall_of_impurity(self):
        features, labels = iris()
        forest = RandomForestClassifier(3, random_state=0).fit(features, labels)
        found, (values,) = read(ScikitLearn, forest, list(features.columns))
        assert (found.kind, found.measure, found.notes) == ("importance", "impurity", ())
        assert values == by_name(features.columns, forest.feature_importances_)
        assert sum(values.values()) == pytest.approx(1)

    def test_the_weightiest_come_first_and_the_others_are_counted(self):
        features, labels = iris()
        forest = RandomForestClassifier(3, random_state=0).fit(features, labels)
        found, _ = read(ScikitLearn, forest, list(features.columns), most=2)
        falling = np.argsort(-forest.feature_importances_)
        assert list(found.features) == list(features.columns[falling[:2]])
        assert found.total == 4

    def test_a_tree_without_a_split_weighs_nothing(self, binary):
        features, _ = binary
        tree = DecisionTreeRegressor().fit(features.to_numpy(), np.ones(len(features)))
        found, (values,) = read(ScikitLearn, tree)
        assert set(values.values()) == {0}
        assert found.notes == (UNNAMED,)

    def test_two_classes_have_coefficients_for_the_second(self, binary):
        features, target = binary
        model = LogisticRegression(max_iter=5000).fit(features, np.array(["no", "yes"])[target])
        found, (values,) = read(ScikitLearn, model, list(features.columns))
        assert (found.kind, found.measure) == ("coefficient", "coefficient")
        assert values == by_name(features.columns, model.coef_[0])
        assert min(values.values()) < 0 < max(values.values())
        assert found.effects[0].outcome == "yes"
        assert found.effects[0].intercept == pytest.approx(model.intercept_[0])

    def test_several_classes_have_coefficients_each(self):
        features, labels = iris()
        model = LogisticRegression(max_iter=5000).fit(features, labels)
        found, each = read(ScikitLearn, model, list(features.columns))
        assert [effect.outcome for effect in found.effects] == list(model.classes_)
        for values, expected in zip(each, model.coef_, strict=True):
            assert values == by_name(features.columns, expected)

    def test_a_pipeline_names_what_its_last_step_takes(self, couples):
        rows, labels = couples
        encode = make_column_transformer(
            (OneHotEncoder(), ["occupation"]), (StandardScaler(), ["age"])
        )
        model = make_pipeline(encode, LogisticRegression()).fit(rows, labels)
        found, (values,) = read(ScikitLearn, model, list(rows.columns))
        assert values == by_name(encode.get_feature_names_out(), model[-1].coef_[0])
        assert found.notes == ()

    def test_a_step_that_names_nothing_leaves_numbers(self, binary):
        steps = FunctionTransformer(np.log1p), DecisionTreeClassifier(max_depth=1)
        model = make_pipeline(*steps).fit(*binary)
        found, (values,) = read(ScikitLearn, model, list(binary[0].columns))
        assert values == by_name("01234", model[-1].feature_importances_)
        assert found.notes == (UNNAMED,)

    def test_steps_of_arrays_take_the_names_of_the_signature(self, binary):
        features, target = binary
        model = make_pipeline(StandardScaler(), PCA(2), LinearRegression())
        found, (values,) = read(ScikitLearn, model.fit(features.to_numpy(), target), list("abcde"))
        assert values == by_name(["pca0", "pca1"], model[-1].coef_)
        assert found.effects[0].outcome is None

    def test_a_search_tells_of_its_best(self, binary):
        search = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2]}, cv=2)
        search.fit(*binary)
        _, (values,) = read(ScikitLearn, search, list(binary[0].columns))
        best = search.best_estimator_.feature_importances_
        assert values == by_name(binary[0].columns, best)

    def test_sparse_coefficients_and_several_outputs(self, binary):
        features, target = binary
        model = Lasso().fit(features, np.column_stack([target, 3 - target]))
        found, each = read(ScikitLearn, model, list(features.columns))
        assert [effect.outcome for effect in found.effects] == [0, 1]
        assert found.notes == ("the model does not name its outputs: they are numbered",)
        assert each[1] == by_name(features.columns, model.coef_[1])
        sparse = SVC(kernel="linear").fit(features.iloc[:100], target[:100])
        _, (values,) = read(ScikitLearn, sparse, list(features.columns))
        assert values == by_name(features.columns, sparse.coef_[0])

    @pytest.mark.parametrize(
        "model", [SVC(), SVC(kernel="linear"), HistGradientBoostingClassifier(max_iter=1)]
    )
    def test_what_has_none_says_so(self, model):
        features, labels = iris()
        with pytest.raises(Problem, match=f"{type(model).__name__} has no importances") as refused:
            read(ScikitLearn, model.fit(features, labels))
        assert refused.value.kind == "unsupported"

    @pytest.mark.parametrize(
        ("step", "measure"),
        [
            (xgboost.XGBClassifier(n_estimators=2), "mean_gain"),
            (lightgbm.LGBMClassifier(n_estimators=2, verbose=-1), "total_gain"),
            (catboost.CatBoostClassifier(**BOOSTED), "prediction_values_change"),
        ],
    )
    def test_boosted_trees_within_a_pipeline_tell_their_own(self, step, measure, binary):
        scale = StandardScaler().set_output(transform="pandas")
        model = make_pipeline(scale, step).fit(*binary)
        found, (values,) = read(ScikitLearn, model, list(binary[0].columns))
        assert found.measure == measure
        assert set(values) == set(binary[0].columns)
        assert sum(values.values()) == pytest.approx(1)


class TestXGBoost:
    def test_the_mean_gain_is_that_of_feature_importances(self, binary):
        model = xgboost.XGBClassifier(n_estimators=3, max_depth=2).fit(*binary)
        found, (values,) = read(XGBoost, model, list(binary[0].columns))
        assert found.measure == "mean_gain"
        assert values == by_name(binary[0].columns, model.feature_importances_)
        assert 0 in values.values()

    def test_a_booster_of_arrays_takes_the_names_of_the_signature(self, binary):
        features, target = binary
        model = xgboost.XGBRegressor(n_estimators=2).fit(features.to_numpy(), target)
        _, (values,) = read(XGBoost, model.get_booster(), list("abcde"))
        assert values == by_name("abcde", model.feature_importances_)

    @pytest.mark.parametrize("outcomes", [1, 3])
    def test_a_linear_booster_has_coefficients(self, outcomes):
        features, labels = iris()
        target = (
            np.unique(labels, return_inverse=True)[1] if outcomes == 3 else features.sum(axis=1)
        )
        kind = xgboost.XGBClassifier if outcomes == 3 else xgboost.XGBRegressor
        model = kind(booster="gblinear", n_estimators=3).fit(features, target)
        found, each = read(XGBoost, model, list(features.columns))
        assert found.kind == "coefficient"
        margins = model.predict(features, output_margin=True).reshape(len(features), outcomes)
        design = np.column_stack([features, np.ones(len(features))])
        expected = np.linalg.lstsq(design, margins, rcond=None)[0][:-1].T
        told = [[values[name] for name in features.columns] for values in each]
        np.testing.assert_allclose(told, expected, atol=1e-4)


def test_lightgbm_tells_the_gain_of_all_splits(binary):
    model = lightgbm.LGBMClassifier(n_estimators=3, importance_type="gain", verbose=-1)
    gains = model.fit(*binary).feature_importances_
    for native in (model, model.booster_):
        found, (values,) = read(LightGBM, native, list(binary[0].columns))
        assert found.measure == "total_gain"
        assert values == by_name(binary[0].columns, gains / gains.sum())


def test_catboost_tells_how_far_predictions_move(binary):
    model = catboost.CatBoostClassifier(**BOOSTED).fit(*binary)
    found, (values,) = read(CatBoost, model, list(binary[0].columns))
    assert found.measure == "prediction_values_change"
    assert values == by_name(binary[0].columns, model.feature_importances_ / 100)


class TestStatsmodels:
    def test_the_constant_is_the_intercept(self, binary):
        features, target = binary
        results = sm.OLS(target, sm.add_constant(features)).fit()
        found, (values,) = read(Statsmodels, results)
        assert values == by_name(features.columns, results.params[features.columns])
        assert found.effects[0].intercept == pytest.approx(results.params["const"])

    def test_a_formula_names_its_terms(self, couples):
        rows, labels = couples
        young = np.where(rows["age"] < 30, "yes", "no")
        frame = rows.assign(affair=(labels == "yes").astype(int), young=young)
        results = smf.logit("affair ~ C(young) + age", frame).fit(disp=0)
        found, (values,) = read(Statsmodels, results)
        terms = results.params.drop("Intercept")
        assert values == by_name(terms.index, terms)
        assert found.effects[0].outcome == 1

    def test_several_classes_are_compared_with_the_first(self):
        features, labels = iris()
        codes = np.unique(labels, return_inverse=True)[1]
        results = sm.MNLogit(codes, features[["sepal_length"]].assign(const=1.0)).fit(disp=0)
        found, each = read(Statsmodels, results)
        assert [effect.outcome for effect in found.effects] == [1, 2]
        assert [values["sepal_length"] for values in each] == pytest.approx(
            list(results.params.loc["sepal_length"])
        )

    def test_other_models_have_none(self):
        model = sm.tsa.AutoReg(np.arange(30.0) % 7, 1)
        with pytest.raises(Problem, match="AutoReg has no importances"):
            read(Statsmodels, model.fit())


def test_any_other_model_has_none():
    with pytest.raises(Problem, match="of flavor python_function has no importances") as refused:
        read(Flavor, object())
    assert "`evaluations importance` measures them" in refused.value.detail
