"""Where a name leads: the files or the table behind a dataset or a path."""

from __future__ import annotations

import glob
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from modelyard import errors
from modelyard.data.files import file_facts
from modelyard.data.schemas import near
from modelyard.data.types import ENDINGS, Definition, FileFormat, ReadOptions
from modelyard.kernel import paths
from modelyard.kernel.context import Context

PREFIX = "connection://"


@dataclass(frozen=True)
class FilePlace:
    """Files on this machine; `path` is what names them: a file, a folder or a pattern.

    `root`, if there is one, is the folder that links must not lead out of.
    """

    path: Path
    options: ReadOptions
    root: Path | None = None


@dataclass(frozen=True)
class TablePlace:
    """A table or query of a database; `url` still has its placeholders."""

    url: str
    table: str | None
    query: str | None


def define(context: Context, project: str, path: str) -> Definition:
    """The definition that a path stands for, or `connection://NAME/PATH-OR-TABLE`.

    Raises:
        Invalid: nothing is named.
        Forbidden: this caller may not reach it.
    """
    if not path.startswith(PREFIX):
        return Definition(project=project, name=path, path=paths.settle(context, path))
    connection, _, inside = path[len(PREFIX) :].partition("/")
    if not connection or not inside:
        raise errors.Invalid(
            f"{path!r} names no place; write {PREFIX}NAME/path or {PREFIX}NAME/table"
        )
    return Definition(project=project, name=path, connection=connection, path=inside)


def find_place(
    context: Context, definition: Definition, kind: str | None, location: str
) -> FilePlace | TablePlace:
    """The place of a definition, given its connection's kind and location (None, "": it has none).

    Raises:
        Invalid: the connection is of the wrong kind, or the path leads out of its folder.
        Forbidden: a link leads out of the project's files.
    """
    name, path = definition.connection, definition.path
    if kind == "sql":
        return TablePlace(location, definition.table or path, definition.query)
    if path is None:
        raise errors.Invalid(
            f"the connection {name!r} is a folder; a table or query needs one to a database"
        )
    if kind is None:
        place = paths.locate(context, definition.project, path)
        root = paths.root_of(context, definition.project, path)
        return FilePlace(place, definition.options, root)
    file = Path(os.path.abspath(Path(location, path.lstrip("/"))))  # noqa: PTH100  keeps no '..'
    if not file.is_relative_to(location):
        raise errors.Invalid(f"{path} leads out of the folder of the connection {name!r}")
    root = None if context.identity.is_local else Path(location)
    paths.require_inside(context, file, root)
    return FilePlace(file, definition.options, root)


def overlap(source: FilePlace | TablePlace, output: FilePlace | TablePlace) -> bool:
    """Whether writing to `output` would change what is read from `source`; links are followed."""
    if isinstance(source, TablePlace) and isinstance(output, TablePlace):
        return source.url == output.url and source.table == output.table
    if not isinstance(source, FilePlace) or not isinstance(output, FilePlace):
        return False
    written, read = output.path.resolve(), source.path.resolve()
    matched = glob.glob(str(source.path)) if glob.has_magic(str(source.path)) else []  # noqa: PTH207
    inside = read.is_dir() and written.parent == read
    return written == read or inside or written in {Path(match).resolve() for match in matched}


def find_files(context: Context, place: FilePlace) -> tuple[list[Path], ReadOptions]:
    """The files of a place in the order of their names, and how to read them, format settled.

    Raises:
        NotFound: nothing is there; names what is near.
        Invalid: files of several formats, or of none that is known.
        Forbidden: a link leads out of what this caller may reach.
    """
    paths.require_inside(context, place.path, place.root)
    try:
        files = _matching(place)
    except OSError as exc:
        raise errors.Invalid(f"{place.path} cannot be read: {exc.strerror}") from exc
    for file in files:
        paths.require_inside(context, file, place.root)
    formats = {file: place.options.format or format_of(file) for file in files}
    for file, found in formats.items():
        if found is None:
            raise errors.Invalid(
                f"the ending of {file.name} says no format; give --format csv, parquet or jsonl"
            )
    if len(set(formats.values())) > 1:
        kinds = ", ".join(sorted({found for found in formats.values() if found}))
        raise errors.Invalid(
            f"{place.path} holds files of several formats ({kinds}); give --format or a "
            f"pattern such as {place.path}/*.csv"
        )
    options = place.options.model_copy(update={"format": formats[files[0]]})
    check_options(options)
    return files, options


def _matching(place: FilePlace) -> list[Path]:
    path = place.path
    if path.is_dir():
        files = [file for file in path.iterdir() if file.is_file() and file.name[0] not in "._"]
        if place.options.format is None:
            files = [file for file in files if format_of(file)]
        if not files:
            raise errors.NotFound(f"the folder {path} holds no CSV, Parquet or JSON lines file")
        return sorted(files, key=lambda file: file.name)
    if path.exists():
        if not path.is_file():
            raise errors.Invalid(f"{path} is neither a file nor a folder")
        return [path]
    files = [Path(match) for match in glob.glob(str(path))] if glob.has_magic(str(path)) else []  # noqa: PTH207
    files = sorted((file for file in files if file.is_file()), key=str)
    if not files:
        raise errors.NotFound(f"there is no file {path}{_beside(path)}")
    return files


def _beside(path: Path) -> str:
    """What is like a missing file, in its folder."""
    if not path.parent.is_dir():
        return f"; there is no folder {path.parent}"
    names = [file.name for file in path.parent.iterdir() if format_of(file)]
    found = near(path.name, names)
    return found if "did you mean" in found else ""


def format_of(file: Path) -> FileFormat | None:
    """The format that a file's ending says, before .gz."""
    name = file.name.lower().removesuffix(".gz")
    return ENDINGS.get(Path(name).suffix)


def check_options(options: ReadOptions) -> None:
    """Refuse options that do not go together.

    Raises:
        Invalid: an option of CSV for another format, or a delimiter or quote of several letters.
    """
    given = {
        "--delimiter": options.delimiter,
        "--quote": options.quote,
        "--encoding": options.encoding,
        "--missing": options.missing,
    }
    for option, value in given.items():
        if value is not None and options.format not in (None, "csv"):
            raise errors.Invalid(
                f"{option} is for CSV files; this is {options.format}", field=option[2:]
            )
    for option in ("--delimiter", "--quote"):
        if given[option] is not None and len(str(given[option])) != 1:
            raise errors.Invalid(
                f"{option} takes one character, not {given[option]!r}", field=option[2:]
            )
    if options.delimiter is not None and options.delimiter == (options.quote or '"'):
        raise errors.Invalid(f"delimiter and quote cannot both be {options.delimiter}")


def fingerprint(files: list[Path], options: ReadOptions) -> tuple[str, int]:
    """A digest that changes when files or the way they are read do, and their size in bytes.

    Raises:
        NotFound: a file is not there.
    """
    facts = file_facts(files)
    told = json.dumps([facts, options.model_dump()], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest(), sum(size for _, size, _ in facts)
