"""Use case: who may act for which organisation, in which role."""

import unicodedata

from hatang.data.contracts import Role
from hatang.data.roles import User
from hatang.data.roles import add_user as add_row
from hatang.data.roles import disable_user as disable_row
from hatang.data.roles import users as rows
from hatang.data.settings import Settings
from hatang.data.store import Store


def list_users(settings: Settings) -> list[User]:
    """Return everybody in the order they were added, disabled ones too."""
    with Store.open(settings) as store, store.looking() as session:
        return rows(session)


def add_user(settings: Settings, *, name: str, organisation: str, role: Role) -> User:
    """Add a person who may act for an organisation.

    Raises
    ------
    ParameterError
        Where the name or the organisation is empty, or somebody has that name.
    """
    with Store.open(settings) as store, store.changing() as (session, actor):
        return add_row(session, name=_words(name), organisation=_words(organisation), role=role, actor=actor)


def disable_user(settings: Settings, *, name: str) -> User:
    """Let a person do nothing from now on; what they did stays theirs.

    Raises
    ------
    MissingError
        Where nobody has that name.
    """
    with Store.open(settings) as store, store.changing() as (session, actor):
        return disable_row(session, name=_words(name), actor=actor)


def _words(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()
