"""Where a model is from: what its own files record, and links without secrets."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit

import yaml

from modelyard import errors
from modelyard.kernel.values import FILES, TRANSIT
from modelyard.models.mlmodel import read_mlmodel
from modelyard.models.types import Lineage

REGISTERED = "registered_model_meta"
"""What MLflow's client writes beside a model that it downloads from a registry."""


LARGEST_NOTE = 64 << 10
USER_INFO = re.compile(r"://[^/]*@")
UPLOADED = re.compile(rf"^({re.escape(FILES)})?{TRANSIT}/[^/]+/")
"""How the place of something begins that was sent for one command."""


def recorded_lineage(folder: Path, source: str) -> Lineage:
    """What a model's folder says of its origin: run, logged model, registry name and version.

    Raises:
        Invalid: the MLmodel file is missing or damaged.
    """
    model_file, raw = read_mlmodel(folder)
    registered = _registered(folder / REGISTERED)
    return Lineage(
        source=_told(source),
        run_id=model_file.run_id,
        logged_model_id=_text(raw.get("model_id")),
        registered_model=_text(registered.get("model_name")),
        registry_version=_text(registered.get("model_version")),
    )


def _told(source: str) -> str:
    """A source without secrets; of what a client sent, the name: its place is soon gone."""
    return source.rpartition("/")[2] if UPLOADED.match(source) else without_secrets(source)


def web_page(tracking_uri: str, registry_uri: str, lineage: Lineage) -> str | None:
    """The page of a registry version, run or logged model on an MLflow server, where there is one.

    Args:
        tracking_uri: the server of runs.
        registry_uri: the server of registered models; empty: the same.
        lineage: what the model is called there.
    """
    uri = (registry_uri or tracking_uri) if lineage.registered_model else tracking_uri
    if lineage.registered_model:
        name = quote(lineage.registered_model, safe="")
        page = f"models/{name}/versions/{lineage.registry_version}"
    elif lineage.experiment_id and lineage.run_id:
        page = f"experiments/{lineage.experiment_id}/runs/{lineage.run_id}"
    elif lineage.experiment_id and lineage.logged_model_id:
        page = f"experiments/{lineage.experiment_id}/models/{lineage.logged_model_id}"
    else:
        return None
    is_web = uri.startswith(("http://", "https://"))
    return f"{without_secrets(uri).rstrip('/')}/#/{page}" if is_web else None


def split_uri(uri: str) -> SplitResult:
    """The parts of a URI.

    Raises:
        Invalid: it is none.
    """
    try:
        return urlsplit(uri)
    except ValueError as exc:
        raise errors.Invalid(f"{without_secrets(uri)} is no valid URI: {exc}") from exc


def without_secrets(uri: str) -> str:
    """The URI without user name and password."""
    return USER_INFO.sub("://", uri)


def _registered(file: Path) -> dict[str, object]:
    """The note as it is; the model is whole without it, so a damaged one counts as none."""
    if not file.is_file() or file.stat().st_size > LARGEST_NOTE:
        return {}
    try:
        content = yaml.safe_load(file.read_bytes())
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int) else None
