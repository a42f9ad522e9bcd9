"""Bulk import over HTTP: good rows kept, faults told, the same again harmless, calls resumed."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import PartyStatus, create_party
from app.listings.domain.importing import COLUMNS
from app.listings.domain.importing_writing import EXAMPLE, write_row
from app.listings.service import importing
from app.platform.access import SYSTEM, Role
from app.platform.db import Database
from app.platform.journal import history
from app.platform.runtime import Runtime
from app.platform.tables.sheets import write_csv
from app.shared.ids import FileId, new_id
from tests.listings.factories import Desk, Json, done, refusal
from tests.queries import counted
from tests.world import START, World, organisation

LABELS = tuple(column.label for column in COLUMNS)
NAMES = [column.name for column in COLUMNS]
BOM = b"\xef\xbb\xbf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def row(number: int = 1, **cells: str) -> tuple[str, ...]:
    known = dict(
        zip(NAMES, write_row(replace(EXAMPLE, title=f"第{number}项检测方法")), strict=True)
    )
    return tuple((known | cells).values())


def xlsx(rows: Sequence[Sequence[Any]]) -> bytes:
    book = Workbook()
    for cells in rows:
        book.active.append(list(cells))
    return saved(book)


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


class Office:
    """The seller's staff with its tables."""

    def __init__(self, client: httpx.AsyncClient, world: World) -> None:
        self.client, self.world = client, world

    async def upload(self, content: bytes, name: str = "成果.xlsx", **who: Any) -> str:
        answer = await self.client.post(
            "/v1/files",
            files={"file": (name, content)},
            data={"audience": "owner"},
            headers=self.world.headers("seller_staff", **who),
        )
        return str(done(answer)["id"])

    async def send(self, file_id: str, *, draft: bool = False, **who: Any) -> httpx.Response:
        return await self.client.post(
            "/v1/achievements/imports",
            json={"file_id": file_id, "draft": draft},
            headers=self.world.headers("seller_staff", **who),
        )

    async def take(self, content: bytes, name: str = "成果.xlsx", **how: Any) -> httpx.Response:
        return await self.send(await self.upload(content, name), **how)


@pytest.fixture
def office(client: httpx.AsyncClient, world: World) -> Office:
    return Office(client, world)


def counts(told: Json) -> tuple[int, int, int, int]:
    return told["rows"], told["stored"], told["unchanged"], told["refused"]


def rules(told: Json) -> list[tuple[str, str]]:
    return [
        (fault["cell"], fault["rule"])
        for item in told["report"]["items"]
        for fault in item["faults"]
    ]


async def test_good_rows_are_kept_and_the_others_told(desk: Desk, office: Office) -> None:
    """LS33, LS35"""
    table = [LABELS, row(1), row(2, technology_field="新材科", title=""), row(3)]
    told = done(await office.take(xlsx(table)))
    assert counts(told) == (3, 2, 0, 1)
    assert told["finished_at"] is not None
    assert rules(told) == [("A3", "required"), ("C3", "code_unknown")]
    assert told["report"]["items"][0]["faults"][1]["message"] == "技术领域“新材科”不在代码表中"
    whole = done(await desk.get(f"achievements/imports/{told['id']}", "operator"))
    assert [item["outcome"] for item in whole["report"]["items"]] == ["stored", "refused", "stored"]
    kept = whole["report"]["items"][0]["achievement_id"]
    achievement = done(await desk.get(f"achievements/{kept}", "seller_staff"))
    assert (achievement["title"], achievement["status"]) == ("第1项检测方法", "submitted")
    assert achievement["due_at"] is not None
    (event,) = await history(desk.session, UUID(kept))
    assert (event.type, event.public) == ("achievement.submitted", {})
    assert event.restricted["import_id"] == told["id"]
    version = done(await desk.get(f"achievements/{kept}/versions/1", "seller_staff"))
    assert version["content_hash"] == event.restricted["content_hash"]
    timers = await desk.session.scalar(
        text("SELECT count(*) FROM timers WHERE kind = 'achievement.deadline'")
    )
    assert timers == 2


async def test_a_report_is_paged_and_filtered(desk: Desk, office: Office) -> None:
    rows = [row(number, kind="无" if number % 2 else "应用研究成果") for number in range(6)]
    told = done(await office.take(xlsx([LABELS, *rows])))
    path = f"achievements/imports/{told['id']}?limit=2"
    first = done(await desk.get(path, "auditor"))["report"]
    second = done(await desk.get(f"{path}&cursor={first['next']}", "auditor"))["report"]
    third = done(await desk.get(f"{path}&cursor={second['next']}", "auditor"))["report"]
    pages = [first, second, third]
    assert [item["row"] for page in pages for item in page["items"]] == [2, 3, 4, 5, 6, 7]
    assert third["next"] is None
    refused = done(await desk.get(f"{path}&outcome=refused", "seller_staff"))["report"]
    assert [item["row"] for item in refused["items"]] == [3, 5]
    refusal(await desk.get(f"{path}&cursor=WyJ4Il0", "auditor"), 400, "cursor_invalid")


async def test_the_same_file_again_changes_nothing(desk: Desk, office: Office) -> None:
    """LS33"""
    file_id = await office.upload(xlsx([LABELS, row(1), row(2), row(1)]))
    first = done(await office.send(file_id, draft=True))
    assert counts(first) == (3, 2, 1, 0)
    again = done(await office.send(file_id))
    assert counts(again) == (3, 0, 3, 0)
    whole = done(await desk.get(f"achievements/imports/{again['id']}", "seller_staff"))
    ids = [item["achievement_id"] for item in whole["report"]["items"]]
    assert ids[0] == ids[2] != ids[1]
    kept = done(await desk.get(f"achievements/{ids[0]}", "seller_staff"))
    assert (kept["status"], kept["version"]) == ("draft", 1)
    # Another party has results of its own.
    other: Json = {"party_id": desk.world.other_seller}
    theirs = await office.upload(xlsx([LABELS, row(1)]), **other)
    assert counts(done(await office.send(theirs, **other))) == (1, 1, 0, 0)


async def test_statements_do_not_grow_with_rows(
    desk: Desk, office: Office, rolled_back: Database
) -> None:
    sent_by = []
    for count in (2, 20):
        table = [LABELS, *(row(100 * count + number) for number in range(count))]
        file_id = await office.upload(xlsx(table))
        with counted(rolled_back) as sent:
            told = done(await office.send(file_id))
        sent_by.append(len(sent))
        path = f"achievements/imports/{told['id']}"
        done(await desk.get(path, "operator"))  # from now on the owner is remembered
        with counted(rolled_back) as sent:
            assert len(done(await desk.get(path, "operator"))["report"]["items"]) == count
        assert len(sent) == 2
    assert sent_by[0] == sent_by[1]
    kept = done(await desk.get(path, "operator"))["report"]["items"][0]["achievement_id"]
    with counted(rolled_back) as sent:
        done(await desk.get(f"achievements/{kept}/versions", "seller_staff"))
    assert len(sent) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_csv_is_read_as_spreadsheets_save_it(office: Office, encoding: str) -> None:
    rows = [LABELS, row(1, evidence="'=开头的文字"), ("",) * len(LABELS), row(2, kind="无")]
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    told = done(await office.take(out.getvalue().encode(encoding), "成果.csv"))
    assert counts(told) == (2, 1, 0, 1)
    assert rules(told) == [("D4", "code_unknown")]


async def test_hidden_empty_merged_and_formula_cells(desk: Desk, office: Office) -> None:
    """LS35"""
    book = Workbook()
    sheet = book.active
    lines: list[Sequence[str]] = [[], LABELS, row(1), [], row(2), row(3), row(4), row(5)]
    for cells in lines:
        sheet.append(list(cells))
    sheet.row_dimensions[5].hidden = True  # read as any other
    sheet["I6"] = "=1+1"  # no program has computed it
    sheet.merge_cells("U7:U8")
    sheet["H3"] = 7.0
    told = done(await office.take(saved(book)))
    assert counts(told) == (5, 2, 0, 3)
    assert rules(told) == [("I6", "formula"), ("U7", "merged"), ("U8", "merged")]


async def test_numbers_days_and_stored_results_are_read_as_shown(
    desk: Desk, office: Office
) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["意向价格（万元）" if label == "意向价格" else label for label in LABELS])
    sheet.append(list(row(1)))
    sheet["P2"], sheet["L2"], sheet["H2"] = 65.5, True, 7
    sheet["V2"] = date(2024, 5, 1)
    content = saved(book)
    told = done(await office.take(content))
    assert counts(told) == (1, 1, 0, 0), told
    listed = done(await desk.get("achievements", "seller_staff"))["items"]
    kept = done(await desk.get(f"achievements/{listed[0]['id']}", "seller_staff"))
    assert kept["price_idea"]["amount"] == "655000.00"
    assert kept["funding_project"] == "2024-05-01"
    assert kept["service_result"] is True


@pytest.mark.parametrize(
    ("table", "code", "faults"),
    [
        ([LABELS], "import_empty", None),
        ([], "import_empty", None),
        (
            [("颜色", *LABELS[1:], LABELS[1]), row(1)],
            "import_columns_invalid",
            ["column_unknown", "column_repeated", "column_missing"],
        ),
        (
            [LABELS[1:], row(1)[1:]],
            "import_columns_invalid",
            ["column_missing"],
        ),
    ],
)
async def test_a_table_that_is_not_the_templates_is_refused_as_a_whole(
    desk: Desk, office: Office, table: Any, code: str, faults: list[str] | None
) -> None:
    """LS34"""
    told = refusal(await office.take(xlsx(table)), 400, code)
    if faults is not None:
        assert [error["rule"] for error in told["errors"]] == faults
    for name in ("achievements", "achievement_imports"):
        assert await desk.session.scalar(text(f"SELECT count(*) FROM {name}")) == 0


async def test_too_many_rows_are_refused_as_a_whole(
    desk: Desk, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LS34"""
    for place in ("app.platform.tables.sheets", "app.platform.tables.xlsx"):
        monkeypatch.setattr(f"{place}.IMPORT_ROWS_MAX", 2)
    table = [LABELS, row(1), row(2), row(3)]
    for content, name in ((xlsx(table), "a.xlsx"), (write_csv(table), "a.csv")):
        told = refusal(await office.take(content, name), 400, "import_too_long")
        assert told["accepted_rows_max"] == 2
        assert counts(done(await office.take(*shorter(name)))) in {(2, 2, 0, 0), (2, 0, 2, 0)}


def shorter(name: str) -> tuple[bytes, str]:
    table = [LABELS, row(1), row(2)]
    return (write_csv(table) if name.endswith("csv") else xlsx(table)), name


async def test_what_is_no_table_is_refused(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """LS34"""
    told = refusal(await office.take("说明".encode(), "a.txt"), 400, "import_file_unreadable")
    assert told["accepted"] == ["xlsx", "csv"]
    book = xlsx([LABELS, row(1)])
    broken = book.replace(b"xl/worksheets/sheet1.xml", b"xl/worksheets/sheet9.xml")
    refusal(await office.take(broken), 400, "import_file_unreadable")
    monkeypatch.setattr("app.platform.tables.xlsx.UNPACKED_BYTES_MAX", 1000)
    refusal(await office.take(book), 400, "import_file_unreadable")


async def test_only_a_verified_party_imports_its_own_file(desk: Desk, office: Office) -> None:
    """LS33"""
    file_id = await office.upload(xlsx([LABELS, row(1)]))
    other: Json = {"party_id": desk.world.other_seller}
    refusal(await office.send(file_id, **other), 404, "object_unknown")
    refusal(await office.send(str(new_id())), 404, "object_unknown")
    refusal(await desk.get(f"achievements/imports/{new_id()}", "operator"), 404, "object_unknown")
    pending = await create_party(
        desk.session,
        market_id=desk.world.market_id,
        new=organisation(77, "未审核研究院有限公司"),
        status=PartyStatus.PENDING,
        actor=SYSTEM,
        now=START,
    )
    refusal(await office.send(file_id, party_id=pending), 400, "party_not_verified")
    mine = done(await office.send(file_id))
    path = f"achievements/imports/{mine['id']}"
    refusal(await desk.get(path, "seller_staff", **other), 403, "not_yours")
    refusal(await desk.get(path, "operator", market="other"), 404, "object_unknown")


async def test_the_template_is_taken_but_for_its_example(desk: Desk, office: Office) -> None:
    """LS36"""
    sheet = await desk.get("achievements/import-template")
    assert sheet.headers["content-type"] == XLSX
    book = load_workbook(io.BytesIO(sheet.content))
    assert book.sheetnames == ["成果", "代码表", "填写说明"]
    assert book["代码表"]["A2"].value == "电子信息"
    told = done(await office.take(sheet.content))
    assert (counts(told), rules(told)) == ((1, 0, 0, 1), [("A2", "example_row")])
    book["成果"]["A2"] = "自己的成果"
    assert counts(done(await office.take(saved(book)))) == (1, 1, 0, 0)
    plain = await desk.get("achievements/import-template?format=csv")
    assert plain.content.startswith(BOM)
    assert counts(done(await office.take(plain.content, "模板.csv"))) == (1, 0, 0, 1)
    refusal(await desk.get("achievements/import-template?format=pdf"), 422, "request_invalid")


async def test_no_text_of_a_report_runs_as_a_formula(desk: Desk, office: Office) -> None:
    """LS37"""
    told = done(await office.take(xlsx([LABELS, row(1), row(2, kind="=1+1")])))
    stray = await office.take(write_csv([LABELS, (*row(3), "=1+1")]), "a.csv")
    assert rules(done(stray)) == [("X2", "column_without_header")]
    path = f"achievements/imports/{told['id']}/report"
    book = load_workbook(io.BytesIO((await desk.get(path, "seller_staff")).content))
    cells = [cell for line in book.active.iter_rows() for cell in line]
    assert {cell.data_type for cell in cells if cell.value} == {"s"}
    plain = (await desk.get(f"{path}?format=csv", "operator")).content.decode("utf-8-sig")
    assert "已收录" in plain
    assert "formula" in plain
    escaped = write_csv([["=1", "+1", "-1", "@x", "'=1", "普通"]]).decode("utf-8-sig")
    assert escaped.strip() == "'=1,'+1,'-1,'@x,''=1,普通"


@pytest.mark.concurrency
async def test_two_equal_imports_at_once_keep_every_row_once(
    own_client: httpx.AsyncClient,
    own_world: World,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """LS33"""
    monkeypatch.setattr(importing, "SLICE_ROWS", 7)
    office = Office(own_client, own_world)
    rows = [row(number) for number in range(40)]
    ways = [xlsx([LABELS, *rows]), xlsx([LABELS, *rows[::-1]])]
    files = [await office.upload(content) for content in ways]
    answers = [done(told) for told in await asyncio.gather(*map(office.send, files))]
    assert sum(told["stored"] for told in answers) == 40
    assert sum(told["unchanged"] for told in answers) == 40
    async with database.transaction() as session:
        for name in ("achievements", "achievement_versions", "achievement_import_rows"):
            assert await session.scalar(text(f"SELECT count(*) FROM {name}")) == 40
        assert (
            await session.scalar(
                text("SELECT count(*) FROM journal_events WHERE type = 'achievement.submitted'")
            )
            == 40
        )


class Failing(Database):
    """A database that goes away after some transactions."""

    left = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        self.left -= 1
        if self.left < 0:
            raise ConnectionError("gone")
        async with super().transaction() as session:
            yield session


@pytest.mark.concurrency
async def test_a_broken_call_is_resumed_by_sending_the_file_again(
    own_client: httpx.AsyncClient,
    own_world: World,
    own_runtime: Runtime,
    database_dsn: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """LS33"""
    monkeypatch.setattr(importing, "SLICE_ROWS", 5)
    office = Office(own_client, own_world)
    table = [LABELS, *(row(number) for number in range(18))]
    file_id = await office.upload(xlsx(table))
    breaking = Failing(database_dsn, pool_size=1)
    breaking.left = 4  # who asks, the start, two slices
    actor = own_world.actor(Role.SELLER_STAFF)
    with pytest.raises(ConnectionError):
        await importing.import_achievements(
            breaking, own_runtime.settings, actor, FileId(UUID(file_id)), draft=False
        )
    await breaking.close()
    async with own_runtime.database.transaction() as session:
        broken = (await session.execute(text("SELECT * FROM achievement_imports"))).one()
    assert (broken.stored_count, broken.finished_at) == (10, None)
    told = done(await office.send(file_id))
    assert counts(told) == (18, 8, 10, 0)
