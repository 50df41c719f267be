"""A project: its configuration, its working folder and its models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from embedtune.artifacts.keys import PrivateKey, PublicKey
from embedtune.artifacts.places import is_url
from embedtune.artifacts.store import Registry
from embedtune.artifacts.trust import TrustPolicy
from embedtune.config.loading import load_config
from embedtune.config.settings import EmbedtuneConfig
from embedtune.encoders.cache import VectorCache
from embedtune.errors import ConfigError
from embedtune.events import Report, silent
from embedtune.files import digest_value
from embedtune.pipeline.wiring import Models, vector_cache
from embedtune.pipeline.workspace import CACHE, Workspace

CONFIG_NAME = "embedtune.toml"


@dataclass(frozen=True, slots=True)
class Project:
    """What every use case is given.

    Attributes:
        config: The settings of all rooms.
        workspace: The working folder.
        models: Loads models.
        report: Where progress goes.
    """

    config: EmbedtuneConfig
    workspace: Workspace
    models: Models
    report: Report

    @property
    def seed(self) -> int:
        """The seed of everything random."""
        return self.config.project.seed

    @property
    def registry(self) -> Registry:
        """The published versions."""
        return self.models.registry

    def vector_cache(self) -> VectorCache | None:
        """Return where encoded texts are kept; ``None`` if the settings give no room."""
        return vector_cache(self.workspace.folder(CACHE), self.config.cache, self.report)

    def signing_key(self) -> PrivateKey | None:
        """Return the key that signs versions and channels, ``None`` without one.

        Raises:
            InputError: It cannot be used.
        """
        name = self.config.publish.signing_key
        return PrivateKey.read(self.workspace.resolve(name)) if name else None


def open_project(
    config_file: Path | None = None,
    *,
    folder: Path | None = None,
    config: EmbedtuneConfig | None = None,
    seed: int | None = None,
    report: Report = silent,
) -> Project:
    """Open the project of a configuration file, or of a folder.

    Args:
        config_file: The configuration; by default ``embedtune.toml`` in the folder where it exists.
        folder: The project folder, by default the configuration's, else the current one.
        config: Settings to use instead of a file's.
        seed: Replaces the configured seed.
        report: Where progress goes.

    Raises:
        ConfigError: The configuration is missing or wrong.
        InputError: A key that it allows cannot be read.
    """
    place = folder or (config_file.parent if config_file else Path())
    if config is None:
        default = place / CONFIG_NAME
        source = config_file or (default if default.is_file() else None)
        config = load_config(source) if source else EmbedtuneConfig()
    if seed is not None:
        config = with_value(config, "project", "seed", seed)
    workspace = Workspace(place)
    trust = config.trust
    keys = tuple(PublicKey.read(workspace.resolve(name)) for name in trust.allowed_keys)
    name = config.publish.registry
    where = name if is_url(name) else workspace.resolve(name)
    registry = Registry(where, TrustPolicy(trust.require_signature, keys), report=report)
    models = Models(
        config.training.base_model,
        registry,
        report=report,
        place=place,
        remote=config.remote,
        questions=config.cache.questions,
    )
    return Project(config, workspace, models, report)


def config_digest(config: EmbedtuneConfig) -> str:
    """Return the digest of the settings that decide a model (where its inputs lie does not)."""
    return digest_value(
        config.model_dump(
            mode="json",
            exclude={
                "project": {"corpus", "test_suites", "questions"},
                "index": True,
                "search": True,
                "publish": True,
                "trust": True,
                "query_log": True,
                "remote": True,
                "cache": True,
            },
        )
    )


def with_value(config: EmbedtuneConfig, table: str, key: str, value: object) -> EmbedtuneConfig:
    """Return the settings with one key replaced and checked.

    Raises:
        ConfigError: The value is impossible.
    """
    from embedtune.config.loading import parse_config

    values = config.model_dump()
    if table not in values or key not in values[table]:
        raise ConfigError(f"There is no setting `{table}.{key}`.", "`embedtune init` lists them all.")
    values[table][key] = value
    return parse_config(values, "the command line")
