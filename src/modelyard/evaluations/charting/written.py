"""What every command takes that writes a chart, or its numbers, to a file of the caller's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field, model_validator

from modelyard.evaluations.charting.types import ENDINGS, ScreenFormat
from modelyard.kernel.values import LocalPath


class WrittenChart(BaseModel):
    """The file, its format and its size."""

    receives: ClassVar[str] = "to"

    to: Annotated[str, LocalPath("write")] = Field(
        description="new file, ending in .svg, .png, .html, .json or .csv", examples=["chart.svg"]
    )
    format: ScreenFormat | None = Field(
        default=None, description="where the file's ending does not say it  [svg]"
    )
    width: int = Field(default=640, ge=160, le=4000, description="of SVG and PNG, in pixels")
    replace: bool = Field(default=False, description="replace a file that is there")

    @model_validator(mode="before")
    @classmethod
    def _has_a_format(cls, given: Any) -> Any:
        """The ending is that of the caller's own file, which a server does not see."""
        if not isinstance(given, dict) or not given.get("to") or given.get("format"):
            return given
        ending = Path(str(given["to"])).suffix.lower()
        if ending and ending not in ENDINGS:
            raise ValueError(
                f"no chart or table is written as {ending}; name a file that ends in "
                f"{', '.join(ENDINGS)}, or give --format"
            )
        return {**given, "format": ENDINGS[ending]} if ending else given
