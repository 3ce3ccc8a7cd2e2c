"""Small files, and ways to read and write them."""

from __future__ import annotations

from itertools import count

import pyarrow as pa
import pytest

import modelyard
from modelyard.data.access import open_source, open_target

NUMBERS = count(1)


@pytest.fixture(scope="session")
def yard(tmp_path_factory):
    """One workspace for all tests of this room: names of datasets are new each time."""
    return modelyard.open(tmp_path_factory.mktemp("yard"), actor="tester")


@pytest.fixture(scope="session")
def context(yard):
    """The workspace as a handler sees it."""
    return yard.open()


@pytest.fixture
def name():
    """A name that nothing has yet."""
    return f"data{next(NUMBERS)}"


@pytest.fixture
def put(tmp_path):
    """Write a file of text or bytes and give its path as text."""

    def write(name: str, content: str | bytes) -> str:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(file)

    return write


@pytest.fixture
def opened(context, yard):
    """Open a path, or the dataset made of it where options are given."""

    def open_it(path: str, **options):
        if not options:
            return open_source(context, "default", path)
        name = f"data{next(NUMBERS)}"
        yard.datasets.create(name=name, path=path, **options)
        return open_source(context, "default", name)

    return open_it


@pytest.fixture
def table(opened):
    """Read a path whole."""

    def read(path: str, *, columns=None, **options) -> pa.Table:
        source = opened(path, **options)
        batches = list(source.batches(rows=1000, columns=columns))
        schema = source.schema
        if columns is not None:
            schema = pa.schema([schema.field(name) for name in columns])
        return pa.Table.from_batches(batches, schema)

    return read


@pytest.fixture
def write(context):
    """Write a table to a path or dataset, in batches of some rows."""

    def write_it(output: str, table: pa.Table, *, rows: int = 1000, token: str = "t") -> None:
        with open_target(context, "default", output, table.schema, token=token) as target:
            for batch in table.to_batches(max_chunksize=rows):
                target.write(batch)
            target.commit()

    return write_it
