"""Where a model is on an MLflow server, and what the server knows of it."""

from __future__ import annotations

import difflib
import os
import posixpath
from functools import partial
from typing import Any, Dict, Iterable, List, Optional, Tuple

from ..problems import Problem
from .server import Server

MLMODEL = "MLmodel"
LARGEST_MLMODEL = 8 << 20
CONTEXT = "mlflow.data.context"
"""What a dataset was to a run: MLflow suggests training, testing, eval."""
FORMS = "models:/NAME/VERSION, models:/NAME@ALIAS, models:/NAME/latest or models:/m-ID"


class Origin:
    """A model found: the repository whose root is its folder, and its names on the server."""

    def __init__(
        self,
        repository: Any,
        run_id: Optional[str] = None,
        model_id: Optional[str] = None,
        name: Optional[str] = None,
        version: Optional[str] = None,
    ) -> None:
        self.repository = repository
        self.run_id = run_id
        self.model_id = model_id
        self.name = name
        self.version = version


def find(server: Server, source: str) -> Origin:
    """Find the model that a runs:/, models:/ or other URI names.

    Raises:
        Problem: it is not there (the detail says what is), or the server refuses.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    scheme = source.split(":", 1)[0].lower()
    if scheme == "runs":
        return _find_in_run(server, source)
    if scheme == "models":
        origin = _find_in_registry(server, source)
    else:
        origin = Origin(server.ask(lambda: get_artifact_repository(source)))
    listed = _list(server, origin.repository, "")
    if not _has_model(listed):
        raise Problem(
            "not_found",
            f"there is no file MLmodel at {source}; it holds: {_some(listed)}; name the folder "
            "that holds MLmodel",
        )
    return origin


def describe(server: Server, origin: Origin, folder: str) -> Dict[str, Any]:
    """What the server knows of a model that was downloaded to a folder.

    What MLmodel itself records fills the gaps; a run that this server does not have (the model was
    copied from another) is named by its id alone.

    Returns:
        Lineage facts by name; absent ones are left out.
    """
    recorded = _recorded(folder)
    facts: Dict[str, Any] = {"logged_model_id": origin.model_id or recorded.get("model_id")}
    run_id = origin.run_id or recorded.get("run_id")
    if origin.name is not None:
        version = _tolerant(server, server.client.get_model_version, origin.name, origin.version)
        facts.update(registered_model=origin.name, registry_version=str(origin.version))
        facts["aliases"] = list(getattr(version, "aliases", None) or ())
        run_id = getattr(version, "run_id", None) or run_id
    if facts["logged_model_id"] and not server.is_old:
        model = _tolerant(server, server.client.get_logged_model, facts["logged_model_id"])
        facts["experiment_id"] = getattr(model, "experiment_id", None)
        run_id = run_id or getattr(model, "source_run_id", None)
    facts["run_id"] = run_id
    run = _tolerant(server, server.client.get_run, run_id) if run_id else None
    if run is not None:
        facts.update(_run_facts(run))
    if facts.get("experiment_id"):
        experiment = _tolerant(server, server.client.get_experiment, facts["experiment_id"])
        facts["experiment"] = getattr(experiment, "name", None)
    return {name: value for name, value in facts.items() if value}


def _run_facts(run: Any) -> Dict[str, Any]:
    tags = run.data.tags
    return {
        "train_dataset": _logged_dataset(run, ("train",)),
        "test_dataset": _logged_dataset(run, ("test", "eval")),
        "experiment_id": run.info.experiment_id,
        "run_name": getattr(run.info, "run_name", None) or tags.get("mlflow.runName"),
        "user": tags.get("mlflow.user") or run.info.user_id,
        "git_commit": tags.get("mlflow.source.git.commit"),
    }


def _logged_dataset(run: Any, contexts: Tuple[str, ...]) -> Optional[str]:
    """The first dataset that a run logged as its input in a context that begins so."""
    inputs = getattr(run, "inputs", None)  # none: of a server before MLflow 2.4
    for each in getattr(inputs, "dataset_inputs", None) or ():
        context = next((tag.value for tag in each.tags if tag.key == CONTEXT), "")
        if context.lower().startswith(contexts):
            return str(each.dataset.name)
    return None


def _tolerant(server: Server, call: Any, *arguments: Any) -> Any:
    """Ask for what an import can do without: None where it is not there or not ours to read."""
    try:
        return server.ask(partial(call, *arguments))
    except Problem as problem:
        if problem.kind in ("not_found", "forbidden", "unauthenticated", "invalid"):
            return None
        raise


def _recorded(folder: str) -> Dict[str, str]:
    """The ids that MLmodel records; the control side reads it again and says what is wrong."""
    import yaml

    with open(os.path.join(folder, MLMODEL), "rb") as file:
        content = file.read(LARGEST_MLMODEL)
    try:
        recorded = yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    ids = recorded if isinstance(recorded, dict) else {}
    return {key: ids[key] for key in ("run_id", "model_id") if isinstance(ids.get(key), str)}


def _find_in_run(server: Server, source: str) -> Origin:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
    from mlflow.store.artifact.runs_artifact_repo import RunsArtifactRepository

    run_id, path = server.ask(lambda: RunsArtifactRepository.parse_runs_uri(source))
    run = server.ask(
        lambda: server.client.get_run(run_id),
        lambda: f"{server.uri} has no run {run_id}; the id is on the run's page",
    )
    name, _, rest = (path or "").partition("/")
    logged = [model for model in _logged_models(server, run) if model.name == name]
    if logged:
        model = max(logged, key=lambda model: model.creation_timestamp)
        uri = f"{model.artifact_location}/{rest}" if rest else f"models:/{model.model_id}"
        repository = server.ask(lambda: get_artifact_repository(uri))
        return Origin(getattr(repository, "repo", repository), run_id, model.model_id)
    # The run's own artifacts: MLflow's wrapper around both kinds asks servers before MLflow 3 for
    # logged models, which fails, and takes a download that broke off for a whole one.
    repository = server.ask(lambda: RunsArtifactRepository(source).repo)
    if not _has_model(_list(server, repository, "")):
        raise Problem("not_found", _missing_in_run(server, run, path))
    return Origin(repository, run_id)


def _logged_models(server: Server, run: Any) -> List[Any]:
    """The models that a run logged by an MLflow 3 client: they are kept beside its artifacts."""
    outputs = getattr(run.outputs, "model_outputs", None) or ()
    ids = {output.model_id for output in outputs}
    return [server.ask(partial(server.client.get_logged_model, key)) for key in sorted(ids)]


def _missing_in_run(server: Server, run: Any, path: Optional[str]) -> str:
    from mlflow.store.artifact.runs_artifact_repo import RunsArtifactRepository

    run_id = run.info.run_id
    root = server.ask(lambda: RunsArtifactRepository(f"runs:/{run_id}").repo)
    listed = _list(server, root, "")
    folders = [name for name, is_folder in listed.items() if is_folder][:50]
    models = {model.name for model in _logged_models(server, run)}
    models |= {name for name in folders if _has_model(_list(server, root, name))}
    return (
        f"run {run_id} has no model at {path or '/'!r}; its models: {_some(models)}; its other "
        f"artifacts: {_some(set(listed) - models)}"
    )


def _list(server: Server, repository: Any, folder: str) -> Dict[str, bool]:
    """What is in a folder, by name: whether it is a folder itself."""
    server.check(repository)
    listed = server.ask(lambda: repository.list_artifacts(folder))
    return {posixpath.basename(item.path): item.is_dir for item in listed}


def _has_model(listed: Dict[str, bool]) -> bool:
    return listed.get(MLMODEL) is False


def _find_in_registry(server: Server, source: str) -> Origin:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    name, at, alias = source.rstrip("/").rsplit(":/", 1)[-1].strip("/").partition("@")
    name, slash, version = name.partition("/")
    if not name or not (at or slash or name.startswith("m-")):
        raise Problem("invalid", f"{source} names no model version; write {FORMS}")
    if not at and not slash:
        return _find_logged_model(server, source, name)
    found = server.ask(
        lambda: get_artifact_repository(source),
        lambda: _missing_version(server, name, version, alias),
    )
    # The inner repository: the outer one would add a file to the model's folder.
    return Origin(found.repo, name=found.model_name, version=found.model_version)


def _find_logged_model(server: Server, source: str, model_id: str) -> Origin:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    if server.is_old:
        raise Problem(
            "unsupported",
            f"{server.uri} runs MLflow {server.version}, which has no logged models such as "
            f"{model_id}; name a run (runs:/) or a registered version (models:/NAME/VERSION)",
        )
    found = server.ask(
        lambda: get_artifact_repository(source),
        lambda: f"{server.uri} has no logged model {model_id}; the id is on the model's page",
    )
    return Origin(found.repo, model_id=model_id)


def _missing_version(server: Server, name: str, version: str, alias: str) -> str:
    try:
        model = server.ask(lambda: server.client.get_registered_model(name))
    except Problem as problem:
        if problem.kind != "not_found":
            raise
        known = [m.name for m in server.ask(server.client.search_registered_models)]
        near = difflib.get_close_matches(name, known) or known
        return f"{server.uri} has no registered model {name!r}; there are: {_some(near)}"
    if alias:
        aliases = sorted(getattr(model, "aliases", None) or {})
        return f"the model {name!r} has no alias {alias!r}; its aliases: {_some(aliases)}"
    quoted = name.replace("'", "\\'")
    found = server.ask(lambda: server.client.search_model_versions(f"name = '{quoted}'"))
    wanted = f"version {version}" if version.isdigit() else f"version at {version!r}"
    return (
        f"the model {name!r} has no {wanted}; its versions: {_some(item.version for item in found)}"
    )


def _some(names: Iterable[str]) -> str:
    first = sorted(map(str, names), key=lambda name: (len(name) if name.isdigit() else 0, name))
    return (", ".join(first[:10]) + (", …" if len(first) > 10 else "")) or "none"
