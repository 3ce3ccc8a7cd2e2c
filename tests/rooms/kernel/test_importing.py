"""While modules are imported nobody looks for garbage; afterwards it is as before."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from modelyard.kernel import importing
from modelyard.kernel.importing import no_garbage_collection

PROGRAM = """
import gc, runpy, sys
no_garbage_collection = runpy.run_path(sys.argv[1])["no_garbage_collection"]
if sys.argv[2] == "frozen":
    gc.freeze()
frozen = gc.get_freeze_count()
with no_garbage_collection():
    assert not gc.isenabled()
    made = [[] for _ in range(10_000)]
assert gc.isenabled()
assert gc.get_freeze_count() == frozen
print(any(each is made for each in gc.get_objects(generation=2)))
"""


def fail():
    """Import what is not there."""
    with no_garbage_collection():
        assert not gc.isenabled()
        raise ImportError("no such module")


@pytest.mark.parametrize("collects", [True, False])
def test_it_is_as_before_even_if_an_import_fails(collects):
    was_on = gc.isenabled()
    try:
        (gc.enable if collects else gc.disable)()
        with pytest.raises(ImportError):
            fail()
        assert gc.isenabled() is collects
    finally:
        (gc.enable if was_on else gc.disable)()


@pytest.mark.parametrize(("before", "is_old"), [("free", "True"), ("frozen", "False")])
def test_what_was_made_is_old_at_once_unless_others_are_frozen(before, is_old):
    words = [sys.executable, "-I", "-S", "-c", PROGRAM, importing.__file__, before]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == is_old
