"""A package index of tiny packages that uv reads from a folder, and the Pythons there are."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import textwrap
import time
import zipfile
from pathlib import Path

import pytest

from modelyard.runtime.envs.plan import make_plan
from modelyard.runtime.envs.python import note_python
from modelyard.runtime.envs.resolve import resolve
from modelyard.runtime.envs.uv import Uv
from modelyard.runtime.types import EnvRequest

BUILDS_ITSELF = """
    from pathlib import Path
    import shutil

    def get_requires_for_build_wheel(config_settings=None):
        return []

    def build_wheel(folder, config_settings=None, metadata_directory=None):
        {work}
        wheel = next(Path(__file__).parent.glob("*.whl"))
        shutil.copy(wheel, folder)
        return wheel.name
"""


class Shelf:
    """A folder of packages, each a few lines long."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def wheel(self, name, version, *needs, tag="py3-none-any", code="", folder=None):
        """Add a wheel whose module is `code`."""
        module = name.replace("-", "_")
        info = f"{module}-{version}.dist-info"
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        files = {
            f"{module}.py": textwrap.dedent(code),
            f"{info}/METADATA": "\n".join(
                [*lines, *(f"Requires-Dist: {need}" for need in needs), ""]
            ),
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        }
        path = (folder or self.folder) / f"{module}-{version}-{tag}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            record = []
            for file, content in files.items():
                archive.writestr(file, content)
                digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest())
                record.append(
                    f"{file},sha256={digest.decode().rstrip('=')},{len(content.encode())}"
                )
            record.append(f"{info}/RECORD,,")
            archive.writestr(f"{info}/RECORD", "\n".join(record) + "\n")
        return path

    def source(self, name, version, *, work="pass"):
        """Add a source distribution that does `work` when it is built, and needs nothing for it."""
        wheel = self.wheel(name, version, folder=self.folder.parent)
        backend = textwrap.dedent(BUILDS_ITSELF).format(work=work)
        project = (
            "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
            f"[project]\nname = '{name}'\nversion = '{version}'\n"
        )
        stem = f"{name.replace('-', '_')}-{version}"
        with tarfile.open(self.folder / f"{stem}.tar.gz", "w:gz") as archive:
            about = f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n"
            for file, content in {
                "PKG-INFO": about.encode(),
                "pyproject.toml": project.encode(),
                "backend.py": backend.encode(),
                wheel.name: wheel.read_bytes(),
            }.items():
                entry = tarfile.TarInfo(f"{stem}/{file}")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        wheel.unlink()


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """The only packages there are: what workers need, and what a test adds."""
    shelf = Shelf(tmp_path / "shelf")
    shelf.folder.mkdir()
    config = tmp_path / "uv.toml"
    config.write_text(f'no-index = true\nfind-links = ["{shelf.folder}"]\n')
    monkeypatch.setenv("UV_CONFIG_FILE", str(config))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    for version in ("2.4.0", "2.9.2", "2.22.5"):
        shelf.wheel("mlflow", version, "numpy<3", "pandas<3", "pyarrow", "packaging<24")
    shelf.wheel("mlflow", "3.17.2", "numpy<3", "pandas<4", "pyarrow", "packaging")
    shelf.wheel("mlflow-skinny", "3.17.2")
    for name, versions in {
        "numpy": ("1.23.5", "1.26.4", "2.4.6"),
        "packaging": ("23.2", "24.1", "26.3"),
        "pandas": ("1.5.3", "2.3.3", "3.1.1"),
        "pyarrow": ("25.0.1",),
        "scikit-learn": ("1.1.3", "1.5.2", "1.9.1"),
        "setuptools": ("80.9.0", "84.2.1"),
    }.items():
        for version in versions:
            shelf.wheel(name, version)
    for name, version in (("numpy", "1.21.6"), ("scikit-learn", "1.0.2")):
        shelf.wheel(name, version, tag="cp38-none-any")
    return shelf


@pytest.fixture
def uv(tmp_path):
    """uv, with minutes for each test, which takes seconds of a machine that is not busy."""
    return Uv(tmp_path / "uv.log", time.monotonic() + 300, 300, lambda _line: None)


@pytest.fixture
def resolved(uv, shelf, tmp_path):
    """Find packages on the shelf for requirements, and what was relaxed for them."""

    def find(*requirements, **facts):
        request = EnvRequest(
            requirements=requirements, **{"source": "requirements.txt", "mlflow": "3.17.2"} | facts
        )
        python = ".".join(map(str, sys.version_info[:3]))
        plan = make_plan(request, python, note_python(request.python, python))
        found = resolve(plan, Path(sys.executable), uv, tmp_path)
        relaxed = {each.asked: (each.built, each.reason) for each in found.relaxations}
        return set(found.packages), relaxed

    return find


@pytest.fixture
def no_pythons(tmp_path, monkeypatch):
    """A machine with no Python but the one that runs the tests; gives pyenv's root."""
    root = tmp_path / "pyenv"
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PYENV_ROOT", str(root))
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "none"))
    return root


@pytest.fixture
def small_disk():
    """Put a disk of 100 KiB under a folder."""
    mounted = []

    def mount(folder):
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.call(command, stderr=subprocess.DEVNULL):
            pytest.skip("disks cannot be mounted here")
        mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)
