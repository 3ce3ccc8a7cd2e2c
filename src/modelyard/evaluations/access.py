"""How other rooms ask about evaluations."""

from __future__ import annotations

from modelyard.evaluations.repository import remove as forget_project

__all__ = ["forget_project"]
