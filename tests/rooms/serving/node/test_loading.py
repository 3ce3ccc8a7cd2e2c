"""Nothing of a generation answers before it was seen to answer as it should."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from tests.rooms.serving.endpoints.unpacked import model
from tests.rooms.serving.node.nodes import DAY, ENV, Behaviour, made, write

from modelyard import errors
from modelyard.kernel.progress import silence
from modelyard.runtime import golden
from modelyard.serving.folder import NodeFolder
from modelyard.serving.generations.importing import build_envs
from modelyard.serving.generations.loading import load_generation, verify
from modelyard.serving.packages.reading import open_package
from modelyard.serving.settings import NodeSettings

ROWS = pa.table({"x": [1.0, 2.0, 3.0]})


class Doubling:
    """An endpoint that doubles, or does not quite."""

    def __init__(self, off=0.0):
        self.off = off
        self.asked = []

    async def ask_table(self, table, *, params, output):
        self.asked.append((params, output))
        values = [2 * x + self.off for x in table["x"].to_pylist()]
        return pa.table({"prediction" if output == "restructured" else "0": values})


def kept(folder, tolerance=1e-5):
    """A model whose golden predictions are in a folder."""
    doubled = pa.table({"0": [2.0, 4.0, 6.0]})
    both = golden.joined(doubled, doubled.rename_columns(["prediction"]))
    golden.write_arrow(ROWS, folder / "inputs.arrow")
    golden.write_arrow(both, folder / "outputs.arrow")
    return SimpleNamespace(
        model="churn",
        version="v1",
        golden_inputs="inputs.arrow",
        golden_outputs="outputs.arrow",
        golden_options=SimpleNamespace(params={"t": 1}),
        golden_tolerance=tolerance,
    )


def test_golden_predictions_are_compared_in_both_modes(tmp_path):
    endpoint = Doubling()
    asyncio.run(verify(endpoint, kept(tmp_path), tmp_path))
    assert endpoint.asked == [({"t": 1}, "direct"), ({"t": 1}, "restructured")]
    asyncio.run(verify(Doubling(1e-7), kept(tmp_path), tmp_path))
    asyncio.run(verify(Doubling(0.1), kept(tmp_path, tolerance=0.2), tmp_path))
    with pytest.raises(
        errors.Failed,
        match=r"churn v1 does not predict here .* 3 of 3 .* \(row 0, 0 \(direct\): was 2",
    ):
        asyncio.run(verify(Doubling(0.1), kept(tmp_path), tmp_path))


def test_a_model_without_golden_predictions_is_not_compared(tmp_path):
    model = kept(tmp_path)
    model.golden_inputs = None
    asyncio.run(verify(None, model, tmp_path))


def test_what_was_loaded_is_closed_when_the_next_endpoint_is_not_ready(tmp_path):
    behaviour = Behaviour()
    node = made(tmp_path)
    node.import_(file=str(write(tmp_path, "p1")))
    behaviour.says["p1"] = "?"
    loading = load_generation(
        NodeFolder.opened(node.folder), NodeSettings(), "churn-api", "p1", load=behaviour.load
    )
    with pytest.raises(errors.Failed):
        asyncio.run(loading)
    assert (behaviour.loads, behaviour.open) == (1, [])


def test_code_envs_of_a_package_are_built_in_the_node(tmp_path, monkeypatch):
    built = []

    def build(ground, env):
        python = ground.python_of(env)
        python.parent.mkdir(parents=True)
        python.touch()
        built.append(env.id)

    monkeypatch.setattr("modelyard.runtime.envs.building.Ground.build_again", build)
    node = made(tmp_path)
    other = ENV.model_copy(update={"id": "0123456789abcdef", "created": DAY})
    node.import_(file=str(write(tmp_path, "p1", envs=(ENV, other))))
    folder = NodeFolder.opened(node.folder)
    said = []
    pythons = build_envs(folder, NodeSettings(), folder.manifest("churn-api", "p1"), said.append)
    assert built == [other.id]
    assert pythons[other.id] == folder.envs / other.id / "bin" / "python"
    assert node.clean().envs == ()
    node.delete(service="churn-api")
    assert node.clean().envs == (other.id,)


def test_a_package_whose_env_cannot_be_built_is_not_imported(tmp_path, monkeypatch):
    def build(_ground, _env):
        raise errors.Unavailable("the package index does not answer")

    monkeypatch.setattr("modelyard.runtime.envs.building.Ground.build_again", build)
    node = made(tmp_path)
    other = ENV.model_copy(update={"id": "0123456789abcdef"})
    with pytest.raises(errors.Unavailable):
        node.import_(file=str(write(tmp_path, "p1", envs=(ENV, other))))
    assert node.services() == []


def test_models_of_the_local_env_need_mlflow_where_the_node_runs(tmp_path, monkeypatch):
    """Functions do not."""
    node = made(tmp_path)
    folder = NodeFolder.opened(node.folder)
    monkeypatch.setitem(sys.modules, "mlflow", None)
    package = open_package(write(tmp_path, "p1"))
    assert build_envs(folder, NodeSettings(), package, silence) == {"local": Path(sys.executable)}
    needy = package.model_copy(update={"models": (model(model="churn"),)})
    with pytest.raises(errors.Unavailable, match="has no MLflow: install it there") as caught:
        build_envs(folder, NodeSettings(), needy, silence)
    assert caught.value.detail.startswith("churn v1 is to run in the env 'local'")
