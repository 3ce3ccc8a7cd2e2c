"""How other rooms read and write data: by a dataset's name or by a path.

Wherever a name is accepted so is a path of a file, folder or glob pattern, and
`CONNECTION:PATH-OR-TABLE`.
"""

from __future__ import annotations

import pyarrow as pa

from modelyard.data.source import Source
from modelyard.data.target import Target
from modelyard.data.types import Sampling
from modelyard.kernel.context import Context

__all__ = ["Source", "Target", "open_source", "open_target", "sample"]


def open_source(context: Context, project: str, name_or_path: str) -> Source:
    """Open a dataset, or a path, for reading.

    Raises:
        NotFound: it is no dataset and no file; names those that are near.
        Invalid: the file is empty, damaged or of no known format.
    """
    raise NotImplementedError


def open_target(
    context: Context, project: str, name_or_path: str, schema: pa.Schema, *, token: str
) -> Target:
    """Open a dataset, or a path, for writing; nothing is changed before its `commit`.

    Args:
        context: the workspace.
        project: key of the project.
        name_or_path: an existing dataset is overwritten; else a path, its ending says the format.
        schema: of the rows that will be written.
        token: names this writer, so that two writers do not share temporary files.

    Raises:
        NotFound: the folder or connection is not there.
        Invalid: the ending says no format.
        Unsupported: it cannot be written (a query, a folder of files).
    """
    raise NotImplementedError


def sample(source: Source, sampling: Sampling) -> pa.Table:
    """Take a sample into memory, in the source's order (`first_sorted`: sorted)."""
    raise NotImplementedError
