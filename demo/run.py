"""The main job on real data: import three models, score a month of flights, show the results."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
OUTPUT = HERE / "output"
MODELYARD = Path(sys.executable).with_name("modelyard")
console = Console(highlight=False)


def modelyard(line: str) -> None:
    """Show a command line, and run it."""
    console.print(f"\n[bold]$ modelyard {line}[/bold]", markup=True)
    words = [MODELYARD, *shlex.split(line), "--workspace", "yard"]
    subprocess.run(words, cwd=OUTPUT, check=True)


def show(file: str, columns: list[str]) -> None:
    """Print the first rows of a Parquet file."""
    rows = pq.read_table(OUTPUT / file)
    console.print(f"{file}: {rows.num_rows:,} rows, the first five")
    table = Table()
    for name in columns:
        table.add_column(name)
    for row in rows.slice(0, 5).to_pylist():
        table.add_row(
            *(f"{row[n]:.3f}" if isinstance(row[n], float) else str(row[n]) for n in columns)
        )
    console.print(table)


def main() -> None:
    """Train, import, score, show."""
    started = time.monotonic()
    shutil.rmtree(OUTPUT, ignore_errors=True)
    console.rule("1. Three models in MLflow's format, from three libraries")
    subprocess.run([sys.executable, HERE / "train.py", OUTPUT / "models"], check=True)
    (OUTPUT / "models" / "june.parquet").rename(OUTPUT / "june.parquet")

    console.rule("2. Import each as a version of a saved model")
    modelyard("models create late --prediction-type binary_classification")
    modelyard("models create minutes --prediction-type regression")
    modelyard("models create kind --prediction-type multiclass")
    modelyard("versions import late v1 models/late-linear --target late --classes in_time,late")
    modelyard("versions import minutes v1 models/minutes-lightgbm --target arr_delay")
    modelyard("versions import kind v1 models/kind-xgboost --classes early,on_time,late")
    modelyard("models list")
    modelyard("envs list")

    console.rule("3. Score a month that the models have not seen, in both output modes")
    modelyard("datasets create june --path june.parquet")
    modelyard("scoring run late --input june --output late.parquet")
    show("late.parquet", ["carrier", "dest", "dep_delay", "late", "prediction", "proba_late"])
    modelyard("scoring run minutes --input june --output minutes.parquet")
    show("minutes.parquet", ["carrier", "dest", "dep_delay", "arr_delay", "prediction"])
    modelyard("scoring run kind --input june --output kind.parquet")
    show("kind.parquet", ["carrier", "arr_delay", "prediction", "proba_early", "proba_late"])
    modelyard("scoring run late --input june --output raw.parquet --mode direct --keep dest")
    show("raw.parquet", pq.read_schema(OUTPUT / "raw.parquet").names)

    console.rule(f"Done in {time.monotonic() - started:.0f} seconds. What to try next")
    console.print(
        "cd demo/output && export MODELYARD_WORKSPACE=yard PATH=$PWD/../../.venv/bin:$PATH"
    )
    for line, why in (
        ("versions show late v1", "all that is known of it"),
        ("versions verify late v1", "does it still predict what it did?"),
        ("versions import --help", "import a model of your own"),
        ("demo load", "all of it and more, to look at"),
        ("serve --no-auth", "in a browser"),
    ):
        console.print(f"modelyard {line}".ljust(34), f"# {why}")
    console.print("docs/tutorial.md goes through the same steps one by one.")


if __name__ == "__main__":
    main()
