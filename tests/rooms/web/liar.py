"""An identity provider that says whatever a test lets it say."""

from __future__ import annotations

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from joserfc.jws import JWSRegistry

OWN = RSAKey.generate_key(2048, {"kid": "own", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "own", "use": "sig"})


class Liar:
    """The server; `claims`, `about` and the way of signing can be changed at any time."""

    def __init__(self) -> None:
        self.honest()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    def honest(self) -> None:
        """Forget all lies."""
        self.claims, self.about, self.userinfo = {}, {}, {}
        self.algorithm, self.key, self.token, self.status = "RS256", OWN, None, 200
        self.signs = True

    def says(self, asked: str, **claims: Any) -> None:
        """Sign these claims next; None leaves one out. `asked` is the nonce that was sent."""
        moment = int(time.time())
        about = {"iss": self.url, "aud": "yard", "iat": moment, "exp": moment + 60, "nonce": asked}
        said = {"sub": "s-1", "preferred_username": "eve"} | about | claims
        self.claims = {name: value for name, value in said.items() if value is not None}

    def answer(self, path: str) -> Any:
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            } | self.about
        if path == "/jwks":
            return {"keys": [OWN.as_dict(private=False)]}
        if path == "/userinfo":
            return self.userinfo
        token = {"access_token": "a", "token_type": "Bearer", "expires_in": 3600}
        if not self.signs:
            return token | {"userinfo": self.claims}
        if self.token is not None:
            return token | {"id_token": self.token}
        if self.algorithm == "none":
            parts = (json.dumps({"alg": "none"}), json.dumps(self.claims))
            return token | {"id_token": ".".join([*map(encoded, parts), ""])}
        registry = JWSRegistry(algorithms=[self.algorithm])
        header = {"alg": self.algorithm, "kid": "own"}
        signed = jwt.encode(header, self.claims, self.key, registry=registry)
        return token | {"id_token": signed}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        liar = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(liar.answer(self.path)).encode()
                self.rfile.read(int(self.headers.get("content-length", 0)))
                self.send_response(liar.status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def encoded(text: str) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def shared_key(secret: str) -> OctKey:
    """A key that both sides know."""
    return OctKey.import_key(secret, {"kid": "own"})
