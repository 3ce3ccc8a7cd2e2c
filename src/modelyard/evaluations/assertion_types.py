"""The words of assertions: what has to be predicted for some rows."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AllowInfNan, Field, model_validator

from modelyard.kernel.values import Value
from modelyard.runtime.types import Label

Finite = Annotated[float, AllowInfNan(allow_inf_nan=False)]


class Assertion(Value):
    """What a version has to predict for the rows of a filter."""

    name: str = Field(min_length=1, max_length=200)
    where: str = Field(
        min_length=1,
        max_length=2000,
        description="the rows, such as age < 30 AND plan IN ('pro', 'team')",
    )
    expect: tuple[Label, ...] = Field(default=(), description="classes that may be predicted")
    low: Finite | None = Field(default=None, description="least number that may be predicted")
    high: Finite | None = Field(default=None, description="largest number that may be predicted")
    ratio: float = Field(
        gt=0, le=1, description="least share of the rows for which that has to be so"
    )

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if bool(self.expect) == (self.low is not None or self.high is not None):
            raise ValueError("give either the classes to expect, or low or high of a number")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low lies above high")
        return self

    @property
    def expected(self) -> str:
        """What is expected, in words."""
        if self.expect:
            return " or ".join(map(str, self.expect))
        if self.low is None:
            return f"at most {self.high:g}"
        return f"at least {self.low:g}" if self.high is None else f"{self.low:g} to {self.high:g}"


class AssertionResult(Assertion):
    """An assertion, and whether it holds."""

    listed = ("name", "passed", "matching", "dropped", "valid_ratio", "ratio", "reason")

    passed: bool | None = Field(default=None, description="none: it could not be computed")
    matching: int = Field(default=0, description="rows of the filter")
    dropped: int = Field(default=0, description="of these: rows without a prediction")
    valid_ratio: float | None = Field(
        default=None, description="share of the others for which the prediction is as expected"
    )
    reason: str | None = Field(default=None, description="why it could not be computed")
