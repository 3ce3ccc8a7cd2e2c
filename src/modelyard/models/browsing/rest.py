"""MLflow's REST API, as far as it lists things; the control plane has no MLflow of its own."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self, TypeVar

import httpx2
from pydantic import BaseModel, JsonValue, ValidationError

from modelyard import errors
from modelyard.models.sources.lineage import without_secrets
from modelyard.models.sources.tracking import PASSWORD, USERNAME, TrackingServer, patience
from modelyard.runtime.worker.tasks.server import ADDRESS, ANSWERS, CERTIFICATE, CHECK

W = TypeVar("W", bound=BaseModel)

API = "/api/2.0/mlflow"
ANSWERING = 30.0
"""Seconds that a server that was reached may take to answer."""
LARGEST = 32 << 20
"""Bytes of one answer."""
TOKEN = "MLFLOW_TRACKING_TOKEN"  # noqa: S105  the variable's name


class MlflowApi:
    """A server that is asked for lists; a context manager."""

    def __init__(self, server: TrackingServer, uri: str) -> None:
        """`uri` is the address of the server's that is asked.

        Raises:
            Unsupported: it is no address of a server that speaks HTTP.
        """
        if not uri.startswith(("http://", "https://")):
            raise errors.Unsupported(
                f"{without_secrets(uri)} is no MLflow server that can be looked around on; name "
                "one that begins with http:// or https://, or import by the URI of a model"
            )
        self.uri = uri.rstrip("/")
        shown = os.environ if server.trusted else {}
        given = {**{name: shown.get(name, "") for name in (USERNAME, PASSWORD, TOKEN)}}
        given |= server.credentials
        self._http = httpx2.Client(
            auth=(given[USERNAME], given[PASSWORD]) if given[USERNAME] else None,
            headers={"authorization": f"Bearer {given[TOKEN]}"} if given[TOKEN] else {},
            verify=_trust(shown),
            timeout=httpx2.Timeout(ANSWERING, connect=patience()),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, method: str, path: str, fields: Mapping[str, JsonValue], shape: type[W]) -> W:
        """Ask for something and read the answer.

        Raises:
            Invalid, NotFound, Unauthenticated, Forbidden: what the server says.
            Invalid: it does not answer as an MLflow server does.
            Unavailable: it does not answer.
        """
        given = {name: value for name, value in fields.items() if value not in (None, "")}
        sent: dict[str, Any] = {"json": given} if method == "POST" else {"params": given}
        body = b""
        with (
            self._in_words(),
            self._http.stream(method, f"{self.uri}{API}{path}", **sent) as answer,
        ):
            for part in answer.iter_bytes():
                body += part
                if len(body) > LARGEST:
                    raise errors.Failed(
                        f"{self.uri} answers with more than {LARGEST >> 20} MiB; ask for less at "
                        "once with --limit"
                    )
        if answer.status_code != httpx2.codes.OK:
            raise self._refusal(answer.status_code, body)
        try:
            return shape.model_validate_json(body)
        except ValidationError:
            raise self._no_mlflow() from None

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except httpx2.TransportError as exc:
            advice = CERTIFICATE if "SSL" in str(exc) else ADDRESS
            said = str(exc).strip() or type(exc).__name__
            raise errors.Unavailable(f"reading from {self.uri} failed: {said}; {advice}") from exc
        except (httpx2.InvalidURL, httpx2.DecodingError) as exc:
            raise errors.Invalid(f"{self.uri} is no address of an MLflow server: {exc}") from exc

    def _refusal(self, status: int, body: bytes) -> errors.ModelyardError:
        try:
            told = _Refusal.model_validate_json(body)
        except ValidationError:
            told = _Refusal(message="")
        if told.error_code == "INVALID_PARAMETER_VALUE":
            return errors.Invalid(f"{self.uri} answered: {told.message[:300]}; {CHECK}")
        if not told.error_code and status in (301, 302, 303, 307, 308, 404, 405):
            return self._no_mlflow()
        kind, advice = ANSWERS.get(told.error_code) or ANSWERS.get(status) or ("failed", CHECK)
        said = told.message[:300] or f"HTTP {status}"
        return errors.ModelyardError.codes[kind](f"{self.uri} answered: {said}; {advice}")

    def _no_mlflow(self) -> errors.Invalid:
        _, advice = ANSWERS["ENDPOINT_NOT_FOUND"]
        return errors.Invalid(f"{self.uri} answered; {advice}")


class _Refusal(BaseModel):
    error_code: str = ""
    message: str


def _trust(shown: Mapping[str, str]) -> ssl.SSLContext | bool:
    """Whose certificates are believed, by the variables of MLflow's client."""
    if shown.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() == "true":
        return False
    file = shown.get("MLFLOW_TRACKING_SERVER_CERT_PATH")
    try:
        return ssl.create_default_context(cafile=file) if file else True
    except (OSError, ssl.SSLError) as exc:
        raise errors.Invalid(f"{file} holds no certificates: {exc}") from exc
