"""A hook that is written in Python: called before or after an update of a deployment."""

from __future__ import annotations

import json
import threading
from typing import Any, Callable, Dict

from ..problems import KINDS, Problem
from .check import called, told

ASKS = True
FUNCTION = "hook"
Ask = Callable[[Dict[str, Any]], Dict[str, Any]]


class Refused(Problem):
    """A command was not carried out; `code` says of which kind that is, such as `not_found`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code if code in KINDS else "failed", detail)
        self.code = code


class Client:
    """A workspace that a hook may ask: this one, or that of an automation node."""

    Refused = Refused

    def __init__(self, place: str, ask: Ask, one_at_a_time: threading.Lock) -> None:
        self._place = place
        self._ask = ask
        self._one_at_a_time = one_at_a_time

    def run(self, command: str, /, **arguments: Any) -> Any:
        """Have a command carried out, and give its result as JSON.

        Args:
            command: room and verb, such as `models.list`.
            arguments: by the names of its fields, as over HTTP.

        Raises:
            Refused: it was not carried out; the message says why.
        """
        question = {"place": self._place, "command": command, "arguments": arguments}
        with self._one_at_a_time:
            answer = self._ask(question)
        problem = answer.get("problem")
        if problem is not None:
            raise Refused(problem["kind"], problem["detail"])
        return json.loads(answer["json"])


def run(arguments: Dict[str, Any], progress: Callable[..., None], ask: Ask) -> Dict[str, str]:
    """Call the function `hook` of some code.

    Args:
        arguments: `code`, its text; `name`, what tracebacks call it; `given`, values by the names
            of the parameters that take them, to which clients are added: `deployer`, and `nodes`
            by name; `nodes`, the names of these; `outcomes`, what it may return.
        progress: called with a message and a fraction.
        ask: has a client's command carried out.

    Returns:
        `outcome` and `message`; nothing returned is a success.

    Raises:
        Problem: it raised, or gave something else than an outcome and a message.
    """
    progress("calling the hook", fraction=0)
    lock = threading.Lock()
    given = {
        **arguments["given"],
        "deployer": Client("", ask, lock),
        "nodes": {name: Client(name, ask, lock) for name in arguments["nodes"]},
    }
    found = called({**arguments, "given": given}, FUNCTION)
    return told("success" if found is None else found, arguments["outcomes"])
