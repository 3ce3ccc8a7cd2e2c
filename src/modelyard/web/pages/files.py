"""The pages of a project's files."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlencode

from modelyard.data.types import ENDINGS
from modelyard.files.commands import DeleteFile, ListFiles, PutFile, ShowFile
from modelyard.files.types import StoredFile
from modelyard.kernel.values import FILES, Value
from modelyard.web.pages.datasets import NEW
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.page import Crumb, ListView, Nav, Page, Visit, address, place_in_list
from modelyard.web.pages.projects import crumb as project_crumb

ALL = "/projects/{project}/files"
CONTENT = "/api/v1/projects/{project}/files/{path}/content"
PART = 100


class FileLine(Value):
    """A file as the list shows it."""

    file: StoredFile
    name: str
    """The last part of its path."""
    download: str
    delete: str
    dataset: str | None
    """The form that names it as a dataset, where it can be one."""


class FilesView(ListView):
    """A part of a project's files."""

    project: str
    files: tuple[FileLine, ...]
    may_write: bool


def content(project: str, path: str) -> str:
    """Where a file's bytes are."""
    return address(CONTENT, project=project, path=path)


def files(visit: Visit) -> FilesView:
    """A part of the list."""
    key = visit.path["project"]
    found = visit.part(ListFiles(project=key, limit=PART, after=visit.asked("after") or None))
    return FilesView(
        title="Files",
        crumbs=(project_crumb(key),),
        project=key,
        files=tuple(_line(key, each) for each in found),
        **place_in_list(found),
        may_write=visit.may("files:write"),
    )


def _line(project: str, file: StoredFile) -> FileLine:
    is_table = file.path.removesuffix(".gz").endswith(tuple(ENDINGS))
    new = address(NEW, project=project)
    return FileLine(
        file=file,
        name=PurePosixPath(file.path).name,
        download=content(project, file.path),
        delete=address(f"{ALL}/{{path}}/delete", project=project, path=file.path),
        dataset=f"{new}?{urlencode({'path': FILES + file.path})}" if is_table else None,
    )


def _crumbs(visit: Visit) -> tuple[Crumb, ...]:
    key = visit.path["project"]
    return (project_crumb(key), Crumb(label="Files", href=address(ALL, project=key)))


def _deleted(visit: Visit) -> Draft:
    key, path = visit.path["project"], visit.path["path"]
    seen = visit.run(ShowFile(project=key, path=path))
    return Draft(crumbs=_crumbs(visit), title=f"Delete {path}", seen=seen)


def _all(visit: Visit, _made: object) -> str:
    return address(ALL, project=visit.path["project"])


PAGES: tuple[Page | Form, ...] = (
    Page(ALL, files, "files.html", Nav("Files", "folder")),
    Form(
        "/projects/{project}/upload",
        PutFile,
        "Upload a file",
        "Upload",
        _all,
        intro="It is kept among the project's files; commands name it as files:// and its name.",
        said=lambda made: f"{made.path} is uploaded.",
        fields=("file",),
        words={"file": Words(label="File", help="")},
        sent=lambda name: {"path": name},
        prepare=lambda visit: Draft(crumbs=_crumbs(visit)),
    ),
    Form(
        f"{ALL}/{{path}}/delete",
        DeleteFile,
        "Delete file",
        "Delete file",
        _all,
        intro="Datasets that are in it can then no longer be read. This cannot be undone.",
        said="The file is deleted.",
        prepare=_deleted,
        dangerous=True,
    ),
)
