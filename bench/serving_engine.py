"""What an endpoint costs around its model: one row at a time, and with 32 callers at once.

    python bench/serving_engine.py [--forest] [--seconds 5] [--profile]

`bare` is MLflow's pyfunc in this process, asked in turns with the endpoint, whose model is in one
worker process. CPU is that of this process alone, per query: checking the row, putting it into an
Arrow table with others, the socket, the event loop, and the asking itself.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import logging
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import uvloop
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from modelyard.archives.types import ArchivedFile
from modelyard.kernel.settings import RuntimeSettings
from modelyard.runtime.types import (
    CodeEnv,
    EnvRequest,
    InputColumn,
    Interpretation,
    ModelInputs,
)
from modelyard.serving.asking import LoadedEndpoint
from modelyard.serving.endpoints import load_endpoint
from modelyard.serving.packages.types import (
    Manifest,
    PackagedModel,
    PoolSettings,
    PredictionEndpoint,
)

TURNS = 300
CALLERS = (1, 8, 32)
DAY = datetime(2026, 1, 1, tzinfo=UTC)


def rows(count: int) -> pd.DataFrame:
    """Nine numbers and three words a row."""
    random = np.random.default_rng(0)
    numbers = {f"n{at}": random.normal(size=count) for at in range(9)}
    words = {f"w{at}": random.integers(0, 100, count).astype(str) for at in range(3)}
    return pd.DataFrame({**numbers, **words})


def save_model(folder: Path, *, forest: bool) -> None:
    """Save a scikit-learn pipeline in MLflow's format, with a signature."""
    frame = rows(5_000)
    words = [name for name in frame if name.startswith("w")]
    numbers = [name for name in frame if name.startswith("n")]
    last = RandomForestClassifier(200, max_depth=12) if forest else LogisticRegression()
    encoded = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), words), (StandardScaler(), numbers)
    )
    model = make_pipeline(encoded, last).fit(frame, frame["n0"] > 0)
    mlflow.sklearn.save_model(
        model,
        folder,
        pip_requirements=["scikit-learn"],
        serialization_format="cloudpickle",
        signature=infer_signature(frame),
    )


async def load(folder: Path) -> LoadedEndpoint:
    """An endpoint of the saved model, restructured."""
    columns = [
        InputColumn(name=name, type="double" if name.startswith("n") else "string")
        for name in rows(1)
    ]
    model = PackagedModel(
        id="S-p-m-1",
        model="m",
        version="1",
        flavor="sklearn",
        digest="0" * 64,
        folder="model",
        env="local",
        prediction_type="binary_classification",
        inputs=ModelInputs(columns=tuple(columns)),
        interpretation=Interpretation(rule="probabilities", call="native"),
        percentiles=tuple(at / 100 for at in range(1, 100)),
    )
    endpoint = PredictionEndpoint(name="e", model=model.id)
    asked = EnvRequest(source="user")
    env = CodeEnv(id="local", python="3", packages=(), asked=asked, created=DAY)
    manifest = Manifest(
        service="s",
        package="p",
        created=DAY,
        created_by="bench",
        made_with="0",
        endpoints=(endpoint,),
        models=(model,),
        envs=(env,),
        files=(ArchivedFile(path="model/MLmodel", sha256="0" * 64, size=0),),
    )
    pool = PoolSettings(floor=1, cruise=1, ceil=1)
    python = {"local": Path(sys.executable)}
    return await load_endpoint(endpoint, manifest, folder, python, pool, RuntimeSettings())


def milliseconds(action: Callable[..., object], *arguments: object) -> float:
    """How long an action takes."""
    started = time.perf_counter()
    action(*arguments)
    return 1000 * (time.perf_counter() - started)


async def in_turns(endpoint: LoadedEndpoint, bare: Any, frame: pd.DataFrame) -> None:
    """One row: the endpoint and the bare model in turns."""
    sent = frame.to_dict("records")
    ours, theirs = [], []
    for at in range(TURNS):
        started = time.perf_counter()
        await endpoint.ask([sent[at]])
        ours.append(1000 * (time.perf_counter() - started))
        theirs.append(milliseconds(bare.predict, frame[at : at + 1]))
    mine, its = statistics.median(ours), statistics.median(theirs)
    budget = 1.2 * its + 0.5
    print(f"one row, p50: endpoint {mine:.2f} ms, bare {its:.2f} ms, budget {budget:.2f} ms")


async def together(
    endpoint: LoadedEndpoint, sent: list[dict[str, Any]], callers: int, seconds: float
) -> None:
    """So many callers, each asking one row after another."""
    until = time.perf_counter() + seconds
    taken: list[float] = []
    batches: list[int] = []

    async def caller(at: int) -> None:
        while (started := time.perf_counter()) < until:
            at = (at + callers) % len(sent)
            answer = await endpoint.ask([sent[at]])
            taken.append(1000 * (time.perf_counter() - started))
            batches.append(answer.timings.batch)

    cpu, began = time.process_time(), time.perf_counter()
    await asyncio.gather(*map(caller, range(callers)))
    cpu, spent = time.process_time() - cpu, time.perf_counter() - began
    p50, p99 = np.percentile(taken, (50, 99))
    print(
        f"{callers:>3} callers: {len(taken) / spent:>8,.0f} rows/s, p50 {p50:.2f} ms, "
        f"p99 {p99:.2f} ms, rows a call {statistics.mean(batches):.1f}, "
        f"CPU here {1e6 * cpu / len(taken):.0f} us a query"
    )


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--forest", action="store_true", help="200 trees, not a linear model")
    parser.add_argument("--seconds", type=float, default=5, help="of each round of callers")
    parser.add_argument("--profile", action="store_true", help="say what this process spends")
    given = parser.parse_args()
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    folder = Path(tempfile.mkdtemp(prefix="serving-engine-"))
    save_model(folder / "model", forest=given.forest)
    bare = mlflow.pyfunc.load_model(str(folder / "model"))
    frame = rows(5_000)
    started = time.perf_counter()
    endpoint = await load(folder)
    await endpoint.ask(frame[:1].to_dict("records"))
    print(f"start to first answer: {time.perf_counter() - started:.2f} s")
    await in_turns(endpoint, bare, frame)
    sent = frame.to_dict("records")
    profile = cProfile.Profile()
    for callers in CALLERS:
        if given.profile and callers == CALLERS[-1]:
            profile.enable()
        await together(endpoint, sent, callers, given.seconds)
    profile.disable()
    await endpoint.close()
    if given.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    uvloop.run(main())
