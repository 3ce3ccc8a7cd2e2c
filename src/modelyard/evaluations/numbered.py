"""The numbered checks of every evaluation: what each is called, and what to do about it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from modelyard.kernel.values import Value

CheckOutcome = Literal["ok", "warning", "error", "empty", "not_applicable"]
"""What came of a check; 'empty': there was nothing to look at."""

TITLES = {
    "E101": "Rows left out",
    "E102": "Few rows",
    "E103": "Missing class",
    "E104": "Imbalanced classes",
    "E105": "Time overlap of train and test",
    "E201": "Leak suspected",
    "E202": "Trivial baseline",
    "E203": "One class predicted",
    "E204": "Constant in a region",
    "E301": "Sum of probabilities",
    "E302": "Calibration",
    "E401": "Unstable slice",
    "E501": "Assertions",
    "E502": "Custom metrics",
    "E503": "Drift",
}
"""By code: 1 the rows, 2 what is predicted, 3 probabilities, 4 parts of the rows, 5 what was asked
for besides."""

ADVICE = {
    "E101": "Look at what the left out rows lack: are they of one kind? Mend the dataset or the "
    "target; what is told is about the others only.",
    "E102": "Evaluate on more rows, or trust the intervals rather than the values.",
    "E103": "Evaluate on rows of all classes.",
    "E104": "Look at precision, recall and their curve rather than at accuracy; a sample that is "
    "balanced by the target changes what is told.",
    "E105": "Evaluate on rows that are newer than all that the model learned from.",
    "E201": "Look for a feature that is only known once the truth is, and at rows that the model "
    "was trained on.",
    "E202": "Look at slices for rows on which it goes wrong, and check that target and prediction "
    "mean the same.",
    "E203": "Try another threshold: the decision chart shows what each one brings.",
    "E204": "See whether the model was trained on such rows, and whether a feature that it needs "
    "is missing there.",
    "E301": "Check how the version's output is read: probabilities of all classes sum to one, "
    "unless the model gives scores of another kind.",
    "E302": "Do not read its probabilities as such, or calibrate the model on newer rows; the "
    "calibration curve shows where it is off.",
    "E401": "Search the worst slices, and train on more rows of this kind.",
    "E501": "Look at the worst of its rows, and whether data or model changed there; mend a filter "
    "that matches none.",
    "E502": "Mend the function; the log of the workers has the traceback.",
    "E503": "See that both sides have the same columns.",
}
"""What to do about each that does not hold, by code."""

CALLED_BEFORE = {
    "dropped_rows": "E101",
    "rows_left_out": "E101",
    "few_rows": "E102",
    "missing_class": "E103",
    "imbalance": "E104",
    "too_good": "E201",
    "no_better_than_mean": "E202",
    "one_class_predicted": "E203",
    "not_summing_to_one": "E301",
    "assertion_failed": "E501",
    "assertion_not_computed": "E501",
    "custom_metric_failed": "E502",
    "no_drift": "E503",
}
"""Codes by the words that stood for them when evaluations were kept."""


class NumberedCheck(Value):
    """A check that every evaluation is given, and what came of it."""

    code: str = Field(description="such as E201; several entries of E501 and E502 may be there")
    outcome: CheckOutcome
    title: str
    evidence: str = Field(default="", description="the figures, or why there are none")
    advice: str = Field(default="", description="what to do")

    @property
    def stands_out(self) -> bool:
        """Whether one should know of it before trusting the evaluation."""
        return self.outcome in {"warning", "error"}


def told(
    code: str, outcome: CheckOutcome, evidence: str = "", title: str | None = None
) -> NumberedCheck:
    """What came of a check, with what to do where it does not hold."""
    advice = ADVICE[code] if outcome in {"warning", "error"} else ""
    return NumberedCheck(
        code=code,
        outcome=outcome,
        title=title or TITLES[code],
        evidence=evidence,
        advice=advice,
    )


def from_before(kept: dict[str, Any]) -> NumberedCheck:
    """A diagnostic as evaluations kept it before checks had numbers."""
    code = CALLED_BEFORE.get(kept["code"], kept["code"])
    return NumberedCheck(
        code=code,
        outcome=kept["severity"],
        title=kept["title"],
        evidence=kept["detail"],
        advice=ADVICE.get(code, ""),
    )
