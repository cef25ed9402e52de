"""Settings of an installation, read from the environment (`HATANG_*`) and from `.env`."""

import getpass
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from hatang.data.limits import Limits

_CHECKOUT = Path(__file__).resolve().parent.parent


def _default_home() -> Path:
    """Return `var/` of a checkout, else the platform's folder for user data."""
    if (_CHECKOUT / "pyproject.toml").is_file():
        return _CHECKOUT / "var"
    return Path(platformdirs.user_data_dir("hatang", appauthor=False))


def _login() -> str:
    """Return the login of the system; a process without one has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


class Settings(BaseSettings):
    """Every setting with its default; `hatang config show` prints each value and where it came from."""

    model_config = SettingsConfigDict(env_prefix="HATANG_", env_nested_delimiter="__", env_file=".env", extra="ignore", frozen=True)

    home: Path = Field(default_factory=_default_home, description="data folder: catalogue, stored data sets, results")
    database_url: str | None = Field(default=None, description="catalogue database: postgresql+psycopg://… ; default SQLite in HATANG_HOME")
    database_session: SecretStr | None = Field(default=None, description="secret of a session, where the login of a role is used")
    reference_dir: Path | None = Field(default=None, description="reference data for tests and benchmarks; never read by the demo")
    boundaries: Path | None = Field(default=None, description="the city's own ward boundary file")
    prices: Path | None = Field(default=None, description="the city's own price table: CSV item,unit,vnd,from,source,verified")
    share_key: Literal["length", "number", "cross_section", "weight"] = Field(
        default="length", description="what shares of a joint trench count: length, number, cross_section or weight of cables"
    )
    offline: bool = Field(default=False, description="1: never try a download")
    lang: Literal["vi", "en"] = Field(default="vi", description="language of messages, pages and reports")
    host: str = Field(default="127.0.0.1", description="address the app listens on")
    port: int = Field(default=8501, ge=1, le=65535, description="port the app listens on")

    actor: str = Field(default_factory=_login, description="who acts, as the audit log names them; default: the login of the system")
    quota_bytes: int | None = Field(default=None, ge=0, description="bytes that one organisation may store; default no limit")
    quota_rows: int | None = Field(default=None, ge=0, description="rows that one organisation may store; default no limit")
    limits: Limits = Field(default_factory=Limits, description="how large a file may be; one of them: HATANG_LIMITS__MEMORY_MB")

    def catalogue_url(self) -> str:
        """Return the SQLAlchemy URL of the catalogue database."""
        return self.database_url or f"sqlite:///{self.home / 'catalogue.sqlite'}"

    def session_secret(self) -> str | None:
        """Return the secret of the session that connections enter; None where the program acts for itself."""
        return None if self.database_session is None else self.database_session.get_secret_value()

    def shown_database_url(self) -> str | None:
        """Return the database's URL without its password, as it may be printed."""
        if self.database_url is None:
            return None
        from sqlalchemy import make_url  # noqa: PLC0415 - SQLite in the data folder has no URL to show
        from sqlalchemy.exc import ArgumentError  # noqa: PLC0415 - as above

        try:
            return make_url(self.database_url).render_as_string(hide_password=True)
        except ArgumentError:
            return "***"

    def origins(self) -> dict[str, str]:
        """Return for each setting where its value came from: `environment` (or `.env`), or `default`."""
        return {name: "environment" if name in self.model_fields_set else "default" for name in type(self).model_fields}
