"""A model on an MLflow server, read by MLflow's own client in a process of its own."""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pydantic import JsonValue

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.models.sources.copying import SPARE
from modelyard.models.sources.lineage import split_uri, web_page, without_secrets
from modelyard.models.sources.request import Request
from modelyard.models.sources.tracking import find_server, is_local_store, patience
from modelyard.models.types import Lineage
from modelyard.runtime.envs.codeenvs import ensure_env, env_python
from modelyard.runtime.tasks import run_task
from modelyard.runtime.types import EnvRequest

DOWNLOAD_TIMEOUT = 24 * 3600.0
CLIENT = "mlflow-skinny==3.17.2"
"""MLflow's client without its server; a client of MLflow 3 reads servers of MLflow 2 too."""
WHOLE_CLIENT = "mlflow==3.17.2"
"""With what it takes to open a tracking database or folder without a server."""
STORAGE_PACKAGES = {
    "boto3": ("boto3",),
    "botocore": ("boto3",),
    "google": ("google-cloud-storage",),
    "azure": ("azure-storage-blob", "azure-identity"),
}
"""What reads artifacts that a server keeps in a cloud without passing them on, by module."""

CLIENT_SETTINGS = {
    # By default MLflow tries for minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
PASSED_ON = ("MLFLOW_", "AWS_", "GOOGLE_", "AZURE_", "DATABRICKS_")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE")


def fetch_from_server(request: Request) -> Lineage:
    """Download a model that a runs:/, models:/ or mlflow-artifacts:/ URI names.

    Raises:
        Invalid: no server is named, or it is none of MLflow.
        Forbidden: a remote caller names files of this machine.
        NotFound: the server has no such run, model, version or artifact; says what there is.
        Unauthenticated, Forbidden: the server wants other credentials.
        Unavailable: the server does not answer, or the download broke off.
        Failed: the disk is full, or MLflow's client fails otherwise.
    """
    server = find_server(
        request.context,
        request.project,
        request.tracking_uri,
        request.registry_uri,
        about=request.source,
    )
    source = without_secrets(request.source)
    arguments: dict[str, JsonValue] = {
        "source": source,
        "target": str(request.target.absolute()),
        "tracking_uri": _findable(server.uri),
        "registry_uri": _findable(server.registry_uri) or None,
        "shown_uri": without_secrets(server.uri),
        "patience": patience(),
        "spare": SPARE,
        "hosts": list(request.context.settings.sources.mlflow_hosts) if server.chosen else None,
        "local_files": request.context.identity.is_local
        or (not server.chosen and is_local_store(server.uri)),
    }
    own = _own_environ() if server.trusted else {"HOME": str(request.target.absolute())}
    environ = {**CLIENT_SETTINGS, **_passed(PROXIES), **own, **server.credentials}
    facts = _download(request.context, arguments, environ)
    lineage = Lineage(source=source, tracking_uri=without_secrets(server.uri), **facts)
    page = web_page(server.uri, server.registry_uri, lineage)
    return lineage.model_copy(update={"link": page})


def _download(
    context: Context, arguments: dict[str, JsonValue], environ: dict[str, str]
) -> dict[str, Any]:
    """Run the download, with the packages that the model's storage turns out to need."""
    whole = is_local_store(str(arguments["tracking_uri"]))
    packages = [WHOLE_CLIENT if whole else CLIENT]
    python = Path(sys.executable) if _is_client_here(whole=whole) else None
    for _ in range(1 + len(STORAGE_PACKAGES)):
        try:
            return run_task(
                python or _tool_python(context, packages),
                "download",
                arguments,
                settings=context.settings.runtime,
                log=context.folder / "logs" / "sources.log",
                environ=environ,
                timeout=DOWNLOAD_TIMEOUT,
                progress=context.progress,
            )
        except errors.Unsupported as exc:
            module = str(exc.context.get("module", "")).split(".")[0]
            if module not in STORAGE_PACKAGES or STORAGE_PACKAGES[module][0] in packages:
                raise
            packages += STORAGE_PACKAGES[module]
            python = None
    raise AssertionError("each turn adds packages, returns or raises")


def _tool_python(context: Context, packages: list[str]) -> Path:
    request = EnvRequest(requirements=tuple(packages), source="user")
    return env_python(context, ensure_env(context, request, named="model"))


def _is_client_here(*, whole: bool) -> bool:
    """Whether the running Python holds a client of MLflow 3: that spares making an env.

    It also has whatever plug-ins for sign-in and storage were installed beside it.
    """
    for name in ("mlflow",) if whole else ("mlflow", "mlflow-skinny"):
        try:
            return int(version(name).split(".")[0]) >= 3
        except PackageNotFoundError:
            continue
    return False


def _own_environ() -> dict[str, str]:
    """The settings and credentials that whoever runs this process has for MLflow's client.

    Its home is the user's, where credential files are. No model's code runs in it. They are not
    for a server that a remote caller chose.
    """
    return {"HOME": str(Path.home()), **_passed(PASSED_ON)}


def _passed(beginnings: tuple[str, ...]) -> dict[str, str]:
    environ = os.environ.items()
    return {name: value for name, value in environ if name.upper().startswith(beginnings)}


def _findable(uri: str) -> str:
    """A tracking URI that means the same from another folder.

    Raises:
        NotFound: its file or folder does not exist (MLflow would make an empty one).
    """
    sqlite = "sqlite:///"
    path = Path(
        unquote(split_uri(uri).path) if uri.startswith("file:") else uri.removeprefix(sqlite)
    )
    if (
        not uri
        or ("://" in uri and not uri.startswith(("file:", sqlite)))
        or not is_local_store(uri)
    ):
        return uri
    if not path.exists():
        raise errors.NotFound(
            f"the tracking URI {uri} names no file or folder: {path.absolute()} does not exist"
        )
    return f"{sqlite}{path.absolute()}" if uri.startswith(sqlite) else path.absolute().as_uri()
