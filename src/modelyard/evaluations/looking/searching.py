"""The search for the worst slices of an evaluation."""

from __future__ import annotations

from modelyard import errors
from modelyard.analysis.grouping import grouped
from modelyard.analysis.worst import Search, worst_slices
from modelyard.evaluations.looking.commands import FindWorst
from modelyard.evaluations.looking.losing import losses_of, require_known
from modelyard.evaluations.looking.types import WorstReport
from modelyard.evaluations.sample import Sample
from modelyard.kernel.progress import Progress
from modelyard.kernel.values import now

MOST_COLUMNS = 100


def check_search(sample: Sample, asked: FindWorst) -> tuple[str, ...]:
    """Refuse a search that could only fail; gives the columns that make the slices.

    Raises:
        Invalid: there is no such column, or there are too many, or no such loss.
    """
    require_known(sample.evaluation, asked.metric)
    names = tuple(dict.fromkeys(asked.columns)) or sample.features()
    if len(names) > MOST_COLUMNS:
        raise errors.Invalid(
            f"{len(names)} columns are too many to search in; name at most {MOST_COLUMNS} of them "
            "by --columns"
        )
    for name in names:
        sample.require(name)
    return names


def search(sample: Sample, asked: FindWorst, progress: Progress) -> WorstReport:
    """Group the rows by each column, one after another, and compare all groups.

    Raises:
        Invalid: there is no such column, or there are too many, or no such loss.
        Unsupported: the loss cannot be computed of what the model answers.
    """
    names = check_search(sample, asked)
    evaluation = sample.evaluation
    losses = losses_of(sample, asked.metric)
    columns = {}
    for at, name in enumerate(names):
        progress("reading columns", fraction=at / len(names) / 2)
        columns[name] = grouped(sample.column(name)).of(losses.used)
    progress("comparing slices", fraction=0.5)
    confidence = evaluation.confidence if asked.confidence is None else asked.confidence
    wanted = Search(
        least=asked.least,
        effect=asked.effect,
        confidence=confidence,
        most=asked.most,
        pairs=asked.combined > 1,
    )
    found = worst_slices(losses.code, losses.values, columns, losses.weights, wanted)
    return WorstReport(
        **dict(found),
        evaluation=evaluation.id,
        columns=names,
        confidence=confidence,
        created=now(),
        **asked.model_dump(include={"combined", "least", "effect"}),
    )
