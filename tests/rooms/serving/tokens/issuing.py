"""An issuer of tokens: real keys, real signatures, a real server for its set of keys."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

ISSUER = "https://login.example.org"


class Issuer:
    """Signs tokens with the last of its keys, and serves all of them as long as it is up."""

    def __init__(self) -> None:
        self.up = True
        self.asked = 0
        self.served = []
        self.key = RSAKey.generate_key(2048, {"kid": "first"})
        self.publish(self.key)
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked += 1
                body = json.dumps({"keys": issuer.served}).encode()
                self.send_response(200 if issuer.up else 500)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/keys"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def publish(self, *keys) -> None:
        self.served = [key.as_dict(private=False) for key in keys]

    def rotate(self, id_: str) -> None:
        """Sign with a new key; only that is there from now on."""
        self.key = ECKey.generate_key("P-256", {"kid": id_})
        self.publish(self.key)

    def token(self, *, algorithm: str | None = None, key=None, header=None, **claims) -> str:
        now = int(time.time())
        usual = {"iss": ISSUER, "sub": "ann", "aud": "churn", "iat": now, "exp": now + 300}
        told = {name: value for name, value in (usual | claims).items() if value is not None}
        key = key or self.key
        algorithm = algorithm or ("ES256" if key.key_type == "EC" else "RS256")
        head = {"alg": algorithm, "kid": self.key.kid} | (header or {})
        head = {name: value for name, value in head.items() if value is not None}
        return jwt.encode(head, told, key, algorithms=[algorithm])

    def confused(self) -> str:
        """A token whose HMAC has the public key as its secret."""
        body = self.token().split(".")[1]
        signed = _encoded(b'{"alg":"HS256","kid":"first"}') + f".{body}"
        secret = self.key.as_pem(private=False)
        return f"{signed}.{_encoded(hmac.digest(secret, signed.encode(), 'sha256'))}"

    def unsigned(self) -> str:
        body = self.token().split(".")[1]
        return _encoded(b'{"alg":"none"}') + f".{body}."

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
