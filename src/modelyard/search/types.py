"""The words of the search."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from modelyard.kernel.values import Value

Kind = Literal[
    "project", "saved model", "version", "evaluation", "evaluation store", "comparison",
    "dataset", "connection",
    "recipe", "service", "bundle", "deployment", "infrastructure", "scenario", "check", "alert",
    "job", "code env", "user", "group",
]  # fmt: skip


class Found(Value):
    """Something that fits what was searched for."""

    listed: ClassVar = ("kind", "name", "project", "model", "about")

    kind: Kind
    name: str = Field(description="its name; of a job or an evaluation its id")
    project: str | None = Field(default=None, description="the project that it is in, if any")
    model: str | None = Field(default=None, description="the saved model of a version")
    store: str | None = Field(default=None, description="the evaluation store of a check")
    about: str = Field(default="", description="what is said of it")
