"""What the driver of Docker has to know of an infrastructure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from modelyard.deployments.drivers.options import Listed, Options, Paired
from modelyard.kernel.values import Variable
from modelyard.serving.operating.types import IMAGE

CONTEXT = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,60}$"
ADDRESS = r"^([0-9]{1,3}(\.[0-9]{1,3}){3}|\[[0-9a-f:]+\])$"
MEMORY = r"^([1-9][0-9]*[kmg])?$"
NETWORK = r"^([A-Za-z0-9][A-Za-z0-9_.-]*)?$"

Context = Annotated[str, StringConstraints(pattern=CONTEXT)]


class DockerOptions(Options):
    """On which machines, from which image, and of which size."""

    contexts: Listed[Context] = Field(
        default=("default",),
        min_length=1,
        max_length=100,
        description="contexts of docker, one for each machine that a node is to run on",
    )
    base_image: Annotated[str, StringConstraints(pattern=IMAGE, max_length=255)] = Field(
        default="python:3.11-slim",
        description="image that the node is added to: Python 3.11 or newer; Modelyard is added, "
        "too, where it is not in it",
    )
    address: str = Field(
        default="127.0.0.1",
        pattern=ADDRESS,
        description="of the machine, at which the node answers; 0.0.0.0: at every one",
    )
    port: int = Field(default=8500, ge=1, le=65_535, description="of the machine")
    processes: int = Field(default=1, ge=1, le=256, description="of the node, which share the port")
    memory: str = Field(default="", pattern=MEMORY, description="that it may have, as 4g")
    cpus: float = Field(default=0, ge=0, le=1024, description="cores that it may use; 0: all")
    network: str = Field(default="", pattern=NETWORK, description="of Docker, that it is part of")
    env: Paired[Variable] = Field(
        default={}, max_length=200, description="variables of the node; no secrets"
    )
