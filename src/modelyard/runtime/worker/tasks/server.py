"""An MLflow server as its client sees it, with its refusals in plain sentences."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Iterator, Optional, Set, Tuple, TypeVar

from ..problems import Problem

R = TypeVar("R")

CHECK = "check the source and the tracking URI"
CREDENTIALS = (
    "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, to those "
    "of a user who may read it"
)
DATABRICKS = (
    "set DATABRICKS_HOST and DATABRICKS_TOKEN, or name a profile of ~/.databrickscfg as in "
    "databricks://PROFILE"
)
CERTIFICATE = (
    "name the file of its certificate in MLFLOW_TRACKING_SERVER_CERT_PATH, or write http:// if it "
    "speaks plain HTTP"
)
ADDRESS = "check the address, and that the server runs"
LATER = "the server is busy or down; try again later"

FAILURES: Tuple[Tuple[Set[str], str, str], ...] = (
    (
        {"UnsupportedModelRegistryStoreURIException"},
        "invalid",
        "a tracking URI starts with http://, https://, databricks, sqlite:/// or file:",
    ),
    ({"SSLError"}, "unavailable", CERTIFICATE),
    (
        {"ConnectionError", "Timeout", "EndpointConnectionError", "ConnectTimeoutError"},
        "unavailable",
        ADDRESS,
    ),
    ({"RetryError"}, "unavailable", LATER),
    (
        {"NoCredentialsError", "DefaultCredentialsError", "ClientAuthenticationError"},
        "unauthenticated",
        "set the variables that its cloud wants, such as AWS_ACCESS_KEY_ID",
    ),
)
"""What kind of problem it is when an exception of one of these names is among the causes."""

ANSWERS: Dict[object, Tuple[str, str]] = {
    "ENDPOINT_NOT_FOUND": (
        "invalid",
        "that is not how an MLflow server answers: check the tracking URI and its path",
    ),
    401: ("unauthenticated", CREDENTIALS),
    403: ("forbidden", CREDENTIALS),
    404: ("not_found", CHECK),
    429: ("unavailable", LATER),
    502: ("unavailable", LATER),
    503: ("unavailable", LATER),
    504: ("unavailable", LATER),
}
"""What kind of problem it is by MLflow's error code or by HTTP status."""


class Server:
    """A tracking server and registry, reached through MLflow's client."""

    def __init__(
        self,
        tracking_uri: str,
        registry_uri: Optional[str],
        shown: str,
        patience: float,
        *,
        local_files: bool,
    ) -> None:
        """Find out whether the server is there, waiting `patience` seconds at most.

        `shown` is what messages call it, `local_files` says whether its models may be in files of
        this machine.

        Raises:
            Problem: it is not, or these URIs are none that MLflow can read.
        """
        import mlflow

        self.uri = shown
        self._local_files = local_files
        mlflow.set_tracking_uri(tracking_uri)
        if registry_uri:
            mlflow.set_registry_uri(registry_uri)
        self.version = self.ask(lambda: _greet(tracking_uri, patience))
        self.client = self.ask(lambda: mlflow.MlflowClient(tracking_uri, registry_uri))

    @property
    def is_old(self) -> bool:
        """Whether this is known to be MLflow 1 or 2, which have no logged models."""
        return self.version is not None and int(self.version.split(".")[0]) < 3

    def check(self, repository: Any) -> None:
        """Refuse artifacts in files of this machine where those are not the caller's.

        Raises:
            Problem: they are.
        """
        from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

        if not self._local_files and isinstance(repository, LocalArtifactRepository):
            raise Problem(
                "forbidden",
                f"{self.uri} keeps this model in files of the machine that Modelyard runs on, "
                "which are not open to callers over HTTP",
            )

    def ask(self, call: Callable[[], R], missing: Optional[Callable[[], str]] = None) -> R:
        """Call MLflow's client; `missing` says in words what is not there, should that be so.

        Raises:
            Problem: whatever the client refuses.
        """
        try:
            return call()
        except Problem:
            raise
        except Exception as exc:  # the client passes on those of many libraries
            problem = explain(exc, self.uri)
            if problem.kind == "not_found" and missing is not None:
                problem = Problem("not_found", missing())
            raise problem from exc


def refusal(exc: BaseException) -> Optional[Problem]:
    """What was refused here, whatever MLflow's client made of it."""
    return next((cause for cause in _causes(exc) if isinstance(cause, Problem)), None)


def explain(exc: BaseException, uri: str) -> Problem:
    """Put what MLflow's client raised into a sentence that says what to do next."""
    told = refusal(exc)
    if told is not None:
        return told
    causes = list(_causes(exc))
    absent = next((c.name for c in causes if isinstance(c, ImportError) and c.name), None)
    if absent is not None:
        detail = (
            f"reading from {uri} takes the Python module {absent}, which is not there; install it "
            "with MLflow in the Python that runs Modelyard"
        )
        return Problem("unsupported", detail, module=absent)
    names = {kind.__name__ for cause in causes for kind in type(cause).__mro__}
    said = str(causes[-1]).strip()[:300]
    for known, kind, advice in FAILURES:
        if names & known:
            return Problem(kind, f"reading from {uri} failed: {said}; {advice}")
    said = str(exc).strip().split("\n")[0][:500]
    code = getattr(exc, "error_code", "")
    status = _status(exc)
    if said.startswith("Not a proper"):
        return Problem("invalid", said)
    if said.startswith("Reading Databricks credential"):
        return Problem("unauthenticated", f"{uri} wants credentials; {DATABRICKS}")
    if code != "ENDPOINT_NOT_FOUND" and ("not found" in said or said.startswith("No versions")):
        status = 404
    kind, advice = ANSWERS.get(code) or ANSWERS.get(status) or ("failed", CHECK)
    return Problem(kind, f"{uri} answered: {said}; {advice}")


def _greet(uri: str, patience: float) -> Optional[str]:
    """The version of the MLflow server, where it tells."""
    if not uri.startswith(("http://", "https://")):
        return None
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    options: Dict[str, Any] = {"max_retries": 0, "timeout": patience, "raise_on_status": False}
    answer = http_request(get_default_host_creds(uri), "/version", "GET", **options)
    return answer.text.strip() if re.match(r"\d+\.\d+\.\S+\s*$", answer.text) else None


def _status(exc: BaseException) -> Optional[int]:
    """The HTTP status behind an exception of MLflow or requests."""
    response = getattr(exc, "response", None)
    if response is not None:
        return getattr(response, "status_code", None)
    named = re.search(r"error code (\d{3})\b|\b(\d{3}) (?:Client|Server) Error", str(exc))
    if named:
        return int(named.group(1) or named.group(2))
    return exc.get_http_status_code() if hasattr(exc, "get_http_status_code") else None


def _causes(exc: Optional[BaseException]) -> Iterator[BaseException]:
    seen = set()
    while exc is not None and id(exc) not in seen:
        yield exc
        seen.add(id(exc))
        exc = exc.__cause__ or exc.__context__
