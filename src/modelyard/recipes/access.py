"""How other rooms ask about recipes."""

from __future__ import annotations

from modelyard.recipes.repository import remove as forget_project

__all__ = ["forget_project"]
