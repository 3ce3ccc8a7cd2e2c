"""What every module keeps to."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXTS = {
    path.relative_to(ROOT / "src").as_posix(): path.read_text("utf-8")
    for path in sorted((ROOT / "src").rglob("*.py"))
}
TREES = {path: ast.parse(text) for path, text in TEXTS.items()}
LEFT = r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError|TYPE_CHECKING"
BANNED = {"utils", "helper", "helpers", "manager", "common", "base", "core", "entity", "misc"}


def test_modules_are_short_and_say_what_they_are_for():
    assert [path for path, text in TEXTS.items() if len(text.splitlines()) > 400] == []
    assert [path for path, tree in TREES.items() if not ast.get_docstring(tree)] == []


def test_modules_swallow_nothing_and_leave_nothing_for_later():
    assert [path for path, tree in TREES.items() if any(map(swallows, ast.walk(tree)))] == []
    assert [path for path, text in TEXTS.items() if re.search(LEFT, text)] == []


def swallows(node):
    """Whether this handler passes over every error."""
    return (
        isinstance(node, ast.ExceptHandler)
        and isinstance(node.body[0], ast.Pass)
        and len(node.body) == 1
        and ast.unparse(node.type or ast.Constant(0)) in {"0", "Exception", "BaseException"}
    )


def test_modules_are_named_for_things():
    assert [path for path in TEXTS if BANNED & set(Path(path).with_suffix("").parts)] == []


def test_help_answers_without_the_heavy_libraries():
    heavy = ("sqlalchemy", "pyarrow", "numpy", "pandas", "mlflow", "alembic", "rich.table")
    code = (
        "import sys; from modelyard.cli.main import build; build();"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
