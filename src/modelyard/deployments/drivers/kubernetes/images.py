"""Images of nodes with packages in them: written out, built by the user's own docker, pushed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from modelyard import errors
from modelyard.deployments.drivers.kubernetes.manifests import PORT
from modelyard.deployments.drivers.kubernetes.naming import object_name
from modelyard.deployments.drivers.kubernetes.options import KubernetesOptions
from modelyard.deployments.drivers.tools import Tool
from modelyard.deployments.drivers.types import DesiredService
from modelyard.kernel.context import Artifacts
from modelyard.serving.operating.types import Plan
from modelyard.serving.operating.writing import filled

TOOL = Tool("docker", "builds images")
PACKAGES = "packages"
ASKING, BUILDING = 60.0, 3600.0
"""Seconds that a question may take, and that building or pushing may."""


class Image:
    """The image of a service, as it is to answer: its name tells what is in it.

    Building it imports the packages, builds their code envs, and has the node answer their test
    queries: what cannot work fails there, while everything answers as before.
    """

    def __init__(self, options: KubernetesOptions, desired: DesiredService) -> None:
        self._options = options
        self._desired = desired
        self.dockerfile = _dockerfile(options, desired)
        content = hashlib.sha256(self.dockerfile.encode())
        for each in sorted(desired.packages, key=lambda package: package.package):
            content.update(f"\n{each.package} {each.digest}".encode())
        content.update(f"\n{options.platform}".encode())
        name = object_name(desired.target)
        self.name = f"{options.repository}/{name}:{content.hexdigest()[:16]}"

    def write(self, folder: Path, artifacts: Artifacts) -> None:
        """Write what it is built of into a folder.

        Raises:
            NotFound: a package was deleted.
        """
        (folder / PACKAGES).mkdir(parents=True)
        (folder / "Dockerfile").write_text(self.dockerfile, "utf-8")
        ignored = filled("docker/dockerignore", Plan())
        (folder / ".dockerignore").write_text(ignored, "utf-8")
        for each in self._desired.packages:
            try:
                artifacts.save(each.digest, folder / PACKAGES / f"{each.package}.zip")
            except errors.NotFound as exc:
                raise errors.NotFound(
                    f"the package {each.package} was deleted, and there is no image with it; "
                    "deploy another one"
                ) from exc

    def is_there(self) -> bool:
        """Whether it was built, and pushed, already.

        Raises:
            Unavailable: there is no docker, or it takes too long.
        """
        asked = ("manifest", "inspect") if self._options.push else ("image", "inspect")
        return TOOL.run(*asked, self.name, seconds=ASKING).code == 0

    def build(self, folder: Path, tell: Callable[[str], None]) -> None:
        """Build it of a folder, and push it.

        Raises:
            Unavailable: there is no docker, or it takes too long.
            Failed: it cannot be built or pushed; the message says what was said last.
        """
        for arguments in self._steps(str(folder)):
            answer = TOOL.run(*arguments, seconds=BUILDING, heard=tell)
            if answer.code:
                raise errors.Failed(
                    f"docker {arguments[0]} of the image {self.name}: {answer.reason}",
                    program="docker",
                    code=answer.code,
                )

    def commands(self, folder: str) -> list[str]:
        """The same, for somebody to type."""
        return [f"docker {' '.join(arguments)}" for arguments in self._steps(folder)]

    def _steps(self, folder: str) -> list[list[str]]:
        platform = [f"--platform={self._options.platform}"] if self._options.platform else []
        steps = [["build", *platform, f"--tag={self.name}", folder]]
        return [*steps, ["push", self.name]] if self._options.push else steps


def _dockerfile(options: KubernetesOptions, desired: DesiredService) -> str:
    service = desired.target
    node = "--folder node"
    shares = " ".join(f"{name}={share!r}" for name, share in sorted(desired.shares.items()))
    shadows = f" --shadows {','.join(sorted(desired.shadows))}" if desired.shadows else ""
    answering = [f"modelyard node map {node} {service} {shares}{shadows}"]
    if desired.access != "package":
        answering.insert(0, f"modelyard node access {node} {service} {desired.access}")
    plan = Plan(port=PORT, base_image=options.base_image)
    return filled("docker/Dockerfile", plan, answering=answering)
