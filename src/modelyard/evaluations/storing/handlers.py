"""How evaluation stores answer."""

from __future__ import annotations

from modelyard.analysis.history_types import History
from modelyard.data.types import Written
from modelyard.evaluations import repository as evaluations
from modelyard.evaluations.charting.drawing import drawing
from modelyard.evaluations.charting.files import csv_of, write
from modelyard.evaluations.storing import repository
from modelyard.evaluations.storing.adding import add
from modelyard.evaluations.storing.checking import check_each
from modelyard.evaluations.storing.commands import (
    AddEvaluation,
    CreateStore,
    DeleteStore,
    DrawHistory,
    ExportHistory,
    ExportSample,
    LabelEvaluation,
    ListStores,
    ShowHistory,
    ShowStore,
    UpdateStore,
)
from modelyard.evaluations.storing.exporting import export_sample
from modelyard.evaluations.storing.history import history
from modelyard.evaluations.storing.types import EvaluationStore, ExportedHistory, HistoryChart
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.projects.access import require_project
from modelyard.store.database import exclusively
from modelyard.store.keeping import collect


@handles(CreateStore)
def create_store(command: CreateStore, context: Context) -> EvaluationStore:
    """Insert the row, once what it refers to is there."""
    store = EvaluationStore(**command.model_dump(), created=now(), created_by=context.identity.name)
    with context.begin() as db:
        require_project(db, store.project)
        if store.reference is not None:
            evaluations.get(db, store.project, store.reference)
        repository.add(db, store)
    return store


@handles(ListStores)
def list_stores(command: ListStores, context: Context) -> list[EvaluationStore]:
    """List by name."""
    with context.read() as db:
        require_project(db, command.project)
        return repository.every(db, command.project, command)


@handles(ShowStore)
def show_store(command: ShowStore, context: Context) -> EvaluationStore:
    """Look the store up."""
    with context.read() as db:
        return repository.get(db, command.project, command.name)


@handles(UpdateStore)
def update_store(command: UpdateStore, context: Context) -> EvaluationStore:
    """Change what was given."""
    changes = {
        name: getattr(command, name)
        for name in command.model_fields_set & repository.CHANGED
        if name == "reference" or getattr(command, name) is not None
    }
    with context.begin() as db:
        before = repository.get(db, command.project, command.name)
        context.unchanged(before)
        if changes.get("reference") is not None:
            evaluations.get(db, command.project, changes["reference"])
        store = before.model_copy(update=changes)
        repository.change(db, store)
    return store


@handles(DeleteStore)
def delete_store(command: DeleteStore, context: Context) -> None:
    """Delete the rows, then the files that nothing else keeps."""
    with context.begin() as db:
        exclusively(db)
        context.unchanged(repository.get(db, command.project, command.name))
        digests = evaluations.remove(db, command.project, store=command.name)
        repository.remove(db, command.project, command.name)
    collect(context, digests)


@handles(ShowHistory)
def show_history(command: ShowHistory, context: Context) -> History:
    """Put the evaluations in order."""
    return history(context, command)


@handles(DrawHistory)
def draw_history(command: DrawHistory, context: Context) -> HistoryChart:
    """Draw them in that order."""
    found = history(context, command)
    drawn = drawing("draw_history")(found, command.mode)
    return HistoryChart(**dict(drawn), store=found.store, metric=found.metric)


@handles(ExportHistory)
def export_history(command: ExportHistory, context: Context) -> ExportedHistory:
    """Write a row for each evaluation."""
    found = history(context, command)
    columns = ("evaluation", "name", "x", "line", "value", "low", "high", "expected")
    rows = tuple(tuple(getattr(each, name) for name in columns) for each in found.points)
    size = write(
        context, command.to, lambda: csv_of(columns, rows).encode(), replace=command.replace
    )
    return ExportedHistory(
        store=found.store, metric=found.metric, points=len(found.points), size=size
    )


@handles(AddEvaluation)
def add_evaluation(command: AddEvaluation, context: Context) -> Evaluation:
    """Keep what was given, and check it."""
    return check_each(add(context, command), context)


@handles(ExportSample)
def export(command: ExportSample, context: Context) -> Written:
    """Read the rows, and write them elsewhere."""
    return export_sample(context, command)


@handles(LabelEvaluation)
def label_evaluation(command: LabelEvaluation, context: Context) -> Evaluation:
    """Write down the labels that were given; an empty text takes one away."""
    labels = {key: value or None for key, value in command.labels.items()}
    with context.begin() as db:
        context.unchanged(evaluations.get(db, command.project, command.id))
        evaluations.put_labels(db, command.project, command.id, labels)
        return evaluations.get(db, command.project, command.id)
