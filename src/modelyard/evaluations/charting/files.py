"""Charts, tables and reports as files of the caller's."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Callable, Iterable

from modelyard import errors
from modelyard.analysis.charts.types import Drawn, Mode
from modelyard.evaluations.charting.stills import Stills
from modelyard.evaluations.charting.types import Cell, ScreenFormat
from modelyard.kernel import paths
from modelyard.kernel.context import Context


def file_of(chart: Drawn, form: ScreenFormat, width: int, mode: Mode) -> bytes:
    """A chart in a format.

    Raises:
        Unsupported: there is nothing to draw.
        Failed: it cannot be drawn.
    """
    if chart.spec is None:
        raise errors.Unsupported(chart.description)
    if form == "json":
        return json.dumps(chart.titled(), ensure_ascii=False).encode()
    with Stills() as stills:
        return stills.file(chart, form, width, mode)


def csv_of(columns: Iterable[str], rows: Iterable[Iterable[Cell]]) -> str:
    """A table as CSV, with its columns in the first line."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def write(context: Context, to: str, made: Callable[[], bytes], *, replace: bool) -> int:
    """Write a file of the caller's, which appears when it is whole; gives its size in bytes.

    Raises:
        Conflict: there is something at that path.
        Forbidden: this caller may not write there.
        Failed: it cannot be written.
    """
    target = paths.transferred(context, to)
    if context.identity.is_local and target.exists() and not replace:
        raise errors.Conflict(f"{target} exists already; use --replace, or name another file")
    content = made()
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(target)
    except OSError as exc:
        raise errors.Failed(f"{target} cannot be written: {exc.strerror or exc}") from exc
    finally:
        partial.unlink(missing_ok=True)
    return len(content)
