"""Tells coverage what the marks say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from coverage import CoverageData
from coverage.parser import PythonParser

from lean_coverage.marking import Marked

Arc = tuple[int, int]
ENTRY = -1
"""Where coverage has a line come from of which only is known that it ran."""


def data_of(modules: Iterable[Marked], marks: bytes) -> CoverageData:
    """What ran, as coverage keeps it, of modules and their marks."""
    data = CoverageData()
    data.erase()
    arcs = {module.path: set(arcs_of(module, marks)) for module in modules}
    data.add_arcs(arcs)
    data.touch_files(arcs)  # also those that nothing imported
    return data


def arcs_of(module: Marked, marks: bytes) -> Iterator[Arc]:
    """From which line it went on to which one.

    Where more than one line can follow that are no ways of a branch, as after `finally`, those are
    taken to have followed that ran.
    """
    parser = PythonParser(filename=module.path)
    parser.parse_source()
    following = defaultdict(set)
    for line, then in parser.arcs():
        following[line].add(then)
    ran = {line for line in range(1, module.lines + 1) if marks[module.base + line]}
    known = set()
    for branch in module.branches:
        line, into = parser.first_line(branch.line), parser.first_line(branch.into)
        if into in following[line]:  # and not in the same line
            known.add(line)
            if marks[branch.mark]:
                yield line, into
            if marks[branch.mark + 1]:
                yield from ((line, other) for other in following[line] - {into})
    for line in ran:
        yield ENTRY, line
        if line not in known:
            yield from ((line, then) for then in following[line] if then < 0 or then in ran)
