"""CSV files: header, delimiter, a look at every row, and the query that reads one."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from modelyard import errors
from modelyard.data import duck
from modelyard.data.diagnosis import LONGEST_LINE, broken
from modelyard.data.files import as_utf8, open_text
from modelyard.data.heads import csv_head
from modelyard.data.kinds import Kind, look
from modelyard.data.schemas import check_names
from modelyard.data.types import ReadOptions, TextFile

DELIMITERS = ",;\t|"
MISSING = (
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>",
    "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
"""The texts that pandas reads as missing, as models were mostly trained on what pandas reads."""


def look_into(
    file: Path, options: ReadOptions, scratch: Path, first: int | None
) -> tuple[TextFile, dict[str, Kind]]:
    """Read a file once, or its first rows, to find columns, kinds of values in them, and rows.

    Raises:
        NotFound: it is not there.
        Invalid: it is empty or broken, or two columns have one name; names the line.
    """
    names, delimiter = read_header(file, options)
    seen = TextFile(path=str(file), names=tuple(names), delimiter=delimiter, rows=0)
    with reading(seen, options, {}, scratch, first) as (db, table):
        rows, kinds = look(db, [f"c{at}" for at in range(len(names))], table)
    return seen.model_copy(update={"rows": rows}), dict(zip(names, kinds, strict=True))


def read_header(file: Path, options: ReadOptions) -> tuple[list[str], str]:
    """Column names and delimiter: the one that gives the header most cells, where none is given."""
    tried = [options.delimiter] if options.delimiter else list(DELIMITERS)
    headers: list[tuple[list[str] | None, str]] = []
    problem: Exception = ValueError("no header")
    for delimiter in tried:
        try:
            headers.append((_first_record(file, options, delimiter), delimiter))
        except csv.Error as exc:  # quotes that make no sense with this delimiter
            problem = exc
        except (UnicodeError, EOFError, OSError) as exc:
            raise broken(file, options, exc) from exc
    if not headers:
        raise broken(file, options, problem, delimiter=tried[0]) from problem
    header, delimiter = max(headers, key=lambda found: len(found[0] or ()))
    if header is None:
        raise errors.Invalid(f"{file} is empty: it has not even a line of column names")
    if not header:
        raise errors.Invalid(f"{file}, line 1 is empty; it must hold the column names")
    names = [name or f"Unnamed: {at}" for at, name in enumerate(header)]
    check_names(names, str(file))
    return names, delimiter


def _first_record(file: Path, options: ReadOptions, delimiter: str) -> list[str] | None:
    with open_text(file, options.encoding) as text:
        reader = csv.reader(text, delimiter=delimiter, quotechar=options.quote or '"', strict=True)
        return next(reader, None)


@contextmanager
def reading(
    layout: TextFile,
    options: ReadOptions,
    types: Mapping[str, str],
    scratch: Path,
    first: int | None,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """Open a session and give it with the SQL that reads the file, columns named by position (c0).

    Positions stand for names because SQL's names do not tell small letters from capitals. With
    `first` it reads only so many rows.
    """
    file = Path(layout.path)
    quote = options.quote or '"'
    missing = MISSING if options.missing is None else options.missing
    columns = {f"c{at}": types.get(name, "VARCHAR") for at, name in enumerate(layout.names)}
    try:
        with _place(file, options, layout.delimiter, scratch, first) as (path, zipped):
            table = (
                f"read_csv({duck.path(path)}, auto_detect=false, header=true, "
                f"columns={duck.struct(columns)}, delim={duck.text(layout.delimiter)}, "
                f"quote={duck.text(quote)}, escape={duck.text(quote)}, "
                f"nullstr=[{', '.join(map(duck.text, ('', *missing)))}], "
                f"max_line_size={LONGEST_LINE}, buffer_size={2 * LONGEST_LINE}, "
                f"compression='{'gzip' if zipped else 'none'}')"
            )
            with duck.session(len(columns)) as db:
                yield db, table
    except (duckdb.Error, pa.ArrowException, OSError, EOFError, UnicodeError) as exc:
        raise broken(file, options, exc, delimiter=layout.delimiter) from exc


@contextmanager
def _place(
    file: Path, options: ReadOptions, delimiter: str, scratch: Path, first: int | None
) -> Iterator[tuple[Path, bool]]:
    """Where the file, or what is wanted of it, is UTF-8, and whether it is gzipped there."""
    if first is None:
        with as_utf8(file, options.encoding, scratch) as found:
            yield found
    else:
        with csv_head(file, options, delimiter, first, scratch) as head:
            yield head, False
