"""Everything else that can carry code: sources, graphs, layers, templates, requirements, links."""

from __future__ import annotations

import io
import json
import os
import pickle
import socket
import zipfile

import numpy as np
import onnx
import onnx.helper as oh
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer


def zipped(files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def whats(found):
    return {finding.what for finding in found.findings}


DATA = {
    "conda.yaml": "channels:\n- conda-forge\ndependencies:\n- python=3.11\n- pip:\n  - mlflow==3\n",
    "requirements.txt": "mlflow==3.1\nscikit-learn>=1.5 ; python_version > '3.8'\n# comment\n",
    "python_env.yaml": "python: 3.11\ndependencies:\n- -r requirements.txt\n",
    "input_example.json": '{"columns": ["a"], "data": [[1]]}',
    "model.lgb": "tree\nversion=v4\nnum_class=1\n",
    "model.json": '{"learner": {"class_name": 1}, "version": [3, 2, 0]}',
    "notes.md": "# code\nimport os; os.system('x')\n",
    "table.csv": "column,value\nR,1\n.,2\n",
    "one.txt": "cos\n",
    "letters.txt": "(lp0\n",
    "empty": "",
    "weights.bin": bytes(range(256)) * 10,
    "picture.png": b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
}


@pytest.mark.parametrize("name", DATA)
def test_data_is_data(name, judge):
    assert judge(DATA[name], name) == "data_only"


CODE = {
    "code/own.py": "print(1)",
    "code/package/__init__.py": "",
    "train.ipynb": '{"cells": []}',
    "run.sh": "echo",
    "start": "#!/usr/bin/env python\n",
    "native.so": b"\x7fELF\x02\x01\x01",
    "renamed.dat": b"\x7fELF\x02\x01\x01",
    "tool.exe": b"MZ\x90\x00\x03\x00\x00\x00",
    "library.dylib": b"\xcf\xfa\xed\xfe\x07\0\0\0",
    "Main.class": b"\xca\xfe\xba\xbe\0\0\x004",
    "model.pyc": b"\xa7\r\r\n\0\0\0\0",
    "crate.bin": b"X\n\x00\x00\x00\x03\0\0",
    "model.rds": b"\x1f\x8b_not really gzip",
    "site.pth": "import os; os.system('x')",
    "prompt.jinja": "{{ x }}",
    "mojo.jar": "PK",
}


@pytest.mark.parametrize("name", [name for name in CODE if CODE[name]])
def test_code_needs_review(name, judge):
    assert judge(CODE[name], name) == "needs_review"


def test_requirements_from_elsewhere_are_named(scan):
    lines = [
        "--extra-index-url https://user:secret@packages.example.org/simple",
        "git+https://example.org/own.git@main",
        "own @ https://example.org/own-1.0-py3-none-any.whl",
        "./wheels/own.whl",
        "-e .",
    ]
    conda = "dependencies:\n- pip:\n  - -f /wheels\n  - mlflow\n"
    found = scan({"requirements.txt": "mlflow\n" + "\n".join(lines), "conda.yaml": conda})
    assert found.verdict == "needs_review"
    details = [finding.detail for finding in found.findings]
    assert len(details) == len(lines) + 1
    assert not any("secret" in detail for detail in details)


def test_links_are_named_and_not_followed(scan, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "secret.pkl").write_bytes(b"cos\nsystem\n(S'x'\ntR.")
    (tmp_path / "model" / "away").symlink_to(tmp_path / "secret.pkl")
    assert scan({"a.txt": "x"}).verdict == "dangerous"
    (tmp_path / "model" / "away").unlink()
    (tmp_path / "model" / "inside").symlink_to("a.txt")
    assert scan({}).verdict == "needs_review"


def test_what_is_no_file_is_dangerous_and_not_opened(scan, tmp_path, monkeypatch):
    (tmp_path / "model").mkdir()
    os.mkfifo(tmp_path / "model" / "pipe")
    assert scan({}).verdict == "dangerous"
    (tmp_path / "model" / "pipe").unlink()
    monkeypatch.chdir(tmp_path / "model")  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket")
        assert scan({}).verdict == "dangerous"


def onnx_model(domain="", location=None):
    node = oh.make_node("Relu" if not domain else "Own", ["x"], ["y"], domain=domain)
    values = [oh.make_tensor_value_info(name, 1, [1]) for name in "xy"]
    graph = oh.make_graph([node], "g", [values[0]], [values[1]])
    if location is not None:
        weights = onnx.numpy_helper.from_array(np.zeros(4, "f4"), "w")
        onnx.external_data_helper.set_external_data(weights, location)
        weights.ClearField("raw_data")
        graph.initializer.append(weights)
    opsets = [oh.make_opsetid(domain, 1), oh.make_opsetid("", 20)]
    return oh.make_model(graph, opset_imports=opsets).SerializeToString()


def test_onnx_graphs_are_data_if_all_is_their_own(scan):
    assert scan({"model.onnx": onnx_model()}).verdict == "data_only"
    assert scan({"model.onnx": onnx_model(location="weights.bin")}).verdict == "data_only"
    ml = scan({"model.onnx": onnx_model("ai.onnx.ml")})
    assert ml.verdict == "data_only"


def test_onnx_operators_of_others_need_review(scan):
    found = scan({"model.onnx": onnx_model("org.example")})
    assert found.verdict == "needs_review"
    assert "ONNX domain org.example" in whats(found)


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "C:\\x", "a/../../b"])
def test_onnx_weights_outside_the_folder_are_dangerous(path, scan):
    assert scan({"model.onnx": onnx_model(location=path)}).verdict == "dangerous"


def test_an_onnx_graph_is_found_under_any_name(scan):
    mlmodel = "flavors:\n  onnx:\n    data: graph.bin\n"
    found = scan({"graph.bin": onnx_model("org.example"), "MLmodel": mlmodel})
    assert found.verdict == "needs_review"


def test_damaged_graphs_need_review(judge):
    assert judge(b"\xff" * 40, "model.onnx") == "needs_review"
    assert judge(onnx_model()[:-3], "model.onnx") == "needs_review"
    assert judge(b"\x12\x7f", "saved_model.pb") == "needs_review"


def field(number, data):
    size = len(data)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([number << 3 | 2]) + length + data


def saved_model(*operators, in_function=False):
    nodes = [field(1, b"n") + field(2, name.encode()) for name in operators]
    if in_function:
        function = b"".join(field(3, node) for node in nodes)
        graph = field(2, field(1, function))
    else:
        graph = b"".join(field(1, node) for node in nodes)
    return b"\x08\x01" + field(2, field(2, graph))


def test_tensorflow_graphs_are_judged_by_their_operators(judge):
    assert judge(saved_model("MatMul", "RestoreV2"), "m/saved_model.pb") == "known_safe"
    assert judge(saved_model("MatMul", "WriteFile"), "m/saved_model.pb") == "dangerous"
    assert judge(saved_model("ReadFile", in_function=True), "m/saved_model.pb") == "dangerous"
    assert judge(saved_model("PyFunc"), "m/saved_model.pb") == "needs_review"


def keras_layer(**layer):
    config = {"class_name": "Sequential", "module": "keras", "config": {"layers": [layer]}}
    return zipped({"config.json": json.dumps(config), "metadata.json": "{}"})


DENSE = {"class_name": "Dense", "module": "keras.layers", "config": {"units": 1}}


def test_keras_layers_are_data(judge):
    assert judge(keras_layer(**DENSE), "model.keras") == "data_only"


@pytest.mark.parametrize(
    ("layer", "verdict"),
    [
        ({"class_name": "Lambda", "module": "keras.layers", "config": {}}, "needs_review"),
        ({"class_name": "__lambda__", "config": {"code": "4wEA"}}, "needs_review"),
        ({"class_name": "Own", "module": "own.layers", "config": {}}, "needs_review"),
        ({"class_name": "Own", "registered_name": "Own>Own", "config": {}}, "needs_review"),
        ({"class_name": "TFSMLayer", "module": "keras.layers", "config": {}}, "needs_review"),
        ({"class_name": "function", "module": "os", "config": "system"}, "dangerous"),
        ({"class_name": "function", "module": "builtins", "config": "eval"}, "dangerous"),
        ({"class_name": "function", "module": "keras.utils", "config": "get_file"}, "dangerous"),
        (
            {"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}},
            "dangerous",
        ),
    ],
)
def test_keras_layers_that_load_code_or_files(layer, verdict, judge):
    """CVE-2024-3660, CVE-2025-1550, CVE-2025-8747, CVE-2025-12058, CVE-2026-1462."""
    assert judge(keras_layer(**layer), "model.keras") == verdict


def test_keras_models_in_hdf5(scan):
    magic = b"\x89HDF\r\n\x1a\n"
    weights = scan({"w.h5": magic + b"\0" * 100})
    assert weights.verdict == "data_only"
    config = json.dumps({"class_name": "Lambda", "config": {}}).encode()
    found = scan({"m.h5": magic + b"\0model_config\0" + b"\0" * 500 + config + b"\0"})
    assert found.verdict == "needs_review"
    assert {"Keras Lambda layer", "Keras model in HDF5"} <= whats(found)


def test_lambda_layers_in_a_saved_model(scan):
    text = json.dumps({"class_name": "Lambda", "config": {"x": 1}}).encode()
    found = scan({"keras_metadata.pb": b"\x0a\x80\x01" + text})
    assert "Keras Lambda layer" in whats(found)


def test_skops_files_are_judged_by_their_types(judge):
    model = LogisticRegression().fit(np.eye(4), [0, 1, 0, 1])
    assert judge(skops.io.dumps(model), "m.skops") == "known_safe"
    assert judge(skops.io.dumps(FunctionTransformer(np.tanh)), "m.skops") == "known_safe"
    assert judge(skops.io.dumps(FunctionTransformer(json.dumps)), "m.skops") == "needs_review"


@pytest.mark.parametrize(
    ("node", "verdict"),
    [
        (("FunctionNode", "os", "system"), "dangerous"),
        (("OperatorFuncNode", "operator", "call"), "dangerous"),
        (("ListNode", "sklearn.base", "clone"), "needs_review"),
        (("MethodNode", "sklearn.svm._classes", "SVC"), "needs_review"),
        (("ConstructorFromReduceNode", "lightgbm.basic", "Booster"), "needs_review"),
        (("ObjectNode", 1, "x"), "dangerous"),
    ],
)
def test_skops_nodes_that_call(node, verdict, judge):
    """CVE-2025-54412, CVE-2025-54413."""
    keys = ("__loader__", "__module__", "__class__")
    schema = dict(zip(keys, ("DictNode", "builtins", "dict"), strict=True))
    schema["content"] = dict(zip(keys, node, strict=True))
    assert judge(zipped({"schema.json": json.dumps(schema)}), "m.skops") == verdict


def test_templates(judge):
    plain = {"chat_template": "{% for m in messages %}{{ m.content }}{% endfor %}"}
    assert judge(json.dumps(plain), "tokenizer_config.json") == "needs_review"
    attack = {"chat_template": "{{ ''.__class__.__mro__[1].__subclasses__() }}"}
    assert judge(json.dumps(attack), "tokenizer_config.json") == "dangerous"


def test_transformers_own_code(judge):
    config = {"auto_map": {"AutoModel": "modeling.Own"}, "trust_remote_code": True}
    assert judge(json.dumps(config), "config.json") == "needs_review"


MLMODELS = {
    "a known loader": ("loader_module: mlflow.sklearn", "data_only"),
    "a loader in the model's own code": ("loader_module: own", "needs_review"),
    "a loader nobody knows": ("loader_module: some.where", "needs_review"),
    "a model from code": ("model_code_path: model.py", "needs_review"),
    "a path that leaves the folder": ("data: ../../secret", "dangerous"),
    "an absolute path": ("python_model: /etc/passwd", "dangerous"),
    "a Windows path": ("data: C:\\secret", "dangerous"),
    "an artifact outside": ("artifacts: {a: {path: ../x}}", "dangerous"),
}


@pytest.mark.parametrize("case", MLMODELS)
def test_what_the_mlmodel_file_tells_a_loader(case, scan):
    line, verdict = MLMODELS[case]
    assert scan({"MLmodel": f"flavors:\n  python_function:\n    {line}\n"}).verdict == verdict


NAMES = {
    "a known class": ("xgboost", "model_class: xgboost.sklearn.XGBClassifier", "data_only"),
    "a class nobody knows": ("lightgbm", "model_class: own.Model", "needs_review"),
    "no class at all": ("xgboost", "model_class: code.interact", "dangerous"),
    "Keras": ("tensorflow", "keras_module: tensorflow.keras", "data_only"),
    "another module": ("tensorflow", "keras_module: own", "needs_review"),
}


@pytest.mark.parametrize("case", NAMES)
def test_names_that_loaders_import(case, scan):
    flavor, line, verdict = NAMES[case]
    assert scan({"MLmodel": f"flavors:\n  {flavor}:\n    {line}\n"}).verdict == verdict


def test_files_that_name_a_module_to_import(judge):
    assert judge("tensorflow.keras", "data/keras_module.txt") == "data_only"
    assert judge("own", "data/keras_module.txt") == "needs_review"
    assert judge("mlflow.pytorch.pickle_module", "data/pickle_module_info.txt") == "data_only"
    assert judge("own", "data/pickle_module_info.txt") == "needs_review"


def test_stages_of_spark_pipelines(judge):
    own = '{"class":"com.example.Stage","uid":"x"}'
    spark = '{"class":"org.apache.spark.ml.PipelineModel","uid":"x"}'
    assert judge(spark, "sparkml/metadata/part-00000") == "data_only"
    assert judge(own, "sparkml/metadata/part-00000") == "needs_review"


def test_calls_of_exported_pytorch_programs(judge):
    def program(target):
        node = {"target": target, "inputs": [], "outputs": []}
        return zipped({"m/models/model.json": json.dumps({"graph": {"nodes": [node]}})})

    assert judge(program("torch.ops.aten.linear.default"), "model.pt2") == "data_only"
    assert judge(program("torch.utils.collect_env.run"), "model.pt2") == "dangerous"


def test_yaml_that_makes_python_objects(judge):
    text = "a: !!python/object/apply:os.system ['x']\n"
    assert judge(text, "model.yaml") == "dangerous"


@pytest.mark.parametrize("flavor", ["h2o", "mleap", "crate", "langchain"])
def test_flavors_that_are_code_elsewhere(flavor, scan):
    assert scan({"MLmodel": f"flavors:\n  {flavor}:\n    data: x\n"}).verdict == "needs_review"


def test_a_damaged_mlmodel_file_does_not_stop_the_scan(scan):
    found = scan({"MLmodel": "flavors: [", "model.pkl": b"cos\nsystem\n(S'x'\ntR."})
    assert found.verdict == "dangerous"


def test_a_pickle_under_any_name_that_the_mlmodel_file_gives(scan):
    mlmodel = "flavors:\n  sklearn:\n    pickled_model: weights.txt\n"
    broken = pickle.dumps({"a": [1, 2, 3]})[:-4]
    found = scan({"MLmodel": mlmodel, "weights.txt": broken})
    assert found.verdict == "needs_review"
    assert "broken pickle" in whats(found)


def test_the_report_names_its_scanners_and_counts_files(scan):
    found = scan({"a.txt": "x", "b/c.txt": "y"})
    assert found.files_scanned == 2
    assert "picklescan" in found.scanner
    assert "modelyard" in found.scanner
