"""A task for tests: does what it is told."""

import os
import time

from modelyard_worker.problems import Problem


def run(arguments, progress):
    for step in range(arguments.get("steps", 0)):
        progress(f"step {step}", fraction=step / 10, rows=step)
    if "refuse" in arguments:
        raise Problem(arguments["refuse"], "there is no such run", run="r1")
    if "exit" in arguments:
        os.write(1, b"about to exit\n")
        os._exit(arguments["exit"])
    time.sleep(arguments.get("sleep", 0))
    if "fail" in arguments:
        raise ValueError(arguments["fail"])
    return {"arguments": arguments, "token": os.environ.get("TRACKING_TOKEN")}
