"""Puts marks into code: one before each statement, and one at each way out of a branch."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import CodeType

from lean_coverage import NAME


@dataclass(frozen=True)
class Branch:
    """A line that goes one of two ways."""

    line: int
    into: int
    """The line at the beginning of the first way."""
    mark: int
    """Its mark; that of the other way comes next."""


@dataclass(frozen=True)
class Marked:
    """A module whose lines make marks: line n the mark `base` + n."""

    path: str
    base: int
    lines: int
    branches: tuple[Branch, ...]
    code: CodeType

    @property
    def end(self) -> int:
        """The first mark that is not of this module."""
        return self.base + self.lines + 1 + 2 * len(self.branches)


def marked(source: str, path: str, base: int) -> Marked:
    """Compile a module with marks from a number on."""
    tree = ast.parse(source, path)
    lines = source.count("\n") + 1
    marker = _Marker(base, base + lines + 1)
    tree.body = marker.block(tree.body)
    code = compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)
    return Marked(path, base, lines, tuple(marker.branches), code)


@dataclass
class _Marker:
    base: int
    free: int
    branches: list[Branch] = field(default_factory=list)

    def block(self, body: list[ast.stmt], first: Iterable[int] = ()) -> list[ast.stmt]:
        """Statements with marks, after those that are made on the way to them."""
        leading = _leading(body)
        done = [*body[:leading], *map(_mark, first)]
        done += [_mark(self.base + each.lineno) for each in body[:leading]]
        for each in body[leading:]:
            self.inside(each)
            done += [*(_mark(self.base + line) for line in _lines(each)), each]
        return done

    def inside(self, node: ast.AST) -> None:
        """Mark the blocks of a statement."""
        match node:
            case ast.If() | ast.For() | ast.AsyncFor() | ast.While():
                branch = self.branch(node.lineno, node.body)
                node.body = self.block(node.body, [branch.mark])
                node.orelse = self.block(node.orelse, [branch.mark + 1])
            case ast.Match():
                self.cases(node)
            case ast.Try() | ast.TryStar():
                node.body = self.block(node.body)
                passed = []
                for handler in node.handlers:
                    passed.append(self.base + handler.lineno)
                    handler.body = self.block(handler.body, passed)
                node.orelse = self.block(node.orelse)
                node.finalbody = self.block(node.finalbody)
            case ast.With() | ast.AsyncWith():
                node.body = self.block(node.body)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                node.body = self.block(node.body)

    def cases(self, node: ast.Match) -> None:
        """Each case tells that those before it did not hold, and the end that none did."""
        passed: list[int] = []
        for case in node.cases:
            branch = self.branch(case.pattern.lineno, case.body)
            reached = [*passed, self.base + branch.line]
            case.body = self.block(case.body, [*reached, branch.mark])
            passed = [*reached, branch.mark + 1]
        if not _always_holds(node.cases[-1]):
            node.cases.append(ast.match_case(ast.MatchAs(), body=self.block([], passed)))

    def branch(self, line: int, body: list[ast.stmt]) -> Branch:
        """A new branch with two marks."""
        branch = Branch(line, min(_lines(body[0])), self.free)
        self.free += 2
        self.branches.append(branch)
        return branch


def _leading(body: list[ast.stmt]) -> int:
    """How many statements have to come first: the docstring, and imports of the future."""
    for at, each in enumerate(body):
        docstring = at == 0 and isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)
        if not docstring and not (isinstance(each, ast.ImportFrom) and each.module == "__future__"):
            return at
    return len(body)


def _lines(node: ast.stmt) -> list[int]:
    """The lines at which a statement begins: those of its decorators, and its own."""
    return [*(each.lineno for each in getattr(node, "decorator_list", ())), node.lineno]


def _mark(number: int) -> ast.stmt:
    where = ast.Subscript(ast.Name(NAME, ast.Load()), ast.Constant(number), ast.Store())
    return ast.Assign([where], ast.Constant(1))


def _always_holds(case: ast.match_case) -> bool:
    def holds(pattern: ast.pattern) -> bool:
        match pattern:
            case ast.MatchAs(pattern=None):
                return True
            case ast.MatchAs(pattern=inner):
                return holds(inner)
            case ast.MatchOr(patterns=either):
                return holds(either[-1])
        return False

    return case.guard is None and holds(case.pattern)
