"""Which files of this machine a caller's text names, and which it may name.

A local caller works with the files of its machine, relative to its working folder. For everybody
else, a relative path lies in the files of the project, and an absolute one below a folder that the
setting `server.folders` allows; links that lead out of there are refused. `files://PATH` means the
project's files for every caller.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from modelyard import errors
from modelyard.kernel.command import Command
from modelyard.kernel.context import Context
from modelyard.kernel.values import FILES, LocalPath

FOLDER = "files"
TRANSFERS = "transfers"
SHIPPED = Path(__file__).parents[1] / "demo" / "files"
"""Files that Modelyard brings along: everybody may have them."""
LONGEST_PATH = 1024
LONGEST_NAME = 255
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")


def files_folder(context: Context, project: str | None) -> Path:
    """The folder of a project's files; without a project, the folder that holds all of those."""
    folder = context.folder / FOLDER
    return folder / project if project else folder


def settle(context: Context, text: str) -> str:
    """The path that a caller's text names, in words that mean the same to everybody.

    It is absolute, or `files://…` in the project's files.

    Raises:
        Invalid: the text is no path.
        Forbidden: this caller may not reach it.
    """
    if not text.strip() or "\0" in text:
        raise errors.Invalid(
            "the path is empty; give a file, a folder or a pattern such as 'in/*.csv'"
        )
    if text.startswith(FILES):
        return FILES + inner_path(text[len(FILES) :])
    if context.identity.is_local:
        return os.path.abspath(os.path.expanduser(text))  # noqa: PTH100, PTH111  as typed
    if not text.startswith(("/", "~", "\\")):
        return FILES + inner_path(text)
    path = Path(os.path.abspath(text))  # noqa: PTH100  Path keeps '..' in the middle
    root = _allowed(context, path)
    if text.startswith("/") and root is not None:
        require_inside(context, path, root)
        return str(path)
    raise errors.Forbidden(
        f"{shortened(text)} is a path of the server's machine; over HTTP a path is relative to the "
        "project's files: put the file there with 'modelyard files put', or ask whoever runs the "
        "server to allow its folder by the setting server.folders"
    )


def locate(context: Context, project: str | None, settled: str) -> Path:
    """The place on this machine of a path that was settled.

    In a command that is about no project, the project's key is the first part of `files://…`.

    Raises:
        Forbidden: a link leads out of the project's files.
    """
    if not settled.startswith(FILES):
        return Path(settled)
    path = files_folder(context, project) / settled[len(FILES) :]
    require_inside(context, path, root_of(context, project, settled))
    return path


def root_of(context: Context, project: str | None, settled: str) -> Path | None:
    """The folder that links must not lead out of, for what a settled path names; None: none."""
    if settled.startswith(FILES):
        key = project or settled[len(FILES) :].partition("/")[0]
        return files_folder(context, key)
    return None if context.identity.is_local else _allowed(context, Path(settled))


def find(context: Context, project: str | None, text: str) -> Path:
    """The place on this machine that a caller's text names; errors as in `settle`."""
    return locate(context, project, settle(context, text))


def rights_to(context: Context, command: Command[Any]) -> Iterator[tuple[str, str]]:
    """What the paths of a command about no project take: rights, each with its project.

    The files in which such a command may read and write are those of any project that it names.

    Raises:
        Invalid, Forbidden: as in `settle`.
    """
    kind = type(command)
    for field, info in kind.model_fields.items():
        mark, text = LocalPath.of_field(info), getattr(command, field, None)
        if mark is None or field in (kind.sends, kind.receives) or not isinstance(text, str):
            continue
        settled = settle(context, text)
        if settled.startswith(FILES):
            yield f"files:{mark.use}", settled[len(FILES) :].partition("/")[0]


def inner_path(text: str) -> str:
    """A path inside a project's files, checked and without detours.

    Raises:
        Forbidden: it leads out of them.
        Invalid: it is no path that every machine can hold.
    """
    normal = os.path.normpath(text)
    if text.startswith(("/", "~")) or normal.startswith(".."):
        raise errors.Forbidden(
            f"{shortened(text)} leads out of the project's files; give a path inside them, such as "
            "data/flights.csv"
        )
    parts = PurePosixPath(normal).parts
    problem = next(filter(None, map(_problem, parts)), None)
    if URI.match(text):
        problem = "it is a URI, which has no meaning here"
    if not parts or len(normal) > LONGEST_PATH:
        problem = f"a path has 1 to {LONGEST_PATH} letters"
    if problem:
        raise errors.Invalid(f"{shortened(text)} is no path in a project's files: {problem}")
    return normal


def require_inside(context: Context, path: Path, root: Path | None) -> None:
    """Refuse a path that links lead out of the folder through which this caller reaches it.

    Args:
        context: the workspace, and who asks.
        path: of a file or folder, which need not be there.
        root: that folder; None: nothing is refused.

    Raises:
        Forbidden: it leads out.
    """
    if root is None:
        return
    real = Path(os.path.realpath(path))
    inside = real.is_relative_to(os.path.realpath(root))
    in_files = root.is_relative_to(context.folder / FOLDER)
    if not inside or (not in_files and _is_private(context, real)):
        raise errors.Forbidden(
            f"{shortened(path.name)} is or passes a link that leads out of the folder it is in, or "
            "into the workspace itself; only what lies in that folder can be used"
        )


def shown(context: Context, project: str | None, path: Path) -> str:
    """A path as results tell it: `files://…` in the project's files, without what is above them."""
    top = files_folder(context, project)
    return FILES + path.relative_to(top).as_posix() if path.is_relative_to(top) else str(path)


def transferred(context: Context, text: str) -> Path:
    """The file in a field that a command `sends` or `receives`.

    It is a local caller's own; or what the server put in its place for a remote one, or brings.

    Raises:
        Forbidden: a remote caller named a file of the server's.
    """
    if context.identity.is_local:
        return find(context, None, text)
    path = Path(text)
    if path.parent not in (context.folder / TRANSFERS, SHIPPED) or path.is_symlink():
        raise errors.Forbidden("the bytes of a file travel in the body, not as a path")
    return path


@contextmanager
def without_places(context: Context, project: str | None) -> Iterator[None]:
    """Keep where the workspace is on this machine out of the errors that a remote caller sees."""
    try:
        yield
    except errors.ModelyardError as exc:
        if not context.identity.is_local:
            for folder in (files_folder(context, project), context.folder):
                exc.detail = exc.detail.replace(f"{folder}{os.sep}", "").replace(str(folder), ".")
            exc.args = (exc.detail,)
        raise


def shortened(text: str) -> str:
    """A text that somebody sent, fit for a message."""
    quoted = repr(text)
    return quoted if len(quoted) <= LONGEST_NAME else f"{quoted[:LONGEST_NAME]}…"


def _problem(part: str) -> str | None:
    """Why a name in a path will not do."""
    if part.startswith("."):
        return f"{shortened(part)} begins with a dot"
    if "\\" in part or not part.isprintable():
        return f"{shortened(part)} holds a backslash or a letter that cannot be printed"
    if len(part.encode("utf-8", "surrogatepass")) > LONGEST_NAME:
        return f"{shortened(part)} is longer than {LONGEST_NAME} bytes"
    return None


def _allowed(context: Context, path: Path) -> Path | None:
    """The folder of the setting `server.folders` that a path is in."""
    folders = (Path(folder).absolute() for folder in context.settings.server.folders)
    return next((folder for folder in folders if path.is_relative_to(folder)), None)


def _is_private(context: Context, real: Path) -> bool:
    """Whether it belongs to the workspace itself."""
    own = [context.folder, Path(context.settings.artifacts or context.folder)]
    database = context.engine.url.database
    if context.engine.dialect.name == "sqlite" and database:
        own += [Path(f"{database}{ending}") for ending in ("", "-wal", "-shm", "-journal")]
    return any(real.is_relative_to(os.path.realpath(place)) for place in own)
