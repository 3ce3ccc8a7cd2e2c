"""The files of a dataset as they are, for what carries them elsewhere."""

from __future__ import annotations

import glob
from pathlib import Path

from modelyard import errors
from modelyard.data import repository
from modelyard.data.opening import locate, located
from modelyard.data.places import FilePlace, find_files
from modelyard.data.types import Dataset
from modelyard.kernel.context import Context
from modelyard.kernel.paths import files_folder
from modelyard.kernel.values import FILES


def carried_files(context: Context, project: str, name: str) -> dict[str, Path]:
    """The files of a dataset, by where they are below its place.

    That is the folder of its connection, the project's files, or the folder that a path of the
    machine names or is in.

    Raises:
        NotFound: there is no such dataset, or none of its files is there.
        Unsupported: it is a table or query of a database.
        Forbidden: a link leads out of what this caller may reach.
    """
    with context.read() as db:
        known = repository.find_dataset(db, project, name)
        if known is None:
            names = repository.dataset_names(db, project)
            raise errors.NotFound.among(f"dataset in project {project!r} named", name, names)
        place = locate(context, db, known.dataset)
        connection = known.dataset.connection
        found = repository.find_connection(db, project, connection) if connection else None
    if not isinstance(place, FilePlace):
        raise errors.Unsupported(
            f"the dataset {name!r} is in a database, from which no data is carried; leave its data "
            "where it is, and choose the connection where it is to be read"
        )
    files, _ = find_files(context, place)
    root = Path(located(context, found)) if found else _root(context, known.dataset, place)
    return {file.relative_to(root).as_posix(): file for file in files}


def _root(context: Context, dataset: Dataset, place: FilePlace) -> Path:
    """The folder from which paths of files are told."""
    if (dataset.path or "").startswith(FILES):
        return files_folder(context, dataset.project)
    if place.path.is_dir():
        return place.path
    whole = place.path
    while glob.has_magic(str(whole.parent)):
        whole = whole.parent
    return whole.parent
