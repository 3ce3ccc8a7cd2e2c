"""Settings: a TOML file in the workspace folder, overridden by `MODELYARD_*` variables."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from modelyard import errors
from modelyard.kernel.alert_settings import (
    AlertSettings,
    MailSettings,
    MetricsSettings,
    MonitoringSettings,
)
from modelyard.kernel.archive_settings import ArchiveSettings, BundleSettings, PackageSettings
from modelyard.kernel.deployment_settings import AutomationSettings, DeploymentSettings
from modelyard.kernel.faults import located
from modelyard.kernel.governance_settings import GovernanceSettings
from modelyard.kernel.node_settings import NodeLinkSettings
from modelyard.kernel.notification_settings import NotificationSettings
from modelyard.kernel.sections import Section, require_hosts
from modelyard.kernel.values import ISSUER_PATTERN, ORIGIN_PATTERN, Verdict

SETTINGS_FILE = "modelyard.toml"
SHORTEST_SECRET = 32
Role = Literal["design", "automation", "govern"]
S = TypeVar("S", bound="FileAndVariables")


class RuntimeSettings(Section):
    """How models run."""

    workers: int = Field(
        default=0, ge=0, description="worker processes per scoring run; 0: one per core"
    )
    memory_limit_mb: int = Field(default=8192, ge=256, description="memory a worker may use, MiB")
    load_timeout: float = Field(default=300, gt=0, description="seconds a model may take to load")
    predict_timeout: float = Field(
        default=600, gt=0, description="seconds a model may take for one chunk of rows"
    )
    ready_models: int = Field(
        default=2, ge=1, description="models that stay loaded to answer a few rows at once"
    )
    ready_seconds: float = Field(
        default=300, gt=0, description="seconds without a question after which such a model goes"
    )
    answer_timeout: float = Field(
        default=30, gt=0, description="seconds that such a model may take for an answer"
    )
    environ: tuple[str, ...] = Field(
        default=(),
        description="names of environment variables that workers see beside PATH, the locale and "
        "the like; nothing else of the environment reaches a model",
    )


class EnvSettings(Section):
    """How code envs are built."""

    default: str = Field(
        default="model",
        description="env of a version when none is named: 'model', 'local' or a name",
    )
    download_python: bool = Field(
        default=False, description="let uv download a Python version that this machine lacks"
    )
    build_timeout: float = Field(
        default=1800, gt=0, description="seconds that building one env may take"
    )


class TrustSettings(Section):
    """Which scanned models may run."""

    allowed: tuple[Verdict, ...] = Field(
        default=("data_only", "known_safe", "needs_review"),
        description="scan verdicts that may be imported and run",
    )
    imports: tuple[str, ...] = Field(
        default=(),
        description="further names a pickle may import and still count as known-safe ('package.*')",
    )
    scan_seconds: float = Field(
        default=600, gt=0, description="seconds a scan may take; what is left then needs review"
    )


class OidcSettings(Section):
    """The identity provider (OpenID Connect) through which users may sign in."""

    issuer: str = Field(
        default="",
        pattern=ISSUER_PATTERN,
        max_length=255,
        description="address of the provider, exactly as it calls itself; empty: there is none",
    )
    client_id: str = Field(default="", description="what the provider calls this server")
    client_secret: str = Field(
        default="", repr=False, description="secret that the provider gave this server"
    )
    label: str = Field(
        default="your organisation", description="what the button on the login page calls it"
    )
    scopes: tuple[str, ...] = Field(
        default=("openid", "profile", "email"), description="what is asked of it"
    )
    name_claim: str = Field(
        default="preferred_username", description="claim that becomes the name of a new user"
    )
    groups_claim: str = Field(
        default="", description="claim that lists groups, such as groups; empty: none are taken"
    )
    groups: dict[str, str] = Field(
        default={},
        description="our group by the provider's name for it; empty: the same names",
    )
    create_users: bool = Field(
        default=True,
        description="make a user of whoever the provider lets in; else only those whom an admin "
        "has given a subject may come in",
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.issuer and not self.client_id:
            raise ValueError("client_id is needed as well")
        if self.issuer and "openid" not in self.scopes:
            raise ValueError("openid has to be among the scopes")
        return self


class SecuritySettings(Section):
    """Who gets in."""

    everybody_creates_projects: bool = Field(
        default=True,
        description="whether every user may create projects; else only groups with the right "
        "projects:write",
    )
    password_length: int = Field(
        default=12, ge=8, le=128, description="characters that a password has at least"
    )
    session_hours: float = Field(
        default=12, gt=0, le=8760, description="hours after which a browser has to sign in again"
    )
    secret: str = Field(
        default="",
        repr=False,
        description="secret that cookies are signed with, at least 32 characters; empty: one that "
        "is made once and kept in the database",
    )
    url: str = Field(
        default="",
        pattern=ORIGIN_PATTERN,
        description="address under which browsers reach the server, such as "
        "https://modelyard.example.org, where a reverse proxy stands before it",
    )
    refusals_each_minute: int = Field(
        default=30,
        ge=1,
        description="refusals of one caller at one address that the audit log keeps one by one; "
        "the next entry counts the others",
    )
    proxies: tuple[str, ...] = Field(
        default=(),
        description="addresses or networks of reverse proxies, whose word is taken for where a "
        "request came from",
    )

    oidc: OidcSettings = OidcSettings()

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, secret: str) -> str:
        if secret and len(secret) < SHORTEST_SECRET:
            raise ValueError(f"it is too short: {SHORTEST_SECRET} characters are needed")
        return secret


class SourceSettings(Section):
    """Where models are read from."""

    tracking_uri: str = Field(
        default="",
        description="MLflow server of runs:/ and models:/ sources when neither the command nor "
        "MLFLOW_TRACKING_URI names one",
    )
    registry_uri: str = Field(
        default="", description="MLflow model registry, where it is another server"
    )
    mlflow_hosts: tuple[str, ...] = Field(
        default=(),
        description="hosts of the MLflow servers that commands and connections may name: "
        "'mlflow.example.org', '*.example.org', '10.1.2.3', '10.0.0.0/8'; empty: all, but for "
        "link-local addresses such as 169.254.169.254, which have to be listed",
    )
    probed_hours: float = Field(
        default=24, ge=0, description="hours that the files of a probed model wait for its import"
    )

    @field_validator("mlflow_hosts")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        return require_hosts(hosts)


class FileSettings(Section):
    """How much the files of projects may take."""

    max_mb: int = Field(
        default=20_480, ge=1, description="largest file that may be put into a project, MiB"
    )
    quota_mb: int = Field(
        default=0, ge=0, description="all files of a project together, MiB; 0: no limit"
    )
    transit_days: int = Field(
        default=1,
        ge=0,
        description="days after which files in the folder transit are removed that a client put "
        "there for a command and could not clear itself; 0: never",
    )


class ServerSettings(Section):
    """What `modelyard serve` allows."""

    threads: int = Field(default=16, ge=1, le=256, description="commands at work at the same time")
    waiting: int = Field(
        default=1000,
        ge=0,
        description="commands that may wait for their turn; more are turned away",
    )
    queue_timeout: float = Field(
        default=30,
        gt=0,
        description="seconds that a command may wait for its turn; then it is turned away",
    )
    connections: int = Field(default=2000, ge=1, description="open connections of clients")
    max_json_kb: int = Field(default=4096, ge=1, description="largest JSON body, KiB")
    max_headers: int = Field(default=100, ge=10, description="header lines of one request")
    max_header_kb: int = Field(
        default=32, ge=1, description="request line and header lines together, KiB"
    )
    event_streams: int = Field(
        default=100, ge=1, description="clients that may follow jobs at the same time"
    )
    client_timeout: float = Field(
        default=30,
        gt=0,
        description="seconds a client may take to send its headers, to send more of a body (500 "
        "bytes a second on average), or to take more of an answer",
    )
    shutdown_timeout: float = Field(
        default=10, ge=0, description="seconds that requests may take to end when the server stops"
    )
    folders: tuple[str, ...] = Field(
        default=(),
        description="folders that callers over HTTP may read and write by absolute paths, beside "
        "their projects' files",
    )
    variables: tuple[str, ...] = Field(
        default=(),
        description="names of environment variables that callers over HTTP may use as ${NAME} in "
        "the URLs of connections and the addresses of MLflow servers",
    )


class JobSettings(Section):
    """How jobs run."""

    slots: int = Field(default=2, ge=1, le=256, description="jobs that a worker runs at once")
    limits: dict[str, int] = Field(
        default={},
        description="jobs of a queue that run at once, over all workers ({imports = 1}); a queue "
        "that is not named has no limit",
    )
    lease: float = Field(
        default=30,
        ge=1,
        description="seconds without a sign of life after which a worker's jobs are taken over",
    )
    attempts: int = Field(
        default=3, ge=1, description="deaths of its process after which a job has failed"
    )
    backoff: float = Field(
        default=2, ge=0, description="seconds before a second attempt; twice as long each time"
    )
    grace: float = Field(
        default=20,
        ge=0,
        description="seconds that running jobs get when a worker is stopped, then they are given "
        "back",
    )
    patience: float = Field(
        default=60, ge=0, description="seconds that a running job waits for a database that is away"
    )
    log_lines: int = Field(
        default=2000, ge=10, description="last lines of its log that a job keeps"
    )
    keep_days: float = Field(
        default=30, gt=0, description="days after which jobs and runs that ended are forgotten"
    )


class FileAndVariables(BaseSettings):
    """Settings of a file, which variables override."""

    @classmethod
    def settings_customise_sources(  # noqa: D102  pydantic-settings' own hook
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


class Settings(FileAndVariables):
    """Everything that can be set. `MODELYARD_RUNTIME__WORKERS=4` sets `workers` of `[runtime]`."""

    model_config = SettingsConfigDict(
        env_prefix="MODELYARD_", env_nested_delimiter="__", frozen=True, extra="ignore"
    )

    database: str = Field(
        default="", description="database URL; empty: SQLite file in the workspace folder"
    )
    artifacts: str = Field(
        default="", description="folder of the artifact store; empty: in the workspace folder"
    )
    role: Role = Field(
        default="design",
        description="what the workspace is for: 'design', where projects are made, "
        "'automation', where what came with a bundle is used and not changed, or 'govern', where "
        "the things of other workspaces are governed",
    )
    runtime: RuntimeSettings = RuntimeSettings()
    envs: EnvSettings = EnvSettings()
    trust: TrustSettings = TrustSettings()
    sources: SourceSettings = SourceSettings()
    archives: ArchiveSettings = ArchiveSettings()
    packages: PackageSettings = PackageSettings()
    bundles: BundleSettings = BundleSettings()
    nodes: NodeLinkSettings = NodeLinkSettings()
    automation: AutomationSettings = AutomationSettings()
    jobs: JobSettings = JobSettings()
    files: FileSettings = FileSettings()
    server: ServerSettings = ServerSettings()
    security: SecuritySettings = SecuritySettings()
    mail: MailSettings = MailSettings()
    alerts: AlertSettings = AlertSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    deployments: DeploymentSettings = DeploymentSettings()
    governance: GovernanceSettings = GovernanceSettings()
    notifications: NotificationSettings = NotificationSettings()
    metrics: MetricsSettings = MetricsSettings()


def read_settings(folder: Path) -> Settings:
    """Read the settings of a workspace folder.

    Raises:
        Invalid: the file is not TOML, or a setting is unknown or has a wrong value.
    """
    return read_settings_file(folder / SETTINGS_FILE, Settings)


def read_settings_file(file: Path, kind: type[S]) -> S:
    """Read a settings file, if it is there, and the variables that override it.

    Raises:
        Invalid: the file is not TOML, or a setting is unknown or has a wrong value.
    """
    try:
        table: dict[str, Any] = tomllib.loads(file.read_text("utf-8")) if file.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise errors.Invalid(f"{file} is not a TOML file: {exc}") from exc
    unknown = sorted(set(table) - set(kind.model_fields))
    if unknown:
        known = ", ".join(kind.model_fields)
        raise errors.Invalid(
            f"{file} has unknown settings {', '.join(unknown)}; there are: {known}"
        )
    try:
        return kind(**table)
    except ValidationError as exc:
        lines = "; ".join(map(located, exc.errors()))
        prefix = kind.model_config.get("env_prefix", "")
        raise errors.Invalid(f"settings in {file} or {prefix}* are wrong: {lines}") from exc
