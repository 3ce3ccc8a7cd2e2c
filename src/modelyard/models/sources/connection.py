"""A model in a subfolder of a connection: connection://NAME/sub/path."""

from __future__ import annotations

from modelyard import errors
from modelyard.data.access import connection_folder
from modelyard.models.sources.folder import fetch_local
from modelyard.models.sources.request import Request
from modelyard.models.types import Lineage

PREFIX = "connection://"


def fetch_from_connection(request: Request) -> Lineage:
    """Copy a model from below a connection's folder; the path may start with a slash.

    Raises:
        Invalid: no connection is named, it is no folder, or the path leads out of it.
        NotFound: no such connection, or nothing there.
    """
    name, _, inside = request.source[len(PREFIX) :].partition("/")
    if not request.source.startswith(PREFIX) or not name:
        raise errors.Invalid(
            f"{request.source} names no connection; write connection://NAME/path/of/the/model"
        )
    folder = connection_folder(request.context, request.project, name).resolve()
    path = folder / inside.lstrip("/")
    if "\0" in inside or not path.resolve().is_relative_to(folder):
        raise errors.Invalid(
            f"{inside} leads out of the folder of the connection {name!r}; give a path inside it"
        )
    return fetch_local(request, path)
