"""Importing a package: it becomes a generation that can be activated, as a whole or not at all."""

from __future__ import annotations

import sys
from pathlib import Path

from modelyard import errors
from modelyard.archives.signing import trusted_keys
from modelyard.archives.types import MANIFEST
from modelyard.kernel.progress import Progress
from modelyard.runtime.envs.building import Ground
from modelyard.runtime.envs.local import LOCAL, holds_mlflow
from modelyard.runtime.types import CodeEnv
from modelyard.serving.folder import NodeFolder
from modelyard.serving.packages.reading import unpack
from modelyard.serving.packages.types import Manifest
from modelyard.serving.settings import NodeSettings

UNPACKED = "package"


def import_package(
    folder: NodeFolder,
    settings: NodeSettings,
    file: Path,
    *,
    by: str,
    progress: Progress,
    service: str | None = None,
) -> tuple[Manifest, bool]:
    """Unpack a package, build its code envs, and keep it as a generation of its service.

    Returns:
        What it holds, and whether it is new here; the same package may be imported again.

    Raises:
        NotFound, Invalid: there is no such file, or it is no package, damaged, or not of `service`.
        Blocked: nobody signed it who is trusted.
        Conflict: another package of this name is here, or a newer Modelyard wrote it.
        Unavailable, Failed: a code env of it cannot be built here.
    """
    trusted = trusted_keys(
        [folder.path / key for key in settings.packages.trusted_keys],
        insist=settings.packages.signed_only,
    )
    with folder.staged() as stage:
        progress(f"unpacking {file.name}")
        unpacked = stage / UNPACKED
        manifest = unpack(file, unpacked, trusted=trusted)
        if service not in (None, manifest.service):
            raise errors.Invalid(
                f"{file.name} is a package of {manifest.service}, not of {service}"
            )
        if _is_here(folder, manifest, unpacked):
            return manifest, False
        with folder.changing_envs(progress):
            build_envs(folder, settings, manifest, progress)
            with folder.changing(manifest.service, progress):
                if _is_here(folder, manifest, unpacked):
                    return manifest, False
                folder.add_service(manifest.service, by)
                folder.add_generation(unpacked, manifest.service, manifest.package)
    return manifest, True


def build_envs(
    folder: NodeFolder, settings: NodeSettings, manifest: Manifest, progress: Progress
) -> dict[str, Path]:
    """Build the code envs of a package that are not here; gives their interpreters by their ids.

    Raises:
        Unavailable: this machine lacks a Python, or the package index does not answer.
        Failed: a build failed, or took too long.
    """
    ground = Ground(folder.path, settings.models.building(), progress)
    for env in manifest.envs:
        if env.id == LOCAL:
            _require_mlflow(manifest, env)
        elif not ground.has(env):
            ground.build_again(env)
    return {env.id: ground.python_of(env) for env in manifest.envs}


def _require_mlflow(manifest: Manifest, env: CodeEnv) -> None:
    """Refuse models that are to run in the node's own Python where that cannot; functions can."""
    used = next((each for each in manifest.models if each.env == env.id), None)
    if used is None or holds_mlflow():
        return
    mlflow = next((each for each in env.packages if each.startswith("mlflow==")), "mlflow")
    raise errors.Unavailable(
        f"{used.model} {used.version} is to run in the env 'local', which on a node is the Python "
        f"that runs it, and {sys.executable} has no MLflow: install it there (pip install "
        f"{mlflow}, and what else the model imports), or import the version with an env of its own "
        "and pack it again"
    )


def _is_here(folder: NodeFolder, manifest: Manifest, unpacked: Path) -> bool:
    """Whether the very same package is a generation already; Conflict if another one is."""
    service, package = manifest.service, manifest.package
    if not folder.has_service(service) or package not in folder.generation_names(service):
        return False
    there = folder.generation(service, package) / MANIFEST
    if there.read_bytes() == (unpacked / MANIFEST).read_bytes():
        return True
    raise errors.Conflict(
        f"{service} has another generation {package!r} already; packages never change: make one of "
        f"another name, or remove it first: modelyard node remove --folder {folder.path} {service} "
        f"{package}"
    )
