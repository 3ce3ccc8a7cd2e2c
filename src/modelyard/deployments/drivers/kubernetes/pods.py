"""How pods are, and why they are not ready, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from modelyard.deployments.drivers.kubernetes.manifests import Manifest

MOST = 3
"""Pods of which is told: they mostly say the same."""


def all_ready(deployment: Manifest) -> bool:
    """Whether all pods of a deployment are new, and ready."""
    wanted, status = deployment["spec"].get("replicas", 1), deployment.get("status", {})
    counts = ("updatedReplicas", "readyReplicas", "replicas")
    seen = status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
    return seen and all(status.get(each, 0) == wanted for each in counts)


def troubles(pods: list[Manifest], said: Callable[[str], str]) -> Iterator[str]:
    """Why pods are not ready, the first few.

    Args:
        pods: as the cluster tells of them.
        said: gives what a pod's node wrote, by the name of the pod.
    """
    told = 0
    for pod in pods:
        name, reason = pod["metadata"]["name"], _reason(pod.get("status", {}))
        if reason and told < MOST:
            told += 1
            wrote = said(name) if told == 1 else ""
            yield f"{name}: {reason}" + (f": {wrote}" if wrote else "")


def _reason(status: dict[str, Any]) -> str:
    for container in status.get("containerStatuses", ()):
        state = container.get("state", {})
        ended = container.get("lastState", {}).get("terminated", {}).get("reason", "")
        for found in (state.get("waiting"), state.get("terminated")):
            if found and found.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
                why = found.get("message", "")
                return " ".join(filter(None, (found["reason"], f"({ended})" * bool(ended), why)))
    for condition in status.get("conditions", ()):
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return f"{condition.get('reason', '')} {condition.get('message', '')}".strip()
    if status.get("phase") == "Failed":
        return f"{status.get('reason', 'it failed')} {status.get('message', '')}".strip()
    return ""
