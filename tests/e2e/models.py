"""Models written by hand: the bodies of their two functions."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

MLMODEL = """\
flavors:
  python_function:
    code: code
    loader_module: {module}
    python_version: {python}
model_uuid: 0123456789abcdef0123456789abcdef
utc_time_created: '2024-05-01 10:00:00.000000'
signature:
  inputs: '{inputs}'
"""
MODEL = """\
class Model:
    def predict(self, frame):
{predict}


def _load_pyfunc(path):
{load}
    return Model()
"""
AGE_FARE = [{"name": "age", "type": "double"}, {"name": "fare", "type": "double"}]


def write_model(
    folder: Path,
    *,
    predict: str = "return (frame['age'] > 30).astype(int).to_numpy()",
    load: str = "pass",
    inputs: list[dict[str, Any]] | None = None,
) -> Path:
    """Write a python_function model by hand: the bodies of its two functions."""
    (folder / "code").mkdir(parents=True)
    module = f"loader_{folder.name.replace('-', '_')}"
    version = ".".join(map(str, sys.version_info[:3]))
    signature = json.dumps(inputs or AGE_FARE)
    (folder / "MLmodel").write_text(MLMODEL.format(module=module, python=version, inputs=signature))
    body = MODEL.format(
        predict="\n".join(f"        {line}" for line in predict.splitlines()),
        load="\n".join(f"    {line}" for line in load.splitlines()),
    )
    (folder / "code" / f"{module}.py").write_text(body)
    return folder
