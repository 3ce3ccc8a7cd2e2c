"""A model into a warm env to its first prediction: Modelyard against `mlflow models predict`.

Both sides build their env once before anything is timed; then they go in turns. Prints medians and
the ratio. Run: `.venv/bin/python bench/importing.py`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import mlflow
import sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROUNDS = 5
BIN = Path(sys.executable).parent


def make_model(folder: Path) -> None:
    """Save a small classifier with its requirements pinned, and five rows to predict."""
    rows, truth = load_breast_cancer(return_X_y=True, as_frame=True)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, truth)
    mlflow.sklearn.save_model(
        model,
        folder / "model",
        signature=infer_signature(rows, model.predict(rows)),
        input_example=rows.head(5),
        pip_requirements=[f"mlflow=={mlflow.__version__}", f"scikit-learn=={sklearn.__version__}"],
    )
    rows.head(5).to_csv(folder / "rows.csv", index=False)


def run(folder: Path, *words: str) -> None:
    """Run a command, quietly."""
    environ = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    environ.pop("VIRTUAL_ENV", None)
    done = subprocess.run(
        [*words], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr[-3000:])


def ours(folder: Path) -> None:
    """Import over the version that is there, then score five rows."""
    here = ("--workspace", "yard")
    run(folder, BIN / "modelyard", "versions", "import", "cancer", "v1", "model", *here)
    words = ("scoring", "run", "cancer", "--input", "rows.csv", "--output", "ours.csv")
    run(folder, BIN / "modelyard", *words, *here)


def theirs(folder: Path) -> None:
    """Predict five rows in an env that MLflow has built with uv."""
    words = ("models", "predict", "-m", "model", "-i", "rows.csv", "-t", "csv", "-o", "theirs.json")
    run(folder, BIN / "mlflow", *words, "--env-manager", "uv")


def main() -> None:
    """Warm up, then time in turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_model(folder)
        kind = ("--prediction-type", "binary_classification", "--workspace", "yard")
        run(folder, BIN / "modelyard", "models", "create", "cancer", *kind)
        sides = {"modelyard versions import + scoring run": ours, "mlflow models predict": theirs}
        seconds: dict[str, list[float]] = {side: [] for side in sides}
        for turn in range(ROUNDS + 1):
            for side, work in sides.items():
                started = time.perf_counter()
                work(folder)
                if turn:
                    seconds[side].append(time.perf_counter() - started)
        medians = {side: statistics.median(times) for side, times in seconds.items()}
        for side, median in medians.items():
            print(f"{side:42} {median:6.2f} s")
        mine, peer = medians.values()
        print(f"ratio, theirs to ours: {peer / mine:.2f}")


if __name__ == "__main__":
    main()
