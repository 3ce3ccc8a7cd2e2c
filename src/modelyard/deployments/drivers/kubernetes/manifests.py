"""What a service is in a cluster: manifests, of what it carries and the driver's options."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import yaml
from pydantic import ValidationError

from modelyard import errors
from modelyard.deployments.drivers.inside import NODE
from modelyard.deployments.drivers.kubernetes.naming import object_name
from modelyard.deployments.drivers.kubernetes.options import KubernetesOptions
from modelyard.kernel.values import Name, Value
from modelyard.serving.operating.types import Plan
from modelyard.serving.operating.writing import filled
from modelyard.serving.types import Access

Manifest = dict[str, Any]

PORT = 8500
CARRIES = "modelyard.io/carries"
NAMED = "app.kubernetes.io/name"
MANAGED = "app.kubernetes.io/managed-by"
OURS = "modelyard"
FILES = ("deployment.yaml", "service.yaml", "disruption.yaml")


class Carried(Value):
    """What pods of a service answer with: written down with them, and read when they are looked at.

    The image has the packages in it, and the mapping of the service set.
    """

    service: Name
    image: str
    base_image: str = ""
    packages: dict[Name, datetime]
    shares: dict[Name, float]
    shadows: tuple[Name, ...] = ()
    access: Access = "package"


def carried_by(deployment: Manifest) -> Carried:
    """What a deployment says that its pods answer with.

    Raises:
        Conflict: it was not made by this driver, or what it says cannot be read.
    """
    facts = deployment["metadata"]
    text = facts.get("annotations", {}).get(CARRIES)
    if facts.get("labels", {}).get(MANAGED) != OURS or text is None:
        raise not_ours(deployment)
    try:
        return Carried.model_validate_json(text)
    except ValidationError as exc:
        raise errors.Conflict(
            f"what {facts['name']} carries cannot be read from its annotation {CARRIES}; delete it "
            f"there: kubectl delete deployment {facts['name']}"
        ) from exc


def not_ours(there: Manifest) -> errors.Conflict:
    """The error for something in the cluster that has the name of a service, and is another's."""
    kind, facts = there["kind"], there["metadata"]
    return errors.Conflict(
        f"there is a {kind} {facts['name']} in the namespace {facts.get('namespace', '')} already, "
        "which Modelyard did not make; take it away, or take another namespace"
    )


def manifests(
    options: KubernetesOptions, carried: Carried, *, enabled: bool = True, counted: bool = True
) -> list[Manifest]:
    """All that a service is in a cluster.

    Args:
        options: those of the infrastructure.
        carried: what its pods answer with.
        enabled: whether there are pods.
        counted: whether the number of pods is said where no autoscaler says it.
    """
    name = object_name(carried.service)
    plan = Plan(
        name=name,
        port=PORT,
        image="filled-in",
        replicas=options.replicas,
        most=max(options.most, options.replicas),
        memory=options.memory,
    )
    files = (*FILES, "autoscaler.yaml") if options.scales else FILES
    found = [yaml.safe_load(filled(f"kubernetes/{file}", plan)) for file in files]
    by_kind: dict[str, Manifest] = {each["kind"]: each for each in found}
    _fill_deployment(by_kind["Deployment"], options, carried)
    if counted and not (enabled and options.scales):
        by_kind["Deployment"]["spec"]["replicas"] = options.replicas if enabled else 0
    _fill_service(by_kind["Service"], options)
    if options.scales:
        (metric,) = by_kind["HorizontalPodAutoscaler"]["spec"]["metrics"]
        metric["resource"]["target"]["averageUtilization"] = options.cpu_percent
    if options.exposition == "ingress":
        by_kind["Ingress"] = _ingress(options, carried.service, name)
    patches: dict[str, Any] = options.model_dump()["patches"]
    for kind, manifest in by_kind.items():
        facts = manifest["metadata"]
        facts["namespace"] = options.namespace
        facts["labels"] = {**options.labels, NAMED: name, MANAGED: OURS}
        by_kind[kind] = _patched(manifest, patches.get(kind, {}))
    return list(by_kind.values())


def _fill_deployment(deployment: Manifest, options: KubernetesOptions, carried: Carried) -> None:
    deployment["metadata"]["annotations"] = {CARRIES: carried.model_dump_json()}
    deployment["spec"]["progressDeadlineSeconds"] = max(1, round(options.minutes * 60))
    template = deployment["spec"]["template"]
    labels = template["metadata"]["labels"]
    template["metadata"]["labels"] = {**options.labels, **labels, MANAGED: OURS}
    pod = template["spec"]
    pod["topologySpreadConstraints"][0]["topologyKey"] = options.spread
    if options.pull_secrets:
        pod["imagePullSecrets"] = [{"name": each} for each in options.pull_secrets]
    if options.service_account:
        pod["serviceAccountName"] = options.service_account
    if options.node_selector:
        pod["nodeSelector"] = dict(options.node_selector)
    (node,) = pod["containers"]
    node["image"] = carried.image
    node["resources"]["requests"]["cpu"] = options.cpus
    if options.gpus:
        node["resources"]["limits"]["nvidia.com/gpu"] = str(options.gpus)
    variables = {each["name"]: each["value"] for each in node["env"]} | dict(options.env)
    node["env"] = [{"name": name, "value": value} for name, value in variables.items()]
    if options.env_secrets:
        node["envFrom"] = [{"secretRef": {"name": each}} for each in options.env_secrets]
    if options.keys_secret:
        pod["volumes"] = [{"name": "keys", "secret": {"secretName": options.keys_secret}}]
        mounted = {"name": "keys", "mountPath": f"{NODE}/keys.json", "subPath": "keys.json"}
        node["volumeMounts"] = [{**mounted, "readOnly": True}]


def _fill_service(service: Manifest, options: KubernetesOptions) -> None:
    kinds = {"node_port": "NodePort", "load_balancer": "LoadBalancer"}
    service["spec"]["type"] = kinds.get(options.exposition, "ClusterIP")
    if options.exposition == "node_port" and options.node_port:
        service["spec"]["ports"][0]["nodePort"] = options.node_port
    if options.annotations and options.exposition != "ingress":
        service["metadata"]["annotations"] = dict(options.annotations)


def _ingress(options: KubernetesOptions, service: str, name: str) -> Manifest:
    host = options.host.replace("{service}", name)
    own = host != options.host
    prefixes = ["/"] if own else [f"/public/api/v1/{service}", f"/{service}"]
    backend = {"service": {"name": name, "port": {"name": "http"}}}
    paths = [{"path": each, "pathType": "Prefix", "backend": backend} for each in prefixes]
    spec: Manifest = {"rules": [{"host": host, "http": {"paths": paths}}]}
    if options.ingress_class:
        spec["ingressClassName"] = options.ingress_class
    if options.tls_secret:
        spec["tls"] = [{"hosts": [host], "secretName": options.tls_secret}]
    facts: Manifest = {"name": name}
    if options.annotations:
        facts["annotations"] = dict(options.annotations)
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": facts,
        "spec": spec,
    }


def _patched(target: Any, patch: Any) -> Any:
    """What a JSON merge patch (RFC 7396) makes of a value."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = _patched(found.get(name), value)
    return found
