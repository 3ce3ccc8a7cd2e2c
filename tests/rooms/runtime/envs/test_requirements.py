"""What is read from the files of a model, and of a user."""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from modelyard import errors
from modelyard.runtime.envs.request import request_from_file, request_of
from modelyard.runtime.envs.requirements import read_env_file, read_pip

MLMODEL = {
    "flavors": {
        "python_function": {"loader_module": "mlflow.sklearn", "python_version": "3.10.12"},
        "sklearn": {"sklearn_version": "1.2.2"},
    },
    "mlflow_version": "2.9.2",
    "utc_time_created": "2023-12-01 09:14:22.103",
}


@pytest.fixture
def file(tmp_path):
    """Write a file into the model's folder."""

    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_a_requirements_file_is_read_line_by_line(file):
    file("more.txt", "six\n")
    lines = read_pip(
        file(
            "requirements.txt",
            "# made by hand\n\nnumpy==1.24.3  # the newest\nscikit-learn \\\n  ==1.2.2\n"
            "pandas==1.5.3 --hash=sha256:00\n-r more.txt\n-r ../outside.txt\n"
            "--extra-index-url https://user:secret@example.com/simple\n-f wheels\n"
            "tool @ https://user:secret@example.com/tool.whl\n",
        )
    ).lines
    assert lines == (
        "numpy==1.24.3",
        "scikit-learn ==1.2.2",
        "pandas==1.5.3",
        "six",
        "-r",
        "--extra-index-url",
        "-f",
        "tool @ https://example.com/tool.whl",
    )


def test_files_that_include_each_other_are_read_once(file):
    file("b.txt", "-r a.txt\nsix\n")
    assert read_pip(file("a.txt", "-r b.txt\n")).lines == ("six",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_are_read_as_editors_and_shells_write_them(file, encoding):
    assert read_pip(file("r.txt", "numpy==1.24.3\r\n".encode(encoding))).lines == ("numpy==1.24.3",)


def test_a_file_that_is_no_text_is_refused(file):
    with pytest.raises(errors.Invalid, match=r"r\.txt cannot be read as text"):
        read_pip(file("r.txt", b"\xff\xfe\x00"))


def test_a_conda_file_gives_its_python_its_packages_and_its_pip_section(file):
    found = read_env_file(
        file(
            "conda.yaml",
            "channels: [defaults]\ndependencies:\n- python=3.8.10\n"
            "- conda-forge::pytorch=1.9.0=cpu\n- pip\n- pip:\n  - mlflow==1.20.2\n"
            "  - -r requirements.txt\nname: env\n",
        )
    )
    assert found.python == "3.8.10"
    assert found.lines == ("conda:pytorch=1.9.0=cpu", "conda:pip", "mlflow==1.20.2", "-r")


def test_a_python_env_file_gives_its_python_and_its_dependencies(file):
    file("requirements.txt", "numpy==1.24.3\n")
    found = read_env_file(
        file(
            "python_env.yaml",
            "python: 3.10.12\nbuild_dependencies: [pip==23.0, setuptools==58]\n"
            "dependencies:\n- -r requirements.txt\n- six\n",
        )
    )
    assert (found.python, found.lines) == ("3.10.12", ("numpy==1.24.3", "six"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("dependencies: [", "conda.yaml is damaged: it is not YAML"),
        ("just words", "conda.yaml is damaged: it holds no mapping"),
        ("dependencies: numpy", "conda.yaml is damaged: 'dependencies' is not a list"),
        ("dependencies: [{pip: numpy}]", "conda.yaml is damaged: 'pip' is not a list"),
    ],
)
def test_a_damaged_env_file_is_refused(file, content, said):
    with pytest.raises(errors.Invalid, match=said):
        read_env_file(file("conda.yaml", content))


def test_requirements_txt_comes_first_and_mlmodel_names_the_python(file, tmp_path):
    file("requirements.txt", "scikit-learn==1.2.2\n")
    file("conda.yaml", "dependencies: [python=3.8.1, {pip: [scikit-learn==1.1.0]}]")
    request = request_of(tmp_path, MLMODEL)
    assert request.requirements == ("scikit-learn==1.2.2",)
    assert (request.source, request.python) == ("requirements.txt", "3.10.12")
    assert (request.saved, request.mlflow) == (date(2023, 12, 1), "2.9.2")


def test_without_a_requirements_file_the_next_file_counts(file, tmp_path):
    file("env.yaml", "dependencies: [python=3.8.1, {pip: [scikit-learn==1.1.0]}]")
    mlmodel = {"flavors": {"python_function": {"env": "env.yaml"}}}
    request = request_of(tmp_path, mlmodel)
    assert request.requirements == ("scikit-learn==1.1.0",)
    assert (request.source, request.python) == ("env.yaml", "3.8.1")


def test_a_file_outside_the_models_folder_is_not_read(file, tmp_path):
    file("secret.yaml", "dependencies: [six]")
    (tmp_path / "model").mkdir()
    mlmodel = {"flavors": {"python_function": {"env": {"conda": "../secret.yaml"}}}}
    assert request_of(tmp_path / "model", mlmodel).requirements == ()


def test_mlmodel_names_the_versions_that_the_files_leave_open(file, tmp_path):
    file("requirements.txt", "mlflow\nscikit-learn>=1.0\n")
    request = request_of(tmp_path, MLMODEL)
    assert request.requirements == ("mlflow", "scikit-learn>=1.0", "scikit-learn==1.2.2")
    assert request.source == "requirements.txt and MLmodel"


@pytest.mark.parametrize("line", ["scikit-learn==1.1.0", "scikit-learn<1.2"])
def test_the_files_win_where_they_name_other_versions(file, tmp_path, line):
    file("requirements.txt", line)
    assert request_of(tmp_path, MLMODEL).requirements == (line,)


def test_the_same_library_under_another_name_is_not_asked_for_twice(file, tmp_path):
    file("requirements.txt", "xgboost-cpu==3.2.0")
    mlmodel = {"flavors": {"xgboost": {"xgb_version": "3.2.0"}}}
    assert request_of(tmp_path, mlmodel).requirements == ("xgboost-cpu==3.2.0",)


def test_with_no_files_at_all_mlmodel_tells(tmp_path):
    mlmodel = {"flavors": {"onnx": {"onnx_version": "1.13.0"}, "odd": "text"}}
    request = request_of(tmp_path, mlmodel)
    assert request.requirements == ("onnx==1.13.0", "onnxruntime")
    assert (request.source, request.python, request.saved) == ("MLmodel", None, None)


def test_yaml_may_have_read_the_day_as_a_moment(tmp_path):
    mlmodel = yaml.safe_load("utc_time_created: 2021-12-06 06:52:30.612810\nflavors: {}")
    assert request_of(tmp_path, mlmodel).saved == date(2021, 12, 6)


def test_a_users_file_may_be_of_any_kind(file):
    conda = file("conda.yml", "dependencies: [python=3.9, numpy=1.24.3]")
    python_env = file("python_env.yaml", "python: '3.9'\ndependencies: [six]")
    plain = file("r.txt", "six")
    assert request_from_file(conda, None).requirements == ("conda:numpy=1.24.3",)
    assert request_from_file(python_env, "3.12").python == "3.12"
    assert request_from_file(plain, None).source == "user"


def test_a_users_file_must_be_there(tmp_path):
    with pytest.raises(errors.NotFound, match="no requirements file"):
        request_from_file(tmp_path / "r.txt", None)
