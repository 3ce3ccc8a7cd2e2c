"""Policies as text: YAML that reads as the same clauses."""

from __future__ import annotations

from typing import Any

import yaml

from modelyard.governance.policies.types import PolicySettings


class _Plain(yaml.SafeDumper):
    """Code stands in lines of its own."""

    def represent_str(self, text: str) -> yaml.ScalarNode:
        """Several lines are a block."""
        style = "|" if "\n" in text else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    def represent_number(self, number: float) -> yaml.ScalarNode:
        """Whole ones have no fraction."""
        return (
            self.represent_int(int(number)) if number.is_integer() else self.represent_float(number)
        )


_Plain.add_representer(str, _Plain.represent_str)
_Plain.add_representer(float, _Plain.represent_number)


def written(settings: PolicySettings) -> str:
    """The clauses of a policy as YAML, without what is as it is by default."""
    content: dict[str, Any] = {"description": settings.description} if settings.description else {}
    content["clauses"] = [
        each.model_dump(mode="json", exclude_defaults=True) for each in settings.clauses
    ]
    return yaml.dump(content, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100)
