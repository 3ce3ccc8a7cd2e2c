"""MLmodel files of every layout are read, and damaged ones are told apart."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import yaml

from modelyard import errors
from modelyard.models.mlmodel import read_mlmodel
from modelyard.runtime.types import InputColumn, InputTensor, Param

SKLEARN = {
    "sklearn": {"pickled_model": "model.pkl"},
    "python_function": {"model_path": "model.pkl"},
}
TWICE = json.dumps([{"type": "long", "name": "x"}, {"type": "long", "name": "x"}])


@pytest.fixture
def read(tmp_path):
    """Read an MLmodel file given as text or mapping, beside files of the given names."""

    def read(mlmodel, files=("model.pkl",)):
        for name in files:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("x")
        text = mlmodel if isinstance(mlmodel, str | bytes) else yaml.safe_dump(mlmodel)
        (tmp_path / "MLmodel").write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_mlmodel(tmp_path)

    return read


def signed(inputs=None, outputs=None, params=None, **more):
    texts = {"inputs": inputs, "outputs": outputs, "params": params}
    signature = {key: json.dumps(value) if value else None for key, value in texts.items()}
    return {"flavors": SKLEARN, "signature": signature, **more}


OLD = """\
artifact_path: model
flavors:
  python_function:
    env: conda.yaml
    loader_module: mlflow.sklearn
    model_path: model.pkl
    python_version: 3.6.9
  sklearn:
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: 0.20.3
run_id: 0123456789abcdef
utc_time_created: 2019-06-15 12:30:00.123456
"""

NEW = """\
artifact_path: mlflow-artifacts:/1/models/m-42/artifacts
auth_policy: {system_auth_policy: {resources: []}}
env_vars: [OPENAI_API_KEY]
flavors:
  python_function:
    cloudpickle_version: 3.1.1
    code: null
    env: {conda: conda.yaml, virtualenv: python_env.yaml}
    loader_module: mlflow.pyfunc.model
    python_model: model.pkl
    python_version: 3.12.1
    streamable: false
is_signature_from_type_hint: false
mlflow_version: 3.17.2
model_id: m-42
model_size_bytes: 2054
model_uuid: c7ccd3cb16a3441caf2aa77abee12c9b
prompts: ['prompts:/qa/1']
resources: {api_version: '1', databricks: {}}
run_id: abc
saved_input_example_info: {artifact_path: input_example.json, type: dataframe}
type_hint_from_example: false
utc_time_created: '2026-11-23 06:05:51.040747'
metadata: {team: risk}
"""


def test_a_file_of_mlflow_1(read):
    model_file, raw = read(OLD)
    assert model_file.mlflow_version is None
    assert model_file.model_uuid is None
    assert model_file.inputs is None
    assert model_file.loader_module == "mlflow.sklearn"
    assert model_file.python_version == "3.6.9"
    assert model_file.serialization_format == "cloudpickle"
    assert model_file.trained == datetime(2019, 6, 15, 12, 30, 0, 123456, tzinfo=UTC)
    assert raw["utc_time_created"] == "2019-06-15 12:30:00.123456"
    assert json.loads(json.dumps(raw)) == raw


def test_a_file_of_mlflow_3(read):
    model_file, raw = read(NEW)
    assert model_file.mlflow_version == "3.17.2"
    assert model_file.model_uuid == "c7ccd3cb16a3441caf2aa77abee12c9b"
    assert model_file.serialization_format == "cloudpickle"
    assert model_file.input_example == "input_example.json"
    assert model_file.metadata == {"team": "risk"}
    assert [flavor.name for flavor in model_file.flavors] == ["python_function"]
    assert raw["model_id"] == "m-42"
    assert raw["env_vars"] == ["OPENAI_API_KEY"]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("'2023-01-31 10:00:00'", datetime(2023, 1, 31, 10, tzinfo=UTC)),
        ("2023-01-31T10:00:00Z", datetime(2023, 1, 31, 10, tzinfo=UTC)),
        ("'2023-01-31T10:00:00.5+02:00'", datetime(2023, 1, 31, 8, 0, 0, 500000, tzinfo=UTC)),
        ("2023-01-31", datetime(2023, 1, 31, tzinfo=UTC)),
        ("sometime", None),
        ("12", None),
    ],
)
def test_the_time_of_saving_in_all_its_forms(written, moment, read):
    model_file, _ = read(OLD.replace("2019-06-15 12:30:00.123456", written))
    assert model_file.trained == moment


def test_signature_columns_of_all_types(read):
    columns = [
        {"type": "long", "name": "plain"},
        {"type": "double", "name": "maybe", "required": False},
        {"type": "string", "name": "old", "optional": True},
        {"type": "boolean", "name": 7, "required": True},
        {"type": "array", "name": "tags", "items": {"type": "string"}, "required": None},
        {
            "type": "object",
            "name": "o",
            "properties": {"a": {"type": "long"}, "b": {"type": "map", "values": {"type": "any"}}},
        },
    ]
    model_file, _ = read(signed(columns, [{"type": "long"}]))
    assert model_file.inputs.columns == (
        InputColumn(name="plain", type="long"),
        InputColumn(name="maybe", type="double", required=False),
        InputColumn(name="old", type="string", required=False),
        InputColumn(name="7", type="boolean"),
        InputColumn(name="tags", type="array(string)"),
        InputColumn(name="o", type="object(a: long, b: map(any))"),
    )
    assert model_file.outputs == ({"type": "long"},)


def test_unnamed_columns_go_by_their_position(read):
    model_file, _ = read(signed([{"type": "string"}, {"type": "double"}]))
    assert [column.name for column in model_file.inputs.columns] == ["0", "1"]


def test_tensors_and_params(read):
    tensors = [
        {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 28, 28]}, "name": "x"},
        {"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}},
    ]
    params = [
        {"name": "t", "type": "double", "default": 0.5, "shape": None},
        {"name": "words", "dtype": "string", "default": ["a"], "shape": [-1]},
    ]
    model_file, _ = read(signed(tensors, params=params))
    assert model_file.inputs.tensors == (
        InputTensor(name="x", dtype="float32", shape=(-1, 28, 28)),
        InputTensor(name=None, dtype="int64", shape=(-1,)),
    )
    assert model_file.inputs.params == (
        Param(name="t", type="double", default=0.5),
        Param(name="words", type="string", default=["a"], shape=(-1,)),
    )


@pytest.mark.parametrize("signature", [None, {}, {"inputs": None, "outputs": None}])
def test_no_signature_is_none(signature, read):
    model_file, _ = read({"flavors": SKLEARN, "signature": signature})
    assert model_file.inputs is None
    assert model_file.outputs is None


DAMAGED = {
    "empty": ("", "holds no mapping"),
    "a list": ("- a\n- b\n", "holds no mapping"),
    "text": ("just words", "holds no mapping"),
    "no YAML": ("flavors: [", "cannot be read as YAML"),
    "tabs": ("flavors:\n\tsklearn: {}", "cannot be read as YAML"),
    "no UTF-8": (b"flavors: \xff\xfe", "cannot be read as YAML"),
    "control characters": ("flavors: \x00", "cannot be read as YAML"),
    "a Python object": ("!!python/object/apply:os.system ['touch x']", "cannot be read as YAML"),
    "no flavors": ("run_id: x", "names no flavors"),
    "empty flavors": ("flavors: {}", "names no flavors"),
    "flavors that are a list": ("flavors: [sklearn]", "names no flavors"),
    "a flavor that is text": ("flavors: {sklearn: yes}", "its flavor sklearn is no mapping"),
    "a signature that is text": ("flavors: {a: {}}\nsignature: x", "signature cannot be read"),
    "signature inputs that are no JSON": (
        "flavors: {a: {}}\nsignature: {inputs: 'x'}",
        "its inputs are not JSON",
    ),
    "signature inputs that are no list": (
        "flavors: {a: {}}\nsignature: {inputs: '{}'}",
        "its inputs are no list",
    ),
    "a column without a type": (
        'flavors: {a: {}}\nsignature: {inputs: \'[{"name": "x"}]\'}',
        "no readable type",
    ),
    "an array of nothing": (
        'flavors: {a: {}}\nsignature: {inputs: \'[{"type": "array"}]\'}',
        "does not say its items",
    ),
    "a tensor without a shape": (
        'flavors: {a: {}}\nsignature: {inputs: \'[{"type": "tensor"}]\'}',
        "no shape",
    ),
    "two columns of one name": (
        f"flavors: {{a: {{}}}}\nsignature: {{inputs: '{TWICE}'}}",
        "column 'x' twice",
    ),
    "a parameter without a name": (
        'flavors: {a: {}}\nsignature: {params: \'[{"type": "long"}]\'}',
        "a parameter has no name",
    ),
    "a date that is none": ("flavors: {a: {}}\nx: 2023-13-45 00:00:00", "cannot be read as YAML"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_files_say_what_is_wrong(case, read, tmp_path):
    text, match = DAMAGED[case]
    with pytest.raises(errors.Invalid, match=match) as caught:
        read(text)
    assert str(tmp_path / "MLmodel") in caught.value.detail
    assert not (tmp_path / "x").exists()


def test_alias_bombs_and_deep_nesting_are_refused(read):
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)
    )
    with pytest.raises(errors.Invalid, match="stand for too many values"):
        read(bomb)
    with pytest.raises(errors.Invalid, match="contains itself"):
        read("flavors: &a {x: *a}")
    with pytest.raises(errors.Invalid, match="cannot be read as YAML"):
        read("[" * 50_000)
    with pytest.raises(errors.Invalid, match="is the limit"):
        read("x: " + "y" * (17 * 2**20))


def test_honest_aliases_are_read(read):
    _, raw = read("flavors: {a: {}}\nmetadata: {x: &x [1], y: *x}")
    assert raw["metadata"] == {"x": [1], "y": [1]}


def test_values_that_json_does_not_have_become_text(read):
    _, raw = read(
        "flavors: {a: {}}\nn: .nan\nb: !!binary aGk=\n3: three\ns: !!set {a}\nd: 2023-01-31"
    )
    assert raw["n"] == "nan"
    assert raw["b"] == "aGk="
    assert raw["3"] == "three"
    assert raw["s"] == ["a"]
    assert raw["d"] == "2023-01-31"


def test_missing_files_are_named(read):
    with pytest.raises(errors.Invalid, match=r"incomplete.*model\.pkl \(flavor python_function\)"):
        read({"flavors": {"python_function": {"model_path": "model.pkl"}}}, files=())
    artifacts = {"python_function": {"artifacts": {"w": {"path": "artifacts/w.bin"}}}}
    with pytest.raises(errors.Invalid, match=r"artifacts/w\.bin"):
        read({"flavors": artifacts}, files=())


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "C:\\x", "..\\x"])
def test_files_outside_the_folder_are_refused(path, read):
    with pytest.raises(errors.Invalid, match="outside its folder"):
        read({"flavors": {"sklearn": {"pickled_model": path}}})


def test_a_link_that_leads_outside_is_refused(read, tmp_path):
    (tmp_path / "away").symlink_to("/etc")
    with pytest.raises(errors.Invalid, match="outside its folder"):
        read({"flavors": {"sklearn": {"pickled_model": "away/passwd"}}})


def test_a_folder_without_a_model_names_folders_that_have_one(tmp_path):
    with pytest.raises(errors.Invalid, match="no MLmodel file; give the folder that MLflow's"):
        read_mlmodel(tmp_path)
    for name in ("runs/a/model", "runs/b"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "MLmodel").write_text("x")
    with pytest.raises(errors.Invalid, match="there is one in: runs/a/model, runs/b"):
        read_mlmodel(tmp_path)


def test_uris_of_artifacts_are_no_files(read):
    facts = {"artifacts": {"w": {"path": "model.pkl", "uri": "/gone"}}, "data": "s3://bucket/x"}
    assert read({"flavors": {"python_function": facts}})[0].flavors[0].facts == facts
