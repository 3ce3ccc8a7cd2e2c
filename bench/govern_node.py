"""Syncing many items with a govern node: how long do the first sync and those after it take?

    python bench/govern_node.py [--items 10000]

A workspace gets as many versions, each with an evaluation, as rows of one that was really made; a
govern node runs as a process of its own on the same machine. Both are synced for the first time,
when nothing changed, and when one thing did; and a policy is asked of a version.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from governing import make, tell
from tests.govern_nodes import GovernNode

import modelyard
from modelyard.governance.connection.judging import ask_ahead
from modelyard.governance.connection.syncing import synchronize
from modelyard.governance.items.collecting import collect


def main() -> None:
    """Make them, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    given = parser.parse_args()
    os.environ.setdefault("MODELYARD_ENVS__DEFAULT", "local")
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(GovernNode(Path(folder) / "node")) as node,
        closing(modelyard.open(Path(folder) / "yard", actor="bench")) as yard,
    ):
        make(yard, Path(folder), given.items)
        context = yard.open()
        collect(context)
        yard.govern.connect(address=node.url, key=node.add("berlin"))
        measure(yard, node)


def measure(yard: modelyard.Workspace, node: GovernNode) -> None:
    """Print how long each thing takes."""
    context = yard.open()
    tell("first sync", lambda: synchronize(context), 1)
    tell("sync that finds nothing", lambda: synchronize(context), 5)
    yard.versions.update(model="churn", version="v7", description="a punctual one")
    collect(context)
    tell("sync that finds one change", lambda: synchronize(context), 1)
    node.there.govern.govern(item="project:berlin.default")
    tell("sync that is told one status", lambda: synchronize(context), 1)
    version = yard.versions.show(model="churn", version="v7")
    item = {"version:default/churn/v7": version.digest}
    tell("asking about a version", lambda: ask_ahead(context, "local-api", item), 10)
    tell("first 100 items there", lambda: node.there.govern.items(limit=100), 10)


if __name__ == "__main__":
    main()
