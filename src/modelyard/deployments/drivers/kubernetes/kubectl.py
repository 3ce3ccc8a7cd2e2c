"""The user's own kubectl: what is in a namespace, and how that is changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from modelyard import errors
from modelyard.deployments.drivers.inside import NODE, node_words, result_of
from modelyard.deployments.drivers.kubernetes.manifests import Manifest
from modelyard.deployments.drivers.kubernetes.options import KubernetesOptions
from modelyard.deployments.drivers.tools import Answer, Tool
from modelyard.serving.administration.commands import NodeCommand
from modelyard.serving.watching.types import AnsweredTest

R = TypeVar("R")
TOOL = Tool("kubectl", "speaks to clusters")
OLDEST = (1, 22)
"""The first version that applies by the server without being told that this is a trial."""
RESOURCES = {
    "Deployment": "deployments.apps",
    "Service": "services",
    "HorizontalPodAutoscaler": "horizontalpodautoscalers.autoscaling",
    "PodDisruptionBudget": "poddisruptionbudgets.policy",
    "Ingress": "ingresses.networking.k8s.io",
}
BY_SERVER = ("--server-side", "--force-conflicts", "--field-manager=modelyard", "--filename=-")
ASKING = 60.0
"""Seconds that one question to the cluster may take."""
ALWAYS_DIFFERENT = re.compile(r"^[+-]\s+(generation|resourceVersion|time|uid):")
TESTS = TypeAdapter(list[AnsweredTest])


class Kubectl:
    """kubectl with one namespace of one cluster.

    All of it raises Unavailable where kubectl is not there or takes too long, Unsupported where it
    is too old, and Failed where the cluster refuses, or what is answered cannot be read.
    """

    def __init__(self, options: KubernetesOptions) -> None:
        self._where = [f"--namespace={options.namespace}"]
        if options.context:
            self._where.append(f"--context={options.context}")
        self._is_known = False

    def find(self, name: str) -> dict[str, Manifest]:
        """What there is of that name, by kind."""
        names = [f"{resource}/{name}" for resource in RESOURCES.values()]
        out = self._asked("get", *names, "--ignore-not-found", "--output=json").out
        return {each["kind"]: each for each in _listed(out)} if out.strip() else {}

    def pods(self, selector: str) -> list[Manifest]:
        """The pods with some labels."""
        return _listed(self._asked("get", "pods", f"--selector={selector}", "--output=json").out)

    def difference(self, wanted: Iterable[Manifest]) -> str:
        """In what the cluster differs from manifests, in some words; empty: in nothing."""
        answer = self._run("diff", *BY_SERVER, given=_documents(wanted))
        if answer.code > 1:
            raise _refused("diff", answer)
        if answer.code == 0:
            return ""
        lines = [line for line in answer.out.splitlines() if re.match(r"[+-](?![+-])", line)]
        told = [line for line in lines if not ALWAYS_DIFFERENT.match(line)]
        return "; ".join(re.sub(r"\s+", " ", line) for line in told[:6]) or "it lacks something"

    def apply(self, wanted: Iterable[Manifest]) -> None:
        """Make the cluster have what manifests say."""
        self._asked("apply", *BY_SERVER, given=_documents(wanted))

    def scale(self, name: str, pods: int) -> None:
        """Say how many pods there are to be."""
        self._asked("scale", f"{RESOURCES['Deployment']}/{name}", f"--replicas={pods}")

    def delete(self, name: str, kinds: Iterable[str]) -> None:
        """Take things away; what is not there is passed over."""
        names = [f"{RESOURCES[kind]}/{name}" for kind in kinds]
        self._asked("delete", *names, "--ignore-not-found", "--wait=true", "--timeout=50s")

    def rolled_out(self, name: str, minutes: float) -> str:
        """Wait until all pods are new and ready; gives why they are not, or nothing."""
        seconds = max(1, round(minutes * 60))
        timeout = f"--timeout={seconds + 10}s"
        where = f"{RESOURCES['Deployment']}/{name}"
        answer = self._run("rollout", "status", where, timeout, seconds=seconds + 60)
        return answer.reason if answer.code else ""

    def said(self, pod: str) -> str:
        """The last lines that a pod's node wrote before it ended."""
        last = ("--container=node", "--tail=5")
        answer = self._run("logs", pod, *last, "--previous")
        answer = self._run("logs", pod, *last) if answer.code else answer
        return "" if answer.code else answer.out.strip()[-600:]

    def answered(self, name: str, service: str, generation: str) -> list[AnsweredTest]:
        """Have one of the pods answer the test queries of a generation."""
        where = (f"{RESOURCES['Deployment']}/{name}", "--container=node", "--")
        asked = ("modelyard", "node", "test", "--folder", NODE, service, generation, "--json")
        answer = self._run("exec", *where, *asked, seconds=2 * ASKING)
        try:
            return TESTS.validate_json(answer.out)
        except ValidationError as exc:
            if answer.code:
                raise _refused("exec", answer) from None
            raise _unreadable("exec", answer.out) from exc

    def ask_node(self, name: str, command: NodeCommand[R]) -> R:
        """Have the node in one of the pods carry out a command; errors as the command's."""
        where = (f"{RESOURCES['Deployment']}/{name}", "--container=node", "--")
        answer = self._run("exec", *where, "modelyard", *node_words(command), seconds=2 * ASKING)
        return result_of(command, answer, name)

    def _asked(self, verb: str, *arguments: str, given: str = "") -> Answer:
        answer = self._run(verb, *arguments, given=given)
        if answer.code:
            raise _refused(verb, answer)
        return answer

    def _run(
        self, verb: str, *arguments: str, given: str = "", seconds: float | None = None
    ) -> Answer:
        if not self._is_known:
            _require_version()
            self._is_known = True
        return TOOL.run(verb, *self._where, *arguments, given=given, seconds=seconds or ASKING)


def _require_version() -> None:
    answer = TOOL.run("version", "--client", "--output=json", seconds=ASKING)
    if answer.code:
        raise _refused("version", answer)
    try:
        found = json.loads(answer.out)["clientVersion"]
        version = (int(found["major"]), int(re.match(r"\d+", found["minor"])[0]))  # type: ignore[index]
    except (ValueError, KeyError, TypeError) as exc:
        raise _unreadable("version", answer.out) from exc
    if version < OLDEST:
        has, takes = (".".join(map(str, each)) for each in (version, OLDEST))
        raise errors.Unsupported(f"kubectl is {has} here; it takes {takes} or newer")


def _listed(out: str) -> list[Manifest]:
    try:
        found: Any = json.loads(out)
        items = list(found["items"]) if found["kind"].endswith("List") else [found]
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise _unreadable("get", out) from exc
    if not all(map(_is_object, items)):
        raise _unreadable("get", out)
    return items


def _is_object(each: Any) -> bool:
    """Whether something is told as Kubernetes tells of its objects."""
    if not isinstance(each, dict) or not isinstance(each.get("kind"), str):
        return False
    parts = (each.get(part, {}) for part in ("metadata", "spec", "status"))
    return all(isinstance(part, dict) for part in parts) and "name" in each.get("metadata", {})


def _documents(wanted: Iterable[Manifest]) -> str:
    return yaml.safe_dump_all(wanted, sort_keys=False)


def _refused(verb: str, answer: Answer) -> errors.Failed:
    return errors.Failed(f"kubectl {verb}: {answer.reason}", program="kubectl", code=answer.code)


def _unreadable(verb: str, out: str) -> errors.Failed:
    shown = " ".join(out.split())[:120]
    return errors.Failed(
        f"what kubectl {verb} answers cannot be read: {shown!r}; see which program kubectl is here"
    )
