"""Messages that speak of the command line, in the words of pages."""

from __future__ import annotations

import re
from collections.abc import Mapping

from modelyard.kernel.values import FILES, TRANSIT

OPTION = re.compile(r"(?<![\w-])--([a-z][a-z0-9]*(?:-[a-z0-9]+)*)")
CALLED = {"mlflow": "MLflow server", "tracking-uri": "MLflow server"}
"""The options that fields of pages call something else than they are named."""
LEADS = (
    ("put the file there with 'modelyard files put'", "upload it under “Files”"),
    (
        "make one by: modelyard connections create NAME --mlflow ADDRESS",
        "make one under “Connections”",
    ),
    ("delete some first: files list", "delete some under “Files” first"),
)
"""What to do on the command line, and what to do here."""
SEEN_BY = re.compile(r"; see: (?:modelyard )?[a-z]+ [a-z]+(?:(?: [\w.-]+)+(?=$|[;,]))?")
"""The command that lists what there is; pages show it."""
RULE = re.compile(r" If so, choose rule \w+ with activation \w+")
"""How to read an answer that is not probabilities; pages say where that is chosen."""
OWN = re.compile(r"; the model says: --classes (.+)$")
"""The model's own classes, as the command line takes them."""
PASSING = re.compile(
    rf"(?:{re.escape(FILES)}|(?<![\w/.])/[^\s'\"]*?/|(?<![\w/]))(?:[^\s'\"/]+/)?{TRANSIT}"
    r"/[0-9a-f]{16}/(?:\d+/)?"
)
"""Where something waits that was sent for one command: people know it by the name after that."""
MEANWHILE = {"evaluation": "rows of an evaluation", "replay": "rows of a replay"}
"""What waits in transit while the server works, by how its folder begins."""


def label_of(name: str) -> str:
    """A field's name for people."""
    return name.strip("_").replace("_", " ").capitalize()


def known(text: str) -> str:
    """A text without the places where what was sent for one command waits."""
    return PASSING.sub("", text)


def passing(place: str) -> str:
    """What people call data that is kept for one command alone; empty for what stays."""
    start = f"{FILES}{TRANSIT}/"
    if not place.startswith(start):
        return ""
    folder, _, name = place.removeprefix(start).partition("/")
    return MEANWHILE.get(folder.partition("-")[0], name or folder)


def plain(text: str, labels: Mapping[str, str] | None = None) -> str:
    """A message for people who see pages.

    Args:
        text: the message.
        labels: the labels of the fields that are in sight, by the names of their fields.
    """
    for command, here in LEADS:
        text = text.replace(command, here)
    text = OWN.sub(lambda found: f"; its own are, in this order: {_spaced(found[1])}", text)
    text = known(RULE.sub("", SEEN_BY.sub("", text)))
    return OPTION.sub(lambda found: f"“{_label(found[1], labels or {})}”", text)


def _spaced(labels: str) -> str:
    """Labels as people list them; those that hold commas stay in their quotes."""
    return labels if labels.startswith("'") else labels.replace(",", ", ")


def _label(option: str, labels: Mapping[str, str]) -> str:
    name = option.replace("-", "_")
    return labels.get(name) or CALLED.get(option) or label_of(name)
