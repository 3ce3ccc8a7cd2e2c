"""Browsers in a few words."""

from __future__ import annotations

import pytest

from modelyard.web.pages.agents import agent

GECKO = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
ANDROID = "Mozilla/5.0 (Linux; Android 14) Chrome/125.0 Mobile Safari/537.36"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 "


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{WINDOWS}Chrome/126.0.0.0 Safari/537.36", "Chrome 126 on Windows"),
        (f"{WINDOWS}Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.81", "Edge 126 on Windows"),
        (f"{PHONE}Version/17.4 Mobile/15E148 Safari/604.1", "Safari 17 on iPhone"),
        (GECKO, "Firefox 127 on Linux"),
        (ANDROID, "Chrome 125 on Android"),
        ("python-httpx/0.27", "python-httpx/0.27"),
        ("", "Unknown"),
    ],
)  # fmt: skip
def test_a_browser_is_told_in_words(text, words):
    assert agent(text) == words
