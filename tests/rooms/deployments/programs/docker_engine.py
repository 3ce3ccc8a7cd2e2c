"""A program that runs containers as docker does: processes, in folders of $ENGINES.

Each context is a machine, a folder there; a volume is a folder in that, with a node in it. What
runs in a container is really run. `trouble.json` says what goes wrong: `{"VERB": "fail" | "hang" |
"garbage" | "die"}`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ENGINES = Path(os.environ["ENGINES"])
HOME = "/home/modelyard"
PYTHON = [sys.executable, "-m", "modelyard"]


def main(words):
    context = words[0].partition("=")[2]
    machine = ENGINES / context
    with (ENGINES / "asked.log").open("a") as log:
        log.write(" ".join(words) + "\n")
    if not machine.is_dir():
        fail(f'context "{context}": context not found')
    verb = words[1]
    match json.loads((ENGINES / "trouble.json").read_text()).get(verb):
        case "fail":
            fail("Cannot connect to the Docker daemon. Is the docker daemon running?")
        case "hang":
            time.sleep(3600)
        case "garbage":
            tell("Segmentation fault")
            sys.exit(0)
        case "die":
            (ENGINES / "trouble.json").write_text("{}")
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(1)
    act(machine, verb, words[2:])


def act(machine, verb, words):
    match verb, words:
        case "container", ["inspect", name]:
            inspect(machine, name)
        case "image", ["inspect", image]:
            sys.exit(0 if (machine / f"image-{image}").exists() else 1)
        case "build", [tag, "-"]:
            (machine / f"image-{tag.partition('=')[2]}").write_text(sys.stdin.read())
        case "run", _:
            start_new(machine, words)
        case "start", [name]:
            start(machine, name)
        case "stop", [_, name]:
            stop(machine, name)
        case "rm", [_, name]:
            stop(machine, name)
            (machine / f"{name}.json").unlink()
        case "volume", ["rm", _, name]:
            shutil.rmtree(machine / "volumes" / name, ignore_errors=True)
        case "cp", [source, target]:
            shutil.copy(source, machine / Path(target).name)
        case "exec", _:
            execute(machine, words)
        case "logs", _:
            tell("it says nothing")


def inspect(machine, name):
    held = read(machine, name)
    if held is None:
        fail(f"Error response from daemon: No such container: {name}")
    found = {"State": {"Running": lives(held)}, "Config": {"Labels": held["labels"]}}
    tell(json.dumps([found]))


def start_new(machine, words):
    flags = [word for word in words if word.startswith("--") and "=" in word]
    given = dict(flag[2:].partition("=")[::2] for flag in flags)
    label, _, value = given["label"].partition("=")
    if read(machine, given["name"]) is not None:
        fail(f"Conflict. The container name {given['name']} is already in use")
    volume = machine / "volumes" / given["volume"].partition(":")[0]
    if not volume.exists():
        subprocess.run([*PYTHON, "node", "init", "--folder", volume], check=True)
    port = given["publish"].split(":")[-2]
    held = {"labels": {label: value}, "port": port, "volume": str(volume), "pid": 0}
    write(machine, given["name"], held)
    start(machine, given["name"])


def start(machine, name):
    held = read(machine, name)
    with (machine / f"{name}.log").open("a") as log:
        node = subprocess.Popen(
            [*PYTHON, "node", "serve", "--folder", held["volume"], "--port", held["port"]],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    write(machine, name, {**held, "pid": node.pid})


def stop(machine, name):
    held = read(machine, name)
    if lives(held):
        os.kill(held["pid"], signal.SIGTERM)
    while lives(held):
        time.sleep(0.05)


def execute(machine, words):
    words = [word for word in words if not word.startswith("--user")]
    held = read(machine, words[0])
    if not lives(held):
        fail(f"Error response from daemon: container {words[0]} is not running")
    inner = [word.replace(f"{HOME}/node", held["volume"]) for word in words[1:]]
    inner = [word.replace(HOME, str(machine)) for word in inner]
    if inner[0] != "modelyard":
        sys.exit(subprocess.run(inner, check=False).returncode)
    from modelyard.cli.main import main as modelyard

    sys.argv = inner
    modelyard()


def lives(held):
    try:
        state = Path(f"/proc/{held['pid']}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return held["pid"] > 0 and state != "Z"


def read(machine, name):
    file = machine / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else None


def write(machine, name, held):
    (machine / f"{name}.json").write_text(json.dumps(held))


def tell(text):
    sys.stdout.write(f"{text}\n")


def fail(why):
    sys.stderr.write(f"{why}\n")
    sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
