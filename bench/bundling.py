"""A project with 20 models and a 2 GB dataset: bundled, verified; against zip and tar of its bytes.

`zip -1` and `tar` with `gzip -1` pack the same artifacts and data, in turns with Modelyard; a
bundle has the rows and a digest of each file besides. Each runs as a process of its own. One model
is imported, and its rows are copied for the others, each with weights of its own. Run:
`.venv/bin/python bench/bundling.py [GB] [ROUNDS]`.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
from plain import plain_model
from sqlalchemy import insert, select

import modelyard
from modelyard.store import tables

MODELS = 20
WEIGHTS = 8 << 20
"""Bytes of each model's weights."""
CREATE = """
import modelyard
modelyard.open("yard").bundles.create(bundle="b1", models=("all",), data=("large",))
"""
VERIFY = """
import modelyard
modelyard.open("yard").bundles.verify(file="b1")
"""


LAUNCH = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def fill(folder: Path, size: int) -> list[Path]:
    """Make the workspace; gives the files that a bundle of it holds."""
    dice = np.random.default_rng(7)
    parts = [dice.normal(100, 30, (20_000, 3)).round(3) for _ in range(8)]
    texts = ["".join(f"{a},{b},{c}\n" for a, b, c in part) for part in parts]
    with (folder / "large.csv").open("w") as file:  # further apart than deflate looks back
        file.write("fare,distance,delay\n")
        while file.tell() < size:
            file.writelines(texts)
    yard = modelyard.open(folder / "yard")
    yard.connections.create(name="here", path=str(folder))
    yard.datasets.create(name="large", path="large.csv", connection="here")
    model = plain_model(folder / "model")
    (model / "weights.bin").write_bytes(dice.bytes(WEIGHTS))
    yard.models.create(name="m0", prediction_type="regression")
    yard.versions.import_(model="m0", version="v1", source=str(model), env="local")
    for number in range(1, MODELS):
        (model / "weights.bin").write_bytes(dice.bytes(WEIGHTS))
        copy_model(yard, f"m{number}", yard.open().artifacts.put(model / "weights.bin"))
    artifacts = [each for each in (folder / "yard/artifacts").rglob("*") if each.is_file()]
    yard.close()
    return [*artifacts, folder / "large.csv"]


def copy_model(yard: modelyard.Workspace, name: str, weights: str) -> None:
    """Have another model like the first one, with other weights."""
    with yard.open().begin() as db:
        for table in (tables.models, tables.versions, tables.files):
            model = table.c.name if table is tables.models else table.c.model
            for row in db.execute(select(table).where(model == "m0")).mappings().all():
                changed = dict(row) | {model.name: name}
                if row.get("path") == "weights.bin":
                    changed["sha256"] = weights
                db.execute(insert(table).values(changed))


def measured(words: list[str], folder: Path) -> tuple[float, float, float]:
    """Seconds that a command takes, those of them on a processor, the most MiB it had in memory.

    It is started by a small process of its own: what forks has the memory of what it came from.
    """
    started = time.perf_counter()
    launcher = [sys.executable, "-c", LAUNCH, *words]
    done = subprocess.run(launcher, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
    processor, most = map(float, done.stdout.split())
    return time.perf_counter() - started, processor, most / 1024


def ways(listed: Path) -> dict[str, list[str]]:
    """The commands that pack the same bytes, by name."""
    python = [sys.executable, "-c"]
    found = {
        "bundles create": [*python, CREATE],
        "bundles verify": [*python, VERIFY],
        "tar, gzip -1": ["tar", "-P", "-I", "gzip -1", "-cf", "packed.tgz", "-T", str(listed)],
    }
    if shutil.which("zip"):
        found["zip -1"] = ["sh", "-c", f"zip -1 -q packed.zip -@ < {listed}"]
    return found


def main() -> None:
    """Print medians, peaks and sizes."""
    size = int(float(sys.argv[1]) * 1e9) if len(sys.argv) > 1 else 2_000_000_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = fill(folder, size)
        listed = folder / "listed"
        listed.write_text("".join(f"{file}\n" for file in files))
        content = sum(file.stat().st_size for file in files)
        print(f"{MODELS} models and a dataset: {content / 1e9:.2f} GB in {len(files)} files")
        taken: dict[str, list[tuple[float, float, float]]] = {}
        for _ in range(rounds):
            for way, words in ways(listed).items():
                taken.setdefault(way, []).append(measured(words, folder))
            with closing(modelyard.open(folder / "yard")) as yard:
                packed = yard.bundles.show(bundle="b1").size
                yard.bundles.delete(bundle="b1")
            for file in folder.glob("packed.*"):
                print(
                    f"  {file.name}: {file.stat().st_size / 1e9:.3f} GB, b1: {packed / 1e9:.3f} GB"
                )
                file.unlink()
        for way, runs in taken.items():
            seconds, processor = (statistics.median(run[at] for run in runs) for at in (0, 1))
            rate, peak = content / 1e6 / seconds, max(run[2] for run in runs)
            print(
                f"{way:16} {seconds:7.1f} s {rate:7.1f} MB/s {processor:7.1f} s of processor "
                f"peak {peak:5.0f} MiB"
            )


if __name__ == "__main__":
    main()
