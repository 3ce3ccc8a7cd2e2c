"""What one can ask of code envs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from modelyard.kernel.command import Command
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import LocalPath, Name
from modelyard.runtime.types import CodeEnv, EnvLog, EnvSummary


class ListEnvs(Command[list[EnvSummary]], Paged):
    """List the code envs, with the versions that run in them."""

    needs = "envs:read"
    route = "GET /envs"

    env: str | None = Field(
        default=None,
        description="only the one of this name or id; 'local', which was not built here, if asked "
        "for: the Python that runs Modelyard",
    )


class ShowEnv(Command[CodeEnv]):
    """Show one code env: its packages, and how they differ from what was asked for."""

    needs = "envs:read"
    route = "GET /envs/{env}"
    arguments = ("env",)

    env: str = Field(description="name or id of the env; 'local': the Python that runs Modelyard")


class ReadEnvLog(Command[EnvLog]):
    """Show the end of what was printed while a code env was built, on the machine that did it."""

    needs = "envs:read"
    route = "GET /envs/{env}/log"
    arguments = ("env",)

    env: str = Field(description="name or id of the env")


class BuildEnv(Command[CodeEnv]):
    """Build a code env and give it a name that all projects share.

    A name that stands for another env stands for the new one afterwards; versions that run in the
    other one stay with it.
    """

    needs = "envs:write"
    route = "POST /envs"
    title = "Build env {name}"
    background = True
    queue = "imports"
    arguments = ("name",)

    name: Name = Field(description="name of the env")
    requirements: Annotated[str, LocalPath("read")] = Field(
        description="path of a requirements.txt, conda.yaml or python_env.yaml; MLflow is added"
    )
    python: str | None = Field(
        default=None,
        description="Python version, such as 3.10; the file's, or the one that runs Modelyard",
    )


class DeleteEnv(Command[None]):
    """Delete a code env: its folder, its names, and the memory of what led to it."""

    needs = "envs:write"
    route = "DELETE /envs/{env}"
    guarded = True
    arguments = ("env",)

    env: str = Field(description="name or id of the env")
    force: bool = Field(
        default=False,
        description="even if versions run in it (it is built again when they run), or it has "
        "further names",
    )
