"""Models as plain Python files, and workers that load them quickly."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import lean_coverage
import pyarrow as pa
import pytest

from modelyard.kernel.settings import RuntimeSettings
from modelyard.runtime.pool import ModelFolder, WorkerPool
from modelyard.runtime.types import PredictOptions

PLAIN_WORKER = Path(__file__).with_name("plain_worker.py")

ECHO = """
    class Model:
        def __init__(self, options):
            self.options = options

        def describe(self):
            return {"flavor": "plain", "python": "3"}

        def predict(self, table, options):
            return table, [], {}
"""


@pytest.fixture(scope="module", autouse=True)
def as_elsewhere(started_processes):
    """How workers are started is tested here."""


@pytest.fixture(scope="session")
def plain_python(tmp_path_factory):
    """An interpreter whose workers load `model.py` of the model's folder as it is."""
    script = tmp_path_factory.mktemp("plain") / "python"
    options = "-I -u -X utf8 -X faulthandler"  # as a worker's own
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {options} "{PLAIN_WORKER}" "$@"\n')
    script.chmod(0o755)
    return script


@pytest.fixture
def plain_model(tmp_path, plain_python):
    """Make a model of source code: `Model(options)` with `describe` and `predict`.

    Code that does not start with a class replaces the body of the echoing model's `predict`.
    """

    def make(code="return table, [], {}"):
        folder = tmp_path / f"model-{len(list(tmp_path.glob('model-*')))}"
        folder.mkdir()
        code = textwrap.dedent(code)
        if "class Model" not in code:
            body = textwrap.indent(code, " " * 8)
            code = textwrap.dedent(ECHO).replace("        return table, [], {}", body)
        (folder / "model.py").write_text(code)
        return ModelFolder(python=plain_python, folder=folder)

    return make


@pytest.fixture
def settings():
    """Make settings: those given by name, short time-outs otherwise; coverage counts in workers."""

    def make(*, environ=(), **given):
        limits = {"load_timeout": 60, "predict_timeout": 60, **given}
        return RuntimeSettings(environ=(lean_coverage.FOLDER, *environ), **limits)

    return make


@pytest.fixture
def open_pool(tmp_path, settings):
    """Open a pool with settings by name; all are closed at the end."""
    pools = []

    def make(model, *, size=1, **given):
        log = tmp_path / "logs" / f"{len(pools)}.log"
        pool = WorkerPool(model, size=size, settings=settings(**given), log=log)
        pools.append(pool)
        return pool

    yield make
    for pool in pools:
        pool.close()


@pytest.fixture
def direct():
    """Options that ask for what the model returns."""
    return PredictOptions(mode="direct")


@pytest.fixture
def rows():
    """Make a table of some rows."""

    def make(count=3):
        return pa.table({"x": pa.array(range(count), pa.int64())})

    return make
