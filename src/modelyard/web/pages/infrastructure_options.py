"""Options of drivers in forms: a field for each, and a form of their own for new ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from modelyard.deployments.drivers.docker.options import DockerOptions
from modelyard.deployments.drivers.kubernetes.options import KubernetesOptions
from modelyard.deployments.drivers.options import Options
from modelyard.deployments.infrastructures.commands import CreateInfrastructure
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.web.pages.form import Choices, Draft, Form, Words
from modelyard.web.pages.page import Crumb, Visit, address

OF_DRIVER: dict[str, type[Options]] = {
    "kubernetes": KubernetesOptions,
    "docker": DockerOptions,
}
CALLED = {"kubernetes": "Kubernetes", "docker": "Docker"}
FIELD = "option"
ABOVE = Crumb(label="Infrastructures", href="/infrastructures")
EVERYBODY: Choices = [
    ("none", "Nothing"),
    ("view", "See it"),
    ("query", "Ask it"),
    ("deploy", "Deploy to it"),
]
INTRO = {
    "kubernetes": "A namespace of a cluster. A service becomes a deployment of pods, from an image "
    "with its packages in it, by the docker and kubectl of the machine that Modelyard runs on.",
    "docker": "A container with an API node on each of some machines, by the docker of the machine "
    "that Modelyard runs on.",
}


def field_words(driver: str) -> dict[str, Words]:
    """What forms say of the options of a driver."""
    return {
        f"{FIELD}.{name}": Words(
            label=name.replace("_", " ").capitalize(),
            help=_capital(field.description or ""),
            placeholder="" if field.is_required() else _text(field.get_default()),
            mono=True,
        )
        for name, field in OF_DRIVER[driver].model_fields.items()
    }


def field_values(infrastructure: Infrastructure) -> dict[str, str]:
    """The options of an infrastructure as somebody types them; blank: the default."""
    kind = OF_DRIVER.get(infrastructure.driver)
    held: Mapping[str, Any] = infrastructure.options
    return {name: _text(held.get(name)) for name in kind.model_fields} if kind else {}


def _text(value: Any) -> str:
    if isinstance(value, dict):
        plain = all(isinstance(part, str) for part in value.values())
        parts = ",".join(f"{name}={part}" for name, part in value.items())
        return parts if plain else json.dumps(value)
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _new(driver: str) -> Form:
    def prepare(_visit: Visit) -> Draft:
        return Draft(
            crumbs=(ABOVE,),
            choices={"everybody": EVERYBODY},
            values={FIELD: dict.fromkeys(OF_DRIVER[driver].model_fields, "")},
            fixed={"driver": driver, "kind": "api"},
        )

    def onward(_visit: Visit, made: Any) -> str:
        return address("/infrastructures/{name}", name=made.name)

    return Form(
        f"/new-infrastructure/{driver}",
        CreateInfrastructure,
        f"New infrastructure on {CALLED[driver]}",
        "Create infrastructure",
        onward,
        intro=INTRO[driver],
        fields=("name", "stage", "everybody", "description", FIELD),
        words={
            "name": Words(placeholder="prod-api", mono=True),
            "stage": Words(label="Stage", placeholder="production", mono=True),
            "everybody": Words(
                label="What everybody may", help="Groups may do more", kind="segments"
            ),
            "description": Words(label="About it", help=""),
            FIELD: Words(label=f"Options of {CALLED[driver]}", help="", kind="named"),
            **field_words(driver),
        },
        prepare=prepare,
    )


EDITED = {
    FIELD: Words(label="Options", help="Blank: as by default", kind="named"),
    **{name: said for driver in OF_DRIVER for name, said in field_words(driver).items()},
}
"""What the form says that changes an infrastructure."""
PAGES: tuple[Form, ...] = tuple(map(_new, OF_DRIVER))
