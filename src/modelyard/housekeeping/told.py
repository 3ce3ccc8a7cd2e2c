"""The settings as they may be told: without secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from modelyard.housekeeping.types import Setting
from modelyard.kernel.secrets import HIDDEN, SECRET_URL, hidden
from modelyard.kernel.setting_names import (
    Path,
    every_setting,
    value_of,
    variable_of,
    variable_that_sets,
)
from modelyard.kernel.settings import Settings


def told(settings: Settings, environ: Mapping[str, str]) -> Iterator[Setting]:
    """Every setting with its value; `environ` is what the settings were read from."""
    for path, info in every_setting():
        yield _setting(settings, path, info, environ)


def _setting(
    settings: Settings, path: Path, info: FieldInfo, environ: Mapping[str, str]
) -> Setting:
    value, is_set = value_of(settings, path)
    variable = variable_that_sets(path, environ) if is_set else None
    return Setting(
        name=".".join(path),
        value=_without_secrets(value, info),
        default=to_jsonable_python(info.default),
        source="variable" if variable else "file" if is_set else "default",
        variable=variable or variable_of(path),
        about=info.description or "",
    )


def _without_secrets(value: Any, info: FieldInfo) -> Any:
    if not info.repr:
        return HIDDEN if value else value
    return hidden(to_jsonable_python(value), SECRET_URL)
