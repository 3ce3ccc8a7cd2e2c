"""The forms of a service on an API node: who answers, bringing packages, turning it on and off."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

from modelyard.deployments.administering.commands import (
    ActivateGeneration,
    DisableNodeService,
    DropGeneration,
    EnableNodeService,
    ImportPackage,
    ListNodeGenerations,
    MapGenerations,
    PreloadGeneration,
    SetNodeAccess,
)
from modelyard.kernel.paging import Page as Part
from modelyard.projects.commands import ListProjects
from modelyard.services.commands import ListServices
from modelyard.services.packaging.commands import ListPackages
from modelyard.serving.administration.types import Switched
from modelyard.web.pages.form import Asked, Choices, Draft, Form, Words
from modelyard.web.pages.formats import number, plural
from modelyard.web.pages.jobs import MADE
from modelyard.web.pages.node_queries import crumbs
from modelyard.web.pages.node_service import shown
from modelyard.web.pages.nodes import NODES, ONE, SERVICE, crumb
from modelyard.web.pages.page import Visit, address

GENERATION = f"{SERVICE}/generations/{{generation}}"
MOST = 500
WHOLE, ROUNDING = 100.0, 0.1
MADE["nodes.import"] = SERVICE
SHARES = "shares"
Faults = list[dict[str, str]]
ACCESS = [
    ("package", "As its package says"),
    ("public", "Whoever reaches it"),
    ("keys", "Whoever has a key of it"),
]


class AskedMapping(BaseModel):
    """Shares as people type them, and when the node is to go back by itself."""

    shares: dict[str, float] = Field(default={}, description="in percent; together 100")
    shadows: tuple[str, ...] = ()
    failing: float | None = Field(default=None, ge=0, lt=100, description="")
    p99_ms: float | None = Field(default=None, gt=0, description="")
    guard_queries: int = Field(default=200, ge=10, le=100_000, description="")
    guard_minutes: float = Field(default=10, gt=0, le=10_080, description="")


def _become(values: Mapping[str, Any]) -> tuple[dict[str, Any], Faults]:
    """A mapping as its command takes it: probabilities of those that answer."""
    faults: Faults = []
    typed = {
        name: _number(f"{SHARES}.{name}", share, faults) or 0.0
        for name, share in values.get(SHARES, {}).items()
    }
    total = math.fsum(typed.values())
    if any(share < 0 for share in typed.values()) or abs(total - WHOLE) > ROUNDING:
        said = f"the shares have to be {WHOLE:g} % together, not {number(round(total, 2))} %"
        faults.append({"field": SHARES, "problem": said})
    bounds = {
        "error_rate": _number("failing", values.get("failing"), faults),
        "p99_ms": _number("p99_ms", values.get("p99_ms"), faults),
    }
    made: dict[str, Any] = {name: value for name, value in bounds.items() if value is not None}
    if "error_rate" in made:
        made["error_rate"] /= WHOLE
    if made:
        guards = ("guard_queries", "guard_minutes")
        made |= {name: values[name] for name in guards if values.get(name) is not None}
    made["entries"] = {name: share / (total or 1) for name, share in typed.items() if share}
    return made | {"shadows": values.get("shadows", ())}, faults


def _number(field: str, value: Any, faults: Faults) -> float | None:
    """What was typed as a number; what is none is a fault."""
    try:
        found = None if value in (None, "") else float(value)
    except (TypeError, ValueError):
        found = math.nan
    if found is not None and not math.isfinite(found):
        faults.append({"field": field, "problem": "is no number"})
        return None
    return found


def _said(made: Switched) -> str:
    shares = sorted(made.active.items(), key=lambda each: -each[1])
    told = [f"{_typed(WHOLE * share):g} % by {name}" for name, share in shares]
    answered = f": {', '.join(told)}" if len(told) > 1 else f" by {''.join(made.active)}"
    if not made.processes:
        return f"Queries are answered{answered}, once a process of the node runs."
    return f"Queries are answered{answered}; {plural(made.processes, 'process', 'processes')}."


def _mapped(visit: Visit) -> Draft:
    found = shown(visit)
    asked = ListNodeGenerations(node=visit.path["node"], service=found.service)
    known = [each.generation for each in visit.run(asked)]
    guard = found.guard
    failing = None if guard is None or guard.error_rate is None else guard.error_rate * WHOLE
    return Draft(
        crumbs=crumbs(visit),
        values={
            SHARES: {name: _typed(WHOLE * found.active.get(name, 0.0)) for name in known},
            "shadows": found.shadows,
            "failing": None if failing is None else _typed(failing),
            "p99_ms": guard.p99_ms if guard else None,
            "guard_queries": guard.queries if guard else 200,
            "guard_minutes": _typed(guard.minutes if guard else 10),
        },
        choices={"shadows": [(name, name) for name in known]},
    )


def _typed(value: float) -> float:
    """A number as people type it."""
    return round(value, 2) if round(value, 2) % 1 else round(value)


def _of_service(visit: Visit) -> Draft:
    found = shown(visit)
    return Draft(crumbs=crumbs(visit), values={"access": found.access}, choices={"access": ACCESS})


def _of_generation(visit: Visit) -> Draft:
    return Draft(crumbs=crumbs(visit))


def _imported(visit: Visit) -> Draft:
    node, service = visit.path["node"], visit.asked("service")
    projects = [each.key for each in visit.part(ListProjects(limit=MOST))]
    return Draft(
        crumbs=(NODES, crumb(node)),
        proposed={
            "project": visit.asked("project") or _project_of(visit, projects, service),
            **({"service": service} if service else {}),
        },
        choices={"project": [(key, key) for key in projects]},
    )


def _project_of(visit: Visit, projects: list[str], service: str) -> str:
    """The project that has a service of this name, else the first."""
    for key in projects if service else ():
        if service in _services(visit, key):
            return key
    return next(iter(projects), "")


def _services(visit: Visit, project: str) -> list[str]:
    found: Part[Any] = visit.part(ListServices(project=project, limit=MOST))
    return [each.name for each in found]


def _packages(visit: Visit, draft: Draft, given: Mapping[str, str]) -> Mapping[str, Choices]:
    """The services of the chosen project, and the packages of the chosen service."""
    project = given.get("project") or str(draft.proposed.get("project", ""))
    if project not in dict(draft.choices["project"]):
        return {"service": (), "package": ()}
    services = _services(visit, project)
    service = given.get("service") or str(draft.proposed.get("service", ""))
    packages: Choices = ()
    if service in services:
        known = visit.part(ListPackages(project=project, service=service, limit=MOST))
        packages = [(each.package, each.package) for each in known]
    return {"service": [(name, name) for name in services], "package": packages}


def _onward(visit: Visit, _made: Any) -> str:
    return address(SERVICE, node=visit.path["node"], service=visit.path["service"])


BACK = "Have the node go back by itself"
GUARD = {
    "error_rate": Words(
        label="When a larger share fails than", help="0.02 is 2 of 100 queries", group=BACK
    ),
    "p99_ms": Words(
        label="Or 1 of 100 takes longer than", help="Milliseconds; left blank, any", group=BACK
    ),
    "guard_queries": Words(label="Of its last queries", help="", later=True),
    "guard_minutes": Words(label="For so many minutes after the change", help="", later=True),
}

PAGES: tuple[Form, ...] = (
    Form(
        f"{SERVICE}/map",
        MapGenerations,
        "Who answers",
        "Apply",
        _onward,
        intro="Queries with the same dispatch key are answered by the same generation. Every "
        "process of the node loads what is to answer before any of them switches.",
        said=_said,
        fields=(SHARES, "shadows", "failing", "p99_ms", "guard_queries", "guard_minutes"),
        words={
            SHARES: Words(label="Shares of the queries, in percent", kind="named"),
            "shadows": Words(
                label="Shadows",
                help="They get a copy of every query, and their answers are only logged",
            ),
            "failing": Words(
                label="When more fail than, in percent", help="Left blank, any", group=BACK
            ),
            "p99_ms": GUARD["p99_ms"],
            "guard_queries": GUARD["guard_queries"],
            "guard_minutes": GUARD["guard_minutes"],
        },
        prepare=_mapped,
        asked=Asked(AskedMapping, _become),
    ),
    Form(
        f"{GENERATION}/activate",
        ActivateGeneration,
        "Activate generation",
        "Activate",
        _onward,
        intro="It answers all queries of the service. Every process of the node loads it and sees "
        "that it answers as it should, then all switch, and no query is lost.",
        said=_said,
        fields=tuple(GUARD),
        words=GUARD,
        prepare=_of_generation,
    ),
    Form(
        f"{GENERATION}/preload",
        PreloadGeneration,
        "Preload generation",
        "Preload",
        _onward,
        intro="It is loaded, compared with its golden predictions and asked its test queries, and "
        "gets no query yet. Running processes hold it ready until the next switch.",
        prepare=_of_generation,
    ),
    Form(
        f"{GENERATION}/remove",
        DropGeneration,
        "Remove generation",
        "Remove generation",
        _onward,
        intro="It is gone from the node; its package stays where it was made.",
        said="The generation is removed.",
        prepare=_of_generation,
        dangerous=True,
    ),
    Form(
        f"{SERVICE}/enable",
        EnableNodeService,
        "Enable service",
        "Enable service",
        _onward,
        intro="It answers again, by the generations of its mapping.",
        said=_said,
        prepare=_of_service,
    ),
    Form(
        f"{SERVICE}/disable",
        DisableNodeService,
        "Disable service",
        "Disable service",
        _onward,
        intro="It answers nothing until it is enabled again; its mapping is kept.",
        said="The service is disabled.",
        prepare=_of_service,
    ),
    Form(
        f"{SERVICE}/access",
        SetNodeAccess,
        "Who may ask",
        "Save",
        _onward,
        intro="It takes effect at once. Keys are made on the node: modelyard node keys create.",
        said="Who may ask is changed.",
        fields=("access",),
        words={"access": Words(label="Who may ask", help="")},
        prepare=_of_service,
    ),
    Form(
        f"{ONE}/import",
        ImportPackage,
        "Import package",
        "Import package",
        lambda visit, _made: address(ONE, node=visit.path["node"]),
        intro="It becomes a generation of its service, and answers nothing until it is activated. "
        "The node checks its digests and signature, and builds its code envs.",
        fields=("project", "service", "package"),
        words={
            "project": Words(help="", needed=True, renews="service"),
            "service": Words(help="", needed=True, renews="package"),
            "package": Words(help="", needed=True),
        },
        prepare=_imported,
        depending=_packages,
    ),
)
