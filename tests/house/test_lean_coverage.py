"""Counting coverage passes over libraries, and misses nothing of ours that they import."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from operator import attrgetter
from pathlib import Path

import lean_coverage
import pytest


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


def test_a_function_of_a_library_works_untraced_and_what_it_calls_of_ours_is_counted(
    traced, monkeypatch
):
    monkeypatch.setattr(lean_coverage, "UNTRACED", {"framework": ("Maker.make",)})
    monkeypatch.setattr(lean_coverage, "TRACED", {"framework": ("call",)})
    framework = (
        "def call(step):\n"
        "    step()\n"
        "class Maker:\n"
        "    @classmethod\n"
        "    def make(cls, step):\n"
        "        call(step)\n"
        "        if step is None:\n"
        "            raise ValueError\n"
    )
    app = (
        "from framework import Maker\n"
        "def step():\n"
        "    d = 4\n"
        "Maker.make(step)\n"
        "try:\n"
        "    Maker.make(None)\n"
        "except TypeError:\n"
        "    e = 8\n"
    )
    seen = traced(libraries_framework=framework, ours_app=app)
    ours = [line for name, line in seen if name == "app"]
    assert ours == [1, 2, 4, 3, 5, 6, 7, 8]
    assert [line for name, line in seen if name == "framework"] == [2, 2]


def test_a_frame_that_a_tracer_saw_begin_it_sees_end(monkeypatch):
    monkeypatch.setattr(lean_coverage, "_suspended", lean_coverage._Suspended())
    step = lean_coverage.traced(lambda: None)
    pause = lean_coverage.untraced(step)
    open_frames, deepest = [], []

    def tracer(frame, event, _argument):
        if event == "call":
            open_frames.append(frame.f_code.co_name)
            deepest[:] = max(deepest, open_frames, key=len)
        elif event == "return":
            assert open_frames.pop() == frame.f_code.co_name
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        pause()
    finally:
        sys.settrace(before)
    assert (open_frames, deepest) == ([], ["call", "<lambda>"])


@pytest.mark.parametrize(
    ("name", "path"),
    sorted(
        (name, path)
        for table in (lean_coverage.UNTRACED, lean_coverage.TRACED)
        for name, paths in table.items()
        for path in paths
    ),
)
def test_libraries_have_these_functions(name, path):
    assert callable(attrgetter(path)(import_module(name)))
