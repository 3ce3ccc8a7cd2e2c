"""A guard keeps what its command prints, ends all that the command started, and reports."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys

import psutil
import pytest

from modelyard.runtime import guard


@pytest.fixture
def start_guard(tmp_path):
    """Start a guard for a shell command."""
    started = []

    def start(command, log=None):
        ours, theirs = socket.socketpair()
        ours.close()
        with theirs:
            words = command if isinstance(command, list) else ["/bin/sh", "-c", command]
            arguments = [str(theirs.fileno()), str(log or tmp_path / "log"), str(tmp_path / "home")]
            process = subprocess.Popen(
                [sys.executable, "-I", guard.__file__, *arguments, *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            process.stdin.close()


def report_of(process):
    """What a guard reports once its command has ended by itself."""
    report = json.loads(process.stdout.read())
    assert process.wait(30) == 0
    assert process.stderr.read() == b""
    return report


def test_it_reports_how_its_command_ended(start_guard, tmp_path):
    report = report_of(start_guard("echo hello; echo oops >&2; exit 3"))
    assert os.waitstatus_to_exitcode(report["status"]) == 3
    assert report["tail"] == "hello\noops\n"
    assert report["unstartable"] is None
    assert (tmp_path / "log").read_text() == "hello\noops\n"


def test_it_reports_a_signal(start_guard):
    report = report_of(start_guard("kill -SEGV $$"))
    assert os.waitstatus_to_exitcode(report["status"]) == -signal.SIGSEGV


def test_a_command_that_is_not_there_is_reported(start_guard, tmp_path):
    report = report_of(start_guard([str(tmp_path / "gone")]))
    assert report["status"] is None
    assert "No such file" in report["unstartable"]
    assert not (tmp_path / "home").exists()


def test_the_command_lives_in_a_folder_that_is_removed(start_guard, tmp_path):
    report = report_of(start_guard("pwd; mkdir -p a/b; echo x > a/b/c; touch d"))
    assert report["tail"] == f"{tmp_path / 'home'}\n"
    assert not (tmp_path / "home").exists()


def test_closing_its_input_ends_the_command_and_all_below(start_guard, tmp_path):
    process = start_guard("sleep 600 & setsid sleep 600 & echo $$ $!; wait")
    log = tmp_path / "log"
    while not log.exists() or len(log.read_text().split()) < 2:
        assert process.poll() is None
    below = psutil.Process(process.pid).children(recursive=True)
    assert len(below) == 3
    process.stdin.close()
    assert os.waitstatus_to_exitcode(report_of(process)["status"]) == -signal.SIGKILL
    assert not [child for child in below if child.is_running()]


def test_what_the_command_leaves_behind_is_ended_too(start_guard):
    report = report_of(start_guard("setsid sleep 600 & echo $!"))
    assert not psutil.pid_exists(int(report["tail"]))


def test_a_log_is_put_aside_when_it_is_large(start_guard, tmp_path):
    log = tmp_path / "log"
    report = report_of(start_guard("yes 'a long line of words' | head -c 20000000; echo end"))
    assert report["tail"].endswith("end\n")
    assert len(report["tail"]) <= guard.LONGEST_TAIL
    assert log.read_text().endswith("end\n")
    assert 0 < log.stat().st_size <= guard.LARGEST_LOG + (1 << 16)
    assert guard.LARGEST_LOG < (tmp_path / "log.old").stat().st_size < guard.LARGEST_LOG + (1 << 17)


def test_a_log_goes_on_where_it_was(start_guard, tmp_path):
    report_of(start_guard("echo one"))
    report_of(start_guard("echo two"))
    assert (tmp_path / "log").read_text() == "one\ntwo\n"


@pytest.mark.parametrize("log", ["/dev/full", "/no/such/folder/log"])
def test_without_room_for_a_log_there_is_still_the_tail(start_guard, log):
    assert report_of(start_guard("echo hello", log=log))["tail"] == "hello\n"


def test_bytes_that_are_no_text_do_no_harm(start_guard):
    assert report_of(start_guard(r"printf '\377\000ok'"))["tail"] == "\ufffd\0ok"


def test_nobody_need_read_the_report(start_guard, tmp_path):
    process = start_guard("exec sleep 600")
    process.stdout.close()
    process.stdin.close()
    process.wait(30)
    assert not (tmp_path / "home").exists()
