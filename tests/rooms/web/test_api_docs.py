"""The page that explains the API."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest


class Page(HTMLParser):
    """What is in a page: ids, links, and whatever could run."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.tags, self.inline = [], [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.add(tag)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found[name] for name in ("href", "src") if name in found]
        self.inline += [name for name in found if name.startswith("on") or name == "style"]


@pytest.fixture(scope="module")
def page(server):
    answer = server.http.get("/api/docs")
    assert answer.status_code == 200
    return answer


def test_it_tells_of_every_operation_and_error(server, page):
    document = server.get("/openapi.json").json()
    operations = [op["operationId"] for path in document["paths"].values() for op in path.values()]
    found = Page(page.text)
    assert set(operations) <= set(found.ids)
    assert {"not_found", "invalid", "conflict"} <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))
    refused = server.get("/projects/none").json()
    assert refused["type"].removeprefix("/api/docs#") in found.ids


def test_its_links_lead_somewhere_here(server, page):
    found = Page(page.text)
    for link in set(found.links):
        if link.startswith("#"):
            assert link[1:] in found.ids
        else:
            assert server.http.get(link).status_code == 200


def test_it_runs_nothing_and_fetches_nothing_from_elsewhere(page):
    found = Page(page.text)
    assert "script" not in found.tags
    assert found.inline == []
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "unsafe" not in policy
    assert not re.search(r"""=\s*["']?\s*(https?:)?//|url\(|@import""", page.text)  # texts may


def test_its_examples_are_requests_that_the_server_understands(server, page, tmp_path):
    """Each command is run; it may find nothing, but nothing in it is unknown or misplaced."""
    commands = [html.unescape(text) for text in re.findall(r"<pre><code>(.*?)</code>", page.text)]
    assert len(commands) > 50
    (tmp_path / "FILE").write_text("x")
    harmless = [line for line in commands if "DELETE" not in line and "/events" not in line]
    for line in harmless:
        done = subprocess.run(
            ["bash", "-c", f"{line} -s"],
            cwd=tmp_path,
            env={"URL": server.url, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            errors="replace",  # some answers are files
            timeout=60,
            check=True,
        )
        for wrong in ("is not known here", "its place is", "is needed and", '"status":405'):
            assert wrong not in done.stdout, (line, done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no Chromium here")
@pytest.mark.parametrize("width", [1440, 390])
def test_a_browser_shows_it_without_complaint(server, tmp_path, width):
    shot = tmp_path / "docs.png"
    words = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    words += [f"--window-size={width},900", f"--screenshot={shot}", f"{server.url}/api/docs"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    assert "Content Security Policy" not in done.stderr
    assert shot.stat().st_size > 20_000
