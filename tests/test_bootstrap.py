"""Founding an exchange from the shell."""

import asyncio
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import make_url, text
from typer.testing import CliRunner

from app.bootstrap import Exchange, found_exchange
from app.cli import app
from app.identity.domain.login import PasswordTooWeak
from app.identity.domain.party import NewParty, PartyKind
from app.platform.db import Database
from app.platform.runtime import Runtime
from tests.world import START, credit_code

pytestmark = pytest.mark.concurrency

EXCHANGE = Exchange(
    code="ningbo",
    name_zh="宁波技术市场",
    name_en="Ningbo technology market",
    region_code="330200",
    edition="general",
    starts_at=START,
    party=NewParty(
        kind=PartyKind.ORGANISATION,
        name="宁波技术交易中心",
        credit_code=credit_code(900),
        region_code="330200",
    ),
    login="nb-operator",
    password="a long pass phrase",
    display_name="操作员",
)


async def counts(database: Database) -> list[int]:
    async with database.transaction() as session:
        return [
            int(str(await session.scalar(text(f"SELECT count(*) FROM {table}"))))
            for table in ("markets", "parties", "users", "memberships")
        ]


async def test_the_first_operator_signs_in_and_works(
    own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    founded = await found_exchange(own_runtime.database, EXCHANGE)
    form = {"grant_type": "password", "username": "NB-operator", "password": "a long pass phrase"}
    token = (await own_client.post("/v1/oauth/token", data=form)).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    me = (await own_client.get("/v1/me", headers=bearer)).json()
    assert (me["role"], me["market_id"]) == ("operator", str(founded.market_id))
    assert (await own_client.get("/v1/parties", headers=bearer)).status_code == 200


async def test_a_refused_exchange_leaves_nothing(own_runtime: Runtime) -> None:
    with pytest.raises(PasswordTooWeak):
        await found_exchange(own_runtime.database, replace(EXCHANGE, password="short"))
    broken = replace(EXCHANGE, party=replace(EXCHANGE.party, region_code="999999"))
    with pytest.raises(Exception, match="GB/T 2260"):
        await found_exchange(own_runtime.database, broken)
    assert await counts(own_runtime.database) == [0, 0, 0, 0]


async def test_the_command_founds_a_live_market(
    database_dsn: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = make_url(database_dsn).set(drivername="postgresql")
    monkeypatch.setenv("ZHEPAI_DATABASE_URL", plain.render_as_string(hide_password=False))
    monkeypatch.setenv("ZHEPAI_OPERATOR_PASSWORD", "a long pass phrase")
    arguments = ["create-market", "ningbo", "--name-zh", "宁波技术市场", "--name-en", "Ningbo"]
    arguments += ["--region", "330200", "--party-name", "宁波技术交易中心"]
    arguments += ["--credit-code", credit_code(900), "--login", "nb-operator"]
    run = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    assert run.exit_code == 0, run.output
    assert "market_id=" in run.output
    assert "pass phrase" not in run.output
    assert await counts(database) == [1, 1, 1, 1]
    again = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    assert again.exit_code == 1
    assert "市场代号已被使用" in again.output
    assert await counts(database) == [1, 1, 1, 1]
