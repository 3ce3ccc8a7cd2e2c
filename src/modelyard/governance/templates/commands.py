"""What one can ask of templates."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from modelyard.governance.items.ids import Kind
from modelyard.governance.templates.types import KeptTemplate, TemplateFile, TemplateSummary
from modelyard.governance.templates.words import TemplateState
from modelyard.kernel.command import Command
from modelyard.kernel.values import LocalPath, Name

NAME = "name of the template"
VERSION = "its version"
FILE = "the template, in YAML or JSON"


class ListTemplates(Command[list[TemplateSummary]]):
    """List the versions of all templates, also of those that came with Modelyard."""

    needs = "templates:read"
    route = "GET /templates"

    kind: Kind | None = Field(default=None, description="only those for items of this kind")
    state: TemplateState | None = Field(default=None, description="only those in this state")


class ShowTemplate(Command[KeptTemplate]):
    """Show what a version of a template says."""

    needs = "templates:read"
    route = "GET /templates/{name}"
    arguments = ("name",)

    name: Name = Field(description=NAME, examples=["standard-version"])
    version: int | None = Field(
        default=None, ge=1, le=1_000_000, description=f"{VERSION} [the newest that is active]"
    )


class ValidateTemplate(Command[TemplateSummary]):
    """Read a template and say on which lines what is wrong with it; nothing is kept."""

    needs = "templates:read"
    route = "POST /templates/validate"
    asks = True
    sends = "file"
    arguments = ("file",)

    file: Annotated[str, LocalPath("read")] = Field(description=FILE, examples=["review.yaml"])


class PublishTemplate(Command[TemplateSummary]):
    """Keep a template, so that items can be governed by it; an active version never changes.

    A change is a new version, which the file says; earlier ones stay. The same file may be
    published again.
    """

    needs = "templates:write"
    route = "POST /templates"
    sends = "file"
    arguments = ("file",)

    file: Annotated[str, LocalPath("read")] = Field(description=FILE, examples=["review.yaml"])
    draft: bool = Field(
        default=False, description="begin no item by it for now; it can be published anew"
    )


class WriteTemplate(Command[TemplateSummary]):
    """Keep a template that is given as a text, as templates publish does with a file."""

    needs = "templates:write"
    route = "POST /templates/text"
    arguments = ("text",)

    text: str = Field(
        min_length=1,
        max_length=1 << 20,
        description=FILE,
        examples=["{name: review, kind: version}"],
    )
    draft: bool = Field(
        default=False, description="begin no item by it for now; it can be published anew"
    )
    dry_run: bool = Field(default=False, description="only say what is wrong with it")


class ArchiveTemplate(Command[TemplateSummary]):
    """Have a version of a template begin no item any more; its items stay as they are."""

    needs = "templates:write"
    route = "POST /templates/{name}/archive"
    arguments = ("name",)

    name: Name = Field(description=NAME, examples=["standard-version"])
    version: int = Field(ge=1, le=1_000_000, description=VERSION, examples=[1])


class ExportTemplate(Command[TemplateFile]):
    """Write a version of a template to a file, as YAML or JSON."""

    needs = "templates:read"
    route = "GET /templates/{name}/file"
    receives = "output"
    arguments = ("name",)

    name: Name = Field(description=NAME, examples=["standard-version"])
    version: int | None = Field(
        default=None, ge=1, le=1_000_000, description=f"{VERSION} [the newest that is active]"
    )
    output: Annotated[str, LocalPath("write")] = Field(
        default="", description="file to write  [named as the template, in this folder]"
    )
    format: Literal["yaml", "json"] = Field(
        default="yaml", description="how it is written  [json where the file ends in .json]"
    )
    replace: bool = Field(default=False, description="replace a file that is there")

    @model_validator(mode="before")
    @classmethod
    def _is_named(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        if not given.get("output"):
            return {**given, "output": f"{given.get('name')}.{given.get('format', 'yaml')}"}
        if str(given["output"]).lower().endswith(".json") and "format" not in given:
            return {**given, "format": "json"}
        return given


class DeleteTemplate(Command[None]):
    """Delete a draft of a template."""

    needs = "templates:write"
    route = "DELETE /templates/{name}/versions/{version}"
    arguments = ("name",)

    name: Name = Field(description=NAME, examples=["standard-version"])
    version: int = Field(ge=1, le=1_000_000, description=VERSION, examples=[1])
