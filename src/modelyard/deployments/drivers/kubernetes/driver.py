"""The driver `kubernetes`: a namespace of a cluster is a place, and takes whole images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.drivers.driver import Driver
from modelyard.deployments.drivers.kubernetes.images import Image
from modelyard.deployments.drivers.kubernetes.kubectl import BY_SERVER, Kubectl
from modelyard.deployments.drivers.kubernetes.manifests import (
    MANAGED,
    NAMED,
    OURS,
    Carried,
    Manifest,
    carried_by,
    manifests,
    not_ours,
)
from modelyard.deployments.drivers.kubernetes.naming import object_name, place_name
from modelyard.deployments.drivers.kubernetes.options import KubernetesOptions
from modelyard.deployments.drivers.kubernetes.pods import all_ready, troubles
from modelyard.deployments.drivers.types import Desired, DesiredService, ObservedService, Step
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.kernel.context import Context
from modelyard.serving.administration.commands import TryQuery
from modelyard.serving.administration.types import TriedQuery
from modelyard.serving.watching.types import AnsweredTest
from modelyard.store.staging import stage


class Kubernetes:
    """Services in a cluster."""

    options = KubernetesOptions

    def require_fit(self, db: Connection, infrastructure: Infrastructure) -> None:
        """Refuse projects, and nodes."""
        if infrastructure.kind != "api":
            raise errors.Invalid(
                "bundles of projects go to automation nodes: take the driver nodes", field="kind"
            )
        if infrastructure.nodes:
            raise errors.Invalid(
                "pods are the nodes of the driver kubernetes: leave --node out, and say how many "
                "by --option replicas=3",
                field="node",
            )

    def open(self, context: Context, infrastructure: Infrastructure) -> Driver:
        """A namespace of a cluster."""
        return Cluster(context, KubernetesOptions.model_validate(infrastructure.options))


class Cluster:
    """One place: a namespace, in which each service is a deployment of pods."""

    def __init__(self, context: Context, options: KubernetesOptions) -> None:
        self._context = context
        self._options = options
        self._place = place_name(options.context, options.namespace)
        self._kubectl = Kubectl(options)

    def places(self) -> tuple[str, ...]:
        """The namespace."""
        return (self._place,)

    def observe(self, place: str, target: str) -> ObservedService:
        """Read what the deployment says that it carries, and see how its pods are."""
        found = self._find(target)
        deployment = found.get("Deployment")
        if deployment is None:
            return ObservedService(present=bool(found))
        carried = carried_by(deployment)
        enabled = _pods(deployment) > 0
        observed = ObservedService(
            present=True,
            enabled=enabled,
            shares=carried.shares,
            shadows=carried.shadows,
            access=carried.access,
            generations=carried.packages,
            image=carried.image,
            base_image=carried.base_image,
            differs=self._difference(carried, found),
        )
        return observed if not enabled else observed.model_copy(update=self._running(deployment))

    def apply(self, place: str, step: Step, desired: Desired) -> None:
        """Build an image, have the cluster run it, or take all away."""
        wanted = _possible(desired)
        if step.action == "remove":
            self._kubectl.delete(object_name(wanted.target), self._find(wanted.target))
        elif step.action == "import" and wanted.enabled:
            self._image(wanted)
        else:
            self._bring(wanted)

    def verify(self, place: str, desired: Desired) -> None:
        """Wait until all pods are new and ready, and ask one of them the test queries."""
        wanted = _possible(desired)
        name = object_name(wanted.target)
        if problem := self._kubectl.rolled_out(name, self._options.minutes):
            pods = self._kubectl.pods(_selector(name))
            why = "; ".join(troubles(pods, self._kubectl.said)) or problem
            raise errors.Failed(f"not all pods of {name} became ready: {why}")
        asked = [each.package for each in wanted.packages if each.asked]
        for generation in asked if self._options.ask else ():
            for answer in self._kubectl.answered(name, wanted.target, generation):
                if answer.outcome == "failed":
                    raise errors.Failed(
                        f"a pod of {name} fails the test query {answer.query} of "
                        f"{generation}: {answer.problem}"
                    )

    def address(self, place: str) -> str:
        """Clients reach a service as the cluster exposes it, which is not known here."""
        return ""

    def ask(self, place: str, query: TryQuery) -> TriedQuery:
        """Have a pod answer a query."""
        self._require_asking()
        return self._kubectl.ask_node(object_name(query.service), query)

    def test(self, place: str, target: str, package: str) -> list[AnsweredTest]:
        """Have a pod answer the test queries of a package."""
        self._require_asking()
        return self._kubectl.answered(object_name(target), target, package)

    def render(self, desired: Desired, folder: Path) -> tuple[str, ...]:
        """Write the image's files and the manifests; gives the commands that make use of them."""
        wanted = _possible(desired)
        image = Image(self._options, wanted)
        image.write(folder / "image", self._context.artifacts)
        carried = self._carried(wanted, image.name)
        (folder / "manifests").mkdir()
        for each in manifests(self._options, carried, enabled=wanted.enabled):
            text = yaml.safe_dump(each, sort_keys=False, allow_unicode=True)
            (folder / "manifests" / f"{each['kind'].lower()}.yaml").write_text(text, "utf-8")
        context = f"--context={self._options.context} " if self._options.context else ""
        flags = " ".join(BY_SERVER[:-1])
        apply = f"kubectl apply {context}{flags} --filename=manifests"
        return (*image.commands("image"), apply)

    def _require_asking(self) -> None:
        if not self._options.ask:
            raise errors.Unsupported(
                f"no pod of {self._place} is asked: exec into pods is turned off there by the "
                "option ask=no of its infrastructure"
            )

    def _find(self, target: str) -> dict[str, Manifest]:
        """What there is of a service; what has its name and is another's is refused."""
        found = self._kubectl.find(object_name(target))
        for there in found.values():
            if there["metadata"].get("labels", {}).get(MANAGED) != OURS:
                raise not_ours(there)
        return found

    def _difference(self, carried: Carried, found: dict[str, Manifest]) -> str:
        """In what the cluster is otherwise than this driver would have it, pods aside."""
        wanted = manifests(self._options, carried, counted=False)
        kinds = {each["kind"] for each in wanted}
        if more := sorted({*found} - kinds):
            return f"there still is the {', '.join(more)}"
        if carried.base_image != self._options.base_image:
            return f"its image was made of {carried.base_image}"
        if not carried.image.startswith(f"{self._options.repository}/"):
            return f"its image is {carried.image}"
        pods = _pods(found["Deployment"])
        if pods and not self._options.scales and pods != self._options.replicas:
            return f"there are to be {pods} pods, and not {self._options.replicas}"
        return self._kubectl.difference(wanted)

    def _running(self, deployment: Manifest) -> dict[str, Any]:
        """How the pods are."""
        status = deployment.get("status", {})
        pods, ready = status.get("replicas", 0), status.get("readyReplicas", 0)
        if all_ready(deployment):
            return {"processes": ready}
        found = self._kubectl.pods(_selector(deployment["metadata"]["name"]))
        why = "; ".join(troubles(found, lambda _: "")) or "they begin"
        wanted = _pods(deployment)
        problem = f"{ready} of {wanted} pods are ready: {why}"
        unloaded = () if ready else tuple(carried_by(deployment).shares)
        return {"processes": max(pods, 1), "unloaded": unloaded, "problem": problem}

    def _bring(self, wanted: DesiredService) -> None:
        """Have the cluster be as desired; pods follow by themselves."""
        image = wanted.restores.image if wanted.restores else self._image(wanted)
        carried = self._carried(wanted, image)
        name, found = object_name(wanted.target), self._find(wanted.target)
        made = manifests(self._options, carried, counted=False)
        self._kubectl.apply(made)
        if more := {*found} - {each["kind"] for each in made}:
            self._kubectl.delete(name, more)
        self._count(name, found.get("Deployment"), enabled=wanted.enabled)

    def _count(self, name: str, before: Manifest | None, *, enabled: bool) -> None:
        """Say how many pods there are to be: never in a manifest, as autoscalers change it."""
        pods = self._options.replicas if enabled else 0
        if before and enabled and self._options.scales:
            pods = _pods(before) or pods
        now = self._kubectl.find(name).get("Deployment")
        if now and _pods(now) != pods:
            self._kubectl.scale(name, pods)

    def _carried(self, wanted: DesiredService, image: str) -> Carried:
        before = wanted.restores
        made = {each.package: each.created for each in wanted.packages}
        return Carried(
            service=wanted.target,
            image=image,
            base_image=before.base_image if before else self._options.base_image,
            packages=before.generations if before else made,
            shares=wanted.shares,
            shadows=wanted.shadows,
            access=wanted.access,
        )

    def _image(self, wanted: DesiredService) -> str:
        """The image that is to run, which is built and pushed unless it is there."""
        image = Image(self._options, wanted)
        if not image.is_there():
            with stage(self._context, lambda _: None) as place:
                folder = place.folder / "image"
                image.write(folder, self._context.artifacts)
                image.build(folder, self._context.progress)
        return image.name


def _pods(deployment: Manifest) -> int:
    return int(deployment["spec"].get("replicas", 1))


def _selector(name: str) -> str:
    return f"{NAMED}={name},{MANAGED}={OURS}"


def _possible(desired: Desired) -> DesiredService:
    """What is desired, if this driver can bring it about."""
    if not isinstance(desired, DesiredService):
        raise TypeError("a cluster has no projects")
    if desired.guard is not None:
        raise errors.Unsupported(
            "pods take over one by one, and none of them goes back by itself: on Kubernetes leave "
            "--error-rate and --p99-ms out"
        )
    return desired
