"""The words of what is told of a version's columns."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from modelyard.analysis.explanation_types import Dependence, Importances
from modelyard.kernel.values import Value
from modelyard.runtime.types import Label

ExplanationKind = Literal["importance", "dependence", "own"]


class ImportanceReport(Importances):
    """How much worse a version is without what each of its columns tells."""

    evaluation: str
    seed: int
    confidence: float
    created: datetime


class DependenceReport(Dependence):
    """What a version answers on average if a column has the same value in all rows."""

    evaluation: str
    seed: int
    outcome: Label | None = Field(
        default=None, description="class whose probability it is; none: a number is predicted"
    )
    created: datetime


class Explanation(Value):
    """One line of the explanations that an evaluation keeps."""

    listed = ("name", "rows", "created")

    evaluation: str
    name: str = Field(description="what `evaluations screen` calls it")
    kind: ExplanationKind
    column: str | None = None
    outcome: Label | None = None
    rows: int = Field(description="that were looked at; 0: it takes none")
    created: datetime
