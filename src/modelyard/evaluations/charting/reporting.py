"""The report of an evaluation: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from modelyard.analysis.charts.types import Content
from modelyard.evaluations import repository
from modelyard.evaluations.charting.commands import ReportEvaluation
from modelyard.evaluations.charting.files import write
from modelyard.evaluations.charting.report_page import Section, page
from modelyard.evaluations.charting.report_sections import (
    Drawing,
    begun,
    explanations,
    of_sample,
    screens,
)
from modelyard.evaluations.charting.types import ReportedEvaluation
from modelyard.evaluations.charting.workbench import Bench, bench_of
from modelyard.evaluations.explaining.keeping import all_kept
from modelyard.evaluations.keeping import WORST, kept_file, screens_of
from modelyard.evaluations.looking.types import WorstReport
from modelyard.evaluations.sample import open_sample
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context


def report(context: Context, command: ReportEvaluation) -> ReportedEvaluation:
    """Write the report.

    Raises:
        NotFound: there is no such evaluation or column.
        Invalid: a column holds lists or the like, or a class is not there or has to be named.
        Unsupported: fairness is asked for, and the model predicts numbers.
        Conflict, Failed, Forbidden: as in `write`.
    """
    with context.read() as db:
        evaluation = repository.get(db, command.project, command.id)
    told: dict[str, Section] = {}
    size = write(
        context,
        command.output,
        lambda: rendered(context, evaluation, command, told),
        replace=command.replace,
    )
    return ReportedEvaluation(
        evaluation=evaluation.id,
        screens=len(evaluation.screens),
        **{
            name: told[name].columns if name in told else ()
            for name in ("slices", "residuals", "fairness", "explanations")
        },
        size=size,
    )


def rendered(
    context: Context, evaluation: Evaluation, command: ReportEvaluation, told: dict[str, Section]
) -> bytes:
    """The report as HTML.

    Args:
        context: the workspace.
        evaluation: that it is about.
        command: what is to be in it.
        told: gets its sections by their names.
    """
    with begun(evaluation, context.progress) as drawing:
        contents = screens_of(context, evaluation)
        own = list(screens(drawing, contents))
        told.update((each.name, each) for each in _sections(context, drawing, command))
        return page(evaluation, own, list(told.values()), bench(evaluation, contents)).encode()


def bench(evaluation: Evaluation, contents: Mapping[str, Content]) -> Bench | None:
    """A workbench at the evaluation's threshold, if another one could be chosen."""
    threshold = evaluation.threshold
    if threshold is None or not {"confusion", "decision"} <= contents.keys():
        return None
    confusion, decision = contents["confusion"], contents["decision"]
    return bench_of(evaluation, confusion, decision, threshold, evaluation.gains)


def benches(
    context: Context, project: str, named: Iterable[tuple[str, str]], most: int
) -> list[tuple[str, Bench]]:
    """Workbenches of some evaluations of two classes, with what each is called.

    Args:
        context: the workspace.
        project: key of the project.
        named: what evaluations are called, and their ids.
        most: how many at most: the first ones whose threshold can be moved.
    """
    told: list[tuple[str, Bench]] = []
    for name, identifier in named:
        if len(told) == most:
            break
        with context.read() as db:
            evaluation = repository.get(db, project, identifier)
        if not {"confusion", "decision"} <= set(evaluation.screens):
            continue
        made = bench(evaluation, screens_of(context, evaluation))
        if made is not None and made.grid:
            told.append((name, made))
    return told


def _sections(context: Context, drawing: Drawing, command: ReportEvaluation) -> Iterator[Section]:
    evaluation = drawing.evaluation
    if not evaluation.screens or evaluation.intake is None or not evaluation.intake.used:
        return  # there are no rows to tell of
    with open_sample(context, evaluation) as sample:
        kept = kept_file(context, evaluation, WORST)
        searched = None if kept is None else WorstReport.model_validate(kept)
        yield from of_sample(drawing, sample, command, searched)
    explained = all_kept(context, evaluation)
    if explained:
        yield explanations(drawing, explained)
