"""How evaluations answer."""

from __future__ import annotations

from modelyard import errors
from modelyard.analysis.group_types import Slices
from modelyard.evaluations import repository
from modelyard.evaluations.commands import (
    DeleteEvaluation,
    EvaluateStandalone,
    ListEvaluations,
    RunEvaluation,
    ShowEvaluation,
    ShowScreen,
    ShowSlices,
)
from modelyard.evaluations.evaluating import evaluate
from modelyard.evaluations.explaining.commands import MeasureImportance
from modelyard.evaluations.looking.commands import FindWorst
from modelyard.evaluations.planning import make_plan, make_standalone_plan
from modelyard.evaluations.screens import screen, slices_by
from modelyard.evaluations.storing import repository as stores
from modelyard.evaluations.storing.checking import check_each
from modelyard.evaluations.types import Evaluation, EvaluationSummary, Screen
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.projects.access import require_project
from modelyard.store.database import exclusively
from modelyard.store.keeping import collect


@handles(RunEvaluation)
def run_evaluation(command: RunEvaluation, context: Context) -> Evaluation:
    """Score, compute, keep; then, if it is asked for, ask for what takes long, and check."""
    found = evaluate(make_plan(command, context), context)
    if command.explain:
        _explain(found, context)
    return check_each(found, context)


@handles(EvaluateStandalone)
def evaluate_standalone(command: EvaluateStandalone, context: Context) -> Evaluation:
    """Read what was predicted, compute, keep, check."""
    return check_each(evaluate(make_standalone_plan(command, context), context), context)


@handles(ListEvaluations)
def list_evaluations(command: ListEvaluations, context: Context) -> list[EvaluationSummary]:
    """List those that fit, the newest first unless another order is asked for."""
    wanted = command.model_dump(include={"model", "version", "dataset", "store"})
    with context.read() as db:
        require_project(db, command.project)
        if command.store is not None:
            stores.get(db, command.project, command.store)
        return repository.list_all(
            db, command.project, command, wanted, labels=command.label, sort=command.sort
        )


@handles(ShowEvaluation)
def show_evaluation(command: ShowEvaluation, context: Context) -> Evaluation:
    """Look the evaluation up."""
    with context.read() as db:
        return repository.get(db, command.project, command.id)


@handles(ShowScreen)
def show_screen(command: ShowScreen, context: Context) -> Screen:
    """Take the screen out of those that were kept; for what was not, read the rows again."""
    with context.read() as db:
        evaluation = repository.get(db, command.project, command.id)
    return screen(context, evaluation, command)


@handles(ShowSlices)
def show_slices(command: ShowSlices, context: Context) -> Slices:
    """Read the rows again, and put them in groups."""
    with context.read() as db:
        evaluation = repository.get(db, command.project, command.id)
    return slices_by(context, evaluation, command.by)


@handles(DeleteEvaluation)
def delete_evaluation(command: DeleteEvaluation, context: Context) -> None:
    """Delete the row, then the files that nothing else keeps."""
    with context.begin() as db:
        exclusively(db)
        context.unchanged(repository.get(db, command.project, command.id))
        digests = repository.remove(db, command.project, identifier=command.id)
        stores.forget_reference(db, command.project, command.id)
    collect(context, digests)


def _explain(found: Evaluation, context: Context) -> None:
    """Search the worst slices and measure importance, which are kept with the evaluation.

    Raises:
        ModelyardError: they cannot be told; the evaluation is kept all the same.
    """
    try:
        context.caller.run(FindWorst(project=found.project, id=found.id))
        context.caller.run(MeasureImportance(project=found.project, id=found.id))
    except errors.ModelyardError as exc:
        text = f"evaluation {found.id} is kept, but not explained: {exc.detail}"
        raise type(exc)(text, **exc.context) from exc
