"""What one can ask of the search."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from modelyard.kernel.command import Command
from modelyard.search.types import Found, Kind

LONGEST = 200


class FindThings(Command[list[Found]]):
    """Find things of every kind by name or description, in all projects that you may see.

    Every word has to fit. What is called so comes first, then what begins so, then the rest.
    """

    needs = "projects:read"
    route = "GET /search"
    arguments = ("words",)

    words: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST)
    ] = Field(description="parts of a name or a description, in any case", examples=["churn"])
    kind: Kind | None = Field(default=None, description="only things of this kind")
    limit: int = Field(default=10, ge=1, le=1000, description="how many of each kind at most")
