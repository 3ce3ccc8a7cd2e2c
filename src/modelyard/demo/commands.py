"""What one can ask of the demo."""

from __future__ import annotations

from pydantic import Field

from modelyard.demo.types import LoadedDemo
from modelyard.kernel.command import Command
from modelyard.kernel.values import ProjectKey


class LoadDemo(Command[LoadedDemo]):
    """Load the demo: a project with flights from New York, saved models and a scored dataset.

    Its models run in a code env that is built from the package index. What is there of it already
    stays as it is; what is missing is made, so that a load that was interrupted goes on.
    """

    needs = "projects:write"
    route = "POST /demo"
    title = "Load the demo"
    background = True
    queue = "imports"

    project: ProjectKey = Field(default="demo", description="key of the project to load it into")

    def exclusive_key(self) -> str:
        """One load into a project at a time."""
        return f"demo {self.project}"
