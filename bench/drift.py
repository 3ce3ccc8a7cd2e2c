"""Drift of a million rows by 12 columns, against evidently's DataDriftPreset.

    python bench/drift.py [--rows 1000000] [--rounds 3] [--evidently PYTHON] [--windows 1000]

Prints CPU seconds and peak memory of processes that read both sides from Parquet and compare all
columns, in turns, as medians: of the whole process (rusage), and of what comes after imports and a
first small run. Ours from rows, and ours with a stored profile of the reference, for windows of all
rows and of 10,000; evidently in an interpreter that has it. Then the share of false alarms: of
windows drawn from the reference, how many are past what chance is said to reach, and how many are
told to have drifted.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from modelyard.analysis.drift.columns import columns_drift, profiles_of
from modelyard.analysis.drift.sides import TableRows
from modelyard.analysis.drift.types import DriftSettings

ROWS = """
import json, sys, time
import pyarrow as pa
import pyarrow.parquet as pq
from modelyard.analysis.drift.columns import columns_drift, profiles_of
from modelyard.analysis.drift.profile_types import (ColumnProfile)
from modelyard.analysis.drift.sides import TableRows

class ParquetRows:
    def __init__(self, path):
        schema = pq.read_schema(path)
        words = [field.name for field in schema if pa.types.is_string(field.type)]
        self.file = pq.ParquetFile(path, read_dictionary=words, memory_map=True)
        self.schema = self.file.schema_arrow
        self.count = self.file.metadata.num_rows
    def column(self, name):
        return self.file.read([name], use_threads=False).column(0)

folder = sys.argv[1]
few = TableRows(pq.ParquetFile(folder + "/small.parquet").read())
columns_drift(few, few)
"""

OURS = (
    ROWS
    + """
start = time.process_time()
found = columns_drift(ParquetRows(folder + "/reference.parquet"),
                      ParquetRows(folder + "/current.parquet"))
text = json.dumps([each.model_dump() for each in found])
assert sum(each.outcome == "drifted" for each in found) == 3, [e.why for e in found]
print(json.dumps({"ours": time.process_time() - start}))
"""
)

STORED = (
    ROWS
    + """
with open(folder + "/profiles.json") as file:
    stored = {name: ColumnProfile.model_validate(x) for name, x in json.load(file).items()}
columns_drift(stored, few)
start = time.process_time()
table = ParquetRows(folder + "/current.parquet")
held = TableRows(pa.table({name: table.column(name) for name in table.schema.names}))
read = time.process_time()
found = columns_drift(stored, held)
whole = time.process_time()
assert sum(each.outcome == "drifted" for each in found) == 3
start_small = time.process_time()
columns_drift(stored, few)
done = time.process_time()
print(json.dumps({"ours, stored profile": whole - read, "  its reading": read - start,
                  "  10,000 rows": done - start_small}))
"""
)

EVIDENTLY = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
folder = sys.argv[1]

def compared(old, new):
    words = [name for name in old if old[name].dtype.kind not in "if"]
    numbers = [name for name in old if name not in words]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=words)
    sides = [Dataset.from_pandas(side, data_definition=definition) for side in (new, old)]
    return Report([DataDriftPreset()]).run(*sides).json()

few = pd.read_parquet(folder + "/small.parquet")
compared(few, few)
start = time.process_time()
text = compared(pd.read_parquet(folder + "/reference.parquet"),
                pd.read_parquet(folder + "/current.parquet"))
assert "drift" in text.lower()
print(json.dumps({"evidently": time.process_time() - start}))
"""


def side(rows: int, seed: int, *, moved: bool = False) -> pa.Table:
    """Twelve columns: eight of numbers, four of words; three of them move."""
    rng = np.random.default_rng(seed)
    shift = 0.7 if moved else 0.0
    normal = rng.normal(shift, 1, rows)
    levels = np.arange(300)
    weights = 1 / (levels + 2.0)
    return pa.table(
        {
            "normal": normal,
            "uniform": rng.random(rows),
            "tail": rng.lognormal(0, 1.5, rows),
            "zeros": np.where(rng.random(rows) < 0.9, 0.0, rng.exponential(1, rows)),
            "gaps": pa.array(rng.normal(0, 1, rows), mask=rng.random(rows) < 0.1),
            "linked": normal * 0.5 + rng.normal(0, 1, rows),
            "hour": rng.integers(0, 24, rows),
            "count": rng.poisson(300 if moved else 280, rows),
            "carrier": rng.choice(["AA", "DL", "UA", "WN", "B6"], rows),
            "airport": np.char.add(
                "A", rng.choice(levels, rows, p=weights / weights.sum()).astype(str)
            ),
            "answer": rng.choice(["yes", "no"], rows, p=[0.7, 0.3] if not moved else [0.4, 0.6]),
            "day": rng.choice(["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"], rows),
        }
    )


def measure(python: str, code: str, folder: str) -> tuple[dict[str, float], float, float]:
    """CPU seconds that a process tells; of the whole of it; and its peak memory in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # What rusage tells of a process begins with what its parent held when it was forked.
    status = "open('/proc/self/status').read()"
    wrapped = f"{code}\nprint(int({status}.split('VmHWM:')[1].split()[0]) / 1024)"
    done = subprocess.run(
        [python, "-c", wrapped, folder], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    told, peak = done.stdout.splitlines()[-2:]
    whole = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found: dict[str, float] = json.loads(told)
    return found, whole, float(peak)


def false_alarms(windows: int, rows: int, reference: pa.Table) -> tuple[float, float, float]:
    """Shares of windows' columns that are past what chance reaches by PSI, or told as moved."""
    stored = profiles_of(TableRows(reference))
    rng = np.random.default_rng(1)
    past = drifted = looked = told = 0
    for _ in range(windows):
        window = reference.take(pa.array(np.sort(rng.choice(reference.num_rows, rows))))
        for column in columns_drift(stored, TableRows(window), DriftSettings(), tests=["psi"]):
            (psi,) = column.tests
            told += 1
            past += psi.statistic is not None and psi.statistic > (psi.chance or 0.0)
            drifted += column.outcome == "drifted"
            looked += column.outcome == "look"
    return past / told, drifted / told, looked / told


def told_in_turns(sides: list[tuple[str, str, str]], folder: str, rounds: int) -> None:
    """Measure each side in turns, and print medians and ratios."""
    seconds, wholes, peaks = defaultdict(list), defaultdict(list), defaultdict(list)
    for _ in range(rounds):
        for name, python, code in sides:
            found, whole, peak = measure(python, code, folder)
            wholes[name].append(whole)
            peaks[name].append(peak)
            for part, taken in found.items():
                seconds[part].append(taken)
    ours = statistics.median(seconds["ours"])
    for name, measured in seconds.items():
        median = statistics.median(measured)
        line = f"{name:22} {median:8.3f} CPU s, {median / ours:6.2f} times ours"
        if name in wholes:
            line += f"; process {statistics.median(wholes[name]):.2f} CPU s, "
            line += f"{statistics.median(peaks[name]):.0f} MB"
        print(line)


def main() -> None:
    """Measure drift, then false alarms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--windows", type=int, default=1000)
    parser.add_argument("--evidently", metavar="PYTHON", help="an interpreter with evidently")
    asked = parser.parse_args()
    sides = [("ours", sys.executable, OURS), ("ours, stored profile", sys.executable, STORED)]
    if asked.evidently:
        sides.append(("evidently", str(Path(asked.evidently).absolute()), EVIDENTLY))
    reference = side(asked.rows, 1)
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(reference, f"{folder}/reference.parquet")
        pq.write_table(side(asked.rows, 2, moved=True), f"{folder}/current.parquet")
        pq.write_table(side(10_000, 3), f"{folder}/small.parquet")
        stored = profiles_of(TableRows(reference))
        told = json.dumps({name: each.model_dump() for name, each in stored.items()})
        Path(folder, "profiles.json").write_text(told)
        print(f"profiles of the reference: {len(told) / 1024:.0f} KB of JSON")
        told_in_turns(sides, folder, asked.rounds)
    for rows in (1000, 100_000) if asked.windows else ():
        past, drifted, looked = false_alarms(asked.windows, rows, reference)
        print(
            f"windows of {rows:,} rows from the reference: {past:.2%} of columns past chance's "
            f"1 %, {drifted:.2%} told as drifted, {looked:.2%} to be looked at"
        )


if __name__ == "__main__":
    main()
