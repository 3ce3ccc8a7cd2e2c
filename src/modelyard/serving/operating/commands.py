"""What can be asked about running nodes somewhere."""

from typing import Annotated

from pydantic import Field

from modelyard.kernel.values import LocalPath
from modelyard.serving.administration.commands import NodeCommand
from modelyard.serving.operating.types import Plan, Platform, WrittenFiles


class WriteFiles(NodeCommand[WrittenFiles], Plan):
    """Write the files that run nodes: a unit of systemd, an image, a workload of Kubernetes.

    Or those of a load balancer before several nodes, nginx or HAProxy. What is written is a
    beginning: read it, change it, and keep it with what else describes your machines.
    """

    needs = "node:read"
    route = ""
    arguments = ("platform",)

    platform: Platform = Field(
        description="systemd, docker (Dockerfile and compose.yaml), kubernetes, nginx or haproxy"
    )
    output: Annotated[str, LocalPath("write", "folder")] = Field(
        default=".", description="folder to write them into; nothing is overwritten"
    )
