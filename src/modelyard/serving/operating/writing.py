"""Writes the files of a platform from their templates."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from modelyard import errors
from modelyard.serving.operating.types import Plan, Platform, WrittenFiles

_FILES: dict[Platform, dict[str, str]] = {
    "systemd": {"node.service": "{name}.service"},
    "docker": {
        "Dockerfile": "Dockerfile",
        "dockerignore": ".dockerignore",
        "compose.yaml": "compose.yaml",
    },
    "kubernetes": {
        "deployment.yaml": "deployment.yaml",
        "service.yaml": "service.yaml",
        "autoscaler.yaml": "autoscaler.yaml",
        "disruption.yaml": "disruption.yaml",
    },
    "nginx": {"nginx.conf": "nginx.conf"},
    "haproxy": {"haproxy.cfg": "haproxy.cfg"},
}
_NEXT: dict[Platform, tuple[str, ...]] = {
    "systemd": (
        "sudo cp {name}.service /etc/systemd/system/",
        "sudo systemctl daemon-reload",
        "sudo systemctl enable --now {name}",
    ),
    "docker": (
        "mkdir -p packages && cp /where/they/are/*.zip packages/",
        "docker build --tag {image} .",
        "docker compose up --detach",
    ),
    "kubernetes": ("kubectl apply --filename .",),
    "nginx": ("nginx -t -c $PWD/nginx.conf",),
    "haproxy": ("haproxy -c -f haproxy.cfg",),
}


def write_files(platform: Platform, plan: Plan, folder: Path) -> WrittenFiles:
    """Write the files of a platform into a folder, which is made if it is not there.

    Raises:
        Invalid: fewer nodes are allowed at most than at least.
        Conflict: one of the files is there already; nothing was written.
        Failed: the folder cannot be written.
    """
    if plan.most < plan.replicas:
        raise errors.Invalid(
            f"at most {plan.most} nodes cannot be {plan.replicas} at least", field="most"
        )
    texts = {
        name.format(name=plan.name): filled(f"{platform}/{template}", plan)
        for template, name in _FILES[platform].items()
    }
    there = sorted(name for name in texts if (folder / name).exists())
    if there:
        raise errors.Conflict(
            f"{', '.join(there)} is there in {folder} already; name another --output, or move it"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as exc:
        raise errors.Failed(f"the files cannot be written to {folder}: {exc}") from exc
    facts = {"name": plan.name, "image": plan.image}
    return WrittenFiles(
        platform=platform,
        folder=str(folder),
        files=tuple(texts),
        next=tuple(step.format_map(facts) for step in _NEXT[platform]),
    )


def filled(template: str, plan: Plan, *, answering: Sequence[str] = (), empty: bool = False) -> str:
    """The text of a template with a plan filled in.

    Args:
        template: its platform and name.
        plan: what is filled in.
        answering: commands that say what answers, in an image of a node; none: what is newest.
        empty: an image of a node without packages.
    """
    # Autoescaping is for HTML; every value that is filled in has a pattern without special letters.
    environment = Environment(
        loader=PackageLoader("modelyard.serving.operating"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(
        plan=plan, version=version("modelyard"), answering=answering, empty=empty
    )
