"""Loading: what may be unpickled, what is said when it fails, and flavors of other packages."""

from __future__ import annotations

import json
import shutil
import sys

import mlflow
import numpy as np
import pytest
import yaml
from mlflow.models import infer_signature
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from tests.model_zoo.data import iris
from tests.model_zoo.made import PINS, as_rows, quietly
from tests.rooms.runtime.worker.conftest import load_options

from modelyard.runtime.worker import flavors
from modelyard.runtime.worker.flavors import Flavor
from modelyard.runtime.worker.model import load
from modelyard.runtime.worker.problems import Problem

TREE = "sklearn.tree._tree.Tree"


def _load(made, **changes):
    with quietly():
        return load({**load_options(made), **changes})


class TestTrust:
    """What a skops file may hold is said by the options, not by the model's own file."""

    def test_the_models_own_list_is_not_asked(self, zoo):
        made = zoo("sklearn_skops_forest")
        assert made.mlmodel["flavors"]["sklearn"]["skops_trusted_types"] == [TREE]
        with pytest.raises(
            Problem, match=r"types that are not trusted: sklearn\.tree\._tree\.Tree;"
        ) as caught:
            _load(made, trusted_types=[])
        assert caught.value.kind == "invalid"
        assert caught.value.context == {"untrusted": [TREE]}

    @pytest.mark.parametrize("trusted", [TREE, "sklearn.*"])
    def test_ours_is_enough(self, trusted, zoo, tmp_path):
        made = zoo("sklearn_skops_forest")
        folder = tmp_path / "model"
        shutil.copytree(made.folder, folder)
        mlmodel = made.mlmodel
        mlmodel["flavors"]["sklearn"]["skops_trusted_types"] = []
        (folder / "MLmodel").write_text(yaml.safe_dump(mlmodel))
        model = _load(made, folder=str(folder), trusted_types=[trusted])
        assert model.describe()["model_class"].endswith("RandomForestClassifier")

    def test_lightgbm_in_skops_is_held_to_the_same_list(self, zoo):
        with pytest.raises(Problem, match=r"lightgbm\.sklearn\.LGBMClassifier"):
            _load(zoo("lightgbm_classifier"), trusted_types=[])

    def test_skops_is_itself_again_afterwards(self, zoo, tmp_path):
        import skops.io

        _load(zoo("sklearn_skops_forest"))
        features, labels = iris()
        skops.io.dump(RandomForestClassifier(1).fit(features, labels), tmp_path / "forest")
        with pytest.raises(TypeError, match="Untrusted types found"):
            skops.io.load(tmp_path / "forest")

    @pytest.fixture
    def no_skops(self, monkeypatch):
        """As in a fresh process: nobody has imported skops."""
        for name in [name for name in sys.modules if name.split(".")[0] == "skops"]:
            monkeypatch.delitem(sys.modules, name)
        finders = list(sys.meta_path)
        yield
        assert sys.meta_path == finders

    @pytest.mark.usefixtures("no_skops")
    def test_skops_imported_by_the_model_itself_is_held_to_the_list(self, zoo):
        with pytest.raises(Problem, match=r"not trusted: sklearn\.tree\._tree\.Tree;"):
            _load(zoo("sklearn_skops_forest"), trusted_types=[])
        _load(zoo("sklearn_skops_forest"), trusted_types=[TREE])

    @pytest.mark.usefixtures("no_skops")
    def test_skops_is_not_imported_for_a_model_without_it(self, zoo):
        _load(zoo("lightgbm_binary"))
        assert "skops.io" not in sys.modules


class TestFailures:
    def test_a_missing_module_is_named(self, zoo, tmp_path):
        made = zoo("pyfunc_loader")
        mlmodel = made.mlmodel
        mlmodel["flavors"]["python_function"]["loader_module"] = "no_such_module"
        (tmp_path / "MLmodel").write_text(yaml.safe_dump(mlmodel))
        with pytest.raises(Problem, match="needs the module 'no_such_module', which") as caught:
            _load(made, folder=str(tmp_path), mlmodel=mlmodel)
        assert (caught.value.kind, caught.value.context) == ("failed", {"module": "no_such_module"})

    def test_what_the_model_raises_is_passed_on(self, zoo, tmp_path):
        made = zoo("xgboost_binary")
        folder = tmp_path / "model"
        shutil.copytree(made.folder, folder)
        (folder / made.mlmodel["flavors"]["xgboost"]["data"]).write_bytes(b"no model")
        with pytest.raises(Problem, match="the model cannot be loaded: XGBoostError: ") as caught:
            _load(made, folder=str(folder))
        assert (caught.value.kind, caught.value.context) == ("failed", {"loading": "XGBoostError"})
        assert caught.value.__cause__ is not None

    def test_a_model_without_any_loadable_flavor(self, tmp_path):
        mlmodel = {"flavors": {"crate": {"model": "crate.bin"}}}
        with pytest.raises(Problem, match="flavors crate, none of them loadable") as caught:
            load({"folder": str(tmp_path), "mlmodel": mlmodel})
        assert caught.value.kind == "unsupported"


@pytest.mark.parametrize(
    "name",
    ["sklearn_multiclass", "xgboost_softprob", "catboost_raw", "onnx_maps", "statsmodels_logit"],
)
def test_a_model_saved_with_its_native_flavor_alone(name, zoo, tmp_path, predict):
    made = zoo(name)
    folder = tmp_path / "model"
    shutil.copytree(made.folder, folder)
    mlmodel = made.mlmodel
    del mlmodel["flavors"]["python_function"]
    (folder / "MLmodel").write_text(yaml.safe_dump(mlmodel))
    model = _load(made, folder=str(folder), mlmodel=mlmodel)
    options = {
        "mode": "restructured",
        "prediction_type": made.prediction_type,
        "classes": made.given,
    }
    with quietly():
        table, _, _ = model.predict(made.rows, {"mode": "restructured", **options})
    assert table.equals(predict(name)[0])


class Careful(Flavor):
    """A flavor of another package, for a loader module of its own and for one that is ours."""

    name = "careful"
    loader_modules = ("pyfunc_loader_loader", "mlflow.sklearn", "mlflow.pyfunc.model")


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package that brings a flavor: a real distribution on the path."""

    def install(package, point):
        info = tmp_path / "site" / f"{package}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{flavors.GROUP}]\n{package} = {point}\n")

    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setitem(sys.modules, "careful_flavor", sys.modules[__name__])
    return install


def _plain(loader="pyfunc_loader_loader"):
    return {"flavors": {"python_function": {"loader_module": loader}}}


def test_a_flavor_of_another_package_serves_its_own_loader_module(zoo, install):
    assert _load(zoo("pyfunc_loader")).describe()["flavor"] == "python_function"
    install("careful", "careful_flavor:Careful")
    assert _load(zoo("pyfunc_loader")).describe()["flavor"] == "careful"


@pytest.mark.parametrize("name", ["sklearn_regression", "pyfunc_positive"])
def test_no_package_takes_the_place_of_a_flavor_of_ours(zoo, install, name):
    ours = _load(zoo(name)).describe()["flavor"]
    install("careful", "careful_flavor:Careful")
    loader = zoo(name).mlmodel["flavors"]["python_function"]["loader_module"]
    assert loader in Careful.loader_modules
    assert _load(zoo(name)).describe()["flavor"] == ours


def test_two_packages_for_one_loader_module_are_named(install):
    install("careful", "careful_flavor:Careful")
    install("other", "careful_flavor:Careful")
    with pytest.raises(
        Problem, match="each bring a flavor for pyfunc_loader_loader; uninstall all but"
    ):
        flavors.choose(_plain())


def test_a_flavor_that_cannot_be_loaded_is_named_where_it_may_be_needed(install):
    install("broken", "no_such_module:Flavor")
    assert flavors.choose(_plain("mlflow.sklearn")).name == "sklearn"
    with pytest.raises(Problem, match="'broken' of no_such_module:Flavor cannot be loaded"):
        flavors.choose(_plain())


def test_a_library_without_adapter_is_noted(zoo, tmp_path):
    model = _load(zoo("sklearn_regression"))
    model._flavor = Flavor(None, LinearRegression(), {}, "")
    model._mlmodel = {"flavors": {"python_function": {"loader_module": "mlflow.prophet"}}}
    assert model.describe()["notes"] == [
        "mlflow.prophet has no adapter of its own: its output is read by its shape"
    ]


def test_mlflows_own_schema_check_does_not_run_twice(tmp_path):
    """float64 into a float column: MLflow refuses it, the caster casts it down."""
    features, _ = iris()
    features = features.astype("float32")
    with quietly():
        model = LinearRegression().fit(features, features["petal_width"])
        signature = infer_signature(features)
        mlflow.sklearn.save_model(model, tmp_path / "m", signature=signature, pip_requirements=PINS)
        mlmodel = yaml.safe_load((tmp_path / "m" / "MLmodel").read_text())
        loaded = load({"folder": str(tmp_path / "m"), "mlmodel": mlmodel, "inputs": None})
        rows = as_rows(features.astype("float64"))
        columns = [
            {"name": column["name"], "type": column["type"]}
            for column in json.loads(mlmodel["signature"]["inputs"])
        ]
        options = {"mode": "direct", "inputs": {"columns": columns}}
        table, _, _ = loaded.predict(rows, options)
    assert {column["type"] for column in columns} == {"float"}
    np.testing.assert_allclose(table["prediction"], model.predict(features), rtol=1e-5)
