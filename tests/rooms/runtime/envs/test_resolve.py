"""Which packages are found for a plan, and what is given up for it, on an index of our own."""

from __future__ import annotations

import sys
from datetime import date

import pytest

from modelyard import errors

MINOR = ".".join(map(str, sys.version_info[:2]))


def test_pins_that_can_be_met_are_met(resolved):
    packages, relaxed = resolved("mlflow==3.17.2", "scikit-learn==1.5.2", "pandas==2.3.3")
    assert {"mlflow==3.17.2", "scikit-learn==1.5.2", "pandas==2.3.3"} <= packages
    assert relaxed == {"nothing": ("setuptools<81", "older packages import its pkg_resources")}


def test_a_pin_without_a_wheel_is_raised_to_the_lowest_release_that_has_one(resolved):
    packages, relaxed = resolved("mlflow==3.17.2", "scikit-learn==1.0.2", "numpy==1.21.6")
    assert {"scikit-learn==1.1.3", "numpy==1.23.5"} <= packages
    said = f"1.0.2 has no wheel for Python {MINOR} here"
    assert relaxed["scikit-learn==1.0.2"] == ("scikit-learn==1.1.3", said)
    assert relaxed["numpy==1.21.6"][0] == "numpy==1.23.5"


def test_a_range_without_a_wheel_is_raised_as_a_pin_is(resolved):
    packages, relaxed = resolved("mlflow==3.17.2", "scikit-learn<1.1", "numpy>=1.21,<1.22")
    assert {"scikit-learn==1.1.3", "numpy==1.23.5"} <= packages
    assert {"scikit-learn<1.1", "numpy>=1.21,<1.22", "nothing"} == set(relaxed)


def test_an_older_python_than_the_model_asks_for_may_get_older_packages(resolved):
    packages, relaxed = resolved("mlflow==3.17.2", "scikit-learn==99.9", python="3.99.1")
    assert "scikit-learn==1.9.1" in packages
    assert relaxed["scikit-learn==99.9"][0] == "scikit-learn==1.9.1"


def test_an_old_model_keeps_old_packages(resolved):
    packages, relaxed = resolved(
        "mlflow", "scikit-learn==1.1.3", mlflow=None, saved=date(2024, 1, 1)
    )
    assert {"mlflow==2.22.5", "numpy==1.26.4", "pandas==2.3.3"} <= packages
    assert relaxed["mlflow"][0] == "mlflow<3"


def test_what_a_conflict_names_is_given_up_and_nothing_else(resolved):
    packages, relaxed = resolved(
        "mlflow==2.9.2", "packaging==24.1", "numpy==1.23.5", mlflow="2.9.2"
    )
    assert {"mlflow==2.9.2", "packaging==23.2", "numpy==1.23.5"} <= packages
    assert relaxed["packaging==24.1"] == ("packaging==23.2", "mlflow==2.9.2 needs packaging<24")


def test_the_models_framework_is_given_up_last(shelf, resolved):
    shelf.wheel("xgboost", "1.7.6", "numpy<2")
    shelf.wheel("tool", "1.0", "xgboost>=2")
    shelf.wheel("tool", "0.9")
    packages, relaxed = resolved("mlflow==3.17.2", "xgboost==1.7.6", "numpy==2.4.6", "tool==1.0")
    assert {"xgboost==1.7.6", "tool==0.9", "numpy==1.26.4"} <= packages
    assert set(relaxed) == {"nothing", "tool==1.0", "numpy==2.4.6"}


def test_keras_goes_with_a_tensorflow_that_was_changed(shelf, resolved):
    shelf.wheel("tensorflow", "2.4.0", tag="cp38-none-any")
    shelf.wheel("tensorflow", "2.12.0", "keras<2.13,>=2.12")
    for version in ("2.4.3", "2.12.0", "2.13.1"):
        shelf.wheel("keras", version)
    packages, relaxed = resolved("mlflow==3.17.2", "keras==2.4.3", "tensorflow==2.4.0")
    assert {"tensorflow==2.12.0", "keras==2.12.0"} <= packages
    assert (
        relaxed["keras==2.4.3"][1] == "it belongs to one version of tensorflow, which was changed"
    )


def test_an_mlflow_that_is_not_whole_on_the_index_is_replaced(shelf, resolved):
    shelf.wheel("mlflow", "3.18.0", "mlflow-skinny==3.18.0")
    packages, relaxed = resolved("mlflow==3.18.0", mlflow="3.18.0")
    assert "mlflow==3.17.2" in packages
    assert relaxed["mlflow==3.18.0"] == ("mlflow==3.17.2", "it needs mlflow-skinny==3.18.0")


def test_a_package_that_never_had_wheels_is_built(shelf, resolved):
    shelf.source("docopt", "0.6.2")
    packages, relaxed = resolved("mlflow==3.17.2", "docopt==0.6.2")
    assert "docopt==0.6.2" in packages
    assert relaxed["a wheel of docopt"][0] == "docopt==0.6.2, from source"


def test_a_release_that_cannot_be_built_gives_way_to_a_newer_one(shelf, resolved):
    shelf.source("pyspark", "2.4.3", work="raise SystemExit('too old')")
    shelf.source("pyspark", "3.5.1")
    packages, relaxed = resolved("mlflow==3.17.2", "pyspark==2.4.3")
    assert "pyspark==3.5.1" in packages
    assert relaxed["pyspark==2.4.3"] == ("pyspark==3.5.1", "2.4.3 has no wheel and cannot be built")


def test_nothing_is_compiled(shelf, resolved):
    shelf.source(
        "prophecy",
        "0.7",
        work="import os, subprocess; subprocess.run(os.environ['CC'], check=True)",
    )
    with pytest.raises(errors.Invalid, match=r"prophecy==0\.7.*cannot be built.*non-zero exit"):
        resolved("mlflow==3.17.2", "prophecy==0.7")


def test_what_a_framework_needs_is_built_where_that_spares_the_framework(shelf, resolved):
    shelf.wheel("tensorflow", "2.4.3", "termcolor<2")
    shelf.wheel("tensorflow", "2.12.0", "termcolor")
    shelf.source("termcolor", "1.1.0")
    shelf.wheel("termcolor", "2.4.0")
    packages, relaxed = resolved("mlflow==3.17.2", "tensorflow==2.4.3")
    assert {"tensorflow==2.4.3", "termcolor==1.1.0"} <= packages
    assert "tensorflow==2.4.3" not in relaxed


def test_what_others_need_and_cannot_be_built_makes_them_give_way(shelf, resolved):
    shelf.wheel("tool", "1.0", "engine==1.0")
    shelf.wheel("tool", "2.0")
    shelf.source("engine", "1.0", work="raise SystemExit('no engine')")
    packages, relaxed = resolved("mlflow==3.17.2", "tool==1.0")
    assert "tool==2.0" in packages
    assert relaxed["tool==1.0"] == ("tool==2.0", "it needs engine==1.0")


def test_only_several_graphics_cards_would_need_nccl(shelf, resolved):
    shelf.wheel("nvidia-nccl-cu12", "2.32.3")
    shelf.wheel("xgboost", "3.2.0", "nvidia-nccl-cu12")
    shelf.wheel("torch", "2.13.0", "nvidia-nccl-cu12")
    packages, relaxed = resolved("mlflow==3.17.2", "xgboost==3.2.0")
    assert "nvidia-nccl-cu12==2.32.3" not in packages
    assert relaxed["nvidia-nccl-cu12==2.32.3"][0] == "left out"
    packages, _ = resolved("mlflow==3.17.2", "xgboost==3.2.0", "torch==2.13.0")
    assert "nvidia-nccl-cu12==2.32.3" in packages


def test_a_conda_package_that_the_index_lacks_is_left_out(resolved):
    packages, relaxed = resolved("mlflow==3.17.2", "conda:some-native-thing=1.0")
    assert relaxed["conda:some-native-thing=1.0"][0] == "left out"
    assert "mlflow==3.17.2" in packages


def test_a_local_version_is_found_without_its_label(shelf, resolved):
    shelf.wheel("torch", "1.9.0")
    packages, relaxed = resolved("mlflow==3.17.2", "torch==1.9.0+cu111")
    assert "torch==1.9.0" in packages
    assert relaxed["torch==1.9.0+cu111"][0] == "torch==1.9.0"


@pytest.mark.parametrize(
    ("requirement", "why"),
    [
        ("no-such-package==1.0", "no package of this name in the package index"),
        ("scikit-learn==99.9", "no such release, nor a newer one"),
        ("scikit-learn>=99", "no such release, nor a newer one"),
    ],
)
def test_a_requirement_that_cannot_be_installed_is_named(resolved, uv, requirement, why):
    with pytest.raises(
        errors.Invalid, match=f"'{requirement}' cannot be installed.*{why}"
    ) as raised:
        resolved("mlflow==3.17.2", requirement)
    assert raised.value.detail.endswith(f"log: {uv.log}")


def test_packages_that_never_go_together_are_refused_with_the_reason(shelf, resolved):
    shelf.wheel("catboost", "1.0", "numpy<1")
    with pytest.raises(errors.Invalid, match=r"cannot be installed together: .*numpy"):
        resolved("mlflow==3.17.2", "catboost==1.0")


def test_an_index_that_does_not_answer_is_said(resolved, monkeypatch, tmp_path):
    config = tmp_path / "nowhere.toml"
    config.write_text('index-url = "http://127.0.0.1:9/simple"\n')
    monkeypatch.setenv("UV_CONFIG_FILE", str(config))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(errors.Unavailable, match="package index cannot be reached") as raised:
        resolved("mlflow==3.17.2")
    assert "127.0.0.1" not in raised.value.detail
