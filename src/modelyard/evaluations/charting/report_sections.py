"""The sections of a report, gathered one after another while pictures of the last are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from modelyard import errors
from modelyard.analysis.charts.types import Content
from modelyard.analysis.charts.words import ABOUT
from modelyard.analysis.group_types import Slices
from modelyard.analysis.names import HEADLINES
from modelyard.evaluations.charting import report_parts as parts
from modelyard.evaluations.charting.commands import ReportEvaluation
from modelyard.evaluations.charting.drawing import drawing
from modelyard.evaluations.charting.making import headline_of, subject_of
from modelyard.evaluations.charting.report_page import Section
from modelyard.evaluations.charting.report_parts import Part
from modelyard.evaluations.charting.report_pictures import Pictures, pictures
from modelyard.evaluations.looking.commands import FindWorst, ShowFairness, ShowRows
from modelyard.evaluations.looking.comparing import compare_groups
from modelyard.evaluations.looking.picking import pick_rows
from modelyard.evaluations.looking.residuals import residuals_by
from modelyard.evaluations.looking.searching import MOST_COLUMNS, search
from modelyard.evaluations.looking.types import Order, WorstReport
from modelyard.evaluations.sample import Sample
from modelyard.evaluations.screens import slices_of_columns
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.progress import Progress, silence

FIRST_COLUMNS = 12
"""Columns of the dataset whose groups are told of where none are named."""
MOST_EXPLANATIONS = 30
MANY_CLASSES = 30
"""Above so many classes groups are told of by accuracy, as the area under the ROC curve compares
all pairs of them in each group."""
WORST = "The worst slices"
TITLES: dict[Order, str] = {"worst": "Worst rows", "best": "Best rows"}


@dataclass(frozen=True)
class Drawing(Pictures):
    """A report of an evaluation that is being drawn.

    Args:
        evaluation: what it is about.
    """

    evaluation: Evaluation


@contextmanager
def begun(evaluation: Evaluation, progress: Progress = silence) -> Iterator[Drawing]:
    """A drawing; its process ends with the block."""
    with pictures(progress) as made:
        yield Drawing(made.stills, made.thread, made.progress, evaluation)


def screens(of: Drawing, contents: Mapping[str, Content]) -> Iterator[Part]:
    """The screens that the evaluation keeps, by name."""
    subject = subject_of(of.evaluation)
    for at, (name, content) in enumerate(contents.items()):
        of.step("drawing screens", at, len(contents))
        drawn = drawing("draw")(name, content, subject)
        tables = parts.of_screen(name, content, subject.labels)
        yield of.part(name, drawn, ABOUT[name], tables, name)


def of_sample(
    of: Drawing, sample: Sample, asked: ReportEvaluation, searched: WorstReport | None
) -> Iterator[Section]:
    """What is told of rows and columns; `searched` is what a search for slices found before."""
    columns = tuple(dict.fromkeys(asked.columns)) or sample.features()[:FIRST_COLUMNS]
    found = slices_of_columns(sample, columns, code=_code(of.evaluation))
    sliced = slices(of, found, columns)
    if sliced.parts:
        yield sliced
    if of.evaluation.prediction_type == "regression":
        yield _residuals(of, sample, columns)
    if asked.fairness:
        yield _fairness(of, sample, asked)
    yield _worst(of, sample, searched)
    if asked.rows:
        yield _rows(of, sample, asked.rows)


def slices(of: Drawing, found: Iterable[Slices], columns: Sequence[str]) -> Section:
    """A metric by groups of columns, of one after another."""
    told: list[Part] = []
    for at, each in enumerate(found):
        of.step("computing slices", at, len(columns))
        if not each.total.metrics:
            continue  # there are too few rows to tell anything of groups
        code = headline_of(each)
        drawn = drawing("draw_slices")(each, code)
        told.append(of.part(f"slices-{at}", drawn, tables=parts.of_slices(each, code)))
    about = f"{ABOUT['slices']} Groups of fewer than ten rows are excluded."
    return Section("slices", "Slices", about, told, columns=tuple(columns))


def _residuals(of: Drawing, sample: Sample, columns: Sequence[str]) -> Section:
    told: list[Part] = []
    for at, column in enumerate(columns):
        of.step("computing residuals", at, len(columns))
        found = residuals_by(sample, column)
        drawn = drawing("draw_residuals")(found, column)
        tables = parts.of_residuals(found, column)
        told.append(of.part(f"residuals-{at}", drawn, tables=tables))
    return Section("residuals", "Residuals", ABOUT["residuals"], told, columns=tuple(columns))


def _fairness(of: Drawing, sample: Sample, asked: ReportEvaluation) -> Section:
    columns = tuple(dict.fromkeys(asked.fairness))
    told: list[Part] = []
    for at, column in enumerate(columns):
        of.step("comparing groups", at, len(columns))
        question = ShowFairness(
            project=asked.project, id=asked.id, by=column, outcome=asked.outcome
        )
        found = compare_groups(sample, question)
        drawn = drawing("draw_fairness")(found)
        told.append(of.part(f"fairness-{at}", drawn, tables=parts.of_fairness(found)))
    return Section("fairness", "Fairness", ABOUT["fairness"], told, columns=columns)


def _worst(of: Drawing, sample: Sample, searched: WorstReport | None) -> Section:
    of.progress("searching the worst slices")
    names = sample.features()[:MOST_COLUMNS]
    evaluation = of.evaluation
    question = FindWorst(project=evaluation.project, id=evaluation.id, columns=names)
    try:
        found = searched or search(sample, question, silence)
    except errors.Unsupported as exc:
        return Section("worst-slices", WORST, f"{exc.detail}.")
    told = []
    if found.slices:
        drawn = drawing("draw")("worst", found.model_dump(mode="json"), subject_of(evaluation))
        told.append(of.part("worst", drawn, tables=parts.of_worst(found)))
    return Section("worst-slices", WORST, parts.said_of_worst(found), told)


def _rows(of: Drawing, sample: Sample, first: int) -> Section:
    evaluation = of.evaluation
    about = "The rows on which the version is furthest off, and those on which it is nearest."
    told = []
    for at, (order, title) in enumerate(TITLES.items()):
        of.step("picking rows", at, len(TITLES))
        question = ShowRows(project=evaluation.project, id=evaluation.id, order=order, first=first)
        try:
            found = pick_rows(sample, question)
        except errors.Unsupported as exc:
            return Section("singles", "Best and worst rows", f"{exc.detail}.")
        told.append(parts.of_rows(found, title, evaluation.truth_column))
    return Section("singles", "Best and worst rows", about, rows=told)


def explanations(of: Drawing, kept: Mapping[str, Content]) -> Section:
    """What was told of the columns that the version takes."""
    about = "What the version takes from which column, as it was last asked for."
    if len(kept) > MOST_EXPLANATIONS:
        about += f" The first {MOST_EXPLANATIONS} of {len(kept)}."
    shown = dict(list(kept.items())[:MOST_EXPLANATIONS])
    told: list[Part] = []
    for at, (name, content) in enumerate(shown.items()):
        of.step("drawing explanations", at, len(shown))
        drawn = drawing("draw")(name, content, subject_of(of.evaluation))
        tables = parts.of_screen(name, content, ())
        told.append(of.part(f"explanation-{at}", drawn, tables=tables, screen=name))
    return Section("explanations", "Explanations", about, told, columns=tuple(shown))


def _code(evaluation: Evaluation) -> str | None:
    """The metric by which groups are told of: the headline, of many classes accuracy."""
    if len(evaluation.classes) > MANY_CLASSES:
        return "accuracy"
    known = (code for code in HEADLINES if code in evaluation.metrics)
    return next((code for code in known if evaluation.metrics[code].value is not None), None)
