"""The first rows of a large text file, as a file of their own.

Whoever reads whole files then reads just these rows, and finds the same in them. The copy is UTF-8,
unzipped, and has no name, so that nothing stays behind when the process is killed.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

from modelyard.data.diagnosis import LONGEST_LINE
from modelyard.data.files import open_bytes, open_text
from modelyard.data.types import ReadOptions


@contextmanager
def csv_head(
    file: Path, options: ReadOptions, delimiter: str, rows: int, scratch: Path
) -> Iterator[Path]:
    """Give a copy of a CSV file's header and first rows, which may have many lines each."""
    csv.field_size_limit(4 * LONGEST_LINE)
    with tempfile.TemporaryFile(dir=scratch) as copy:
        with open_text(file, options.encoding) as text:

            def lines() -> Iterator[str]:
                for line in text:
                    copy.write(line.encode())
                    yield line

            with suppress(csv.Error):  # whoever reads the copy says what is wrong
                records = csv.reader(
                    lines(), delimiter=delimiter, quotechar=options.quote or '"', strict=True
                )
                for _ in islice(filter(None, records), rows + 1):
                    pass
        copy.flush()
        yield Path(f"/dev/fd/{copy.fileno()}")


@contextmanager
def jsonl_head(file: Path, rows: int, scratch: Path) -> Iterator[Path]:
    """Give a copy of the first lines of a file of JSON lines."""
    with tempfile.TemporaryFile(dir=scratch) as copy:
        with open_bytes(file) as raw:
            copy.writelines(islice((line for line in raw if line.strip()), rows))
        copy.flush()
        yield Path(f"/dev/fd/{copy.fileno()}")
