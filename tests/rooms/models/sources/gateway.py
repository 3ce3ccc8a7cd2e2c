"""A gateway in front of a server, as companies have them: it asks for a password, or breaks off."""

from __future__ import annotations

import base64
import contextlib
import http.client
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Gateway(ThreadingHTTPServer):
    """Passes requests on to `behind`, but for its `fault`.

    Faults: `password` (401 without ada:lovelace), `forbidden` (403 for files), `cut` (half of each
    large file, then the connection closes), `short` (half of it, as if that were all), `busy`
    (503).
    """

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        self.behind = urlsplit(behind).netloc
        self.fault = ""
        self.seen: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Gateway
    LARGE = 1 << 20

    def do_GET(self):
        self.server.seen.append(str(self.headers))
        refusal = self._refusal()
        if refusal:
            self.send_error(refusal)
            return
        status, kind, body = self._pass_on()
        half = self.server.fault in ("cut", "short") and len(body) > self.LARGE
        sent = body[: len(body) // 2] if half else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(sent if self.server.fault == "short" else body)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(sent)

    def _refusal(self) -> int | None:
        fault = self.server.fault
        known = "Basic " + base64.b64encode(b"ada:lovelace").decode()
        if fault == "password" and self.headers.get("Authorization") != known:
            return 401
        if fault == "forbidden" and self.path.startswith("/api/2.0/mlflow-artifacts"):
            return 403
        if fault == "busy" and not self.path.startswith("/version"):
            return 503
        return None

    def do_POST(self):
        self.do_GET()

    def _pass_on(self) -> tuple[int, str, bytes]:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {"Content-Type": self.headers.get("Content-Type") or "application/json"}
        behind = http.client.HTTPConnection(self.server.behind, timeout=30)
        with contextlib.closing(behind) as connection:
            connection.request(self.command, self.path, sent, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type") or "text/plain", answer.read()

    def log_message(self, *_: object) -> None:
        """Keep the tests' output readable."""
