"""The rules that turn a request into what is resolved, and say so."""

from __future__ import annotations

from datetime import date

import pytest

from modelyard import errors
from modelyard.runtime.envs.plan import make_plan
from modelyard.runtime.envs.wishes import read_wish
from modelyard.runtime.types import EnvRequest

NEW = {"mlflow": "3.17.2", "saved": date(2026, 10, 1)}
OLD = {"mlflow": "1.20.2", "saved": date(2021, 9, 1)}


def plan(*requirements, python="3.11.7", source="requirements.txt", **facts):
    return make_plan(EnvRequest(requirements=requirements, source=source, **facts), python)


def wished(*requirements, **facts):
    return [str(wish.requirement) for wish in plan(*requirements, **facts).wishes]


def relaxed(*requirements, **facts):
    return {each.asked: each.built for each in plan(*requirements, **facts).relaxations}


def test_what_a_new_model_pins_is_taken_as_it_is():
    pins = ("mlflow==3.17.2", "scikit-learn==1.9.1", "pandas==3.1.1", "setuptools==84.2.1")
    assert set(wished(*pins, **NEW)) == {*pins, "pyarrow"}
    assert plan(*pins, **NEW).relaxations == ()


def test_setuptools_that_has_pkg_resources_is_added():
    assert relaxed("mlflow==3.17.2", **NEW) == {"nothing": "setuptools<81"}


@pytest.mark.parametrize(
    ("facts", "added"),
    [
        (NEW, "mlflow<4,>=3.17.2"),
        ({"mlflow": "2.9.2"}, "mlflow<3,>=2.9.2"),
        (OLD, "mlflow<3,>=2.4"),
        ({}, "mlflow<3,>=2.4"),
        ({"source": "user"}, "mlflow>=2.4"),
    ],
)
def test_mlflow_is_added_as_new_as_the_model_needs_it(facts, added):
    assert added in wished("scikit-learn", **facts)


def test_an_mlflow_that_workers_cannot_speak_to_is_raised():
    assert "mlflow<3,>=2.4" in wished("mlflow==1.20.2")
    assert relaxed("mlflow==1.20.2")["mlflow==1.20.2"] == "mlflow<3,>=2.4"


def test_skinny_mlflow_is_kept_and_given_what_it_lacks():
    said = [each.built for each in plan("mlflow-skinny==3.17.2", **NEW).relaxations]
    assert said == ["pandas", "pyarrow", "setuptools<81"]
    assert "mlflow" not in [wish.name for wish in plan("mlflow-skinny==3.17.2", **NEW).wishes]


@pytest.mark.parametrize(
    ("facts", "bounds"),
    [
        (NEW, set()),
        ({"mlflow": "3.4.0", "saved": date(2025, 10, 1)}, {"pandas<3"}),
        ({"saved": date(2024, 5, 31)}, {"numpy<2", "pandas<3"}),
        ({"saved": date(2024, 6, 1)}, {"pandas<3"}),
        ({"mlflow": "2.9.2"}, {"numpy<2", "pandas<3"}),
        (OLD, {"numpy<1.24", "pandas<2"}),
        (OLD | {"python": "3.12.1"}, {"numpy<2", "pandas<3"}),
        (OLD | {"python": "3.13.0"}, {"pandas<3"}),
        ({}, {"numpy<2", "pandas<3"}),
        ({"source": "user"}, set()),
    ],
)
def test_old_models_do_not_get_packages_that_came_after_them(facts, bounds):
    made = plan("scikit-learn", **{"python": "3.10.13"} | facts)
    assert {bound for bound in made.constraints if not bound.startswith("mlflow")} == bounds
    assert bounds <= {relaxation.built for relaxation in made.relaxations}


def test_a_pin_sets_the_bound_that_holds_should_the_pin_be_given_up():
    made = plan("numpy==1.21.6", "pandas==1.3.5", **NEW)
    assert {"numpy<2", "pandas<3"} <= set(made.constraints)
    assert not {"numpy<2", "pandas<3"} & {relaxation.built for relaxation in made.relaxations}
    assert plan("numpy==2.0.0", **OLD).constraints[2:] == ("pandas<2",)


def test_an_open_mlflow_of_an_old_model_stays_below_3():
    assert relaxed("mlflow", **OLD)["mlflow"] == "mlflow<3"
    assert "mlflow" not in relaxed("mlflow", **NEW)


@pytest.mark.parametrize(
    "line", ["uuid==1.30", "dataclasses==0.8", "tensorflow-intel==2.11.0", "pkg_resources==0.0.0"]
)
def test_what_must_not_be_installed_is_left_out_and_said(line):
    assert relaxed(line)[line] == "left out"
    assert line.partition("=")[0] not in [wish.name for wish in plan(line).wishes]


@pytest.mark.parametrize(
    ("line", "built"),
    [
        ("--extra-index-url", "left out"),
        ("sklearn==0.0", "scikit-learn"),
        ("tensorflow-gpu==2.4.1", "tensorflow==2.4.1"),
        ("wheels/my_pkg-1.2-py3-none-any.whl", "my-pkg==1.2"),
        ("torch @ https://host/torch-2.1.0%2Bcpu-cp310-cp310-linux_x86_64.whl", "torch==2.1.0"),
        ("numpy @ file:///croots/recipe/numpy_1682520569166/work", "numpy"),
        ("git+https://host/team/tool.git", "left out"),
        ("tool @ git+https://host/team/tool.git@v1", "left out"),
        ("odd.whl", "left out"),
        ("numpy=1.2", "left out"),
        ("conda:pytorch=1.9.0=cpu_py38", "torch==1.9.0"),
        ("conda:openssl=1.1.1k", "left out"),
        ("conda:_libgcc_mutex=0.1", "left out"),
        ("conda:libffi", "left out"),
        ("conda:pip<=23.0", "left out"),
    ],
)
def test_what_is_read_otherwise_than_it_is_written_is_said(line, built):
    wish, relaxation = read_wish(line, trusted=False)
    assert relaxation.built == built
    assert (str(wish.requirement) if wish else "left out") == built


@pytest.mark.parametrize(
    ("spec", "meant"),
    [
        ("scikit-learn=0.24.1", "scikit-learn==0.24.1"),
        ("scikit-learn=0.24.1=py38_0", "scikit-learn==0.24.1"),
        ("scikit-learn==0.24.1", "scikit-learn==0.24.1"),
        ("scikit-learn=0.24", "scikit-learn==0.24.*"),
        ("scikit-learn=0.24.*", "scikit-learn==0.24.*"),
        ("scikit-learn>=0.24", "scikit-learn>=0.24"),
        ("scikit-learn 0.24.1", "scikit-learn==0.24.1"),
        ("tzdata=2021c", "tzdata"),
        ("librosa=0.8.0", "librosa==0.8.0"),
    ],
)
def test_conda_specs_are_said_as_pip_says_them(spec, meant):
    wish, relaxation = read_wish(f"conda:{spec}", trusted=False)
    assert (str(wish.requirement), relaxation) == (meant, None)


def test_a_user_may_name_files_and_repositories_but_nothing_unreadable():
    line = "tool @ git+https://host/team/tool.git@v1"
    wish, relaxation = read_wish(line, trusted=True)
    assert (str(wish.requirement), relaxation) == (line, None)
    with pytest.raises(errors.Invalid, match=r"'numpy=1\.2' cannot be read"):
        plan("numpy=1.2", source="user")


def test_a_marker_decides_for_the_python_that_is_used():
    lines = ("numpy==1.19.5; python_version < '3.9'", "numpy==1.26.4; python_version >= '3.9'")
    assert "numpy==1.26.4" in wished(*lines, python="3.11.7")
    assert "numpy==1.19.5" in wished(*lines, python="3.8.18")


@pytest.mark.parametrize(
    ("lines", "taken"),
    [
        (("numpy", "numpy==1.26.4"), "numpy==1.26.4"),
        (("numpy==1.26.4", "numpy"), "numpy==1.26.4"),
        (("conda:numpy=1.26.0", "numpy==1.26.4"), "numpy==1.26.4"),
    ],
)
def test_of_two_lines_about_a_package_the_telling_one_counts(lines, taken):
    assert [line for line in wished(*lines) if line.startswith("numpy")] == [taken]


def test_plans_that_lead_to_the_same_env_have_the_same_key():
    one = plan("scikit-learn==1.9.1", **NEW)
    other = plan("scikit-learn==1.9.1", source="conda.yaml", **NEW | {"saved": date(2026, 11, 1)})
    assert one.key == other.key
    for changed in (
        plan("scikit-learn==1.9.0", **NEW),
        plan("scikit-learn==1.9.1", python="3.12.1", **NEW),
        plan("scikit-learn==1.9.1", "--find-links", **NEW),
    ):
        assert changed.key != one.key
