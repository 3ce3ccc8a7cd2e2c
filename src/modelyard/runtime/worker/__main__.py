"""Start of a worker process: `python __main__.py SOCKET-DESCRIPTOR MEMORY-LIMIT-MIB`."""

from __future__ import annotations

import importlib
import importlib.util
import os
import socket
import sys

PACKAGE = "modelyard_worker"


def main() -> None:
    """Serve on a socket that was inherited."""
    descriptor, megabytes = int(sys.argv[1]), int(sys.argv[2])
    # A model that reads the command line must not find ours.
    sys.argv[1:] = []
    _load_package()
    limits = importlib.import_module(PACKAGE + ".limits")
    limits.limit_memory(megabytes)
    limits.end_with_parent()
    importlib.import_module(PACKAGE + ".postponing").postpone()
    os.set_inheritable(descriptor, False)  # noqa: FBT003  takes no name
    with socket.socket(fileno=descriptor) as connection:
        importlib.import_module(PACKAGE + ".serve").serve(connection)


def _load_package() -> None:
    """Load this folder under a name of its own, so that no module of the model can clash."""
    folder = os.path.dirname(os.path.abspath(__file__))
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    if spec is None or spec.loader is None:
        raise ImportError("no worker package in " + folder)
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    main()
