"""A package of a service with a function and a lookup, made by hand: no model has to be loaded."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from modelyard.runtime.types import CodeEnv, EnvRequest
from modelyard.serving.packages.types import (
    Enrichment,
    FunctionEndpoint,
    LookupEndpoint,
    PackageContent,
    PackagedTable,
    TestQuery,
)
from modelyard.serving.packages.writing import write_package

DAY = datetime(2026, 3, 1, tzinfo=UTC)
ENV = CodeEnv(
    id="0123456789abcdef",
    python="3.11",
    packages=("numpy==2.4.0",),
    asked=EnvRequest(source="user"),
    created=DAY,
)
PEOPLE = pa.table({"id": [1, 2], "city": ["Oslo", "Rome"]})


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def contents() -> dict[str, bytes]:
    return {
        "functions/double/double.py": b"def double(x):\n    return 2 * x\n",
        "tables/people.parquet": parquet(PEOPLE),
    }


def told(**changes) -> PackageContent:
    usual = {
        "service": "numbers",
        "package": "p1",
        "created": DAY,
        "created_by": "ann",
        "made_with": "0.1.0",
        "envs": (ENV,),
        "tables": (
            PackagedTable(
                name="people",
                source="people",
                file="tables/people.parquet",
                columns={"id": "int64", "city": "string"},
                rows=2,
            ),
        ),
        "endpoints": (
            FunctionEndpoint(
                name="double",
                file="functions/double/double.py",
                function="double",
                env=ENV.id,
                test_queries=(TestQuery(name="two", query={"x": 2}, expected={"response": 4}),),
            ),
            LookupEndpoint(
                name="city",
                lookups=(
                    Enrichment(
                        name="people", table="people", keys={"id": "id"}, columns={"city": "city"}
                    ),
                ),
            ),
        ),
    }
    return PackageContent.model_validate({**usual, **changes})


def packed(target, *, key=None, **changes):
    """Write the package to a file."""
    write_package(target, told(**changes), contents(), key=key)
    return target
