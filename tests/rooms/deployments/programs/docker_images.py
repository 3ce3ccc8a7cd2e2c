"""A program that builds and pushes images as docker does; a registry is the folder $REGISTRY.

An image is a folder with what its Dockerfile copies; with $RUNS, too, with what the commands of its
own user make there, which are really run. `trouble.json` says what goes wrong:
`{"VERB": "fail" | "hang" | "die"}`.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

REGISTRY = Path(os.environ["REGISTRY"])
BUILT, PUSHED = REGISTRY / "built", REGISTRY / "images"


def main(words):
    with (REGISTRY / "asked.log").open("a") as log:
        log.write(" ".join(words) + "\n")
    match json.loads((REGISTRY / "trouble.json").read_text()).get(words[0]):
        case "fail":
            sys.exit(f"ERROR: failed to {words[0]}: denied: requested access is denied")
        case "hang":
            time.sleep(3600)
        case "die":
            (REGISTRY / "trouble.json").write_text("{}")
            os.kill(os.getppid(), signal.SIGKILL)
    match words:
        case ["manifest", "inspect", image]:
            sys.exit(0 if place(PUSHED, image).exists() else "no such manifest")
        case ["build", *flags, folder]:
            image = next(each for each in flags if each.startswith("--tag="))[6:]
            build(Path(folder), place(BUILT, image))
        case ["push", image]:
            shutil.copytree(place(BUILT, image), place(PUSHED, image), dirs_exist_ok=True)
            tell("latest: digest: sha256:0")


def build(folder, image):
    text = re.sub(r"\\\n", " ", (folder / "Dockerfile").read_text())
    home = image / "home"
    home.mkdir(parents=True, exist_ok=True)
    user = "root"
    for number, line in enumerate(text.splitlines(), 1):
        word, _, rest = line.partition(" ")
        if word and not word.startswith("#"):
            tell(f"#{number} {line[:80]}")
        if word == "USER":
            user = rest
        if word == "COPY":
            source, target = rest.split()[-2:]
            shutil.copytree(folder / source, home / target, dirs_exist_ok=True)
        if word == "RUN" and user == "10001" and "RUNS" in os.environ:
            shutil.rmtree(home / "node", ignore_errors=True)
            subprocess.run(["sh", "-ec", rest], cwd=home, check=True)


def place(folder, image):
    return folder / image.replace("/", "_")


def tell(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
