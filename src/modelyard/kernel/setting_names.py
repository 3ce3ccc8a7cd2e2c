"""Every setting by its name, with the variable that overrides it and where its value came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import from_json

from modelyard.kernel.settings import Settings

Source = Literal["default", "file", "variable"]
Path = tuple[str, ...]
"""The name of a setting in its parts: ("runtime", "workers")."""


def every_setting(
    section: type[BaseModel] = Settings, above: Path = ()
) -> Iterator[tuple[Path, FieldInfo]]:
    """All settings, in the order of the reference."""
    for name, info in section.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from every_setting(info.annotation, (*above, name))
        else:
            yield (*above, name), info


def variable_of(path: Path) -> str:
    """The environment variable of a setting, or of a section."""
    return f"MODELYARD_{'__'.join(path).upper()}"


def value_of(settings: Settings, path: Path) -> tuple[Any, bool]:
    """The value of a setting, and whether somebody set it."""
    section: Any = settings
    for name in path[:-1]:
        section = getattr(section, name)
    return getattr(section, path[-1]), path[-1] in section.model_fields_set


def variable_that_sets(path: Path, environ: Mapping[str, str]) -> str | None:
    """The environment variable that a setting comes from, if it comes from one."""
    own = variable_of(path)
    for name in environ:
        if name.upper() == own or name.upper().startswith(f"{own}__"):
            return name
    sections = {variable_of(path[:depth]): path[depth:] for depth in range(1, len(path))}
    for name, text in environ.items():
        inside = sections.get(name.upper())
        if inside is not None and _holds(text, inside):
            return name
    return None


def _holds(text: str, path: Path) -> bool:
    """Whether JSON holds something at a path."""
    try:
        value = from_json(text)
    except ValueError:
        return False
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return True
