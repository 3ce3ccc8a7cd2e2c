"""A folder to put files into, and the scan's verdict on it."""

from __future__ import annotations

import pytest

from modelyard.kernel.settings import TrustSettings
from modelyard.models.scan import scan_folder


@pytest.fixture
def scan(tmp_path):
    """Scan a folder that holds exactly the given files: `scan({"model.pkl": b"..."})`."""

    def scan(files, **trust):
        folder = tmp_path / "model"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return scan_folder(folder, TrustSettings(**trust))

    return scan


@pytest.fixture
def judge(scan):
    """The verdict on one file."""

    def judge(content, name="model.pkl", **trust):
        return scan({name: content}, **trust).verdict

    return judge
