"""What pages of an evaluation's rows and groups show."""

from __future__ import annotations

from modelyard.analysis.group_types import Disparity, Slice, Slices
from modelyard.analysis.types import Metric
from modelyard.evaluations.looking.types import (
    ColumnResiduals,
    EvaluatedRows,
    FairnessReport,
    Order,
    WorstReport,
)
from modelyard.jobs.types import Job
from modelyard.kernel.values import Value
from modelyard.web.pages.evaluation import EvaluationView
from modelyard.web.pages.jobs import JobLine


class GroupsView(EvaluationView):
    """What pages share that take a column."""

    by: str
    """The column that is asked about; empty: none yet."""
    columns: tuple[str, ...]
    """Those of the rows, as far as they are known."""
    problem: str
    """Why that column cannot be told of."""


class Figure(Value):
    """A metric of a group beside that of all rows."""

    metric: Metric
    difference: float | None
    is_other: bool
    """Whether its interval leaves out the value of all rows."""


class SliceLine(Value):
    """A group, as the table shows it."""

    label: str
    slice: Slice
    figures: tuple[Figure, ...]


class SlicesView(GroupsView):
    """The groups of a column."""

    found: Slices | None
    lines: tuple[SliceLine, ...]
    """All rows first."""
    codes: tuple[str, ...]


class FairnessView(GroupsView):
    """Groups against a reference."""

    found: FairnessReport | None
    reference: str
    outcome: str
    verdict: Disparity | None
    """The largest difference whose interval leaves out zero."""


class WorstView(EvaluationView):
    """The last search for slices on which it is worse than elsewhere."""

    job: Job | None
    line: JobLine | None
    found: WorstReport | None


class RowsView(EvaluationView):
    """The rows on which it is worst, or best."""

    found: EvaluatedRows
    order: Order
    losses: tuple[str, ...]
    names: tuple[str, ...]
    """The columns of the rows."""


class AssertionsView(EvaluationView):
    """What had to be predicted for some rows, and whether it was."""


class ResidualsView(GroupsView):
    """Errors of a regression by a column."""

    found: ColumnResiduals | None
