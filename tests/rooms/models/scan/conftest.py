"""A folder to put files into, and the scan's verdict on it."""

from __future__ import annotations

import pytest

from modelyard.kernel.settings import TrustSettings
from modelyard.models.scan import scan_folder


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.fixture
def scan(tmp_path):
    """Add files to the folder `model` and scan it: `scan({"model.pkl": b"..."})`."""

    def scan(files, **trust):
        write(tmp_path / "model", files)
        return scan_folder(tmp_path / "model", TrustSettings(**trust))

    return scan


@pytest.fixture
def judge(tmp_path_factory):
    """The verdict on one file, alone in its folder."""

    def judge(content, name="model.pkl", **trust):
        folder = tmp_path_factory.mktemp("model")
        write(folder, {name: content})
        return scan_folder(folder, TrustSettings(**trust)).verdict

    return judge
