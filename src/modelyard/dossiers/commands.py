"""What one can ask of model cards and audit packages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from modelyard.dossiers.packing.types import AuditPackage, PackageCheck
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
    ending = next((each for form, each in SUFFIXES.items() if form == given.get("format")), "md")
    return {**given, "output": f"{stem_of(given.get('item', ''))}.{ending}"}


def stem_of(item: object) -> str:
    """What files of an item are called, whose id may not have been looked at yet."""
    path = str(item).partition(":")[2].split("/")
    return "-".join(path[-2:]) or "item"


class ExportItem(Command[AuditPackage]):
    """Write the whole story of an item into one archive, which can be verified anywhere.

    In it are the item with its fields and template, evaluations with their reports, drift and
    checks, the model card, all that was ever attached, sign-offs with every round, policies and
    what came of them, deployments, the timeline and the audit log's entries that concern it, with
    the proof that nothing was left out; and index.html to read it. It says what whoever exports it
    may not see. It is signed if the setting packages.sign_key names a key.
    """

    needs = "govern:read"
    route = "GET /govern/package"
    receives = "output"
    arguments = ("item",)

    item: ItemId = Field(description="id of the item", examples=["version:flights/delay/v4"])
    output: Annotated[str, LocalPath("write")] = Field(
        default="", description="file to write, a zip archive  [NAME-audit.zip in this folder]"
    )
    replace: bool = Field(default=False, description="replace a file that is there")

    @model_validator(mode="before")
    @classmethod
    def _has_output(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("output"):
            return given
        return {**given, "output": f"{stem_of(given.get('item', ''))}-audit.zip"}


class VerifyPackage(Command[PackageCheck]):
    """Verify an audit package: every file, its signature, and the chains; needs nothing but it.

    Whatever was changed, moved, removed or added is named. Without a key that is given, the
    signature says only that whoever made it has the key that it names itself.
    """

    needs = "govern:read"
    route = "POST /govern/package/verify"
    asks = True
    sends = "file"
    arguments = ("file",)

    file: Annotated[str, LocalPath("read")] = Field(
        description="the .zip, as govern export writes it", examples=["audit.zip"]
    )
    key: tuple[str, ...] = Field(
        default=(),
        max_length=100,
        description="public keys, of which one has to have signed it: each by its 32 bytes in "
        "base64, or on this machine by where it stands in PEM, such as public.pem",
    )
    head: str = Field(
        default="",
        pattern=r"^([0-9a-f]{64})?$",
        description="hash of an event that was noted elsewhere, which has to be in the chain",
    )
