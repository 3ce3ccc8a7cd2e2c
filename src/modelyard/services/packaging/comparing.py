"""In what two packages differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from modelyard.runtime.types import CodeEnv
from modelyard.services.packaging.types import ChangedPart, PackageChange
from modelyard.serving.packages.types import Manifest, PackagedEndpoint, PackagedTable

MOST_NAMED = 5


def differences(before: Manifest, after: Manifest) -> Iterator[PackageChange]:
    """What changed from one package to the other, endpoints first."""
    yield from _between("service", {"access": _access(before)}, {"access": _access(after)})
    yield from _endpoints(before, after)
    yield from _between("version", _versions(before), _versions(after))
    yield from _envs(before, after)
    yield from _between("table", _tables(before), _tables(after))
    yield from _between("test query", _queries(before), _queries(after))


def _between(
    part: ChangedPart, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[PackageChange]:
    for name in dict.fromkeys((*before, *after)):
        was, now = before.get(name), after.get(name)
        if was != now:
            yield PackageChange(part=part, name=name, before=was, after=now)


def _access(manifest: Manifest) -> str:
    return "public" if manifest.public else "keys"


def _endpoints(before: Manifest, after: Manifest) -> Iterator[PackageChange]:
    """What each endpoint is, but for which version it answers with, and its queries."""
    was, now = _facts_by_endpoint(before), _facts_by_endpoint(after)
    for name in dict.fromkeys((*was, *now)):
        one, other = was.get(name), now.get(name)
        if one != other:
            yield PackageChange(
                part="endpoint", name=name, before=_words(one, other), after=_words(other, one)
            )


def _facts_by_endpoint(manifest: Manifest) -> dict[str, dict[str, str]]:
    digests = {file.path: file.sha256 for file in manifest.files}
    models = {model.id: model.model for model in manifest.models}
    return {each.name: dict(_facts(each, digests, models)) for each in manifest.endpoints}


def _facts(
    endpoint: PackagedEndpoint, digests: Mapping[str, str], models: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    told = endpoint.model_dump(mode="json", exclude={"name", "test_queries", "pool", "env"})
    if endpoint.kind == "prediction":
        told["model"] = models[endpoint.model]
    if endpoint.kind == "function":
        told["file"] = f"code {digests[endpoint.file][:12]}"
    for name, value in (told | endpoint.pool.model_dump()).items():
        yield name.replace("_", " "), _shown(value)


def _words(facts: Mapping[str, str] | None, others: Mapping[str, str] | None) -> str | None:
    """Those facts that the other package has not; None: there is no such endpoint."""
    if facts is None:
        return None
    if others is None:
        return facts["kind"]
    return (
        ", ".join(f"{name} {fact}" for name, fact in facts.items() if others.get(name) != fact)
        or "–"
    )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return "; ".join(map(_shown, value)) or "none"
    if isinstance(value, Mapping):
        return " ".join(f"{name}={_shown(each)}" for name, each in value.items())
    return str(value)


def _versions(manifest: Manifest) -> dict[str, str]:
    """Which version each endpoint answers with, and of which files."""
    models = {model.id: model for model in manifest.models}
    return {
        endpoint.name: f"{model.model}:{model.version} ({model.digest[:12]})"
        for endpoint in manifest.endpoints
        if endpoint.kind == "prediction" and (model := models[endpoint.model])
    }


def _envs(before: Manifest, after: Manifest) -> Iterator[PackageChange]:
    """The envs that endpoints run in, with the packages in which they differ."""
    was, now = _env_by_endpoint(before), _env_by_endpoint(after)
    for name in dict.fromkeys((*was, *now)):
        one, other = was.get(name), now.get(name)
        if one and other and (one.id, one.packages) != (other.id, other.packages):
            yield PackageChange(
                part="env", name=name, before=_apart(one, other), after=_apart(other, one)
            )


def _env_by_endpoint(manifest: Manifest) -> dict[str, CodeEnv]:
    envs = {env.id: env for env in manifest.envs}
    models = {model.id: model.env for model in manifest.models}
    return {
        each.name: envs[models[each.model] if each.kind == "prediction" else each.env]
        for each in manifest.endpoints
        if each.kind != "lookup"
    }


def _apart(env: CodeEnv, other: CodeEnv) -> str:
    own = sorted(set(env.packages) - set(other.packages))
    more = f" and {len(own) - MOST_NAMED} more" if len(own) > MOST_NAMED else ""
    return f"{env.id}: Python {env.python} {', '.join(own[:MOST_NAMED])}{more}".rstrip()


def _tables(manifest: Manifest) -> dict[str, str]:
    digests = {file.path: file.sha256 for file in manifest.files}
    copied = {table.name: _table(table, digests[table.file]) for table in manifest.tables}
    return copied | {
        table.name: f"{', '.join(table.columns)} of {table.connection}/{table.table}, in its place"
        for table in manifest.references
    }


def _table(table: PackagedTable, digest: str) -> str:
    return f"{table.rows:,} rows of {', '.join(table.columns)} ({digest[:12]})"


def _queries(manifest: Manifest) -> dict[str, str]:
    return {
        f"{endpoint.name}/{query.name}": query.model_dump_json(exclude={"name"}, exclude_none=True)
        for endpoint in manifest.endpoints
        for query in endpoint.test_queries
    }
