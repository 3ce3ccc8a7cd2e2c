"""The words of running nodes: where they are to run, and what was written for that."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from modelyard.kernel.values import Value

Platform = Literal["systemd", "docker", "kubernetes", "nginx", "haproxy"]

HOST_AND_PORT = r"^([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}$"
LABEL = r"^[a-z]([a-z0-9-]{0,51}[a-z0-9])?$"
IMAGE = r"^[a-z0-9]+([._/:-][a-zA-Z0-9]+)*(@sha256:[0-9a-f]{64})?$"
ABSOLUTE = r"^/[A-Za-z0-9._/-]+$"
MEMORY = r"^[1-9][0-9]*(Mi|Gi)$"

Address = Annotated[str, StringConstraints(pattern=HOST_AND_PORT)]


class Plan(BaseModel):
    """What the files are to say."""

    name: Annotated[str, StringConstraints(pattern=LABEL)] = Field(
        default="modelyard-node", description="what unit, image and workload are called"
    )
    port: int = Field(default=8500, ge=1, le=65_535, description="port that a node listens at")
    node_folder: Annotated[str, StringConstraints(pattern=ABSOLUTE)] = Field(
        default="/var/lib/modelyard/node", description="folder of the node where it runs"
    )
    user: Annotated[str, StringConstraints(pattern=LABEL)] = Field(
        default="modelyard", description="systemd: user that it runs as"
    )
    image: Annotated[str, StringConstraints(pattern=IMAGE)] = Field(
        default="modelyard-node:1", description="Kubernetes: image of the node with its packages"
    )
    base_image: Annotated[str, StringConstraints(pattern=IMAGE)] = Field(
        default="python:3.11-slim",
        description="Docker: image that the node is added to, of Python 3.11 or newer",
    )
    replicas: int = Field(default=3, ge=1, le=1000, description="Kubernetes: nodes at least")
    most: int = Field(default=12, ge=1, le=10_000, description="Kubernetes: nodes at most")
    cpus: int = Field(default=2, ge=1, le=256, description="Kubernetes: cores of each node")
    memory: Annotated[str, StringConstraints(pattern=MEMORY)] = Field(
        default="4Gi", description="Kubernetes: memory of each node"
    )
    nodes: tuple[Address, ...] = Field(
        default=("127.0.0.1:8501", "127.0.0.1:8502", "127.0.0.1:8503"),
        min_length=1,
        description="load balancers: host:port of every node",
    )
    drain: int = Field(
        default=30, ge=1, le=3600, description="seconds that a node gets to answer what is asked"
    )


class WrittenFiles(Value):
    """What was written, and what to do with it."""

    platform: Platform
    folder: str
    files: tuple[str, ...]
    next: tuple[str, ...] = Field(description="commands that make use of them")
