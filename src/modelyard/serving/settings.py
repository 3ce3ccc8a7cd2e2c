"""Settings of an API node: `node.toml` in its folder, overridden by `MODELYARD_NODE__*`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from modelyard.kernel.sections import Section
from modelyard.kernel.settings import (
    EnvSettings,
    FileAndVariables,
    RuntimeSettings,
    read_settings_file,
)
from modelyard.serving.http.settings import HttpSettings
from modelyard.serving.logs import LogSettings
from modelyard.serving.querylog.settings import QueryLogSettings
from modelyard.serving.tracing.settings import TraceSettings

NODE_FILE = "node.toml"


class ListenSettings(Section):
    """Where the node listens."""

    host: str = Field(default="127.0.0.1", description="address to listen at")
    port: int = Field(default=8500, ge=0, le=65_535, description="port to listen at; 0: any free")
    processes: int = Field(
        default=1,
        ge=1,
        le=256,
        description="processes that share the port, each with workers of its own",
    )
    stop_seconds: float = Field(
        default=30, ge=0, description="seconds that queries may take to end when the node stops"
    )


class PackageSettings(Section):
    """Which packages the node takes."""

    trusted_keys: tuple[str, ...] = Field(
        default=(),
        description="files with the public keys (Ed25519, PEM) of those whose packages are trusted",
    )
    signed_only: bool = Field(
        default=False, description="take only packages that a trusted key signed"
    )
    folders: tuple[str, ...] = Field(
        default=(),
        description="folders, beside the node's own inbox, from which whoever administers the node "
        "over HTTP may import packages by their paths",
    )
    inbox_seconds: float = Field(
        default=5,
        gt=0,
        description="how often a running node looks into its inbox for packages to import",
    )


class ShadowSettings(Section):
    """Queries that shadow generations get, too."""

    at_once: int = Field(
        default=64,
        ge=1,
        description="queries that shadow generations answer at the same time; others are left out",
    )


class ModelSettings(Section):
    """How models run on a node."""

    memory_limit_mb: int = Field(default=8192, ge=256, description="memory a worker may use, MiB")
    load_timeout: float = Field(default=300, gt=0, description="seconds a model may take to load")
    environ: tuple[str, ...] = Field(
        default=(),
        description="names of environment variables that workers see beside PATH, the locale and "
        "the like; nothing else of the environment reaches a model",
    )
    download_python: bool = Field(
        default=False, description="let uv download a Python version that this machine lacks"
    )
    build_timeout: float = Field(
        default=1800, gt=0, description="seconds that building one code env may take"
    )

    def limits(self) -> RuntimeSettings:
        """What workers are held to."""
        names = {"memory_limit_mb", "load_timeout", "environ"}
        return RuntimeSettings(**self.model_dump(include=names))

    def building(self) -> EnvSettings:
        """How code envs are built."""
        return EnvSettings(**self.model_dump(include={"download_python", "build_timeout"}))


class NodeSettings(FileAndVariables):
    """Everything that can be set. `MODELYARD_NODE__LISTEN__PORT=9000` sets `port` of `[listen]`."""

    model_config = SettingsConfigDict(
        env_prefix="MODELYARD_NODE__", env_nested_delimiter="__", frozen=True, extra="ignore"
    )

    listen: ListenSettings = ListenSettings()
    http: HttpSettings = HttpSettings()
    packages: PackageSettings = PackageSettings()
    shadows: ShadowSettings = ShadowSettings()
    logs: LogSettings = LogSettings()
    queries: QueryLogSettings = QueryLogSettings()
    traces: TraceSettings = TraceSettings()
    models: ModelSettings = ModelSettings()


def read_node_settings(folder: Path) -> NodeSettings:
    """Read the settings of a node's folder.

    Raises:
        Invalid: the file is not TOML, or a setting is unknown or has a wrong value.
    """
    return read_settings_file(folder / NODE_FILE, NodeSettings)
