"""Which names a pickle may import: the list of this product and that of the settings."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from modelyard import errors
from modelyard.kernel.values import Verdict
from modelyard.models.scan.values import Global

Use = Literal["class", "call", "value"]
_USES: dict[str, Use] = {"classes": "class", "calls": "call", "values": "value"}

_CODE_BUILDERS = ("cloudpickle", "dill", "types", "__main__", "__mp_main__")


@dataclass(frozen=True)
class Grade:
    """What is thought of an imported name, and what it may be used for."""

    verdict: Verdict
    why: str
    uses: frozenset[Use] = frozenset()


@dataclass(frozen=True)
class _Lists:
    exact: dict[tuple[str, str], Grade]
    packages: dict[tuple[str, str], Grade]
    bad_modules: dict[str, str]
    bad_names: dict[str, str]
    bad_attributes: dict[str, str]


class TrustList:
    """Grades imported names.

    Raises:
        Invalid: a pattern of the settings is no `package.*`, `package.module.*` or full name.
    """

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._lists = _read_lists()
        self._patterns = tuple(_checked(pattern) for pattern in patterns)

    def grade(self, name: Global) -> Grade:
        """Say what importing `name` means. The list of dangerous names wins over all others."""
        if not is_plain(name.module) or not is_plain(name.name):
            return Grade("dangerous", "no Python name looks like this")
        return (
            self._dangerous(name)
            or self._known(name)
            or self._trusted(name)
            or Grade("needs_review", _unknown(name))
        )

    def _dangerous(self, name: Global) -> Grade | None:
        full = str(name)
        why = self._lists.bad_names.get(full)
        for prefix in _prefixes(full):
            why = why or self._lists.bad_modules.get(prefix)
        for part in name.name.split(
            "."
        ):  # names walk attributes: sklearn's `os.system` is os.system
            why = why or self._lists.bad_attributes.get(part)
        return Grade("dangerous", why) if why else None

    def _known(self, name: Global) -> Grade | None:
        found = self._lists.exact.get((name.module, name.name))
        for prefix in _prefixes(name.module):
            found = found or self._lists.packages.get((prefix, name.name))
        return found

    def _trusted(self, name: Global) -> Grade | None:
        for pattern in self._patterns:
            package = pattern.removesuffix(".*")
            inside = name.module == package or name.module.startswith(f"{package}.")
            if pattern == str(name) or (package != pattern and inside and "." not in name.name):
                uses: frozenset[Use] = frozenset({"class", "call", "value"})
                return Grade("known_safe", f"trusted by the settings ({pattern})", uses)
        return None


def _unknown(name: Global) -> str:
    root = name.module.split(".")[0]
    if root in _CODE_BUILDERS:
        return "code of the model's author, kept in the file itself"
    return "not on the list of known names"


def is_plain(dotted: str) -> bool:
    """Whether a text can be the dotted name of a module, class or function."""
    return all(part.isidentifier() for part in dotted.split("."))


def _prefixes(dotted: str) -> list[str]:
    parts = dotted.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _checked(pattern: str) -> str:
    package = pattern.removesuffix(".*")
    if not is_plain(package) or (package == pattern and "." not in pattern):
        raise errors.Invalid(
            f"trust.imports: {pattern!r} is no pattern; write 'package.*', 'package.module.*' or "
            "the full name of one class or function"
        )
    return pattern


@cache
def _read_lists() -> _Lists:
    text = files(__package__).joinpath("known.toml").read_text("utf-8")
    tables: dict[str, list[dict[str, Any]]] = tomllib.loads(text)
    lists = _Lists({}, {}, {}, {}, {})
    for entry in tables["known"]:
        uses: dict[str, set[Use]] = {}
        for key, use in _USES.items():
            for name in entry.get(key, ()):
                uses.setdefault(name, set()).add(use)
        for module in entry["modules"]:
            target = lists.packages if module.endswith(".*") else lists.exact
            for name, allowed in uses.items():
                key_ = (module.removesuffix(".*"), name)
                target[key_] = Grade("known_safe", entry["why"], frozenset(allowed))
    for entry in tables["dangerous"]:
        lists.bad_modules.update(dict.fromkeys(entry.get("modules", ()), entry["why"]))
        lists.bad_names.update(dict.fromkeys(entry.get("names", ()), entry["why"]))
        lists.bad_attributes.update(dict.fromkeys(entry.get("attributes", ()), entry["why"]))
    return lists
