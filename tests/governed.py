"""Items that are governed, for tests: each by a template that a text says."""

from __future__ import annotations

from modelyard.governance.items.collecting import bring
from modelyard.governance.items.deciding import change
from modelyard.governance.templates.access import begin


def published(yard, folder, text):
    """Publish a template, and give its name."""
    file = folder / "template.yaml"
    file.write_text(text, "utf-8")
    return yard.templates.publish(file=str(file)).name


def governed(yard, item, template):
    """Have an item be governed by a template, and give its id."""
    context = yard.open()
    with context.begin() as db:
        found = bring(context, db, item)
        layer = begin(db, template, found.kind)
        told = {"state": "governed", "template": layer.template, "steps": layer.steps}
        change(db, found, "tester", **told, template_version=layer.version)
    return item
