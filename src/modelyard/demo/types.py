"""The words of the demo."""

from __future__ import annotations

from pydantic import Field

from modelyard.kernel.values import Value


class LoadedDemo(Value):
    """The demo, whole."""

    project: str = Field(description="key of the project that it is in")
    made: tuple[str, ...] = Field(description="what was missing, and is made now")
