"""Real receivers of alerts on this machine: a mail server, and a server that takes webhooks."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from tests.ports import free_port


class Letters:
    """What a mail server took; it refuses whoever is called nobody."""

    def __init__(self):
        self.taken = []
        self.to = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address.startswith("nobody@"):
            return "550 there is nobody of this name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        self.to.append(tuple(envelope.rcpt_tos))
        return "250 taken"


@contextmanager
def mail_server(**options):
    """A mail server; gives what it takes, and its port."""
    letters = Letters()
    server = Controller(letters, hostname="127.0.0.1", port=free_port(), **options)
    server.start()
    try:
        yield letters, server.server.sockets[0].getsockname()[1]
    finally:
        server.stop()


class Hook:
    """A server that takes webhooks, and answers as it is told."""

    def __init__(self):
        self.taken = []
        self.status = 204
        self.headers = {}
        self.answer = b""
        self.came = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                hook.taken.append((dict(self.headers.items()), body))
                hook.came.set()
                hook.may_answer.wait()
                self.send_response(hook.status)
                for name, value in hook.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(hook.answer)))
                self.end_headers()
                self.wfile.write(hook.answer)

            def log_message(self, *_):
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@contextmanager
def web_hook():
    """A server that takes webhooks."""
    hook = Hook()
    thread = threading.Thread(target=hook.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        hook.may_answer.set()
        hook.server.shutdown()
        hook.server.server_close()
        thread.join()
