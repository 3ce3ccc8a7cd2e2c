"""The rooms of verbs about deployments: where to, and what runs there."""

from __future__ import annotations

from modelyard.deployments.nodes import commands as nodes
from modelyard.kernel.command import Room, verb


class Nodes(Room):
    """Nodes: API nodes and automation nodes that are administered from here."""

    add = verb(nodes.AddNode)
    list = verb(nodes.ListNodes)
    show = verb(nodes.ShowNode)
    check = verb(nodes.CheckNode)
    update = verb(nodes.UpdateNode)
    remove = verb(nodes.RemoveNode)
