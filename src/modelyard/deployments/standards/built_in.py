"""The standards that there are from the start: each a pure function of what is known of a project.

Such a function tells what is wrong; an empty text if nothing is, and None if there is nothing that
it could be asked of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement

from modelyard.deployments.standards.types import ModelSeen, ProjectSeen, VersionSeen

Judge = Callable[[ProjectSeen], str | None]
MOST_NAMED = 5


@dataclass(frozen=True)
class BuiltIn:
    """A standard that is built in."""

    description: str
    severity: int
    advice: str
    judge: Judge


def _described(seen: ProjectSeen) -> str:
    return "" if seen.description else "the project does not say what it is for"


def _owned(seen: ProjectSeen) -> str:
    return "" if seen.admins else "nobody is an admin of the project"


def _explained(seen: ProjectSeen) -> str | None:
    asked = list(seen.models)
    bad = [each.name for each in asked if not each.description]
    return _told(bad, "has no description") if asked else None


def _activated(seen: ProjectSeen) -> str | None:
    return _of_each(seen.models, lambda each: each.active is None, "has no active version")


def _evaluated(seen: ProjectSeen) -> str | None:
    return _of_each(
        _active(seen), lambda each: _version(each).evaluated is None, "was never evaluated"
    )


def _checked(seen: ProjectSeen) -> str | None:
    asked = [each for each in seen.stores if each.status != "none"]
    bad = [f"{each.name}: {each.why}" for each in asked if each.status == "error"]
    return "; ".join(bad[:MOST_NAMED]) if asked else None


def _pinned(seen: ProjectSeen) -> str | None:
    return _of_each(
        _active(seen),
        lambda each: not _is_pinned(_version(each)),
        "runs in an env that nobody can build again: it asks for packages without their versions, "
        "or none was built for it",
    )


def _as_asked(seen: ProjectSeen) -> str | None:
    return _of_each(
        _active(seen),
        lambda each: bool(_version(each).relaxed),
        "runs with other packages than it asked for",
    )


def _trusted(seen: ProjectSeen) -> str | None:
    return _of_each(
        _active(seen),
        lambda each: _version(each).verdict in ("needs_review", "dangerous"),
        "has files that nobody can vouch for by looking at them",
    )


def _tested(seen: ProjectSeen) -> str | None:
    endpoints = [(service.name, each) for service in seen.services for each in service.endpoints]
    bad = [f"{service}/{each.name}" for service, each in endpoints if not each.queries]
    return _told(bad, "has no test query") if endpoints else None


def _closed(seen: ProjectSeen) -> str | None:
    bad = [each.name for each in seen.services if each.access == "public"]
    return _told(bad, "answers whoever reaches it") if seen.services else None


BUILT_IN: Mapping[str, BuiltIn] = {
    "described": BuiltIn("The project says what it is for", 2, "Describe the project.", _described),
    "owned": BuiltIn(
        "Somebody is responsible for the project",
        2,
        "Make somebody its admin: members add.",
        _owned,
    ),
    "explained": BuiltIn(
        "Every saved model says what it is for", 1, "Describe the saved models.", _explained
    ),
    "activated": BuiltIn(
        "Every saved model has an active version", 3, "Activate a version.", _activated
    ),
    "evaluated": BuiltIn(
        "Every active version was evaluated", 4, "Evaluate the active versions.", _evaluated
    ),
    "checked": BuiltIn(
        "No check of an evaluation store is in error",
        4,
        "Look at the checks, and at what they found.",
        _checked,
    ),
    "pinned": BuiltIn(
        "The env of every active version can be built again",
        3,
        "Save the model with versions of all packages, and import it with an env of its own.",
        _pinned,
    ),
    "as-asked": BuiltIn(
        "Every active version runs with the packages that it asked for",
        2,
        "Look at the relaxations of its env, and save the model with packages that there are.",
        _as_asked,
    ),
    "trusted": BuiltIn(
        "The files of every active version are data, or of kinds that are known to be safe",
        3,
        "Look at the findings of the scan; save the model in a format without pickles.",
        _trusted,
    ),
    "tested": BuiltIn(
        "Every endpoint has a test query", 3, "Add test queries: queries add.", _tested
    ),
    "closed": BuiltIn(
        "Every service wants a key", 2, "Let the services ask for keys: access keys.", _closed
    ),
}
"""By name."""


def _active(seen: ProjectSeen) -> list[ModelSeen]:
    return [each for each in seen.models if each.active is not None]


def _version(model: ModelSeen) -> VersionSeen:
    if model.active is None:
        raise ValueError(f"{model.name} has no active version")
    return model.active


def _of_each(
    models: Iterable[ModelSeen], is_bad: Callable[[ModelSeen], bool], what: str
) -> str | None:
    asked = list(models)
    if not asked:
        return None
    bad = [each for each in asked if is_bad(each)]
    return _told([f"{each.name} {each.active.version}" if each.active else each.name
                  for each in bad], what)  # fmt: skip


def _told(bad: list[str], what: str) -> str:
    named = [f"{each} {what}" for each in bad[:MOST_NAMED]]
    more = len(bad) - MOST_NAMED
    return "; ".join([*named, f"and {more} more"] if more > 0 else named)


def _is_pinned(version: VersionSeen) -> bool:
    """Whether its env was built for it, from requirements that name versions."""
    return version.env != "local" and all(map(_names_a_version, version.requirements))


def _names_a_version(line: str) -> bool:
    if line.startswith("-"):
        return True
    if line.startswith("conda:"):
        return "=" in line
    try:
        asked = Requirement(line)
    except InvalidRequirement:
        return False
    exact = [each for each in asked.specifier if each.operator in ("==", "===")]
    return asked.url is not None or any(not each.version.endswith(".*") for each in exact)
