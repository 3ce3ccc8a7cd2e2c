"""What one can ask of policies that are written here, as texts or clause by clause."""

from __future__ import annotations

from pydantic import Field

from modelyard.governance.policies.commands import NAME
from modelyard.governance.policies.types import MOST_CLAUSES, Policy, Simulation
from modelyard.kernel.command import Command
from modelyard.kernel.values import Json, Name

TEXT = "its clauses, in YAML or JSON"
EXAMPLE = "clauses: [{kind: scan}]"
LONGEST = 1 << 20


class WritePolicy(Command[Policy]):
    """Keep a policy that is given as a text; one that is there gets these clauses."""

    needs = "policies:write"
    route = "POST /policies/{name}/text"
    arguments = ("name", "text")

    name: Name = Field(description=NAME, examples=["production"])
    text: str = Field(min_length=1, max_length=LONGEST, description=TEXT, examples=[EXAMPLE])
    new: bool = Field(default=False, description="refuse where there is one of this name")


class TryPolicy(Command[Simulation]):
    """Say what clauses that are given as a text would have stopped, as policies simulate does."""

    needs = "policies:write"
    route = "POST /policies/try"
    asks = True
    arguments = ("text",)

    text: str = Field(min_length=1, max_length=LONGEST, description=TEXT, examples=[EXAMPLE])
    infrastructure: Name | None = Field(default=None, description="only what came there")
    days: float = Field(default=90, gt=0, le=3650, description="go back so many days from now")


class SetClause(Command[Policy]):
    """Add a clause to a policy, or put it in place of one."""

    needs = "policies:write"
    route = "POST /policies/{name}/clauses"
    arguments = ("name", "clause")

    name: Name = Field(description=NAME, examples=["production"])
    clause: dict[str, Json] = Field(
        description="its kind, and what that asks for",
        examples=[{"kind": "metric", "metric": "auc", "at_least": 0.75}],
    )
    place: int | None = Field(
        default=None, ge=1, le=MOST_CLAUSES, description="in place of this one [after the others]"
    )


class RemoveClause(Command[Policy]):
    """Take a clause out of a policy that has others."""

    needs = "policies:write"
    route = "POST /policies/{name}/clauses/{place}/remove"
    arguments = ("name", "place")

    name: Name = Field(description=NAME, examples=["production"])
    place: int = Field(ge=1, le=MOST_CLAUSES, description="its place, from 1", examples=[1])
