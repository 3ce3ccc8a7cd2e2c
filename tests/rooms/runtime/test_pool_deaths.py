"""Whatever kills, hangs or bloats a worker is an ordinary, reported event, and nothing is left."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from modelyard import errors

DEATHS = {
    "os._exit": ("import os; print('bye', flush=True); os._exit(7)", "exit code 7"),
    "an exit with no error": ("import os; os._exit(0)", "exit code 0"),
    "a segmentation fault": ("import ctypes; ctypes.string_at(0)", r"signal 11 \(SIGSEGV\)"),
    "an abort": ("import os; os.abort()", r"signal 6 \(SIGABRT\)"),
    "kill -9": ("import os; os.kill(os.getpid(), 9)", r"signal 9 \(SIGKILL\), which is also"),
    "a signal with no name": ("import os; os.kill(os.getpid(), 50)", r"signal 50 \(unnamed\)"),
    "kill -9 of its group": ("import os; os.killpg(0, 9)", "guard, which was killed"),
}
AT_LOAD = """
    class Model:
        def __init__(self, options):
            {}
"""


def gone(pid, within=5.0):
    """Whether a process ends within some seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)
                continue
        return True
    return False


def written(path, within=30.0):
    """What a model writes to a file, once it has."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if path.exists() and (text := path.read_text()).endswith("\n"):
            return text
        time.sleep(0.01)
    raise AssertionError(f"{path} was not written")


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """The folder where workers have their private homes."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.mark.parametrize("death", DEATHS)
@pytest.mark.parametrize("moment", ["load", "predict"])
def test_a_model_that_dies_each_time_is_a_failure_that_says_how(
    plain_model, open_pool, direct, rows, scratch, death, moment
):
    code, said = DEATHS[death]
    pool = open_pool(plain_model(AT_LOAD.format(code) if moment == "load" else code))
    doing = "loading" if moment == "load" else "predicting 3 rows"
    with pytest.raises(errors.Failed, match=rf"{said}.* while {doing}; its log is .*0\.log") as it:
        pool.predict(rows(), direct)
    assert it.value.context["cause"] == "died"
    assert pool.pids == ()
    assert list(scratch.iterdir()) == []


def test_the_last_lines_of_the_log_are_in_the_error(plain_model, open_pool, direct, rows):
    pool = open_pool(plain_model("for n in range(50): print('line', n)\nimport os; os._exit(1)"))
    with pytest.raises(errors.Failed) as caught:
        pool.predict(rows(), direct)
    assert caught.value.context["tail"] == [f"line {n}" for n in range(30, 50)]
    assert caught.value.detail.endswith(
        "The last it printed:\n" + "\n".join(f"  line {n}" for n in range(30, 50))
    )


def test_a_crash_in_native_code_shows_the_python_line(plain_model, open_pool, direct, rows):
    pool = open_pool(plain_model("import ctypes\nctypes.string_at(0)"))
    with pytest.raises(errors.Failed, match=r"(?s)Current thread.*model\.py.* in predict"):
        pool.predict(rows(), direct)


def test_a_worker_that_is_killed_is_replaced_and_the_request_tried_again(
    plain_model, open_pool, direct, rows, tmp_path
):
    here = tmp_path / "pid"
    pool = open_pool(
        plain_model(f"""
            import os, pathlib, time
            if not pathlib.Path({str(here)!r}).exists():
                pathlib.Path({str(here)!r}).write_text(f"{{os.getpid()}}\\n")
                time.sleep(600)
            return table, [], {{"pid": os.getpid()}}
        """)
    )
    victim = threading.Thread(target=lambda: os.kill(int(written(here)), signal.SIGKILL))
    victim.start()
    reply = pool.predict(rows(), direct)
    victim.join()
    assert reply.table.equals(rows())
    assert reply.meta["pid"] != int(here.read_text())


def test_an_idle_worker_that_was_killed_is_replaced(plain_model, open_pool, direct, rows):
    pool = open_pool(plain_model())
    pool.load()
    (first,) = pool.pids
    os.kill(first, signal.SIGKILL)
    assert pool.predict(rows(), direct).table.equals(rows())
    assert pool.pids not in ((), (first,))


def test_a_guard_that_is_killed_takes_its_worker_along(plain_model, open_pool, direct, rows):
    pool = open_pool(plain_model())
    pool.load()
    (first,) = pool.pids
    os.kill(psutil.Process(first).ppid(), signal.SIGKILL)
    assert gone(first)
    assert pool.predict(rows(), direct).table.equals(rows())


def test_a_model_that_dies_again_and_again_is_given_up(plain_model, open_pool, direct, rows):
    pool = open_pool(plain_model("import os; print('again'); os._exit(9)"))
    for _ in range(2):
        with pytest.raises(errors.Failed, match="exit code 9"):
            pool.predict(rows(), direct)
    with pytest.raises(errors.Failed, match=r"(?s)not started again after 4 losses.*exit code 9"):
        pool.predict(rows(), direct)


def test_an_answer_between_deaths_starts_the_count_anew(plain_model, open_pool, direct, rows):
    pool = open_pool(
        plain_model("import os\nif table.num_rows == 1: os._exit(9)\nreturn table, [], {}")
    )
    for _ in range(3):
        with pytest.raises(errors.Failed, match="exit code 9"):
            pool.predict(rows(1), direct)
        assert pool.predict(rows(2), direct).table.num_rows == 2


HANGS = {
    "sleeping": "import time; time.sleep(600)",
    "holding the interpreter's lock": "import re; re.match('(a+)+$', 'a' * 60 + 'b')",
    "refusing to be ended": (
        "import signal, time; [signal.signal(s, signal.SIG_IGN) for s in (2, 15)]; time.sleep(600)"
    ),
}


@pytest.mark.parametrize("how", HANGS)
@pytest.mark.parametrize("moment", ["load", "predict"])
def test_a_model_that_hangs_is_stopped(plain_model, open_pool, direct, rows, scratch, how, moment):
    code = AT_LOAD.format(HANGS[how]) if moment == "load" else HANGS[how]
    pool = open_pool(plain_model(code), **{f"{moment}_timeout": 1})
    said = rf"did not answer within 1 s while .*; it was stopped: .*runtime\.{moment}_timeout"
    with pytest.raises(errors.Failed, match=said) as caught:
        pool.predict(rows(), direct)
    assert caught.value.context["cause"] == "overdue"
    assert pool.pids == ()
    assert list(scratch.iterdir()) == []


FAMILY = """
    import os, pathlib, subprocess, sys, time
    def start(**more):
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], **more).pid
    pids = [start(), start(start_new_session=True)]
    middle = os.fork()
    if middle == 0:
        os.setsid()
        late = os.fork()
        if late:
            pathlib.Path({here!r} + ".late").write_text(f"{{late}}\\n")
            os._exit(0)
        time.sleep(600)
    os.waitpid(middle, 0)
    pids.append(int(pathlib.Path({here!r} + ".late").read_text()))
    pathlib.Path({here!r}).write_text(" ".join(map(str, pids)) + "\\n")
    {then}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans a new parent")
@pytest.mark.parametrize(
    ("then", "said"),
    [("time.sleep(600)", "did not answer"), ("os._exit(5)", "exit code 5")],
    ids=["it hangs", "it dies"],
)
def test_children_and_their_orphans_end_with_the_worker(
    plain_model, open_pool, direct, rows, tmp_path, then, said
):
    here = tmp_path / "pids"
    pool = open_pool(plain_model(FAMILY.format(here=str(here), then=then)), predict_timeout=2)
    with pytest.raises(errors.Failed, match=said):
        pool.predict(rows(), direct)
    family = [int(pid) for pid in here.read_text().split()]
    assert len(family) == 3
    assert not [pid for pid in family if not gone(pid, within=1)]


def test_children_that_hold_every_descriptor_do_not_hide_a_death(
    plain_model, open_pool, direct, rows
):
    pool = open_pool(
        plain_model("""
            import os, time
            if os.fork() == 0:
                time.sleep(600)
            os._exit(4)
        """)
    )
    with pytest.raises(errors.Failed, match="exit code 4"):
        pool.predict(rows(), direct)


def test_children_are_ended_when_the_pool_is_closed(plain_model, open_pool, direct, rows):
    pool = open_pool(
        plain_model("""
            import subprocess, sys
            sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
            self.child = subprocess.Popen(sleeper, start_new_session=True)
            return table, [], {"child": self.child.pid}
        """)
    )
    child = pool.predict(rows(), direct).meta["child"]
    assert child in pool.pids
    pool.close()
    assert gone(child, within=1)


def test_memory_beyond_the_limit_is_refused_to_the_model(plain_model, open_pool, direct, rows):
    pool = open_pool(
        plain_model("""
            if table.num_rows > 1:
                hoard = [bytearray(10_000_000) for _ in range(1000)]
            return table, [], {}
        """),
        memory_limit_mb=512,
    )
    with pytest.raises(errors.Failed, match=r"MemoryError.*512 MiB.*runtime\.memory_limit_mb"):
        pool.predict(rows(2), direct)
    assert pool.predict(rows(1), direct).table.num_rows == 1


def test_memory_beyond_the_limit_at_load_is_refused(plain_model, open_pool):
    hoard = "self.hoard = [bytearray(10_000_000) for _ in range(1000)]"
    pool = open_pool(plain_model(AT_LOAD.format(hoard)), memory_limit_mb=512)
    with pytest.raises(errors.Failed, match=r"MemoryError.*loading.*runtime\.memory_limit_mb"):
        pool.load()


def test_memory_that_no_limit_of_the_system_counts_is_watched(plain_model, open_pool, direct, rows):
    pool = open_pool(
        plain_model("""
            import mmap, os, time
            for _ in range(3):
                if os.fork() == 0:
                    break
            shared = mmap.mmap(-1, 300 << 20)
            for at in range(0, len(shared), 4096):
                shared[at] = 1
            time.sleep(600)
        """),
        memory_limit_mb=512,
    )
    with pytest.raises(errors.Failed, match=r"used [\d,]+ MiB of memory.* may use 512 MiB") as it:
        pool.predict(rows(), direct)
    assert it.value.context["cause"] == "memory"
    assert pool.pids == ()


def test_pages_shared_with_forked_children_count_once(plain_model, open_pool, direct, rows):
    pool = open_pool(
        plain_model("""
            import os, time
            held = b"x" * (250 << 20)
            children = []
            for _ in range(4):
                child = os.fork()
                if child == 0:
                    time.sleep(1.5)
                    os._exit(0)
                children.append(child)
            for child in children:
                os.waitpid(child, 0)
            return table, [], {}
        """),
        memory_limit_mb=512,
    )
    assert pool.predict(rows(), direct).table.num_rows == 3


def test_native_code_that_runs_out_of_memory_gets_the_same_advice(
    plain_model, open_pool, direct, rows
):
    pool = open_pool(
        plain_model("""
            import os
            os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\\n")
            os.abort()
        """)
    )
    with pytest.raises(errors.Failed, match=r"SIGABRT.*runtime\.memory_limit_mb"):
        pool.predict(rows(), direct)


def test_a_model_that_writes_to_the_socket_itself_is_found_out(
    plain_model, open_pool, direct, rows
):
    pool = open_pool(
        plain_model("""
            import os, stat
            for name in os.listdir("/proc/self/fd"):
                try:
                    if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                        os.write(int(name), b"this is no message of ours at all, is it? ")
                except OSError:
                    continue
            return table, [], {}
        """)
    )
    with pytest.raises(errors.Failed, match="broke the protocol of workers") as caught:
        pool.predict(rows(), direct)
    assert caught.value.context["cause"] == "garbled"


@pytest.mark.parametrize(
    "answer",
    [{"meta": {}}, {"rejects": [{"row": "x"}], "meta": {}}, {"problem": "text"}, {"problem": {}}],
)
def test_an_answer_of_the_wrong_form_is_found_out(plain_model, open_pool, direct, rows, answer):
    pool = open_pool(
        plain_model(f"""
            import os, socket
            from modelyard_worker import protocol
            open_files = [f"/proc/self/fd/{{name}}" for name in os.listdir("/proc/self/fd")]
            (link,) = [f for f in open_files if os.path.exists(f) and "socket" in os.readlink(f)]
            number = int(os.path.basename(link))
            protocol.send(socket.socket(fileno=os.dup(number)), {answer!r})
        """)
    )
    with pytest.raises(errors.Failed, match="broke the protocol"):
        pool.predict(rows(), direct)


def test_secrets_of_the_environment_do_not_reach_a_model(
    plain_model, open_pool, direct, rows, monkeypatch
):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hidden")
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:hidden@host/db")
    monkeypatch.setenv("HF_ENDPOINT", "http://mirror")
    monkeypatch.setenv("LC_TIME", "C.UTF-8")
    pool = open_pool(
        plain_model("""
            import os, subprocess, tempfile
            seen = subprocess.check_output(["env"], text=True)
            parent = open(f"/proc/{os.getppid()}/environ").read()
            return table, [], {
                "environ": dict(os.environ),
                "seen": seen + parent,
                "home": os.path.expanduser("~"),
                "temporary": tempfile.gettempdir(),
                "folder": os.getcwd(),
                "mode": oct(os.stat(os.getcwd()).st_mode),
            }
        """),
        size=2,
        environ=("HF_ENDPOINT",),
    )
    meta = pool.predict(rows(), direct).meta
    assert "hidden" not in str(meta)
    assert meta["environ"]["HF_ENDPOINT"] == "http://mirror"
    assert meta["environ"]["LC_TIME"] == "C.UTF-8"
    assert meta["environ"]["PATH"] == os.environ["PATH"]
    threads = str(max(1, len(os.sched_getaffinity(0)) // 2))
    assert {meta["environ"][f"{name}_NUM_THREADS"] for name in ("OMP", "OPENBLAS", "MKL")} == {
        threads
    }
    assert meta["home"] == meta["temporary"] == meta["folder"] != str(Path.home())
    assert meta["mode"] == "0o40700"
    pool.close()
    assert not Path(meta["home"]).exists()


def test_a_model_finds_neither_our_arguments_nor_our_modules(plain_model, open_pool, direct, rows):
    pool = open_pool(
        plain_model("""
            import sys
            names = [name for name in sys.modules if name.split(".")[0] == "modelyard"]
            return table, [], {"arguments": sys.argv[1:], "names": names, "path": sys.path}
        """)
    )
    meta = pool.predict(rows(), direct).meta
    assert meta["arguments"] == []
    assert meta["names"] == []
    assert not [folder for folder in meta["path"] if folder.endswith("runtime/worker")]
