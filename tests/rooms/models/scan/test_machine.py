"""The machine against CPython's own unpickler: it sees every import that the unpickler makes."""

from __future__ import annotations

import _compat_pickle
import collections
import datetime as dt
import io
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.models.scan.limits import Budget
from modelyard.models.scan.machine import NO_NAME, Loader, Machine, Trace
from modelyard.models.scan.opcodes import Broken
from modelyard.models.scan.steps import run
from modelyard.models.scan.tape import Tape
from modelyard.models.scan.trust import TrustList
from modelyard.models.scan.values import Global

TRUST = TrustList()


class Anything:
    """Stands in for whatever a pickle imports: can be called, made, changed and added to."""

    def __new__(cls, *args, **kwargs):
        return object.__new__(cls)

    def __init__(self, *args, **kwargs):
        pass

    def __setstate__(self, state):
        pass

    def append(self, item):
        pass

    def extend(self, items):
        pass

    def add(self, item):
        pass

    def __setitem__(self, key, value):
        pass


def imported_by_python(data, unpickler):
    """What a real unpickler imports before it ends or breaks."""
    found = []

    class Recording(unpickler):
        def find_class(self, module, name):
            found.append(Global(module, name))
            return Anything

        def persistent_load(self, _):
            raise pickle.UnpicklingError

    try:
        Recording(io.BytesIO(data)).load()
    except Exception:  # noqa: BLE001  a broken pickle breaks in any way
        return found
    return found


def imported_by_machine(data):
    trace = Trace()
    tape = Tape(io.BytesIO(data), Budget())
    try:
        run(Machine(tape, Loader(TRUST, Budget()), trace))
    except Broken:
        return trace
    return trace


def short(value: str) -> bytes:
    data = value.encode()
    return b"\x8c" + bytes([len(data)]) + data


NAMES = ["os", "system", "a.b", "builtins", "__builtin__", "copy_reg", "_reconstructor", "é"]
STEPS = st.one_of(
    st.sampled_from(
        [
            *(b"(", b"0", b"1", b"2", b"N", b"\x88", b"]", b"}", b")", b"\x8f", b"\x90", b"\x91"),
            *(b"t", b"l", b"d", b"\x85", b"\x86", b"\x87", b"a", b"e", b"s", b"u", b"\x93", b"R"),
            *(
                b"b",
                b"o",
                b"\x81",
                b"\x92",
                b"\x94",
                b"\x98",
                b"\x80\x02",
                b"\x80\x04",
                b"\x95" + b"\0" * 8,
            ),
            *(
                b"I7\n",
                b"I0x1F\n",
                b"I01\n",
                b"L12L\n",
                b"F1.5\n",
                b"K\x01",
                b"M\x01\x00",
                b"J\xff\xff\xff\xff",
            ),
            *(b"\x8a\x01\x7f", b"G" + b"\0" * 8, b"C\x02os", b"U\x02os", b"T\x02\0\0\0os"),
        ]
    ),
    st.sampled_from(NAMES).map(short),
    st.sampled_from(NAMES).map(lambda name: b"V" + name.encode("unicode-escape") + b"\n"),
    st.sampled_from(NAMES[:-1]).map(lambda name: f"S'{name}'\n".encode()),
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).map(
        lambda pair: f"c{pair[0]}\n{pair[1]}\n".encode()
    ),
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).map(
        lambda pair: f"(i{pair[0]}\n{pair[1]}\n".encode()
    ),
    st.integers(0, 4).map(lambda at: b"q" + bytes([at])),
    st.integers(0, 4).map(lambda at: b"h" + bytes([at])),
    st.integers(0, 4).map(lambda at: f"p{at}\n".encode()),
    st.integers(0, 4).map(lambda at: f"g{at}\n".encode()),
    st.integers(0, 4).map(lambda at: b"r" + bytes([at, 0, 0, 0])),
)


@settings(max_examples=500, deadline=None)
@given(st.lists(STEPS, max_size=40), st.booleans())
def test_no_import_of_a_real_unpickler_is_missed(steps, stop):
    data = b"".join(steps) + (b"." if stop else b"")
    trace = imported_by_machine(data)
    for unpickler in (pickle.Unpickler, pickle._Unpickler):
        for name in imported_by_python(data, unpickler):
            seen = name in trace.imports or in_python_3(name) in trace.imports
            assert seen or is_computed(trace)


def in_python_3(name):
    """What find_class of protocols 0 to 2 takes the name for, after it was asked for it."""
    module = _compat_pickle.IMPORT_MAPPING.get(name.module, name.module)
    return Global(*_compat_pickle.NAME_MAPPING.get((name.module, name.name), (module, name.name)))


def is_computed(trace):
    """The name was put together while loading, which is reported as such."""
    return any(problem.what == "computed import" for problem in trace.problems)


@pytest.mark.parametrize("protocol", range(6))
def test_the_imports_of_honest_pickles_are_exactly_those_of_the_unpickler(protocol):
    value = [
        collections.OrderedDict(a=1),
        collections.Counter("abc"),
        {dt.date(2024, 1, 2): dt.timedelta(3)},
        {1, 2},
        frozenset({3}),
        bytearray(b"x"),
        b"y" * 100_000,
        "z" * 100_000,
        2**200,
        1.5,
        (None, True, ()),
    ]
    data = pickle.dumps(value, protocol)
    trace = imported_by_machine(data)
    asked = imported_by_python(data, pickle.Unpickler)
    assert set(trace.imports) == {in_python_3(name) if protocol < 3 else name for name in asked}
    assert NO_NAME not in trace.imports
    assert not trace.problems
