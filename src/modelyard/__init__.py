"""Modelyard: the whole life cycle of any MLflow model.

`open` gives a workspace; its rooms (`models`, `versions`, `datasets`, `scoring`, …) hold the verbs.
"""

from __future__ import annotations

from modelyard import errors
from modelyard.workspace import Workspace, open_workspace

__all__ = ["Workspace", "__version__", "errors", "open"]
__version__ = "0.1.0"

open = open_workspace  # noqa: A001  modelyard.open reads as it should
