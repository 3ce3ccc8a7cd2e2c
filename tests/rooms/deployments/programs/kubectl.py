"""A program that answers as kubectl does, of a cluster that is files in the folder $CLUSTER.

What is applied is checked against the schemas of Kubernetes 1.37. It belongs to its field manager:
what that leaves out later goes; what others changed stays until it is applied over. Pods run as far
as their image was pushed. `trouble.json` says what goes wrong: `{"VERB": "fail" | "hang" |
"garbage" | "die"}`, `{"version": "1.14"}`, `{"crashes": "IMAGE'S END"}`.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

CLUSTER = Path(os.environ["CLUSTER"])
OBJECTS = CLUSTER / "objects"
PLURAL = {
    "deployments.apps": "Deployment",
    "services": "Service",
    "horizontalpodautoscalers.autoscaling": "HorizontalPodAutoscaler",
    "poddisruptionbudgets.policy": "PodDisruptionBudget",
    "ingresses.networking.k8s.io": "Ingress",
}


def main(words):
    trouble = json.loads((CLUSTER / "trouble.json").read_text())
    command = [word for word in words if not word.startswith("-")]
    flags = dict(
        w.lstrip("-").partition("=")[::2] for w in words if w.startswith("--") and w != "--"
    )
    with (CLUSTER / "asked.log").open("a") as log:
        log.write(" ".join(words) + "\n")
    verb = "rollout" if command[0] == "rollout" else command[0]
    if verb == "version":
        major, minor = trouble.get("version", "1.34+").split(".")
        say({"clientVersion": {"major": major, "minor": minor}})
        return
    happens(trouble.get(verb))
    if flags.get("context") == "gone":
        fail(f'error: context "{flags["context"]}" does not exist')
    if flags["namespace"] == "gone":
        fail(f'Error from server (NotFound): namespaces "{flags["namespace"]}" not found')
    VERBS[verb](command[1:], flags, trouble)


def happens(what):
    match what:
        case "fail":
            fail("Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout")
        case "hang":
            time.sleep(3600)
        case "garbage":
            tell("<html>Sign in to the hotel's network</html>")
            sys.exit(0)
        case "die":
            (CLUSTER / "trouble.json").write_text("{}")
            os.kill(os.getppid(), signal.SIGKILL)


def get(names, flags, trouble):
    if names[0] == "pods":
        say({"kind": "PodList", "items": pods(flags["selector"], trouble)})
        return
    found = [held["live"] for held in map(load, names) if held]
    for each in found:
        if each["kind"] == "Deployment":
            each["status"] = status(each, trouble)
    if found:
        say({"kind": "List", "items": found})


def apply(_names, flags, _trouble):
    import kubernetes_validate

    for manifest in given():
        path = path_of(manifest)
        held = read(path)
        try:
            kubernetes_validate.validate(manifest, "1.37", strict=True)
        except kubernetes_validate.ValidationError as error:
            fail(f"The {manifest['kind']} is invalid: {error.message}")
        path.write_text(json.dumps(applied(held, manifest)))
        tell(f"{manifest['kind'].lower()}/{manifest['metadata']['name']} serverside-applied")
    if flags["field-manager"] != "modelyard":
        fail("another field manager")


def diff(_names, _flags, _trouble):
    different = False
    for manifest in given():
        held = read(path_of(manifest))
        before, after = held and held["live"], applied(held, manifest)["live"]
        if before != after:
            different = True
            told = [json.dumps(each, indent=1).splitlines() for each in (before, after)]
            tell("--- /tmp/LIVE\n+++ /tmp/MERGED")
            tell("\n".join(f"-{line}" for line in told[0] if line not in told[1]))
            tell("\n".join(f"+{line}" for line in told[1] if line not in told[0]))
    sys.exit(1 if different else 0)


def given():
    """The manifests on standard input."""
    import yaml

    return list(yaml.load_all(sys.stdin, yaml.CSafeLoader))


def scale(names, flags, _trouble):
    held = load(names[0])
    held["live"]["spec"]["replicas"] = int(flags["replicas"])
    path_of(held["live"]).write_text(json.dumps(held))


def delete(names, _flags, _trouble):
    for name in names:
        kind, _, called = name.partition("/")
        (OBJECTS / f"{PLURAL[kind]}-{called}.json").unlink(missing_ok=True)


def rollout(words, _flags, trouble):
    live = load(words[1])["live"]
    found = status(live, trouble)
    if found["updatedReplicas"] != found["readyReplicas"] or not found["is_new"]:
        fail(f'error: deployment "{live["metadata"]["name"]}" exceeded its progress deadline')
    held = load(words[1])
    held["answers"] = live["spec"]["template"]
    path_of(live).write_text(json.dumps(held))
    tell("successfully rolled out")


def execute(words, _flags, trouble):
    """Run a command in a pod: the node of its image, as a process while it lasts."""
    image = image_of(load(words[0])["live"])
    home = Path(os.environ["REGISTRY"], "images", image.replace("/", "_"), "home")
    serving = ["node", "serve", "--folder", home / "node", "--port", trouble["port"], "--leashed"]
    node = subprocess.Popen(
        [sys.executable, "-m", "modelyard", *serving],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    node.stdout.readline()
    asked = [word.replace("/home/modelyard/node", str(home / "node")) for word in sys.argv]
    asked = asked[asked.index("--") + 2 :]
    done = subprocess.run([sys.executable, "-m", "modelyard", *asked], check=False)
    node.stdin.close()
    node.wait()
    sys.exit(done.returncode)


def logs(_words, _flags, _trouble):
    tell("ImportError: no module named oracle")


def status(live, trouble):
    wanted = live["spec"].get("replicas", 1)
    answers = read(path_of(live)).get("answers")
    new = runs(image_of(live), trouble)
    ready = wanted if new or answers else 0
    return {
        "replicas": wanted,
        "updatedReplicas": wanted if new else 1,
        "readyReplicas": ready,
        "observedGeneration": 1,
        "is_new": new,
    }


def runs(image, trouble):
    there = Path(os.environ["REGISTRY"], "images", image.replace("/", "_")).exists()
    return there and not (trouble.get("crashes") and image.endswith(trouble["crashes"]))


def pods(selector, trouble):
    name = selector.partition("=")[2].partition(",")[0]
    live = load(f"deployments.apps/{name}")["live"]
    image = image_of(live)
    if runs(image, trouble):
        return [{"kind": "Pod", "metadata": {"name": f"{name}-1"}, "status": {"phase": "Running"}}]
    there = Path(os.environ["REGISTRY"], "images", image.replace("/", "_")).exists()
    waiting = {"reason": "CrashLoopBackOff"} if there else {"reason": "ImagePullBackOff"}
    waiting["message"] = "back-off" if there else f"image {image} not found"
    state = {"name": "node", "state": {"waiting": waiting}}
    named = {"name": f"{name}-1"}
    return [{"kind": "Pod", "metadata": named, "status": {"containerStatuses": [state]}}]


def applied(held, manifest):
    """What there is once a manifest was applied by the server."""
    live = {} if not held else json.loads(json.dumps(held["live"]))
    without(live, (held or {}).get("applied", {}), manifest)
    over(live, json.loads(json.dumps(manifest)))
    if manifest["kind"] == "Deployment":
        live["spec"].setdefault("replicas", 1)
    return {**(held or {}), "live": live, "applied": manifest}


def without(live, before, now):
    for name in before:
        if name not in now:
            live.pop(name, None)
        elif isinstance(before[name], dict) and isinstance(now[name], dict) and name in live:
            without(live[name], before[name], now[name])


def over(live, wanted):
    for name, value in wanted.items():
        if isinstance(value, dict) and isinstance(live.get(name), dict):
            over(live[name], value)
        else:
            live[name] = value


def image_of(deployment):
    return deployment["spec"]["template"]["spec"]["containers"][0]["image"]


def path_of(manifest):
    return OBJECTS / f"{manifest['kind']}-{manifest['metadata']['name']}.json"


def load(named):
    kind, _, name = named.partition("/")
    return read(OBJECTS / f"{PLURAL[kind]}-{name}.json")


def read(path):
    return json.loads(path.read_text()) if path.exists() else None


def say(document):
    tell(json.dumps(document))


def fail(why):
    sys.stderr.write(f"{why}\n")
    sys.exit(1 if sys.argv[1] != "diff" else 2)


VERBS = {
    "get": get,
    "apply": apply,
    "diff": diff,
    "scale": scale,
    "delete": delete,
    "rollout": rollout,
    "exec": execute,
    "logs": logs,
}


def tell(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
