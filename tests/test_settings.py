"""Settings: defaults, environment, and where each value came from."""

from pathlib import Path

import pytest

from hatang.data.settings import Settings


def test_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"HATANG_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)
    settings = Settings()
    assert settings.home.name == "var"
    assert (settings.lang, settings.host, settings.port, settings.offline) == ("vi", "127.0.0.1", 8501, False)
    assert settings.boundaries is None
    assert settings.reference_dir is None
    assert set(settings.origins().values()) == {"default"}


def test_environment_and_its_origin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HATANG_HOME", str(tmp_path))
    monkeypatch.setenv("HATANG_OFFLINE", "1")
    settings = Settings()
    assert settings.home == tmp_path
    assert settings.offline is True
    assert settings.origins()["home"] == "environment"
    assert settings.catalogue_url() == f"sqlite:///{tmp_path / 'catalogue.sqlite'}"


def test_a_database_url_outranks_the_file(tmp_path: Path) -> None:
    assert Settings(home=tmp_path, database_url="postgresql://city/catalogue").catalogue_url() == "postgresql://city/catalogue"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (None, None),
        ("postgresql+psycopg://hatang_service:secret@city/hatang", "postgresql+psycopg://hatang_service:***@city/hatang"),
        ("no url: secret", "***"),
    ],
)
def test_a_database_url_is_shown_without_its_password(url: str | None, shown: str | None) -> None:
    assert Settings(database_url=url).shown_database_url() == shown


def test_dotenv_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HATANG_LANG", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("HATANG_LANG=en\n")
    assert Settings().lang == "en"
