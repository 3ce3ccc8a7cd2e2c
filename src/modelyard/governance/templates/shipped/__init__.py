"""Templates that come with Modelyard; a version that was released never changes."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from modelyard.governance.templates.reading import digest_of, parse_template
from modelyard.governance.templates.types import KeptTemplate


@cache
def shipped() -> dict[tuple[str, int], KeptTemplate]:
    """All of them, by name and version."""
    found: dict[tuple[str, int], KeptTemplate] = {}
    for file in sorted(files(__name__).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yaml"):
            template = parse_template(file.read_bytes(), file.name)
            found[template.name, template.version] = KeptTemplate(
                name=template.name,
                version=template.version,
                kind=template.kind,
                state="active",
                title=template.title,
                shipped=True,
                sha256=digest_of(template),
                template=template,
            )
    return found
