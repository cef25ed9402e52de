"""Roles: the one table against the page that says who does what, and the people who hold them."""

import json

import pytest
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data.contracts import MissingError, ParameterError, Role
from hatang.data.language import LANGUAGES, text
from hatang.data.roles import PERMISSIONS, Permission, Reach, can
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.users import add_user, disable_user, list_users

pytestmark = pytest.mark.databases("sqlite", "postgresql")

MATRIX = """
                lead     planner  commune  operator owner    reader   admin
read_results    every    every    every    every    every    every    every
read_raw        every    every    -        own      own      -        -
file_data       every    own      own      own      own      -        -
withdraw_data   every    own      -        own      own      -        -
assess          every    every    -        -        -        -        -
share_plan      -        every    -        -        -        -        -
confirm_gap     -        -        own      -        -        -        -
answer          -        -        -        own      own      -        -
set_targets     every    -        -        -        -        -        -
commit          every    -        -        own      -        -        -
read_audit      every    -        -        -        -        -        every
manage_users    -        -        -        -        -        -        every
manage_store    -        -        -        -        -        -        every
"""
"""Every pair of role and permission, written by hand from the roles of the product's description."""


def written() -> list[tuple[Role, Permission, str]]:
    head, *lines = MATRIX.strip("\n").splitlines()
    return [
        (Role(role), Permission(line.split()[0]), cell) for line in lines for role, cell in zip(head.split(), line.split()[1:], strict=True)
    ]


def test_the_table_names_every_pair() -> None:
    assert len(written()) == len(Role) * len(Permission) == 91


@pytest.mark.parametrize(("role", "permission", "reach"), written())
def test_what_each_role_may_do(role: Role, permission: Permission, reach: str) -> None:
    assert can(role, permission, own_organisation=True) == (reach in ("own", "every"))
    assert can(role, permission, own_organisation=False) == (reach == "every")


def test_no_operator_reaches_raw_data_of_another() -> None:
    seen = {role for role in Role if can(role, Permission.READ_RAW, own_organisation=False)}
    assert seen == {Role.LEAD, Role.PLANNER}
    assert PERMISSIONS[Role.OPERATOR][Permission.READ_RAW] is Reach.OWN


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_role_has_a_name(language: str) -> None:
    assert len({text(f"role.{role}", language) for role in Role}) == 7  # type: ignore[arg-type]


def test_people_are_added_and_disabled_never_deleted(settings: Settings) -> None:
    user = add_user(settings, name=" Lê Văn C ", organisation="vnpt", role=Role.OPERATOR)
    assert (user.name, user.active) == ("Lê Văn C", True)
    assert user.can(Permission.READ_RAW, organisation="vnpt")
    assert not user.can(Permission.READ_RAW, organisation="viettel")
    with pytest.raises(ParameterError, match=r"error\.user\.exists"):
        add_user(settings, name="Le\u0302 Va\u0306n C", organisation="fpt", role=Role.READER)
    with pytest.raises(ParameterError, match=r"error\.user\.empty"):
        add_user(settings, name="  ", organisation="fpt", role=Role.READER)
    gone = disable_user(settings, name="Lê Văn C")
    assert disable_user(settings, name="Lê Văn C") == gone
    assert not gone.can(Permission.READ_RESULTS, organisation="vnpt")
    assert list_users(settings) == [gone]
    with pytest.raises(MissingError, match=r"error\.user\.missing"):
        disable_user(settings, name="nobody")
    with Store.open(settings) as store:
        assert store.audit_head().seq == 2
        assert store.verify() == []


@pytest.mark.usefixtures("environment")
def test_on_the_command_line() -> None:
    def call(*arguments: str) -> tuple[int, dict[str, object]]:
        done = CliRunner().invoke(app, ["--json", "users", *arguments])
        return done.exit_code, json.loads(done.stdout) if done.stdout.strip() else {}

    assert call("list") == (0, {"users": []})
    assert call("add", "Hà", "--role", "commune", "--organisation", "Phường Phú Xuân")[1]["role"] == "commune"
    assert call("add", "Hà", "--role", "commune", "--organisation", "x")[0] == 1
    assert call("add", "Hà", "--role", "king", "--organisation", "x")[0] == 2
    assert call("disable", "Hà")[1]["active"] is False
    said = CliRunner().invoke(app, ["--lang", "vi", "users", "list"]).stdout
    assert said.strip().split("\t") == ["Hà", "UBND phường, xã", "Phường Phú Xuân", "đã khóa"]
