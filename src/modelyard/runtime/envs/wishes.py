"""One requirement line as a wish that can be granted, renamed or left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import (
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from modelyard import errors
from modelyard.runtime.envs.conda import as_pip
from modelyard.runtime.envs.requirements import CONDA
from modelyard.runtime.types import Relaxation

LEFT_OUT = "left out"

_DROPPED = {
    "asyncio": "it replaces a module of the standard library",
    "conda": "it cannot be installed into a venv",
    "dataclasses": "it replaces a module of the standard library",
    "enum34": "it replaces a module of the standard library",
    "futures": "it replaces a module of the standard library",
    "pathlib": "it replaces a module of the standard library",
    "pip": "uv installs the packages",
    "pkg-resources": "it is no package of its own; setuptools brings it",
    "pypiwin32": "it exists for Windows only",
    "pywin32": "it exists for Windows only",
    "pywinpty": "it exists for Windows only",
    "tensorflow-intel": "it exists for Windows only",
    "typing": "it replaces a module of the standard library",
    "uuid": "it replaces a module of the standard library",
    "wheel": "uv installs the packages",
}

_RENAMED = {
    "sklearn": ("scikit-learn", "its name in the package index"),
    "tensorflow-gpu": ("tensorflow", "models are run on the processor"),
    "tensorflow-macos": ("tensorflow", "its name off macOS"),
}


@dataclass(frozen=True)
class Wish:
    """One package that is asked for.

    `asked` is the line as it was found, `requirement` what it means in the package index.
    `optional` packages are left out when the index does not have them.
    """

    asked: str
    requirement: Requirement
    optional: bool = False

    @property
    def name(self) -> str:
        """The package's canonical name."""
        return canonicalize_name(self.requirement.name)

    @property
    def pin(self) -> Version | None:
        """The one version that is asked for; None for a range, a name alone or a direct URL."""
        specifiers = list(self.requirement.specifier)
        exact = len(specifiers) == 1 and specifiers[0].operator in {"==", "==="}
        return self.floor if exact else None

    @property
    def floor(self) -> Version | None:
        """The lowest version that is asked for; None if none is named."""
        return self._bound("==", "===", "~=", ">=", ">")

    @property
    def ceiling(self) -> Version | None:
        """The version that all that are asked for lie below; None if none is named."""
        return self._bound("<", "<=")

    def admits(self, version: str) -> bool:
        """Whether this version is one of those asked for."""
        return self.requirement.specifier.contains(version, prereleases=True)

    def _bound(self, *operators: str) -> Version | None:
        specifiers = [each for each in self.requirement.specifier if each.operator in operators]
        versions = (version_of(each.version.removesuffix(".*")) for each in specifiers)
        return max(filter(None, versions), default=None)

    def needing(self, specifier: str) -> Wish:
        """The same package with another range of versions."""
        changed = Requirement(str(self.requirement))
        changed.specifier = SpecifierSet(specifier)
        return replace(self, requirement=changed)


def name_in(package: str) -> NormalizedName:
    """The name in a line of a lock: `name==version` or `name @ URL`."""
    return canonicalize_name(re.split(r"[ =\[@]", package)[0])


def version_of(text: str | None) -> Version | None:
    """Read a version; None if it is none."""
    try:
        return Version(text or "")
    except InvalidVersion:
        return None


def read_wish(line: str, *, trusted: bool) -> tuple[Wish | None, Relaxation | None]:
    """Read one requirement line: what to install, and how that differs from the line.

    Args:
        line: as in EnvRequest.requirements.
        trusted: install from direct references (URLs, files) as the line says.

    Raises:
        Invalid: the line is trusted and cannot be read.
    """
    if line.startswith("-"):
        return None, Relaxation(
            asked=line,
            built=LEFT_OUT,
            reason="where packages come from is set up for uv, not in requirements",
        )
    if line.startswith(CONDA):
        return _read_conda(line)
    parsed = _parse(line)
    if parsed is None and trusted:
        raise errors.Invalid(
            f"the requirement {line!r} cannot be read; write name==version or name @ URL"
        )
    if parsed is None or (parsed.url and not trusted):
        return _read_reference(line, parsed)
    return _renamed(Wish(line, parsed))


def _renamed(wish: Wish) -> tuple[Wish | None, Relaxation | None]:
    if wish.name in _DROPPED:
        return None, Relaxation(asked=wish.asked, built=LEFT_OUT, reason=_DROPPED[wish.name])
    if wish.name not in _RENAMED:
        return wish, None
    name, reason = _RENAMED[wish.name]
    # The placeholder package `sklearn` has versions of its own.
    specifier = "" if wish.name == "sklearn" else wish.requirement.specifier
    return replace(wish, requirement=Requirement(f"{name}{specifier}")), Relaxation(
        asked=wish.asked, built=f"{name}{specifier}", reason=reason
    )


def _read_conda(line: str) -> tuple[Wish | None, Relaxation | None]:
    spec = line.removeprefix(CONDA)
    said = as_pip(spec)
    if said is None:
        return None, Relaxation(
            asked=line, built=LEFT_OUT, reason="no Python package belongs to this conda package"
        )
    wish, relaxation = _renamed(Wish(line, Requirement(said), optional=True))
    if wish is None or relaxation or spec.lower().replace("_", "-").startswith(wish.name):
        return wish, relaxation
    return wish, Relaxation(asked=line, built=said, reason="its name in the package index")


def _read_reference(
    line: str, parsed: Requirement | None = None
) -> tuple[Wish | None, Relaxation | None]:
    """Read a reference to a file or repository, which is not fetched."""
    reference = parsed.url if parsed and parsed.url else line
    file = PurePosixPath(unquote(urlsplit(reference).path).replace("\\", "/")).name
    built = None
    if file.endswith(".whl"):
        built = _of_wheel(file)
    elif parsed and reference.startswith("file:"):
        built = Requirement(parsed.name)  # pip freeze writes so of what conda built
    if built:
        return Wish(line, built), Relaxation(
            asked=line, built=str(built), reason="taken from the package index"
        )
    reason = "it is no requirement that can be read"
    if parsed or "/" in line or file.endswith(".whl"):
        reason = (
            "only packages of the package index are installed for a model; if it needs this one, "
            "build an env that has it (envs build) and name that env"
        )
    return None, Relaxation(asked=line, built=LEFT_OUT, reason=reason)


def _of_wheel(file: str) -> Requirement | None:
    try:
        name, version, _, _ = parse_wheel_filename(file)
    except InvalidWheelFilename:
        return None
    return Requirement(f"{name}=={version.public}")


def _parse(text: str) -> Requirement | None:
    if text.endswith(".whl") and "@" not in text:
        return None  # the name of a file, though it could be a package's
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None
