"""What a browser says of itself, in a few words."""

from __future__ import annotations

import re

BROWSERS = (
    ("Edge", re.compile(r"\bEdgA?(?:iOS)?/(\d+)")),
    ("Opera", re.compile(r"\bOPR/(\d+)")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/(\d+)")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/(\d+)")),
    ("Chrome", re.compile(r"\b(?:HeadlessChrome|Chrome|CriOS)/(\d+)")),
    ("Safari", re.compile(r"\bVersion/(\d+)\S* (?:Mobile/\S+ )?Safari/")),
)
"""Those that call themselves by another's name, too, come before it."""
SYSTEMS = (
    ("Windows", re.compile(r"\bWindows NT\b")),
    ("iPhone", re.compile(r"\biPhone\b")),
    ("iPad", re.compile(r"\biPad\b")),
    ("Android", re.compile(r"\bAndroid\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("macOS", re.compile(r"\bMac OS X\b")),
    ("Linux", re.compile(r"\bLinux\b")),
)
UNKNOWN = "Unknown"


def agent(text: str) -> str:
    """The browser and the system of a User-Agent header; a program's own name where it has none."""
    system = next((name for name, sign in SYSTEMS if sign.search(text)), "")
    for name, sign in BROWSERS:
        if found := sign.search(text):
            return f"{name} {found[1]}" + (f" on {system}" if system else "")
    return system or text.partition(" ")[0] or UNKNOWN
