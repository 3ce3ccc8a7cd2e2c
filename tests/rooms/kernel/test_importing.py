"""While modules are imported nobody looks for garbage; afterwards it is as before."""

from __future__ import annotations

import gc

import pytest

from modelyard.kernel.importing import no_garbage_collection


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
