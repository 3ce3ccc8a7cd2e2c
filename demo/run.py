"""The main job on real data: import three models, score a month of flights, follow one of them."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from receiver import receiver
from rich.console import Console
from rich.table import Table
from train import MONTHS

HERE = Path(__file__).parent
OUTPUT = HERE / "output"
MODELYARD = Path(sys.executable).with_name("modelyard")
HERE_MAY_BE_TOLD = {**os.environ, "MODELYARD_ALERTS__WEBHOOKS": '["127.0.0.1"]'}
"""The receiver of the demo is on this machine, where alerts may lead only if it is said."""
FOLLOWED = 2
"""The last months, which a scenario evaluates."""
console = Console(highlight=False)


def modelyard(line: str) -> None:
    """Show a command line, and run it."""
    console.print(f"\n[bold]$ modelyard {line}[/bold]", markup=True)
    words = [MODELYARD, *shlex.split(line), "--workspace", "yard"]
    subprocess.run(words, cwd=OUTPUT, check=True, env=HERE_MAY_BE_TOLD)


def found(line: str) -> Any:
    """Show a command line, run it, and give what it finds."""
    console.print(f"[bold]$ modelyard {line} --json[/bold]", markup=True)
    words = [MODELYARD, *shlex.split(line), "--json", "--workspace", "yard"]
    done = subprocess.run(words, cwd=OUTPUT, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


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


def go_through_the_months() -> None:
    """Evaluate months from July on into a store, and print how far they moved from June."""
    modelyard("evaluations run late --dataset june --id june --name June")
    modelyard('stores create monthly --description "Month by month, beside June" --reference june')
    table = Table("month", "flights", "AUC", "expected AUC", "told from June", "moved most")
    verdicts = []
    for number, month in list(MONTHS.items())[1:-FOLLOWED]:
        evaluation = found(
            f"evaluations run late --dataset {month}.parquet --store monthly --id {month} "
            f"--name {month.title()} --label month=2013-{number:02} --drift-rows 5000"
        )
        [listed] = found(f"drift list --evaluation {month}")
        report = found(f"drift show {listed['id']}")
        table.add_row(
            f"2013-{number:02}",
            f"{evaluation['rows']:,}",
            between(evaluation["metrics"]["auc"]),
            between(metric(report["expected"]["metrics"], "auc")),
            between(report["global"]["accuracy"]),
            moved_most(report["columns"]),
        )
        verdicts.append(report["verdict"]["headline"])
    console.print(table)
    console.print(
        "Expected is what the probabilities alone promise, without the truth. Told from June: the "
        "share of rows that a classifier puts into the right month of two; 0.5 is chance. Of each "
        "month 5,000 flights are compared with those of June."
    )
    for verdict in verdicts:
        console.print(f"- {verdict}")


def follow_the_model() -> None:
    """Leave the last months to a scenario, with checks and an alert; tell what it told."""
    modelyard("checks create monthly enough --kind range --metric auc --min 0.8 --soft-min 0.87")
    modelyard("checks create monthly as-june --kind significance --metric auc --margin 0.05")
    with receiver() as (address, told):
        modelyard(f"alerts create team --webhook {address}")
        modelyard(
            "monitoring follow late --dataset '${month}.parquet' --store monthly --alert team "
            "--cron '0 6 1 * *' --label month='2013-${number}' "
            "--parameters month:=null --parameters number:=null"
        )
        for number, month in list(MONTHS.items())[-FOLLOWED:]:
            modelyard(
                f"scenarios run follow-late --parameters month={month} --parameters number={number}"
            )
            modelyard("worker --drain --quiet")
        modelyard("checks history monthly")
        modelyard("monitoring show")
        for each in told:
            console.print(
                f"- told: {each['kind']} {each['name']} went from {each['before']} to "
                f"{each['after']}: {each['why']}"
            )


def metric(several: list[dict[str, Any]], code: str) -> dict[str, Any]:
    """The metric of a code."""
    return next(each for each in several if each["code"] == code)


def between(figure: dict[str, Any]) -> str:
    """A metric with its interval."""
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def moved_most(columns: list[dict[str, Any]]) -> str:
    """The column with the largest population stability index, and what is said of it."""
    moves = {
        (test["statistic"], column["name"], column["outcome"])
        for column in columns
        for test in column["tests"]
        if test["test"] == "psi" and test["statistic"] is not None
    }
    psi, name, outcome = max(moves)
    return f"{name} (PSI {psi:.2f}: {outcome})"


def main() -> None:
    """Train, import, score, evaluate over time, show."""
    started = time.monotonic()
    shutil.rmtree(OUTPUT, ignore_errors=True)
    console.rule("1. Three models in MLflow's format, from three libraries")
    subprocess.run([sys.executable, HERE / "train.py", OUTPUT], check=True)

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

    console.rule("4. The months after it: is the model still worth as much?")
    go_through_the_months()

    console.rule("5. From now on by itself: evaluate each month, check it, tell what changes")
    follow_the_model()

    console.rule(f"Done in {time.monotonic() - started:.0f} seconds. What to try next")
    tell_what_to_try()


def tell_what_to_try() -> None:
    """Show where to go on from here."""
    console.print(
        "cd demo/output && export MODELYARD_WORKSPACE=yard PATH=$PWD/../../.venv/bin:$PATH"
    )
    for line, why in (
        ("versions show late v1", "all that is known of it"),
        ("versions verify late v1", "does it still predict what it did?"),
        ("versions import --help", "import a model of your own"),
        ("demo load", "all of it and more, to look at"),
        ("stores history monthly", "a metric through the months"),
        ("drift list", "the reports, one for each month"),
        ("monitoring show", "how everything is"),
        ("stores report monthly --output m.html", "all months in one file"),
        ("serve --no-auth", "in a browser; the months are on:"),
    ):
        console.print(f"modelyard {line}".ljust(34), f"# {why}")
    console.print("  /projects/default/stores/monthly".ljust(34), "# metrics over time")
    console.print("  /projects/default/drift".ljust(34), "# what moved since June")
    console.print("docs/tutorial.md goes through the same steps one by one.")


if __name__ == "__main__":
    main()
