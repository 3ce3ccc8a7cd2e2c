"""Paths that a model's own files give, which have to stay inside its folder."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath


def leaves_folder(path: str) -> bool:
    """Whether a path inside a model leads out of it, on any operating system."""
    windows = PureWindowsPath(path)
    outside = bool(windows.drive or windows.root) or PurePosixPath(path).is_absolute()
    return outside or ".." in windows.parts or "://" in path
