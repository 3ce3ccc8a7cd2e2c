"""A task runs in a process of a code env: JSON in, JSON out, progress on the way."""

from __future__ import annotations

from functools import partial

import pytest

from modelyard import errors
from modelyard.runtime.tasks import run_task


@pytest.fixture
def rehearse(plain_python, settings, tmp_path):
    """Run the task `rehearsal`."""
    return partial(
        run_task, plain_python, "rehearsal", settings=settings(), log=tmp_path / "logs" / "task.log"
    )


def test_a_task_takes_and_gives_json(rehearse, monkeypatch):
    monkeypatch.setenv("TRACKING_TOKEN", "not meant for it")
    assert rehearse({"größe": [1, None]}) == {"arguments": {"größe": [1, None]}, "token": None}


def test_a_task_sees_the_variables_it_is_given(rehearse):
    assert rehearse({}, environ={"TRACKING_TOKEN": "t"})["token"] == "t"


def test_progress_is_heard(rehearse):
    heard = []

    def progress(message, *, fraction=None, rows=None):
        heard.append((message, fraction, rows))

    rehearse({"steps": 3}, progress=progress)
    assert heard == [("step 0", 0.0, 0), ("step 1", 0.1, 1), ("step 2", 0.2, 2)]
    rehearse({"steps": 3})


def test_an_error_of_the_listener_ends_the_task(rehearse):
    def cancelled(message, *, fraction=None, rows=None):
        raise errors.Conflict("cancelled")

    with pytest.raises(errors.Conflict, match="cancelled"):
        rehearse({"steps": 1, "sleep": 600}, progress=cancelled)


@pytest.mark.parametrize(
    ("kind", "error"), [("not_found", errors.NotFound), ("unavailable", errors.Unavailable)]
)
def test_a_refusal_is_raised_as_the_error_of_its_kind(rehearse, kind, error):
    with pytest.raises(error, match=r"^there is no such run$") as caught:
        rehearse({"refuse": kind})
    assert caught.value.context == {"run": "r1"}


def test_a_refusal_of_an_unknown_kind_is_a_failure(rehearse):
    with pytest.raises(errors.Failed, match="no such run"):
        rehearse({"refuse": "odd"})


def test_what_a_task_raises_is_a_failure(rehearse, tmp_path):
    with pytest.raises(errors.Failed, match="task 'rehearsal' raised ValueError: no luck"):
        rehearse({"fail": "no luck"})
    assert "Traceback" in (tmp_path / "logs" / "task.log").read_text()


def test_a_task_that_dies_is_a_failure_with_its_last_lines(rehearse):
    with pytest.raises(errors.Failed, match=r"(?s)exit code 3 while running.*about to exit"):
        rehearse({"exit": 3})


def test_a_task_that_takes_too_long_is_stopped(rehearse):
    with pytest.raises(errors.Failed, match=r"within 0\.5 s.*may take 0\.5 s"):
        rehearse({"sleep": 600}, timeout=0.5)


def test_an_unknown_task_is_a_failure(plain_python, settings, tmp_path):
    with pytest.raises(errors.Failed, match=r"No module named 'modelyard_worker.tasks.unheard'"):
        run_task(plain_python, "unheard", {}, settings=settings(), log=tmp_path / "log")
