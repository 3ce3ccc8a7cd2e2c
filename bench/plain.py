"""A model that loads at once."""

from __future__ import annotations

import sys
from pathlib import Path

SIGNATURE = 'signature:\n  inputs: \'[{"name": "age", "type": "double"}]\'\n'


def plain_model(folder: Path) -> Path:
    """Write it as an MLflow model that needs no library."""
    folder.mkdir()
    (folder / "plain_model.py").write_text(
        "class Model:\n    def predict(self, data):\n        return data['age'] * 2\n\n"
        "def _load_pyfunc(path):\n    return Model()\n"
    )
    (folder / "MLmodel").write_text(
        "flavors:\n  python_function:\n    loader_module: plain_model\n    code: .\n"
        f"    python_version: {sys.version.split()[0]}\n{SIGNATURE}"
    )
    return folder
