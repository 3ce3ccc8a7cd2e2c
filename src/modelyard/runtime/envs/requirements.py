"""Reading requirements: pip's files, conda's files, MLflow's python_env files."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from modelyard import errors

CONDA = "conda:"
"""Stands before a requirement that was found as a conda package."""

_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_COMMENT = re.compile(r"(^|\s)#.*$")
_CONTINUED = re.compile(r"\\\r?\n")
_OPTIONS_BEHIND = re.compile(r"\s--?[a-zA-Z].*$")
_CREDENTIALS = re.compile(r"//[^/@\s]+@")
_PYTHON = re.compile(r"^python\s*([<>=!~].*)?$")


@dataclass(frozen=True)
class Found:
    """What one file asks for: a Python version and requirement lines."""

    python: str | None
    lines: tuple[str, ...]


def inside(folder: Path, name: str) -> Path | None:
    """The file of this name in a folder; None if there is none, or it lies elsewhere."""
    file = (folder / name).resolve()
    return file if file.is_relative_to(folder.resolve()) and file.is_file() else None


def read_text(file: Path) -> str:
    """Read a text file in the encodings that editors and shells write.

    Raises:
        Invalid: it cannot be read, or is no text.
    """
    try:
        content = file.read_bytes()
        encoding = next((name for bom, name in _BOMS.items() if content.startswith(bom)), "utf-8")
        return content.decode(encoding)
    except (OSError, UnicodeDecodeError) as exc:
        raise errors.Invalid(f"{file.name} cannot be read as text: {exc}") from exc


def read_pip(file: Path) -> Found:
    """Read a requirements file and the files it includes.

    Raises:
        Invalid: it is damaged.
    """
    return Found(None, tuple(_pip_lines(read_text(file), file.parent, (file.resolve(),))))


def read_env_file(file: Path) -> Found:
    """Read an environment file in YAML: conda's, or MLflow's python_env.

    The build dependencies of a python_env file (pip, setuptools, wheel) are left aside: they
    installed the model's packages once, the model itself does not ask for them.

    Raises:
        Invalid: it is damaged.
    """
    try:
        content = yaml.safe_load(read_text(file))
    except yaml.YAMLError as exc:
        reason = " ".join(str(exc).split())
        raise errors.Invalid(f"{file.name} is damaged: it is not YAML ({reason})") from exc
    if not isinstance(content, dict):
        raise errors.Invalid(f"{file.name} is damaged: it holds no mapping of names to values")
    dependencies = _listed(content, "dependencies", file)
    if "python" in content or "build_dependencies" in content:
        python = _version_in(str(content.get("python") or ""))
        return Found(python, tuple(_section(dependencies, file)))
    return _conda(dependencies, file)


def _conda(dependencies: list[Any], file: Path) -> Found:
    python = None
    lines: list[str] = []
    for entry in dependencies:
        if isinstance(entry, dict):
            lines += _section(_listed(entry, "pip", file), file)
            continue
        spec = str(entry).strip().rpartition("::")[2]
        if match := _PYTHON.match(spec):
            python = _version_in(match.group(1) or "")
        else:
            lines.append(f"{CONDA}{spec}")
    return Found(python, tuple(lines))


def _section(entries: list[Any], file: Path) -> Iterator[str]:
    yield from _pip_lines("\n".join(map(str, entries)), file.parent, (file.resolve(),))


def _pip_lines(text: str, folder: Path, seen: tuple[Path, ...]) -> Iterator[str]:
    for raw in _CONTINUED.sub(" ", text).splitlines():
        line = _COMMENT.sub("", raw).strip()
        if not line:
            continue
        if not line.startswith("-"):
            yield _CREDENTIALS.sub("//", " ".join(_OPTIONS_BEHIND.sub("", line).split()))
            continue
        option, _, value = re.sub(r"^(-r|--requirement)[\s=]*", "-r ", line).partition(" ")
        included = inside(folder, value.strip())
        if option == "-r" and included:
            if included not in seen:
                yield from _pip_lines(read_text(included), folder, (*seen, included))
        else:
            yield option.partition("=")[0]  # never its value: it may be an index with a password


def _listed(content: dict[str, Any], key: str, file: Path) -> list[Any]:
    entries = content.get(key) or []
    if not isinstance(entries, list):
        raise errors.Invalid(f"{file.name} is damaged: {key!r} is not a list")
    return entries


def _version_in(text: str) -> str | None:
    match = re.search(r"\d+(\.\d+)+", text)
    return match.group() if match else None
