"""The Python that runs Modelyard, as an env."""

from __future__ import annotations

import platform
import sys
from functools import lru_cache
from importlib import metadata, util
from pathlib import Path

from modelyard.kernel.values import now
from modelyard.runtime.types import CodeEnv, EnvRequest

LOCAL = "local"


def holds_mlflow() -> bool:
    """Whether models can be run with the running Python."""
    return util.find_spec("mlflow") is not None


def local_env(request: EnvRequest | None) -> CodeEnv | None:
    """Describe the running Python; None if it holds no MLflow to run models with."""
    if not holds_mlflow():
        return None
    places = map(Path, sys.path)
    seen = tuple((place, place.stat().st_mtime_ns) for place in places if place.is_dir())
    return CodeEnv(
        id=LOCAL,
        python=platform.python_version(),
        packages=_packages(seen),
        asked=request or EnvRequest(source=LOCAL),
        created=now(),
    )


@lru_cache(maxsize=1)
def _packages(_seen: tuple[tuple[Path, int], ...]) -> tuple[str, ...]:
    """What is installed, which takes long to read: anew once the folders of packages change."""
    packages = {f"{found.name}=={found.version}" for found in metadata.distributions()}
    return tuple(sorted(packages, key=str.lower))
