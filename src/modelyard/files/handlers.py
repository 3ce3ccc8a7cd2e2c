"""How the files of projects answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from modelyard import errors
from modelyard.files import folder
from modelyard.files.commands import DeleteFile, GetFile, ListFiles, PutFile, ShowFile
from modelyard.files.types import StoredFile
from modelyard.kernel import paths
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.paging import Page
from modelyard.kernel.values import FILES, TRANSIT
from modelyard.projects.access import require_project, require_same
from modelyard.projects.types import Project


@handles(PutFile)
def put_file(command: PutFile, context: Context) -> StoredFile:
    """Check that it fits, then let it appear."""
    project = _project(context, command.project)
    target = _place(context, command.project, command.path)
    source = paths.transferred(context, command.file)
    folder.require_file(source)
    folder.sweep_transit(context, command.project)
    folder.require_room(context, command.project, source, target)
    digest = folder.put(
        source,
        target,
        replace=command.replace,
        spare=_is_ours(context, source),
        held=_as_seen(context, project, target),
    )
    return folder.described(context, command.project, target, digest)


@handles(ListFiles)
def list_files(command: ListFiles, context: Context) -> Page[StoredFile]:
    """List by path, in all folders below; a part begins after the path that ended the last one.

    What waits in transit for one command is only told to who asks for that folder.
    """
    _project(context, command.project)
    all_files = paths.files_folder(context, command.project)
    top = _place(context, command.project, command.folder) if command.folder else all_files
    found = {file.relative_to(all_files).as_posix(): file for file in folder.every_file(top)}
    if not command.folder:
        found = {path: file for path, file in found.items() if not path.startswith(f"{TRANSIT}/")}
    left = sorted(path for path in found if command.after is None or path > command.after)
    shown = left[: command.limit]
    listed = []
    for path in shown:
        with suppress(errors.NotFound):  # it went away meanwhile
            listed.append(folder.described(context, command.project, found[path]))
    return Page(listed, following=shown[-1] if len(shown) < len(left) else None)


@handles(ShowFile)
def show_file(command: ShowFile, context: Context) -> StoredFile:
    """Read it once for its digest."""
    file = _find(context, command.project, command.path)
    return folder.described(context, command.project, file, folder.digest_of(file))


@handles(GetFile)
def get_file(command: GetFile, context: Context) -> StoredFile:
    """Give the caller a copy; one that only passes through is no copy, but the file itself."""
    file = _find(context, command.project, command.path)
    target = paths.transferred(context, command.to)
    if _is_ours(context, target):
        digest = folder.lend(file, target)
    elif target.is_file() and not command.replace:
        raise folder.taken(target)
    else:
        replace = command.replace
        digest = folder.put(file, target, replace=replace, spare=False, held=nullcontext())
    return folder.described(context, command.project, file, digest)


@handles(DeleteFile)
def delete_file(command: DeleteFile, context: Context) -> None:
    """Remove it, and the folders that it leaves empty."""
    project = _project(context, command.project)
    place = _place(context, command.project, command.path)
    if place.is_dir() and not command.recursive:
        raise errors.Conflict(
            f"{command.path} is a folder; delete it with all that is in it by --recursive"
        )
    if not place.exists():
        raise folder.missing(context, command.project, command.path)
    with _as_seen(context, project, place):
        folder.remove(place, paths.files_folder(context, command.project))


def _project(context: Context, key: str) -> Project:
    with context.read() as db:
        return require_project(db, key)


def _place(context: Context, project: str, path: str) -> Path:
    """Where a path among a project's files is, whether there is something or not."""
    _project(context, project)
    return paths.locate(context, project, f"{FILES}{paths.inner_path(path.removeprefix(FILES))}")


def _find(context: Context, project: str, path: str) -> Path:
    place = _place(context, project, path)
    if place.is_dir():
        raise errors.Invalid(f"{path} is a folder; name a file in it")
    if not place.is_file():
        raise folder.missing(context, project, path)
    return place


@contextmanager
def _as_seen(context: Context, project: Project, file: Path) -> Iterator[None]:
    """Nobody else puts or deletes files of the project meanwhile.

    Raises:
        NotFound: the project was deleted since.
        Conflict: the file is not as its caller saw it.
    """
    with folder.alone(context, project.key):
        with context.read() as db:
            require_same(db, project)
        if context.expected is not None:
            if not file.is_file():
                raise errors.Conflict(
                    f"{file.name} is no file any more, as it was when you looked at it",
                    expected=sorted(context.expected),
                )
            seen = folder.described(context, project.key, file, folder.digest_of(file))
            context.unchanged(seen)
        yield


def _is_ours(context: Context, file: Path) -> bool:
    """Whether it is a file in transfer, which nobody needs after the command."""
    return file.parent == context.folder / paths.TRANSFERS
