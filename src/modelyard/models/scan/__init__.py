"""What a model's files could do when they are loaded: read, never run."""

from modelyard.models.scan.folder import scan_folder

__all__ = ["scan_folder"]
