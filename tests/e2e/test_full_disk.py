"""A full disk: a clear sentence, nothing left behind, and the work can go on."""

from __future__ import annotations

import os
import subprocess

import pytest
from tests.e2e.models import write_model


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 128 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk takes root and the right to mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_an_import_that_fills_the_disk(cli, small_disk, tmp_path):
    cli.yard = small_disk / "yard"
    cli.environ["MODELYARD_WORKSPACE"] = str(cli.yard)
    cli.ok("models", "create", "churn", "--prediction-type", "binary_classification")
    large = write_model(tmp_path / "large")
    (large / "weights.bin").write_bytes(os.urandom(100 << 20))
    done = cli("versions", "import", "churn", "v1", str(large), "--classes", "0,1")
    assert done.code in (1, 8), done.err
    assert "space" in done.err.lower()
    assert "Traceback" not in done.err
    assert cli.left_behind() == []
    small = write_model(tmp_path / "fits")
    cli.ok("versions", "import", "churn", "v1", str(small), "--classes", "0,1")
    cli.ok("versions", "verify", "churn", "v1")


def test_a_bundle_that_fills_the_disk(cli, small_disk, tmp_path):
    (tmp_path / "bulk").write_bytes(os.urandom(40 << 20))
    cli.ok("files", "put", str(tmp_path / "bulk"), "bulk")
    cli.ok("bundles", "create", "small", "--output", str(tmp_path / "small.zip"))
    large = ("--files", "bulk", "--output", str(tmp_path / "large.zip"))
    cli.ok("bundles", "create", "large", *large)
    cli.yard = small_disk / "yard"
    cli.environ["MODELYARD_WORKSPACE"] = str(cli.yard)
    cli.ok("bundles", "import", str(tmp_path / "small.zip"))
    first = cli.ok("bundles", "activate", "small")
    cli.ok("bundles", "import", str(tmp_path / "large.zip"))
    (small_disk / "filler").write_bytes(bytes(60 << 20))
    done = cli("bundles", "activate", "large")
    assert done.code in (1, 8), done.err
    assert "space" in done.err.lower()
    assert "Traceback" not in done.err
    assert cli.ok("bundles", "activation") == first
    assert not list((cli.yard / "staging").iterdir())
    (small_disk / "filler").unlink()
    assert cli.ok("bundles", "activate", "large")["before"] == "small"
