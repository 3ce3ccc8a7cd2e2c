"""How comparisons answer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from modelyard import errors
from modelyard.evaluations.comparing import repository
from modelyard.evaluations.comparing.changing import changed
from modelyard.evaluations.comparing.chart_commands import (
    DrawComparison,
    ExportComparison,
    ReportComparison,
    TabulateComparison,
)
from modelyard.evaluations.comparing.chart_types import (
    ComparisonChart,
    ComparisonTable,
    ExportedComparison,
    ReportedComparison,
)
from modelyard.evaluations.comparing.charting import chart_of, export, table
from modelyard.evaluations.comparing.commands import (
    AddItems,
    CompareInformation,
    CompareSlices,
    CreateComparison,
    DeleteComparison,
    ListComparisons,
    RemoveItems,
    ShowComparison,
    UpdateComparison,
)
from modelyard.evaluations.comparing.informing import compared_information
from modelyard.evaluations.comparing.reporting import report
from modelyard.evaluations.comparing.resolving import kind_of, require_items
from modelyard.evaluations.comparing.showing import shown
from modelyard.evaluations.comparing.slicing import compared_slices
from modelyard.evaluations.comparing.types import (
    ComparedInformation,
    ComparedSlices,
    Comparison,
    ComparisonItem,
    ComparisonSummary,
    ShownComparison,
)
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.projects.access import require_project


@handles(CreateComparison)
def create_comparison(command: CreateComparison, context: Context) -> Comparison:
    """Insert the row, once its items are there and predict the same."""
    created = now()
    items = [ComparisonItem(key=key) for key in command.items]
    with context.begin() as db:
        require_project(db, command.project)
        kind = command.prediction_type or kind_of(db, command.project, items[0])
        empty = Comparison(
            **command.model_dump(include={"project", "name", "description"}),
            prediction_type=kind,
            created=created,
            created_by=context.identity.name,
            changed=created,
        )
        found = require_items(db, empty, items)
        active = [each.item.key for each in found if each.active and each.item.version]
        champion = command.champion or (active[0] if len(active) == 1 else None)
        if champion is not None and champion not in command.items:
            raise errors.NotFound.among("item", champion, command.items)
        comparison = empty.model_copy(update={"items": tuple(items), "champion": champion})
        repository.add(db, comparison)
    return comparison


@handles(ListComparisons)
def list_comparisons(command: ListComparisons, context: Context) -> list[ComparisonSummary]:
    """List by name."""
    with context.read() as db:
        require_project(db, command.project)
        return repository.every(db, command.project, command)


@handles(ShowComparison)
def show_comparison(command: ShowComparison, context: Context) -> ShownComparison:
    """Compute what was not computed before."""
    seconds = math.inf if command.seconds is None else command.seconds
    return shown(context, command.project, command.name, command.threshold, seconds)


@handles(CompareSlices)
def compare_slices(command: CompareSlices, context: Context) -> ComparedSlices:
    """Read the rows again, and compare them group by group."""
    return compared_slices(context, command)


@handles(CompareInformation)
def compare_information(command: CompareInformation, context: Context) -> ComparedInformation:
    """Look up what is known of the models."""
    return compared_information(context, command)


@handles(UpdateComparison)
def update_comparison(command: UpdateComparison, context: Context) -> Comparison:
    """Change what was given."""
    with _as_seen(context, command) as (db, before):
        after = changed(before, command)
        repository.change(db, command.name, after)
    return after


@handles(AddItems)
def add_items(command: AddItems, context: Context) -> Comparison:
    """Put new items behind the others."""
    new = [ComparisonItem(key=key) for key in command.items]
    with context.begin() as db:
        before = repository.get(db, command.project, command.name, lock=True)
        require_items(db, before, new)
        after = _with(before, (*before.items, *new))
        repository.change(db, command.name, after)
    return after


@handles(RemoveItems)
def remove_items(command: RemoveItems, context: Context) -> Comparison:
    """Keep the others."""
    with context.begin() as db:
        before = repository.get(db, command.project, command.name, lock=True)
        there = [each.key for each in before.items]
        for key in command.items:
            if key not in there:
                raise errors.NotFound.among("item", key, there)
        after = _with(before, (each for each in before.items if each.key not in command.items))
        repository.change(db, command.name, after)
    return after


@handles(DrawComparison)
def draw_comparison(command: DrawComparison, context: Context) -> ComparisonChart:
    """Draw the part."""
    return chart_of(context, command)


@handles(TabulateComparison)
def tabulate_comparison(command: TabulateComparison, context: Context) -> ComparisonTable:
    """Put the part's numbers in rows."""
    return table(context, command)


@handles(ExportComparison)
def export_comparison(command: ExportComparison, context: Context) -> ExportedComparison:
    """Write what was drawn or put in rows."""
    return export(context, command)


@handles(ReportComparison)
def report_comparison(command: ReportComparison, context: Context) -> ReportedComparison:
    """Write what its items tell."""
    return report(context, command)


@handles(DeleteComparison)
def delete_comparison(command: DeleteComparison, context: Context) -> None:
    """Delete the row."""
    with _as_seen(context, command) as (db, _):
        repository.remove(db, command.project, command.name)


@contextmanager
def _as_seen(
    context: Context, command: UpdateComparison | DeleteComparison
) -> Iterator[tuple[Connection, Comparison]]:
    """A transaction on a comparison that is what the caller saw.

    What is shown is told before it, since that may take long, and keep what it finds.

    Raises:
        Conflict: it changed meanwhile.
    """
    known = None
    if context.expected is not None:
        with context.read() as db:
            known = repository.get(db, command.project, command.name)
        context.unchanged(shown(context, command.project, command.name, None))
    with context.begin() as db:
        before = repository.get(db, command.project, command.name, lock=True)
        if known not in (None, before):
            context.unchanged(before)  # which is nothing that was shown
        yield db, before


def _with(before: Comparison, items: Iterable[ComparisonItem]) -> Comparison:
    kept = tuple(items)
    champion = before.champion if before.champion in {each.key for each in kept} else None
    return before.model_copy(update={"items": kept, "champion": champion, "changed": now()})
