"""The words that templates and what is made by them share."""

from __future__ import annotations

from typing import Literal

TemplateState = Literal["draft", "active", "archived"]
"""A draft may change; what is active never does; what is archived begins no item any more."""
StepStatus = Literal["NOT_STARTED", "ONGOING", "FINISHED", "SKIPPED"]
SignoffStatus = Literal[
    "NOT_STARTED",
    "WAITING_FOR_FEEDBACK",
    "WAITING_FOR_APPROVAL",
    "APPROVED",
    "REJECTED",
    "ABANDONED",
]
