"""How other rooms ask about services."""

from __future__ import annotations

from modelyard.services.repository import remove as forget_project

__all__ = ["forget_project"]
