"""The words of the whole house."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, JsonValue

from modelyard.kernel.setting_names import Source
from modelyard.kernel.values import Value


class Setting(Value):
    """A setting: what it is, and where that came from."""

    listed: ClassVar = ("name", "value", "source", "variable")

    name: str = Field(description="as section.name, or its name alone")
    value: JsonValue = Field(description="what it is now; secrets are hidden")
    default: JsonValue = None
    source: Source = Field(description="who set it: nobody, modelyard.toml, or a variable")
    variable: str = Field(description="the environment variable that overrides it")
    about: str = ""
