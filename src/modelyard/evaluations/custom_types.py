"""The words of custom metrics."""

from __future__ import annotations

from pydantic import Field

from modelyard.kernel.values import Value


class CustomMetric(Value):
    """A metric that a function of the user's computes."""

    name: str = Field(description="of the function; the metric's code")
    description: str = Field(default="", description="the first line of its docstring")
    needs_probability: bool = Field(default=False, description="it takes `probabilities`")
    greater_is_better: bool = Field(
        default=True, description="what the function's attribute of this name says"
    )
