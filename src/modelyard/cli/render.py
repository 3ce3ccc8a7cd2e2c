"""Results as tables for people, and progress as a bar or as lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import click
from pydantic import BaseModel, TypeAdapter
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from modelyard.analysis.group_types import Slices
from modelyard.cli.activation_card import activation_card, reversion_card
from modelyard.cli.bundle_card import bundle_card, bundle_diff_card
from modelyard.cli.cards import probed_card, version_card
from modelyard.cli.comparison_card import (
    compared_slices_table,
    comparison_card,
    comparison_chart_words,
    information_table,
    shown_comparison,
)
from modelyard.cli.drift_card import drift_card, drift_chart_words
from modelyard.cli.evaluation_card import chart_words, evaluation_card, screen_table
from modelyard.cli.explanation_tables import (
    any_screen,
    dependence_table,
    importance_table,
    own_table,
)
from modelyard.cli.group_tables import (
    fairness_tables,
    residuals_table,
    slices_table,
    worst_table,
)
from modelyard.cli.item_card import item_card
from modelyard.cli.model_card import model_card
from modelyard.cli.package_card import package_card
from modelyard.cli.pipeline_card import pipeline_card
from modelyard.cli.policy_card import (
    exception_card,
    judgements,
    outcomes,
    policy_card,
    simulation,
)
from modelyard.cli.replay_card import replay_card, replay_chart_words
from modelyard.cli.row_table import RowTable
from modelyard.cli.words import fact, heading, seen, words
from modelyard.cli.workflow_card import signoff_card, timeline, workflow_card
from modelyard.data.types import Preview
from modelyard.deployments.activating.types import ActivationReport, BundleReversion
from modelyard.deployments.bundling.types import Bundle, BundleDiff
from modelyard.deployments.promoting.types import PipelineStatus
from modelyard.dossiers.types import Card
from modelyard.evaluations.charting.types import Chart, ScreenTable
from modelyard.evaluations.comparing.chart_types import ComparisonChart, ComparisonTable
from modelyard.evaluations.comparing.types import (
    ComparedInformation,
    ComparedSlices,
    Comparison,
    ShownComparison,
)
from modelyard.evaluations.drifting.types import Drift, DriftChart, DriftTable
from modelyard.evaluations.explaining.types import DependenceReport, ImportanceReport
from modelyard.evaluations.looking.types import (
    ColumnResiduals,
    EvaluatedRows,
    FairnessReport,
    WorstReport,
)
from modelyard.evaluations.replaying.types import Replay, ReplayChart, ReplayTable
from modelyard.evaluations.types import Evaluation, Screen
from modelyard.governance.items.types import Event, Item
from modelyard.governance.policies.types import (
    Judgement,
    Policy,
    PolicyException,
    PolicyOutcome,
    Simulation,
)
from modelyard.governance.signoffs.types import SignoffState, Workflow
from modelyard.jobs.scenarios.types import ScenarioRun
from modelyard.jobs.types import LogLine
from modelyard.kernel.paging import Page
from modelyard.kernel.progress import Progress, silence
from modelyard.models.importance_types import OwnImportances
from modelyard.models.types import ExampleRows, ModelVersion, ProbedModel
from modelyard.monitoring.types import TAKEN, Check, CheckSettings
from modelyard.scoring.types import PredictedRow, Predictions
from modelyard.services.packaging.types import Package

WIDTH = 120
"""Columns of text where no terminal says how wide it is."""
EMPTY = "Nothing here yet."
LONGEST_CELL = 60
"""Letters of nested facts that a list shows; a single thing shows all."""
NO_MATCH = "Nothing matches what was asked for."
SECONDS_BETWEEN_LINES = 10.0
"""How often a long phase says how far it is where stderr is no terminal."""


def tell_result(result: Any, kind: Any, *, as_json: bool, narrowed: bool = False) -> None:
    """Print a result of a type on stdout: as one JSON document, or for people.

    `narrowed` says that not everything was asked for.
    """
    if as_json:
        click.echo(TypeAdapter(kind).dump_json(result, indent=2))
        return
    show(result, empty=NO_MATCH if narrowed else EMPTY_OF.get(kind, EMPTY))
    if isinstance(result, Page) and result.next:
        click.echo(f"there are more: --after {result.next}", err=True)


def show(result: Any, *, empty: str = EMPTY) -> None:
    """Print a result on stdout, for people; `empty` is what a list says that has nothing."""
    console = Safe(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    if result is None:
        console.print("Done.")
    elif card := next((CARDS[kind] for kind in type(result).__mro__ if kind in CARDS), None):
        console.print(card(result))
    elif isinstance(result, BaseModel):
        console.print(details(result))
    elif isinstance(result, Sequence) and not isinstance(result, str):
        told = LISTS.get(type(result[0]), listing) if result else None
        console.print(told(result) if told else empty)
    else:
        console.print(Text(str(result)))


class Safe(Console):
    """A console on which texts of others steer nothing."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Its segments, each with characters that can be seen."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else seen(text), style, control)


def listing(values: Sequence[Any]) -> RenderableType:
    """Things, one line each; where they are of several kinds, with what any of these has."""
    if not isinstance(values[0], BaseModel):
        return Text("\n".join(map(words, values)))
    listed = getattr(values[0], "listed", ())
    fields = dict.fromkeys(name for value in values for name in type(value).model_fields)
    names = [
        name
        for name in listed or fields
        if any(_says_something(v, name) or (listed and _may_be_shown(v, name)) for v in values)
    ]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        numbers = all(isinstance(getattr(value, name, None), int | float) for value in values)
        table.add_column(
            heading(name),
            justify="right" if numbers else "left",
            overflow="fold",
            no_wrap=name == "id",  # it is copied into the next command
        )
    for value in values:
        told = (_cell(name, getattr(value, name)) if hasattr(value, name) else "" for name in names)
        table.add_row(*map(Text, told))
    return table


def preview(rows: Preview) -> RenderableType:
    """Rows of a dataset as they are, with their columns' types."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in rows.columns:
        table.add_column(Text(f"{column.name}\n{column.type}"), overflow="fold")
    for row in rows.rows:
        table.add_row(*("" if cell is None else Text(str(cell)) for cell in row))
    return table


def records(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Rows that may each have other columns."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(
            *(Text("" if (cell := row.get(name)) is None else str(cell)) for name in names)
        )
    return table


def _answer(row: PredictedRow) -> Mapping[str, Any]:
    return {"problem": row.problem} if row.output is None else row.output


def details(value: BaseModel, without: Collection[str] = ()) -> RenderableType:
    """All facts of one thing but some, nested things indented below."""
    facts = Table.grid(padding=(0, 2))
    below: list[RenderableType] = []
    for name in type(value).model_fields:
        part = getattr(value, name)
        if name in without or part in (None, "", (), {}, []):
            continue
        if isinstance(part, BaseModel):
            if not any(_says_something(part, inner) for inner in type(part).model_fields):
                continue
            below += [Text(heading(name), style="bold"), Padding(details(part), (0, 0, 0, 2))]
        elif isinstance(part, Sequence) and not isinstance(part, str) and _holds_values(part):
            below += [Text(heading(name), style="bold"), Padding(listing(part), (0, 0, 0, 2))]
        else:
            facts.add_row(Text(heading(name), style="dim"), Text(fact(name, part)))
    return Group(*([facts] if facts.row_count else []), *below)


def check_card(check: Check) -> RenderableType:
    """A check, without the settings that those of its kind do not take."""
    return details(check, CheckSettings.model_fields.keys() - {"kind", *TAKEN[check.kind]})


def _cell(name: str, value: Any) -> str:
    text = fact(name, value)
    if isinstance(value, dict) and len(text) > LONGEST_CELL:
        return f"{text[:LONGEST_CELL]}…"
    return text


def _may_be_shown(value: BaseModel, name: str) -> bool:
    part = getattr(value, name)
    return part is None or (isinstance(part, dict) and bool(part))


def _says_something(value: BaseModel, name: str) -> bool:
    part = getattr(value, name, None)
    nested = isinstance(part, BaseModel | dict) or _holds_values(part)
    return not nested and part not in (None, "", ())


def _holds_values(part: Any) -> bool:
    return isinstance(part, list | tuple) and bool(part) and isinstance(part[0], BaseModel)


def scenario_runs(runs: Sequence[ScenarioRun]) -> RenderableType:
    """Runs of scenarios, each with its steps below it."""
    parts: list[RenderableType] = []
    for run in runs:
        ended = "" if run.ended is None else f", ended {words(run.ended)}"
        facts = f"{run.state}, begun {words(run.started)} by {run.trigger} as {run.actor}{ended}"
        title = Text(f"{run.scenario} {run.id}", style="bold")
        parts += [title, Padding(Text(facts), (0, 0, 0, 2))]
        if run.reason:
            parts.append(Padding(Text(run.reason), (0, 0, 0, 2)))
        steps = Table.grid(padding=(0, 2))
        for number, step in enumerate(run.steps, 1):
            why = step.reason if step.error is None else step.error.detail
            steps.add_row(f"{number}.", step.name or step.command, step.state, step.job or "", why)
        parts.append(Padding(steps, (0, 0, 0, 2)))
    return Group(*parts)


EMPTY_OF = {list[LogLine]: "It has printed nothing."}
LISTS: dict[type[Any], Callable[[Any], RenderableType]] = {
    ScenarioRun: scenario_runs,
    Judgement: judgements,
    PolicyOutcome: outcomes,
    Event: timeline,
}
"""How lists of some kinds are shown, where a line for each thing does not do."""
CARDS: dict[type[Any], Callable[[Any], RenderableType]] = {
    Preview: preview,
    ExampleRows: lambda found: records([row.root for row in found.rows]),
    Predictions: lambda found: records([_answer(row) for row in found.rows]),
    ModelVersion: version_card,
    Check: check_card,
    ProbedModel: probed_card,
    Evaluation: evaluation_card,
    Chart: chart_words,
    ScreenTable: screen_table,
    Screen: any_screen,
    ImportanceReport: importance_table,
    DependenceReport: dependence_table,
    OwnImportances: own_table,
    Slices: slices_table,
    FairnessReport: fairness_tables,
    WorstReport: worst_table,
    EvaluatedRows: RowTable,
    ColumnResiduals: residuals_table,
    Comparison: comparison_card,
    ShownComparison: shown_comparison,
    ComparedSlices: compared_slices_table,
    ComparedInformation: information_table,
    Drift: drift_card,
    DriftChart: drift_chart_words,
    DriftTable: screen_table,
    ComparisonChart: comparison_chart_words,
    ComparisonTable: screen_table,
    Replay: replay_card,
    ReplayChart: replay_chart_words,
    ReplayTable: screen_table,
    Package: package_card,
    PipelineStatus: pipeline_card,
    Item: item_card,
    Policy: policy_card,
    PolicyException: exception_card,
    Simulation: simulation,
    Workflow: workflow_card,
    SignoffState: signoff_card,
    Card: model_card,
    ActivationReport: activation_card,
    BundleReversion: reversion_card,
    Bundle: bundle_card,
    BundleDiff: bundle_diff_card,
}
"""How values are shown that deserve more than a list of their fields."""


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Progress]:
    """Progress on stderr: a bar on a terminal, else a line at times; nothing before it is heard of.

    With `quiet` there are no lines, so that stderr holds nothing but the document of an error.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield silence if quiet else ProgressLines()
        return
    said = TextColumn("{task.description}", markup=False)  # names may hold [brackets]
    columns = (SpinnerColumn(), said, BarColumn(), TimeElapsedColumn())
    bar = Bar(*columns, console=console, transient=True)
    task = bar.add_task("", total=None)

    def progress(
        message: str, /, *, fraction: float | None = None, rows: int | None = None
    ) -> None:
        bar.start()
        total = None if fraction is None else 1.0
        text = _with_figures(message, rows=rows)
        bar.update(task, description=text, total=total, completed=fraction or 0)

    try:
        yield progress
    finally:
        bar.stop()


class ProgressLines:
    """Progress for logs: one line when a phase begins, then at most one every ten seconds.

    The first word of a message ("copying …", "scored …") tells its phase.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._phase = ""
        self._told = 0.0

    def __call__(
        self, message: str, /, *, fraction: float | None = None, rows: int | None = None
    ) -> None:
        """Print a line if it is time for one."""
        phase, now = message.partition(" ")[0], self._clock()
        if phase == self._phase and now - self._told < SECONDS_BETWEEN_LINES:
            return
        self._phase, self._told = phase, now
        with suppress(OSError):  # whoever read our stderr is gone; the work goes on
            click.echo(_with_figures(message, fraction=fraction, rows=rows), err=True)


def _with_figures(message: str, *, fraction: float | None = None, rows: int | None = None) -> str:
    """The message with its figures, unless it has them itself."""
    figures = [] if fraction is None else [f"{fraction:.0%}"]
    if rows is not None and f"{rows:,} " not in message:
        figures.append(f"{rows:,} rows")
    return f"{message} ({', '.join(figures)})" if figures else message
