"""Modules whose execution waits until something asks for what is in them."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from threading import Thread

import pytest

from modelyard.runtime.worker import postponing


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Writes a package `host` whose part `slow` waits; gives what was executed."""
    monkeypatch.setattr(postponing, "POSTPONED", frozenset({"host.slow"}))
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "executed", [], raising=False)

    def write(slow, **more):
        slow = f"import sys\nsys.executed.append('slow')\n{slow}\n"
        files = {"__init__": "from host import slow\nvalue = 1\n", "slow/__init__": slow, **more}
        for name, text in files.items():
            file = tmp_path / "host" / f"{name}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        postponing.postpone()
        return sys.executed

    yield write
    for name in [name for name in sys.modules if name.partition(".")[0] == "host"]:
        del sys.modules[name]


def test_it_is_executed_once_something_asks(package):
    executed = package("answer = 42")
    host = import_module("host")
    import_module("host.slow")
    assert (host.value, executed) == (1, [])
    assert (host.slow.answer, executed) == (42, ["slow"])
    assert (sys.modules["host.slow"].answer, executed) == (42, ["slow"])
    with pytest.raises(AttributeError, match="question"):
        _ = host.slow.question


def test_it_is_executed_before_what_is_below_it(package):
    below = "import sys\nfrom host.slow import answer\nsys.executed.append('below')\n"
    executed = package("answer = 42", **{"slow/below": below})
    assert import_module("host.slow.below").answer == 42
    assert executed == ["slow", "below"]


def test_whoever_asks_hears_that_it_fails_until_it_does_not(package):
    executed = package("if len(sys.executed) < 3:\n    raise ImportError('too early')\nanswer = 42")
    host = import_module("host")
    for _ in range(2):
        with pytest.raises(ImportError, match="too early"):
            _ = host.slow.answer
    assert (host.slow.answer, len(executed)) == (42, 3)


def test_threads_wait_until_it_is_whole(package):
    executed = package("import time\ntime.sleep(0.2)\nanswer = 42")
    host, seen = import_module("host"), []
    threads = [Thread(target=lambda: seen.append(host.slow.answer)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (seen, executed) == ([42] * 4, ["slow"])


@pytest.mark.parametrize("name", sorted(postponing.POSTPONED))
def test_mlflow_has_them(name):
    assert find_spec(name)
