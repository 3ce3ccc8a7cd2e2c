"""The words of evaluation stores."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from modelyard.evaluations.charting.types import InNotebook
from modelyard.kernel.values import Name, Value

Part = Literal["drift", "all", "reference"]
"""The rows for drift, all that were evaluated, or those of the reference dataset."""


CheckEach = Literal["never", "note", "fail"]


class EvaluationStore(Value):
    """Evaluations that belong together, such as those of a model on the data of each month."""

    listed = ("name", "evaluations", "latest", "latest_created", "reference", "description")

    project: str
    name: Name
    description: str = ""
    reference: str | None = Field(
        default=None,
        description="id of the evaluation that drift is told from; None: the version's own",
    )
    check_each: CheckEach = Field(
        default="never",
        description="whether its checks are run with each evaluation that goes into it: 'note' "
        "keeps what came of them, 'fail' lets it fail at an error, too",
    )
    governed: bool = Field(
        default=True, description="whether governance is told of the evaluations in it"
    )
    evaluations: int = Field(default=0, description="how many are in it")
    latest: str | None = Field(default=None, description="id of the newest of them")
    latest_created: datetime | None = None
    created: datetime
    created_by: str | None = None


class HistoryChart(InNotebook):
    """How a metric went, as a chart."""

    store: str
    metric: str = Field(description="its code")


class ExportedHistory(Value):
    """A file of how a metric went."""

    store: str
    metric: str
    points: int
    size: int = Field(description="in bytes")
