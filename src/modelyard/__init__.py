"""Modelyard: the whole life cycle of any MLflow model.

`open` gives a workspace here, `connect` one on a server; its rooms (`models`, `versions`,
`datasets`, `scoring`, …) hold the verbs. `node` gives an API node. `restore` makes a workspace of a
backup, `check_backup` says whether one is whole, `verify_package` whether an audit package is.
"""

from __future__ import annotations

from modelyard.kernel.importing import no_garbage_collection

with no_garbage_collection():
    from modelyard import errors
    from modelyard.client import Client, connect
    from modelyard.kernel.version import __version__
    from modelyard.serving.administration.node import Node, open_node
    from modelyard.workspace import (
        Workspace,
        check_backup,
        open_workspace,
        restore_workspace,
        verify_package,
    )

__all__ = [
    "Client",
    "Node",
    "Workspace",
    "__version__",
    "check_backup",
    "connect",
    "errors",
    "node",
    "open",
    "restore",
    "verify_package",
]

node = open_node
open = open_workspace  # noqa: A001  modelyard.open reads as it should
restore = restore_workspace
