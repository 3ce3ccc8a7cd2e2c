"""The Python that runs Modelyard, as an env."""

from __future__ import annotations

import platform
from importlib import metadata, util

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
    packages = {f"{found.name}=={found.version}" for found in metadata.distributions()}
    return CodeEnv(
        id=LOCAL,
        python=platform.python_version(),
        packages=tuple(sorted(packages, key=str.lower)),
        asked=request or EnvRequest(source=LOCAL),
        created=now(),
    )
