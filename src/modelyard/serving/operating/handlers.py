"""How files that run nodes are written."""

from __future__ import annotations

from pathlib import Path

from modelyard.kernel.bus import handles
from modelyard.serving.administration.context import NodeContext
from modelyard.serving.operating.commands import WriteFiles
from modelyard.serving.operating.types import WrittenFiles
from modelyard.serving.operating.writing import write_files


@handles(WriteFiles)
def files(command: WriteFiles, _context: NodeContext) -> WrittenFiles:
    """Fill in the templates."""
    return write_files(command.platform, command, Path(command.output).expanduser())
