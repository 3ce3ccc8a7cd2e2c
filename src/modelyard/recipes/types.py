"""The words of recipes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from modelyard.evaluations.asked_types import Evaluating, Standalone
from modelyard.kernel.values import Name, Value
from modelyard.models.types import VersionId
from modelyard.runtime.types import Mode
from modelyard.scoring.types import Scoring

RecipeKind = Literal["scoring", "evaluation", "standalone"]
"""What a recipe does: score, evaluate a saved model, or evaluate a scored dataset without one."""
FORMERLY = {"standalone evaluation": "standalone"}
"""Kinds by what older recipes call them."""
StoredKind = Annotated[RecipeKind, BeforeValidator(lambda kind: FORMERLY.get(kind, kind))]


class RecipeSummary(Value):
    """One line of a list of recipes."""

    listed = ("name", "kind", "model", "version", "input", "output", "store", "created")

    name: Name
    kind: RecipeKind
    model: Name | None = Field(default=None, description="none: of a standalone evaluation")
    version: VersionId | None = Field(
        default=None, description="none: whichever is active when it runs"
    )
    mode: Mode | None = None
    input: str = Field(description="dataset or path that it reads")
    output: str | None = Field(default=None, description="dataset or path that it writes, if any")
    store: Name | None = Field(
        default=None, description="evaluation store that it evaluates into, if any"
    )
    created: datetime


class Recipe(Value):
    """A command saved under a name, to be run again."""

    project: str
    name: Name
    kind: StoredKind = "scoring"
    created: datetime
    command: Scoring | Evaluating | Standalone = Field(
        description="what it does: the settings of the command of its kind"
    )
