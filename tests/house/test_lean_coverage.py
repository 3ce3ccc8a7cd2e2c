"""Coverage by marks says what coverage by tracing says, also of processes that are killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import pytest

SOURCE = '''
"""What it is for."""

from __future__ import annotations

import functools


@functools.cache
def sort(kind):
    """Each branch there is."""
    found = []
    for each in range(kind):
        if each == 3:
            break
        elif each > 5:
            found.append("large")
    else:
        found.append("whole")
    while len(found) > 9:
        found.pop()
    match kind:
        case 0 | 1:
            name = "few"
        case int() if kind > 7:
            name = "many"
        case str():
            name = "text"
    try:
        found[kind]
    except IndexError:
        name = "short"
    except (
        KeyError,
        ValueError,
    ):
        raise
    else:
        name = "long"
    finally:
        found.clear()
    with open(__file__) as file:
        if kind:
            return file.name
    if (
        name
        and not kind
    ):
        return name


class Thing:
    size: int = 1
    """How large it is."""

    @property
    @functools.cache
    def twice(self):
        global seen
        seen = True
        return self.size * 2

    def never(self):
        if self.size:
            return 1
        return 2


async def later():
    async with lock:
        async for each in stream:
            pass
'''
CALLS = "import sys, measured.kinds as k\n[k.sort(each) for each in map(int, sys.argv[1:])]\n"


@pytest.fixture
def folder(tmp_path):
    """A project whose package is measured."""
    package = tmp_path / "measured"
    package.mkdir()
    (package / "kinds.py").write_text(SOURCE.lstrip())
    (package / "unused.py").write_text("a = 1\n")
    (tmp_path / "calls.py").write_text(CALLS)
    settings = '[tool.coverage.run]\nbranch = true\nsource_dirs = ["measured"]\n'
    (tmp_path / "pyproject.toml").write_text(settings)
    return tmp_path


def measured(folder, *words):
    """Files as coverage tells of them, after a program was run by a tool."""
    environ = {name: word for name, word in os.environ.items() if name != "LEAN_COVERAGE"}
    for command in (words, ("-m", "coverage", "json", "-q", "-o", "told.json")):
        subprocess.run([sys.executable, *command], cwd=folder, env=environ, check=True)
    return json.loads((folder / "told.json").read_text())["files"]


@pytest.mark.parametrize("kinds", [(), (4, 8), (0, 2, 4, 8)])
def test_it_says_what_tracing_says(folder, kinds):
    words = ["calls.py", *map(str, kinds)]
    traced = measured(folder, "-m", "coverage", "run", *words)
    marked = measured(folder, "-m", "lean_coverage", sys.executable, *words)
    assert marked == traced
    assert marked["measured/unused.py"]["executed_lines"] == []


def test_every_process_counts(folder):
    """Those that fork, that are killed and that start with other variables but ours."""
    program = """
        import os, signal, subprocess, sys
        import measured.kinds as kinds
        if not os.fork():
            kinds.sort(0)
            os.kill(os.getpid(), signal.SIGKILL)
        os.wait()
        variables = {"LEAN_COVERAGE": os.environ["LEAN_COVERAGE"]}
        subprocess.run([sys.executable, "-I", "own.py"], env=variables, check=True)
    """
    (folder / "program.py").write_text(textwrap.dedent(program))
    (folder / "own.py").write_text(
        "import sys; sys.path[0:0] = ['.']; sys.argv = ['', '4']\n" + CALLS
    )
    told = measured(folder, "-m", "lean_coverage", sys.executable, "program.py")
    both = measured(folder, "-m", "lean_coverage", sys.executable, "calls.py", "0", "4")
    assert told == both


def test_the_code_does_what_it_did(folder):
    """It fails where it did: marks are at no line of their own."""
    (folder / "measured" / "failing.py").write_text("def fail():\n    a = 1\n\n    return a / 0\n")
    command = [sys.executable, "-m", "lean_coverage", sys.executable, "-c"]
    fails = "import measured.failing as f; f.fail()"
    done = subprocess.run(
        [*command, fails], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert 'failing.py", line 4, in fail\n    return a / 0\n' in done.stderr


def test_what_the_program_says_is_what_comes_of_it(folder):
    command = [sys.executable, "-m", "lean_coverage", sys.executable, "-c", "raise SystemExit(7)"]
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 7
