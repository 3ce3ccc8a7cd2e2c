"""Building a package: what its endpoints need is looked up, and copied into one archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from modelyard import errors
from modelyard.archives.signing import SigningKey
from modelyard.archives.writing import Content
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.kernel.version import __version__
from modelyard.models.access import find_version, noticing
from modelyard.models.types import ModelVersion
from modelyard.runtime.envs.codeenvs import ensure_env
from modelyard.runtime.types import CodeEnv
from modelyard.services.designing.checking import check_function, mode_of, require_features
from modelyard.services.packaging.percentiles import percentiles_of
from modelyard.services.packaging.tables import (
    columns_read,
    named_tables,
    refer_to_table,
    use_of,
    write_table,
)
from modelyard.services.types import DatasetLookup, Endpoint, Service
from modelyard.serving.packages.types import (
    Enrichment,
    FunctionEndpoint,
    LookupEndpoint,
    Manifest,
    PackageContent,
    PackagedEndpoint,
    PackagedModel,
    PackagedTable,
    PredictionEndpoint,
    ReferencedTable,
)
from modelyard.serving.packages.writing import write_package


class Builder:
    """One package on its way: what it will hold, found out endpoint by endpoint."""

    def __init__(self, context: Context, service: Service, folder: Path) -> None:
        self._context = context
        self._service = service
        self._folder = folder
        self._contents: dict[str, Content] = {}
        self._digests: dict[str, str] = {}
        self._versions: dict[str, ModelVersion] = {}
        self._models: dict[str, PackagedModel] = {}
        self._envs: dict[str, CodeEnv] = {}
        self._lookups = [each for endpoint in service.endpoints for each in endpoint.lookups]
        self._tables = named_tables(self._lookups)

    def build(self, package: str, notes: str, target: Path, key: SigningKey | None) -> Manifest:
        """Write the package to a new file.

        Raises:
            Invalid: the service has no endpoint, or one does not fit its model or dataset.
            NotFound: a model, version, env or dataset is not there, or no version is active.
            Unsupported: the output of a model cannot be restructured.
            Forbidden, Blocked: a version or a function may not run.
            Conflict: a version was deleted or replaced meanwhile.
            Failed: an artifact is damaged, or the disk is full.
        """
        endpoints = tuple(self._endpoint(endpoint) for endpoint in self._service.endpoints)
        if not endpoints:
            raise errors.Invalid(
                f"the service {self._service.name!r} has no endpoint yet; add one by: modelyard "
                f"endpoints create {self._service.name} NAME --model MODEL"
            )
        told = PackageContent(
            service=self._service.name,
            package=package,
            notes=notes,
            public=self._service.access == "public",
            created=now(),
            created_by=self._context.identity.name,
            made_with=__version__,
            endpoints=endpoints,
            models=tuple(self._models.values()),
            envs=tuple(self._envs.values()),
            tables=tuple(self._copied_tables()),
            references=tuple(self._referenced_tables()),
        )
        self._context.progress("writing the package")
        write = partial(write_package, target, told, self._contents, digests=self._digests, key=key)
        return self._noticing(write)

    def _noticing(self, write: Callable[[], Manifest]) -> Manifest:
        """Say it if a version went while its files were read."""
        for version in self._versions.values():
            write = partial(_in_noticing, self._context, version, write)
        return write()

    def _endpoint(self, endpoint: Endpoint) -> PackagedEndpoint:
        try:
            match endpoint.kind:
                case "prediction":
                    return self._prediction(endpoint)
                case "function":
                    return self._function(endpoint)
                case "lookup":
                    return LookupEndpoint(
                        **_shared(endpoint), lookups=self._enrichments(endpoint.lookups)
                    )
        except errors.ModelyardError as exc:
            said = f"endpoint {endpoint.name!r}: {exc.detail}"
            raise type(exc)(said, **exc.context) from exc

    def _prediction(self, endpoint: Endpoint) -> PredictionEndpoint:
        version = find_version(
            self._context, self._service.project, endpoint.model or "", endpoint.version
        )
        require_features(version, endpoint.lookups)
        return PredictionEndpoint(
            **_shared(endpoint),
            model=self._model(version),
            output=mode_of(version, endpoint),
            enrichments=self._enrichments(endpoint.lookups),
            return_enriched=endpoint.return_enriched,
        )

    def _function(self, endpoint: Endpoint) -> FunctionEndpoint:
        check_function(self._context, self._service.project, endpoint)
        env = ensure_env(self._context, None, named=endpoint.env or "")
        self._envs[env.id] = env
        file = f"functions/{endpoint.name}/{endpoint.name}.py"
        self._contents[file] = (endpoint.code or "").encode()
        return FunctionEndpoint(
            **_shared(endpoint),
            file=file,
            function=endpoint.function or "",
            env=env.id,
            with_headers=endpoint.with_headers,
            with_client=endpoint.with_client,
        )

    def _model(self, version: ModelVersion) -> str:
        """Put a version into the package, once; gives its id there."""
        if version.id in self._models:
            return version.id
        place = f"{version.model}/{version.version}"
        for file in version.files:
            self._keep(f"models/{place}/{file.path}", file.sha256)
        inputs = outputs = None
        if golden := version.golden:
            inputs, outputs = (f"golden/{place}/{name}.arrow" for name in ("inputs", "outputs"))
            self._keep(inputs, golden.inputs)
            self._keep(outputs, golden.outputs)
        self._envs[version.env.id] = version.env
        self._versions[version.id] = version
        self._models[version.id] = PackagedModel(
            id=version.id,
            model=version.model,
            version=version.version,
            flavor=version.probe.loaded.flavor,
            digest=version.digest,
            folder=f"models/{place}",
            env=version.env.id,
            prediction_type=version.prediction_type,
            inputs=version.signature.inputs,
            features=tuple(feature.name for feature in version.core.features),
            interpretation=version.probe.interpretation,
            classes=version.core.classes,
            threshold=version.core.threshold,
            percentiles=percentiles_of(self._context, version),
            raw=version.probe.raw,
            golden_inputs=inputs,
            golden_outputs=outputs,
            golden_options=golden.options if golden else None,
            golden_tolerance=golden.tolerance if golden else 1e-5,
        )
        return version.id

    def _keep(self, path: str, digest: str) -> None:
        self._contents[path] = partial(_opened, self._context, digest)
        self._digests[path] = digest

    def _enrichments(self, lookups: tuple[DatasetLookup, ...]) -> tuple[Enrichment, ...]:
        return tuple(
            Enrichment(
                **lookup.model_dump(exclude={"dataset", "referenced"}),
                table=self._tables[use_of(lookup)],
            )
            for lookup in lookups
        )

    def _copied_tables(self) -> Iterator[PackagedTable]:
        """Copy the datasets that lookups read."""
        project = self._service.project
        for use, name in self._tables.items():
            if not use.referenced:
                file = self._folder / f"{name}.parquet"
                columns = columns_read(self._lookups, use)
                table = write_table(self._context, project, use.dataset, columns, name, file)
                self._contents[table.file] = file
                yield table

    def _referenced_tables(self) -> Iterator[ReferencedTable]:
        """Say where those are that stay in their databases."""
        project = self._service.project
        for use, name in self._tables.items():
            if use.referenced:
                columns = columns_read(self._lookups, use)
                yield refer_to_table(self._context, project, use.dataset, columns, name)


def _shared(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "name": endpoint.name,
        "description": endpoint.description,
        "test_queries": endpoint.test_queries,
        "pool": endpoint.pool,
    }


def _opened(context: Context, digest: str) -> BinaryIO:
    return context.artifacts.open(digest)


def _in_noticing(
    context: Context, version: ModelVersion, write: Callable[[], Manifest]
) -> Manifest:
    with noticing(context, version):
        return write()
