"""A model in a local folder or archive, given by its path or as a file: URI."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from urllib.parse import unquote

from modelyard import errors
from modelyard.kernel import paths
from modelyard.kernel.archive_settings import ArchiveSettings
from modelyard.models.archive import unpack
from modelyard.models.mlmodel import read_mlmodel
from modelyard.models.sources.copying import copy_files, find_files, in_words
from modelyard.models.sources.lineage import recorded_lineage, split_uri
from modelyard.models.sources.request import Request
from modelyard.models.types import Lineage

MLMODEL = "MLmodel"


def fetch_path(request: Request) -> Lineage:
    """Copy a model from a folder, or out of a .zip or .tar.gz.

    Raises:
        NotFound: there is nothing of this name.
        Invalid: it is no MLflow model, or its files are not safe to copy.
        Forbidden: this caller may not reach it.
        Failed: it cannot be read, or the disk is full.
    """
    return fetch_local(request, paths.find(request.context, request.project, request.source))


def fetch_file_uri(request: Request) -> Lineage:
    """Copy a model that a file: URI names; errors as for a path."""
    parts = split_uri(request.source)
    if parts.netloc not in ("", "localhost"):
        raise errors.Invalid(
            f"{request.source} names the machine {parts.netloc!r}; a file: URI must name a path of "
            "this one, as in file:///models/churn"
        )
    path = paths.find(request.context, request.project, unquote(parts.path))
    return fetch_local(request, path)


def fetch_local(request: Request, path: Path) -> Lineage:
    """Copy a model from a path of this machine; errors as in `fetch_path`."""
    with in_words(path):
        if not path.exists():
            raise errors.NotFound(_missing(path))
        if path.is_dir():
            read_mlmodel(path)  # before the copying, which may take long
            files = find_files(path, skip=request.context.folder)
            copy_files(files, request.target, request.context.progress)
        elif path.name == MLMODEL:
            raise errors.Invalid(f"{path} is one file of a model; give its folder {path.parent}")
        elif not path.is_file():
            raise errors.Invalid(f"{path} is neither a folder nor a file; give a model's folder")
        else:
            request.context.progress(f"unpacking {path.name}")
            _unpack_model(path, request.target, request.context.settings.archives)
    return recorded_lineage(request.target, request.source)


def _unpack_model(archive: Path, target: Path, limits: ArchiveSettings) -> None:
    """Unpack an archive; where it holds the model in a folder, take what is in that folder."""
    with tempfile.TemporaryDirectory(prefix="unpacked-", dir=target.parent) as folder:
        unpack(archive, Path(folder), limits)
        model = _model_folder(archive, Path(folder))
        for child in model.iterdir():
            shutil.move(child, target / child.name)


def _model_folder(archive: Path, folder: Path) -> Path:
    """The folder that holds MLmodel; a model may hold others further down."""
    found = sorted(path.parent for path in folder.rglob(MLMODEL))
    if not found:
        raise errors.Invalid(
            f"{archive} holds no MLflow model: no file in it is called MLmodel; pack the folder "
            "that save_model wrote"
        )
    depth = min(len(path.parts) for path in found)
    highest = [path for path in found if len(path.parts) == depth]
    if len(highest) > 1:
        names = ", ".join(path.relative_to(folder).as_posix() for path in highest)
        raise errors.Invalid(
            f"{archive} holds several MLflow models: {names}; pack one of them alone"
        )
    return highest[0]


def _missing(path: Path) -> str:
    parent = next(above for above in path.absolute().parents if above.is_dir())
    names = sorted(child.name for child in parent.iterdir())
    there = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    return f"{path} does not exist; {parent} holds: {there or 'nothing'}"
