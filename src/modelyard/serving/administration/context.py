"""What a handler of a node's commands is given beside its command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from modelyard.kernel.progress import Progress, silence
from modelyard.serving.audit import Administrator
from modelyard.serving.folder import NodeFolder
from modelyard.serving.generations.loading import EndpointLoader


@dataclass(frozen=True)
class NodeContext:
    """A node as a handler sees it."""

    path: Path
    """Where the node is, or is to be."""
    who: Administrator
    progress: Progress = silence
    load: EndpointLoader | None = None
    """How endpoints are loaded where no process runs; None: as processes do."""

    @property
    def folder(self) -> NodeFolder:
        """The node's folder; NotFound if there is none."""
        return NodeFolder.opened(self.path)
