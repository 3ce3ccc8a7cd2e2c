"""Looking at the tables that a package reads, before any query needs them."""

from __future__ import annotations

import math
from functools import partial

from modelyard import errors
from modelyard.serving.databases.asking import Database
from modelyard.serving.databases.book import ConnectionBook
from modelyard.serving.databases.reading import check_table
from modelyard.serving.folder import NodeFolder
from modelyard.serving.packages.types import Manifest


def problem_of(folder: NodeFolder, manifest: Manifest, connections: dict[str, str]) -> str:
    """Why the tables of a package cannot be read; empty: they can."""
    book = ConnectionBook(folder.connections)
    try:
        for table in manifest.references:
            database = Database(book.get(connections[table.connection]))
            try:
                database.ask(partial(check_table, told=table), math.inf)
            finally:
                database.close()
    except errors.ModelyardError as exc:
        return exc.detail
    return ""
