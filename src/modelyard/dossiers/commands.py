"""What one can ask of model cards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from modelyard.dossiers.types import ENDINGS, Card, CardFormat, WrittenCard
from modelyard.governance.items.ids import ItemId
from modelyard.kernel.command import Command
from modelyard.kernel.values import LocalPath

ITEM = "id of a version, or of a saved model: then of its active version"
SUFFIXES: dict[CardFormat, str] = {"markdown": "md", "html": "html", "docx": "docx"}


class DescribeItem(Command[Card]):
    """Tell what the model card of a version says, and what is missing in it.

    It follows Mitchell et al., Model Cards for Model Reporting: the model, its intended use,
    factors, metrics, data, analyses, ethics and caveats; besides them what governance knows. People
    write what no evidence tells into fields of the governed item, of its saved model's, or into the
    metadata with which MLflow saves the model.
    """

    needs = "govern:read"
    route = "GET /govern/card"
    arguments = ("item",)

    item: ItemId = Field(description=ITEM, examples=["version:flights/delay/v4"])


class WriteCard(Command[WrittenCard]):
    """Write the model card of a version, with the evidence filled in; `govern describe` shows it.

    The same state makes the same bytes.
    """

    needs = "govern:read"
    route = "GET /govern/card/content"
    receives = "output"
    arguments = ("item",)

    item: ItemId = Field(description=ITEM, examples=["version:flights/delay/v4"])
    format: CardFormat = Field(
        default="markdown", description="where the file's ending does not say it"
    )
    output: Annotated[str, LocalPath("write")] = Field(
        default="", description="file to write, in .md, .html or .docx  [NAME.md in this folder]"
    )
    replace: bool = Field(default=False, description="replace a file that is there")

    @model_validator(mode="before")
    @classmethod
    def _is_named(cls, given: Any) -> Any:
        """The ending is that of the caller's own file, which a server does not see."""
        if not isinstance(given, dict) or given.get("output") is None:
            return given if not isinstance(given, dict) else _named(given)
        if not given["output"]:
            return _named(given)
        ending = Path(str(given["output"])).suffix.lower()
        if given.get("format") or not ending:
            return given
        if ending not in ENDINGS:
            raise ValueError(
                f"no card is written as {ending}; name a file that ends in .md, .html or .docx, or "
                "give --format"
            )
        return {**given, "format": ENDINGS[ending]}


def _named(given: dict[str, Any]) -> dict[str, Any]:
    path = str(given.get("item", "")).partition(":")[2].split("/")
    ending = SUFFIXES.get(given.get("format") or "markdown", "md")
    return {**given, "output": f"{'-'.join(path[-2:]) or 'card'}.{ending}"}
