"""What the process of a job says to its worker."""

from __future__ import annotations

import json
import os

from modelyard.jobs.running import Voice


def test_what_was_held_back_is_said_before_the_result():
    ear, mouth = os.pipe()
    voice = Voice(mouth)
    for rows in (1, 2, 3):
        voice.progress("scored", fraction=rows / 3, rows=rows)
    voice.succeed("null")
    os.close(mouth)
    with os.fdopen(ear, "rb") as heard:
        said = [json.loads(line) for line in heard]
    assert said[0]["rows"] == 1
    assert (said[-2]["rows"], said[-1]) == (3, {"result": None})
