"""Counting coverage passes over libraries, and misses nothing of ours that they import."""

from __future__ import annotations

import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import lean_coverage
import pytest
from pydantic import BaseModel


@pytest.fixture
def traced(tmp_path, monkeypatch):
    """Writes modules below folders, imports the last one, and tells whose lines were traced."""
    monkeypatch.setattr(lean_coverage, "INSTALLED", (str(tmp_path / "libraries"),))
    execute = lean_coverage.lean(SourceFileLoader.exec_module)
    monkeypatch.setattr(SourceFileLoader, "exec_module", execute)

    def load(**sources):
        for name, source in sources.items():
            path = tmp_path / name.replace("_", "/", 1)
            path.parent.mkdir(exist_ok=True)
            path.with_suffix(".py").write_text(source.replace("HERE", str(tmp_path)))
            monkeypatch.syspath_prepend(path.parent)
        seen = []

        def tracer(frame, event, _argument):
            if event == "line" and frame.f_code.co_filename.startswith(str(tmp_path)):
                seen.append((Path(frame.f_code.co_filename).stem, frame.f_lineno))
            return tracer

        spec = spec_from_file_location(path.stem, path.with_suffix(".py"))
        before = sys.gettrace()
        sys.settrace(tracer)
        try:
            spec.loader.exec_module(module_from_spec(spec))
            assert sys.gettrace() is tracer
        finally:
            sys.settrace(before)
            for name in sources:
                sys.modules.pop(name.partition("_")[2], None)
        return seen

    return load


def test_a_library_is_passed_over_and_its_caller_is_not(traced):
    seen = traced(libraries_quick="a = 1\n", ours_caller="import quick\nb = quick.a\n")
    assert seen == [("caller", 1), ("caller", 2)]


def test_what_a_library_imports_of_ours_is_counted(traced):
    seen = traced(
        ours_hook="c = 3\n", libraries_framework="import hook\n", ours_app="import framework\n"
    )
    assert seen == [("app", 1), ("hook", 1)]


def test_a_library_that_fails_does_not_end_the_counting(traced):
    caller = "try:\n    import broken\nexcept ZeroDivisionError:\n    d = 4\n"
    lines = [line for _, line in traced(libraries_broken="1 / 0\n", ours_rescuer=caller)]
    assert lines == [1, 2, 3, 4]


def test_classes_of_pydantic_are_made_untraced_and_what_follows_is_counted(traced):
    framework = "def make(step):\n    step()\n"
    app = (
        "from lean_coverage import untraced\n"
        "from framework import make\n"
        "def step():\n"
        "    e = 5\n"
        "untraced(make)(step)\n"
        "f = 6\n"
    )
    seen = traced(libraries_framework=framework, ours_app=app)
    assert seen == [("app", line) for line in (1, 2, 3, 5, 6)]
    assert sys.modules[lean_coverage.MAKES_CLASSES].ModelMetaclass is type(BaseModel)
