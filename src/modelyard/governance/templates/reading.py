"""Templates as text: read from files, written, and known by a digest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import yaml

from modelyard.governance.templates.checking import faults_of
from modelyard.governance.templates.types import Template
from modelyard.kernel.documents import read_document, read_text


def read_template(file: Path, name: str = "") -> Template:
    """Read a template in YAML or JSON; `name` is what messages call it, instead of its own.

    Raises:
        NotFound: there is no such file.
        Invalid: it is no template; the message says on which lines what is wrong.
    """
    return read_document(file, Template, name=name, check=faults_of)


def parse_template(content: bytes, name: str) -> Template:
    """The template that a text is, which messages call `name`; errors as in `read_template`."""
    return read_text(content, Template, name, check=faults_of)


def written(template: Template, *, as_json: bool = False) -> str:
    """A template as YAML, or as JSON, which reads as the same template."""
    content = template.model_dump(mode="json", exclude_unset=True)
    if as_json:
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def digest_of(template: Template) -> str:
    """The sha256 of what a template says, however it was written."""
    content = template.model_dump(mode="json", exclude_defaults=True)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
