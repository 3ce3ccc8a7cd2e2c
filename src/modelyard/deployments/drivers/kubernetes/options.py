"""What the driver of Kubernetes has to know of an infrastructure."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, JsonValue, StringConstraints, model_validator

from modelyard.deployments.drivers.options import Listed, Options, Paired
from modelyard.kernel.values import Variable
from modelyard.serving.operating.types import MEMORY

CONTEXT = r"^[A-Za-z0-9][^\s,]{0,252}$"
LABEL = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
HOST = r"^(\{service\}\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$"
OBJECT = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"
REPOSITORY = r"^[a-z0-9]+([.:_/-][a-z0-9]+)*$"
IMAGE = r"^[a-z0-9]+([._/:-][a-zA-Z0-9]+)*(@sha256:[0-9a-f]{64})?$"
CPUS = r"^([1-9][0-9]*m|[1-9][0-9]*(\.[0-9]{1,3})?|0\.[0-9]{1,3})$"
KEY = r"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$"
VALUE = r"^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$"
PLATFORM = r"^[a-z0-9]+/[a-z0-9]+(/[a-z0-9]+)?$"

Object = Annotated[str, StringConstraints(pattern=OBJECT)]
Key = Annotated[str, StringConstraints(pattern=KEY)]
Exposition = Literal["cluster", "node_port", "load_balancer", "ingress"]
Kind = Literal["Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Ingress"]


def _read(given: Any) -> Any:
    """What may be typed as JSON."""
    return json.loads(given) if isinstance(given, str) else given


class KubernetesOptions(Options):
    """Where in which cluster, from which images, and how many pods of which size."""

    context: str = Field(
        default="",
        pattern=f"{CONTEXT}|^$",
        description="context of kubectl's configuration; else the current one, which may change",
    )
    namespace: str = Field(default="default", pattern=LABEL, description="that has to be there")
    repository: str = Field(
        pattern=REPOSITORY,
        max_length=180,
        description="where images are pushed to and pulled from, as registry.example.org/models",
    )
    push: bool = Field(
        default=True,
        description="no: the cluster sees the images of Docker here, as kind and minikube can",
    )
    base_image: str = Field(
        default="python:3.11-slim",
        pattern=IMAGE,
        max_length=255,
        description="image that packages are added to: Python 3.11 or newer; Modelyard is added, "
        "too, where it is not in it",
    )
    platform: str = Field(
        default="", pattern=f"{PLATFORM}|^$", description="of the cluster's nodes: linux/amd64"
    )
    pull_secrets: Listed[Object] = Field(
        default=(), max_length=20, description="secrets with which images are pulled"
    )
    replicas: int = Field(default=2, ge=1, le=1000, description="pods of each service, at least")
    most: int = Field(
        default=0, ge=0, le=1000, description="pods at most, by an autoscaler; 0: no autoscaler"
    )
    cpu_percent: int = Field(
        default=60, ge=1, le=1000, description="of the cores asked for, that the autoscaler aims at"
    )
    cpus: str = Field(default="1", pattern=CPUS, description="cores that each pod asks for")
    memory: str = Field(default="2Gi", pattern=MEMORY, description="that each pod may have")
    gpus: int = Field(default=0, ge=0, le=16, description="GPUs of each pod (nvidia.com/gpu)")
    exposition: Exposition = Field(
        default="cluster",
        description="how services are reached: cluster, node_port, load_balancer or ingress",
    )
    node_port: int = Field(
        default=0, ge=0, le=32767, description="port of every node; 0: one that is free"
    )
    host: str = Field(
        default="",
        pattern=f"{HOST}|^$",
        max_length=253,
        description="ingress: name under which services are reached, such as models.example.org, "
        "or {service}.example.org for one each",
    )
    ingress_class: str = Field(
        default="", pattern=f"{OBJECT}|^$", description="ingress: as nginx; else the cluster's own"
    )
    tls_secret: str = Field(
        default="", pattern=f"{OBJECT}|^$", description="ingress: secret with the certificate"
    )
    annotations: Paired[Key] = Field(
        default={}, max_length=50, description="of what services are reached by"
    )
    labels: Paired[Key] = Field(default={}, max_length=50, description="of everything made there")
    env: Paired[Variable] = Field(
        default={}, max_length=200, description="variables of pods; no secrets: see env_secrets"
    )
    env_secrets: Listed[Object] = Field(
        default=(), max_length=20, description="secrets whose entries become variables of pods"
    )
    keys_secret: str = Field(
        default="",
        pattern=f"{OBJECT}|^$",
        description="secret whose entry keys.json holds a node's keys, for services that take them",
    )
    service_account: str = Field(default="", pattern=f"{OBJECT}|^$", description="that pods run as")
    node_selector: Paired[Key] = Field(
        default={}, max_length=20, description="labels of the nodes that pods may run on"
    )
    spread: str = Field(
        default="kubernetes.io/hostname", pattern=KEY, description="label over which pods spread"
    )
    ask: bool = Field(
        default=True,
        description="whether a pod is asked the test queries of what it is to answer with, by "
        "kubectl exec; they were asked when the image was built, too",
    )
    minutes: float = Field(
        default=10, gt=0, le=240, description="that new pods may take to become ready"
    )
    patches: Annotated[dict[Kind, dict[str, JsonValue]], BeforeValidator(_read)] = Field(
        default={}, description="what else is to be in a manifest, by its kind (JSON merge patch)"
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if 0 < self.most < self.replicas:
            raise ValueError(f"at most {self.most} pods cannot be {self.replicas} at least")
        if self.exposition == "ingress" and not self.host:
            raise ValueError("an ingress needs host")
        if 0 < self.node_port < 30000:
            raise ValueError("node_port is 30000 to 32767, or 0")
        return self

    @property
    def scales(self) -> bool:
        """Whether an autoscaler says how many pods there are."""
        return self.most > self.replicas
