"""Settings of one process: read once from the environment, then passed down.

Business constants (periods, steps, windows) are data on policies and terms, never settings.
"""

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def _default_home() -> Path:
    # The postgres server refuses to run as root, and an unprivileged user cannot enter a
    # 0700 home, so root's data lies in a system directory.
    if os.geteuid() == 0:
        return Path("/var/lib/zhepai")
    return Path(os.environ.get("XDG_DATA_HOME", "~/.local/share")).expanduser() / "zhepai"


class Settings(BaseSettings):
    """Environment variables with the prefix ``ZHEPAI_``; the README lists every one."""

    model_config = SettingsConfigDict(env_prefix="ZHEPAI_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=_default_home, description="Data directory")
    database_url: SecretStr | None = Field(
        default=None, description="External PostgreSQL 15 or later; unset: the embedded one"
    )
    pg_bin: Path | None = Field(
        default=None, description="Directory of PostgreSQL programs for the embedded server"
    )
    database_pool_size: int = Field(default=10, ge=1, le=200, description="Connections a process")
    secret_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Protects signing keys and tokens; unset: a file made in the home directory",
    )
    files_dir: Path | None = Field(default=None, description="File contents; unset: home/files")
    index_dir: Path | None = Field(
        default=None, description="Matching index, on a local disk; unset: home/index"
    )
    file_size_max_bytes: int = Field(default=20_000_000, ge=1, description="Largest file")
    body_size_max_bytes: int = Field(default=1_000_000, ge=1_000, description="Largest other body")
    host: str = Field(default="127.0.0.1", description="Address the API listens on")
    port: int = Field(default=8000, ge=0, le=65535, description="Port the API listens on")
    processes: int = Field(default=1, ge=1, le=64, description="API processes")
    cors_origins: tuple[str, ...] = Field(
        default=(), description="Origins that browsers may call from; empty: none"
    )
    access_token_s: int = Field(default=900, ge=60, le=3600, description="Access token lifetime")
    refresh_token_s: int = Field(
        default=1_209_600, ge=3600, description="Refresh token lifetime, renewed at each use"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least level that is logged"
    )
    bid_batch_max: int = Field(default=64, ge=1, le=1000, description="Bids in one transaction")
    bid_queue_max: int = Field(
        default=2000, ge=1, description="Bids waiting for one auction before 503"
    )
    watchers_max: int = Field(
        default=5000, ge=1, description="Live streams of one process before 503"
    )
    embedding_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#@]+$",
        description="Base of an OpenAI-compatible API of a better embedding model",
    )
    embedding_model: str | None = Field(
        default=None, min_length=1, max_length=80, description="Name of the model there"
    )
    embedding_key: SecretStr | None = Field(default=None, description="Bearer key of that API")
    embedding_dimensions: int | None = Field(
        default=None, ge=8, le=8192, description="Dimensions of the model's vectors"
    )
    embedding_scale: tuple[float, Annotated[float, Field(gt=0)]] | None = Field(
        default=None, description="Floor and span of the model's cosines"
    )

    @model_validator(mode="after")
    def _embedding_is_whole(self) -> Self:
        told = (
            self.embedding_url,
            self.embedding_model,
            self.embedding_dimensions,
            self.embedding_scale,
        )
        if None in told and any(part is not None for part in told):
            raise ValueError(
                "EMBEDDING_URL, _MODEL, _DIMENSIONS 和 _SCALE 须同时设置 / go together: "
                "`zhepai measure-embedder` prints them"
            )
        return self

    @property
    def files_path(self) -> Path:
        """Directory of the content-addressed files."""
        return self.files_dir or self.home / "files"

    @property
    def index_path(self) -> Path:
        """Directory of the matching index, which can be made anew at any time."""
        return self.index_dir or self.home / "index"
