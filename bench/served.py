"""A node that serves two packages of one service, made by the commands of the documentation."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

MODELYARD = str(Path(sys.executable).with_name("modelyard"))
SERVICE, ENDPOINT = "soak", "label"
ROWS = 2_000


@dataclass(frozen=True)
class Served:
    """A running node."""

    process: subprocess.Popen[str]
    port: int
    folder: Path
    service: str = SERVICE
    endpoint: str = ENDPOINT

    @property
    def query(self) -> str:
        """The path of the query API, up to the action."""
        return f"/public/api/v1/{self.service}/{self.endpoint}"

    def run(self, *words: str) -> str:
        """Carry out one command on its folder."""
        return command("node", *words, "--folder", str(self.folder))


def command(*words: str) -> str:
    """What a command prints.

    Raises:
        RuntimeError: it fails.
    """
    told = subprocess.run([MODELYARD, *words], capture_output=True, text=True, check=False)
    if told.returncode:
        raise RuntimeError(f"modelyard {' '.join(words)}: {told.stderr}")
    return told.stdout


def pipeline(folder: Path) -> Path:
    """A classifier of two classes over numbers and texts with gaps, as an MLflow model."""
    import mlflow  # noqa: PLC0415  loads for seconds
    import pandas as pd  # noqa: PLC0415
    from sklearn.compose import make_column_transformer  # noqa: PLC0415
    from sklearn.impute import SimpleImputer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import OneHotEncoder, StandardScaler  # noqa: PLC0415

    draw = np.random.default_rng(7)
    numbers = [f"n{at}" for at in range(8)]
    data = pd.DataFrame(draw.normal(size=(ROWS, len(numbers))), columns=numbers)
    data["city"] = draw.choice(["Oslo", "Köln", "東京", "Lima"], ROWS)
    data["plan"] = draw.choice(["free", "paid"], ROWS)
    truth = np.where(data["n0"] + (data["plan"] == "paid") > draw.normal(size=ROWS), "yes", "no")
    data.loc[draw.random(ROWS) < 0.1, "n1"] = np.nan
    model = make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            (OneHotEncoder(handle_unknown="ignore"), ["city", "plan"]),
        ),
        LogisticRegression(),
    ).fit(data, truth)
    path = folder / "pipeline"
    signature = mlflow.models.infer_signature(data, truth)
    mlflow.sklearn.save_model(
        model,
        path,
        signature=signature,
        input_example=data.head(5),
        skops_trusted_types=["numpy.dtype"],
        pip_requirements=["scikit-learn"],
    )
    return path


def packages(folder: Path) -> list[Path]:
    """Two packages of one service, p1 and p2, made in a workspace below a folder."""
    workspace = ("--workspace", str(folder / "workspace"))
    command("models", "create", "soaked", "--prediction-type", "binary_classification", *workspace)
    source = str(pipeline(folder))
    command("versions", "import", "soaked", "v1", source, "--env", "local", *workspace)
    command("services", "create", SERVICE, "--endpoint", f"{ENDPOINT}=soaked", *workspace)
    made = []
    for name in ("p1", "p2"):
        made.append(folder / f"{name}.zip")
        command("packages", "create", SERVICE, name, *workspace)
        command("packages", "download", SERVICE, name, "--output", str(made[-1]), *workspace)
    return made


def be_patient(folder: Path, service: str, endpoint: str) -> None:
    """Let queries wait for a minute: a busy machine takes long to start another worker."""
    own = folder / "config" / "services" / service / f"{endpoint}.json"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(json.dumps({"timeout": 60_000}))


@contextmanager
def serving(folder: Path, made: list[Path], log: IO[str]) -> Iterator[Served]:
    """A node with some packages, the first of them active; it ends with the block."""
    node = folder / "node"
    command("node", "init", "--folder", str(node))
    for package in made:
        command("node", "import", str(package), "--folder", str(node))
    be_patient(node, SERVICE, ENDPOINT)
    command("node", "activate", SERVICE, made[0].stem, "--folder", str(node))
    process = subprocess.Popen(
        [MODELYARD, "node", "serve", "--folder", str(node), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    try:
        said = process.stdout.readline() if process.stdout else ""
        if "http://" not in said:
            raise RuntimeError(f"the node does not start: {said!r}")
        port = int(said[said.index("http://") :].split()[0].rstrip("/").rpartition(":")[2])
        yield Served(process, port, node)
    finally:
        process.terminate()
        process.wait(60)


def example_rows(count: int, seed: int = 0) -> list[dict[str, object]]:
    """Rows that the model takes, some with gaps."""
    draw = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    for _ in range(count):
        row: dict[str, object] = {f"n{at}": float(draw.normal()) for at in range(8)}
        row |= {"city": str(draw.choice(["Oslo", "Köln", "東京", "Ravenna"])), "plan": "paid"}
        if draw.random() < 0.1:
            row["n1"] = None
        rows.append(row)
    return rows


def body(value: object) -> bytes:
    """A value as JSON."""
    return json.dumps(value, ensure_ascii=False).encode()
