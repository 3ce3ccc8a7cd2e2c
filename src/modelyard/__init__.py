"""Modelyard: the whole life cycle of any MLflow model.

`open` gives a workspace here, `connect` one on a server; its rooms (`models`, `versions`,
`datasets`, `scoring`, …) hold the verbs.
"""

from __future__ import annotations

from modelyard import errors
from modelyard.client import Client, connect
from modelyard.kernel.version import __version__
from modelyard.workspace import Workspace, open_workspace

__all__ = ["Client", "Workspace", "__version__", "connect", "errors", "open"]

open = open_workspace  # noqa: A001  modelyard.open reads as it should
