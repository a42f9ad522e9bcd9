"""``zhepai match``: a user's own demands against the market, from the shell."""

import asyncio
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from app.cli import app
from app.matching.index.generations import Generations
from app.matching.public import match_sheet
from app.matching.service.indexing import build
from app.platform import telemetry
from app.platform.db import Database, forbid_writes
from app.platform.runtime import Runtime
from app.platform.tables.sheets import XLSX, Sheet, read_sheet, write_csv, write_xlsx
from tests.matching.market import Market
from tests.matching.shelf import Shelf
from tests.queries import counted
from tests.world import World

HEADER = ("标题", "需求描述", "预算")
LEAKAGE = ("漏电断点定位", "漏电断点定位方法，效果明显。", "60万元")
FATIGUE = ("=榫头微动疲劳", "航空发动机叶片榫头微动磨损寿命不足。", "")
UNREAD = ("深孔镗削", "刀杆颤振。", "六十")


@pytest.fixture(autouse=True)
def own_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command configure no logs: this process's loggers would keep the runner's output."""
    monkeypatch.setattr(telemetry, "configure_logging", lambda _level: None)


async def run(*arguments: str) -> Any:
    return await asyncio.to_thread(CliRunner().invoke, app, ["match", *arguments])


async def held(database: Database) -> int:
    """Return how many rows the whole database holds."""
    async with database.transaction() as session:
        tables = (
            await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname='public'"))
        ).all()
        counts = " + ".join(f'(SELECT count(*) FROM "{table}")' for table in tables)
        return int(str(await session.scalar(text(f"SELECT {counts}"))))


def sheet(path: Path, name: str) -> Sheet:
    return read_sheet(path.read_bytes(), XLSX, name)


@pytest.mark.concurrency
async def test_a_sheet_of_demands_comes_back_with_reasons(
    own_world: World,
    database: Database,
    database_dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """MT99, MT100, MT101"""
    plain = make_url(database_dsn).set(drivername="postgresql")
    monkeypatch.setenv("ZHEPAI_DATABASE_URL", plain.render_as_string(hide_password=False))
    monkeypatch.setenv("ZHEPAI_HOME", str(tmp_path / "home"))
    asked = tmp_path / "我的需求.xlsx"
    asked.write_bytes(write_xlsx([("需求", [HEADER, LEAKAGE, FATIGUE, UNREAD])]))

    several = await run(str(asked))
    assert several.exit_code == 1
    assert "请用 --market 指明交易所" in several.output
    async with database.transaction() as session:
        code = str(await session.scalar(text("SELECT code FROM markets ORDER BY id LIMIT 1")))
    plain_text = tmp_path / "我的需求.csv"
    plain_text.write_bytes(write_csv([HEADER, LEAKAGE]))
    unready = await run(str(plain_text), "--market", code)
    assert unready.exit_code == 1
    assert "匹配索引尚未就绪" in unready.output
    headless = tmp_path / "联系人.csv"
    headless.write_bytes(write_csv([("联系人", "电话"), ("王工", "0571-88000000")]))
    refused = await run(str(headless), "--market", code)
    assert refused.exit_code == 1
    assert refused.output.count("缺少必填列“标题”") == 1  # told in words, not as data too

    shelf = Shelf(database, own_world)
    for _ in range(6):
        await shelf.shelve()
    await build(database, Generations(tmp_path / "home" / "index"), lambda *_: None)
    before = await held(database)
    done = await run(str(asked), "--market", code)
    assert done.exit_code == 3, done.output
    assert "3 条需求，1 条有合适成果，1 条无合适成果，1 条未读入" in done.output
    assert await held(database) == before
    _check(tmp_path / "我的需求-匹配.xlsx", shelf)


def _check(path: Path, shelf: Shelf) -> None:
    fits, fits_not, unread = (row.cells for row in sheet(path, "结论").rows)
    assert fits[3] in {"高度匹配 / strong", "可能匹配 / possible"}
    assert "无合适成果 / nothing suitable" in fits_not
    assert fits_not[2] == "=榫头微动疲劳"
    assert unread[3] == "未读入 / not read"
    assert unread[7].startswith("C4：")
    best = sheet(path, "匹配").rows[0].cells
    ids = {str(achievement.id) for achievement in shelf.known}
    assert best[3] in ids
    assert best[5] == "之澜理工大学"
    assert "漏电" in best[-2] + best[-1]
    assert sheet(path, "依据").rows[0].cells[0] == "交易所 / exchange"
    with ZipFile(path) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())


async def test_the_database_refuses_writes_while_a_sheet_is_matched(
    market: Market, shared_runtime: Runtime, tmp_path: Path
) -> None:
    """MT101"""
    asked = tmp_path / "需求.csv"
    asked.write_bytes(write_csv([HEADER, LEAKAGE, UNREAD]))
    session = market.session
    code = await session.scalar(
        text("SELECT code FROM markets WHERE id = :id"), {"id": market.world.market_id}
    )
    told: list[tuple[int, int]] = []
    with counted(shared_runtime.database) as sent:
        done = await match_sheet(
            shared_runtime, asked, market_code=code, tell=lambda *count: told.append(count)
        )
    assert (done.rows, done.unread, done.suited) == (2, 1, 0)
    assert told == [(0, 2), (1, 2), (2, 2)]
    # One transaction for the market, one a row that was read, one for the names.
    others = [statement for statement in sent if not statement.startswith("SELECT")]
    assert others == ["SET TRANSACTION READ ONLY"] * 3
    assert sent[0] == others[0]
    await forbid_writes(session)
    with pytest.raises(DBAPIError, match="read-only"):
        await session.execute(text("DELETE FROM match_entries"))
