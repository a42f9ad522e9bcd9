"""Settings: read from the environment, checked at once, secrets not shown."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.platform.secrets import derive, master_secret
from app.settings import Settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ZHEPAI_{name.upper()}", raising=False)


def test_environment_is_read_by_prefix(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZHEPAI_HOME", str(tmp_path))
    monkeypatch.setenv("ZHEPAI_PORT", "9000")
    monkeypatch.setenv("PORT", "1")
    monkeypatch.setenv("ZHEPAI_CORS_ORIGINS", '["https://a.example"]')
    settings = Settings()
    assert (settings.home, settings.port) == (tmp_path, 9000)
    assert settings.cors_origins == ("https://a.example",)
    assert settings.files_path == tmp_path / "files"
    assert settings.index_path == tmp_path / "index"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "65536"),
        ("PORT", "http"),
        ("SECRET_KEY", "short"),
        ("LOG_LEVEL", "loud"),
        ("DATABASE_POOL_SIZE", "0"),
        ("ACCESS_TOKEN_S", "1"),
        ("CORS_ORIGINS", "*"),
    ],
)
def test_value_without_sense_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"ZHEPAI_{name}", value)
    with pytest.raises((ValidationError, ValueError), match=rf"(?i){name}"):
        Settings()


def test_settings_do_not_change_and_do_not_show_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHEPAI_SECRET_KEY", "s3cret" * 8)
    monkeypatch.setenv("ZHEPAI_DATABASE_URL", "postgresql://u:hunter2@h/d")
    settings = Settings()
    assert "s3cret" not in f"{settings!r}{settings}{settings.model_dump_json()}"
    assert "hunter2" not in f"{settings!r}{settings}{settings.model_dump_json()}"
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]


def test_lone_host_makes_its_secret_once_and_keeps_it_closed(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "new")
    first = master_secret(settings)
    assert master_secret(settings) == first
    assert len(first) >= 64
    key_file = tmp_path / "new" / "secret.key"
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert list(key_file.parent.iterdir()) == [key_file]


def test_each_purpose_has_a_key_of_its_own() -> None:
    keys = {derive(b"master", "at rest"), derive(b"master", "tokens"), derive(b"other", "tokens")}
    assert {len(key) for key in keys} == {32}
    assert len(keys) == 3


def test_cosines_have_a_span() -> None:
    told = {
        "embedding_url": "http://127.0.0.1:9/v1",
        "embedding_model": "bge-large-zh",
        "embedding_dimensions": 1024,
    }
    whole = Settings.model_validate({**told, "embedding_scale": (0.4, 0.5)})
    assert whole.embedding_scale == (0.4, 0.5)
    with pytest.raises(ValidationError, match="greater than 0"):
        Settings.model_validate({**told, "embedding_scale": (0.4, 0.0)})
