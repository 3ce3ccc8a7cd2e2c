"""The rooms of verbs about deployments: what is taken where, where to, and what runs there."""

from __future__ import annotations

from modelyard.deployments.bundling import commands as bundling
from modelyard.deployments.nodes import commands as nodes
from modelyard.kernel.command import Room, verb


class Bundles(Room):
    """Bundles: a project as it was at a moment, in one file that never changes."""

    create = verb(bundling.CreateBundle)
    list = verb(bundling.ListBundles)
    show = verb(bundling.ShowBundle)
    download = verb(bundling.DownloadBundle)
    verify = verb(bundling.VerifyBundle)
    diff = verb(bundling.DiffBundles)
    delete = verb(bundling.DeleteBundle)


class Nodes(Room):
    """Nodes: API nodes and automation nodes that are administered from here."""

    add = verb(nodes.AddNode)
    list = verb(nodes.ListNodes)
    show = verb(nodes.ShowNode)
    check = verb(nodes.CheckNode)
    update = verb(nodes.UpdateNode)
    remove = verb(nodes.RemoveNode)
