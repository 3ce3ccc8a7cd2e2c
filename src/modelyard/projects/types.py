"""The words of projects."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from modelyard.kernel.values import Json, Value, Variable

Variables = dict[Variable, Json]


class Project(Value):
    """A named space for models, datasets and recipes."""

    listed = ("key", "description", "created")

    key: str
    description: str = ""
    variables: Variables = Field(
        default={}, description="what ${project.NAME} in steps of scenarios stands for; no secrets"
    )
    created: datetime
