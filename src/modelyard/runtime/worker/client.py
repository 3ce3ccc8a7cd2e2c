"""A ready client: a function asks other endpoints of its service, by whoever called it."""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from .problems import Problem

Ask = Callable[[Dict[str, Any]], Dict[str, Any]]
"""Sends a question, and gives the header that answers it."""
OWN_FAULT = ("invalid", "not_found", "unsupported")
"""What a function asked wrongly: its own caller can do nothing about it."""
PASSED_ON = ("reason", "retry_after")
"""What of its context is true of the caller's own query, too."""


class NotAnswered(Problem):
    """An endpoint did not answer; `code` says of which kind that is, such as `invalid`."""

    def __init__(self, code: str, detail: str, context: Mapping[str, Any]) -> None:
        told = {name: context[name] for name in PASSED_ON if name in context}
        super().__init__("failed" if code in OWN_FAULT else code, detail, **told)
        self.code = code


class Client:
    """Asks other endpoints of the service, for as long as the call lasts.

    Each question is answered by the generation that the function is of, within the time that is
    left to its own query, and logged under the same request.
    """

    NotAnswered = NotAnswered

    def __init__(self, ask: Ask) -> None:
        self._ask: Optional[Ask] = ask
        self._one_at_a_time = threading.Lock()

    def predict(self, endpoint: str, features: Mapping[str, Any]) -> Optional[Dict[str, Any]]:
        """Predict one row.

        Returns:
            `prediction`, and `probas` by class where there are any; or the columns of the model's
            own answer. None: an enrichment left the row out.

        Raises:
            NotAnswered: the endpoint refuses it, or fails.
        """
        return self.predict_rows(endpoint, [features])[0]

    def predict_rows(
        self, endpoint: str, rows: Sequence[Mapping[str, Any]]
    ) -> List[Optional[Dict[str, Any]]]:
        """Predict several rows at once; see `predict`."""
        return self._outputs("prediction", endpoint, [dict(row) for row in rows])

    def look_up(self, endpoint: str, keys: Mapping[str, Any]) -> Optional[Dict[str, Any]]:
        """Columns of the row with these keys; None: there is none. Errors as in `predict`."""
        return self._outputs("lookup", endpoint, [dict(keys)])[0]

    def run(self, endpoint: str, /, **arguments: Any) -> Any:
        """What another function returns. Errors as in `predict`."""
        output = self._outputs("function", endpoint, [arguments])[0]
        return None if output is None else output["response"]

    def close(self) -> None:
        """The call has ended."""
        self._ask = None

    def _outputs(
        self, kind: str, endpoint: str, rows: List[Dict[str, Any]]
    ) -> List[Optional[Dict[str, Any]]]:
        with self._one_at_a_time:
            if self._ask is None:
                raise RuntimeError("the call that this client was for has ended")
            header = self._ask({"kind": kind, "endpoint": endpoint, "rows": rows})
        problem = header.get("problem")
        if problem is not None:
            said = f"endpoint {endpoint!r}: {problem['detail']}"
            raise NotAnswered(problem["kind"], said, problem["context"])
        answered: List[Optional[Dict[str, Any]]] = header["outputs"]
        return answered
