"""How questions about the rows of an evaluation are answered."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TypeVar

from modelyard.evaluations import repository
from modelyard.evaluations.keeping import WORST, add_file
from modelyard.evaluations.looking.commands import (
    AboutRows,
    FindWorst,
    ShowFairness,
    ShowResiduals,
    ShowRows,
)
from modelyard.evaluations.looking.comparing import compare_groups
from modelyard.evaluations.looking.picking import pick_rows
from modelyard.evaluations.looking.residuals import residuals_by
from modelyard.evaluations.looking.searching import check_search, search
from modelyard.evaluations.looking.types import (
    ColumnResiduals,
    EvaluatedRows,
    FairnessReport,
    WorstReport,
)
from modelyard.evaluations.sample import Sample, open_sample
from modelyard.kernel.bus import checks, handles
from modelyard.kernel.context import Context

R = TypeVar("R")


@handles(ShowFairness)
def show_fairness(command: ShowFairness, context: Context) -> FairnessReport:
    """Read the rows again, and compare their groups."""
    with _rows(command, context) as sample:
        return compare_groups(sample, command)


@checks(FindWorst)
def check_worst(command: FindWorst, context: Context) -> None:
    """Refuse what no search could find, before it is a job."""
    with _rows(command, context) as sample:
        check_search(sample, command)


@handles(FindWorst)
def find_worst(command: FindWorst, context: Context) -> WorstReport:
    """Read the columns one after another, search, and keep what was found last."""
    with _rows(command, context) as sample:
        found = search(sample, command, context.progress)
        add_file(context, sample.evaluation, WORST, found.model_dump(mode="json"))
        return found


@handles(ShowRows)
def show_rows(command: ShowRows, context: Context) -> EvaluatedRows:
    """Read what decides of all rows, and all columns of those that are shown."""
    with _rows(command, context) as sample:
        return pick_rows(sample, command)


@handles(ShowResiduals)
def show_residuals(command: ShowResiduals, context: Context) -> ColumnResiduals:
    """Read the rows again, and put them in groups."""
    with _rows(command, context) as sample:
        return residuals_by(sample, command.by)


def _rows(command: AboutRows[R], context: Context) -> AbstractContextManager[Sample]:
    with context.read() as db:
        evaluation = repository.get(db, command.project, command.id)
    return open_sample(context, evaluation)
