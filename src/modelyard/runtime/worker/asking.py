"""One request to a model: how it is asked, and how its answer is read."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

import pyarrow as pa

from .flavors import Flavor
from .interpret import propose
from .outputs import Output, read_output
from .predictions import NoProbabilities, Wish, columns_of, restructure, settled
from .problems import Problem
from .refusals import Odd, Refusal


class Asking:
    """A request in one of the modes `direct`, `restructured` and `probe`.

    Args:
        flavor: the model.
        options: `PredictOptions` as JSON.
        params: for predict, checked.

    Raises:
        Problem: the mode does not go with the prediction type (`unsupported`).
    """

    def __init__(
        self, flavor: Flavor, options: Mapping[str, Any], params: Mapping[str, Any]
    ) -> None:
        self._flavor = flavor
        self._params = params
        self._mode: str = options["mode"]
        self._wish = Wish(
            options.get("prediction_type") or "other",
            options.get("classes"),
            flavor.threshold() if options.get("threshold") is None else options["threshold"],
            options.get("probabilities", True),
        )
        if self._mode == "restructured" and self._wish.prediction_type == "other":
            raise Problem(
                "unsupported", "prediction type other is not interpreted; use mode direct"
            )
        self._expected = flavor.expects(self._wish.prediction_type)
        native = self._expected is not None and self._expected["call"] == "native"
        self._rule: Optional[Mapping[str, Any]] = None
        if self._mode == "restructured":
            self._rule = options.get("interpretation") or (self._expected if native else None)
        self._told: Optional[Mapping[str, Any]] = None
        if self._mode == "probe":
            self._told = options.get("interpretation") or (self._expected if native else None)
        self.facts: Dict[str, Any] = {}
        self.notes: List[str] = []

    @property
    def native(self) -> bool:
        """Whether the native model is asked in place of pyfunc's predict."""
        return self._rule is not None and self._rule["call"] == "native"

    def note(self, text: str) -> None:
        """Add to what the user should know, once."""
        if text not in self.notes:
            self.notes.append(text)

    def ask(self, data: Any, size: int) -> pa.Table:
        """Ask for some rows and read the answer.

        Raises:
            Refusal: the model itself raised, or answered some rows with what are no probabilities.
            Problem: its answer is not what is expected of it.
        """
        output = read_output(self._raw(data, native=self.native), size)
        if self._mode == "direct":
            return output.table()
        if self._mode == "probe":
            return self._probe(output, data, size)
        if self._rule is None:
            self._rule = self._propose(output)
        try:
            return self._restructured(output, self._rule)
        except NoProbabilities as exc:
            raise Odd(exc) from exc

    def empty(self) -> Optional[pa.Table]:
        """The answer without rows, where its columns are known."""
        if self._rule is None or self._rule["rule"] == "values":
            return None
        return columns_of(settled(self._rule, self._wish), self._rule, self._wish)

    def _raw(self, data: Any, *, native: bool) -> Any:
        try:
            if native:
                return self._flavor.probabilities(data)
            return self._flavor.predict(data, self._params)
        except (Problem, MemoryError):
            raise
        except Exception as exc:
            raise Refusal(exc) from exc

    def _probe(self, output: Output, data: Any, size: int) -> pa.Table:
        """Note what came and how it would be read; answer as a caller would be answered."""
        direct = output.table()
        self.facts.update(raw=output.describe(), direct=direct.num_columns)
        rule = self._told or self._propose(output)
        if rule["call"] == "native":
            output = read_output(self._raw(data, native=True), size)
        if rule["rule"] == "values":
            self.facts["interpretation"] = rule
            return direct
        return self._restructured(output, rule)

    def _propose(self, output: Output) -> Mapping[str, Any]:
        own, given = self._flavor.classes(), self._wish.classes
        return propose(
            output, self._wish.prediction_type, expected=self._expected, own=own, given=given
        )

    def _restructured(self, output: Output, rule: Mapping[str, Any]) -> pa.Table:
        self.facts["interpretation"] = rule
        if not rule["classes"]:
            # an override need not repeat the classes that the model tells itself
            own = self._flavor.classes()
            rule = {**rule, "classes": own or []}
        found = restructure(output, rule, self._wish)
        for note in found.notes:
            self.note(note)
        return found.table
