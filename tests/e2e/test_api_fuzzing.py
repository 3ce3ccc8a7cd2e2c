"""Requests that nobody would think of, made from the OpenAPI document, against a real server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.running_server import RunningServer

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


@pytest.mark.slow
def test_no_request_finds_a_mistake_or_an_undocumented_answer(imported):
    """The names in the examples of the document are those of things in this workspace."""
    with RunningServer(imported.yard, "--workers", "0", MODELYARD_ENVS__DEFAULT="local") as server:
        words = [str(Path(sys.executable).with_name("st"))]
        words += ["--config-file", str(Path(__file__).with_name("fuzzing.toml")), "run"]
        words += [f"{server.url}/api/v1/openapi.json", "--checks", ",".join(CHECKS)]
        words += ["--phases", "examples,coverage,fuzzing", "--max-examples", "3"]
        words += ["--exclude-path", "/api/v1/jobs/{id}/events"]  # a stream does not end
        # What is asked of another machine, which is none: 503 is right.
        words += [
            "--exclude-path-regex",
            r"/nodes/\{(node|name)\}/|/scopes/\{name\}/(test|refresh)$|/govern/node",
        ]
        words += ["--generation-database", "none", "--request-timeout", "60", "--no-color"]
        done = subprocess.run(
            words,
            cwd=imported.folder,
            capture_output=True,
            text=True,
            timeout=540,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-20_000:]
        assert "Traceback" not in server.log
        assert server.http.get("/readyz").status_code == 200
