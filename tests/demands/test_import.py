"""Bulk import of demands over HTTP: drafts made and changed by the poster's own number."""

import asyncio
import io
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from openpyxl import load_workbook
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.content import content_to_json
from app.demands.domain.importing import COLUMNS
from app.demands.domain.importing_writing import EXAMPLE, write_row
from app.demands.service import importing
from app.identity.public import PartyStatus, create_party
from app.platform.access import SYSTEM
from app.platform.db import Database
from app.platform.journal import history
from app.platform.tables.sheets import XLSX, write_csv, write_xlsx
from app.shared.ids import new_id
from tests.demands.board import Board, Json, done, refusal
from tests.queries import counted
from tests.world import START, World, organisation

LABELS = tuple(column.label for column in COLUMNS)
NAMES = [column.name for column in COLUMNS]
SOUND = replace(EXAMPLE, title="注塑件熔接痕强度在线预测")


def row(number: int = 1, **cells: str) -> tuple[str, ...]:
    known = dict(zip(NAMES, write_row(f"XQ-{number}", SOUND), strict=True))
    return tuple((known | cells).values())


class Office:
    """The poster's staff with its tables."""

    def __init__(self, client: httpx.AsyncClient, world: World) -> None:
        self.client, self.world = client, world

    async def upload(self, *rows: tuple[str, ...], kind: str = "xlsx", **who: Any) -> str:
        lines = [LABELS, *rows]
        content = write_csv(lines) if kind == "csv" else write_xlsx([("需求", lines)])
        answer = await self.client.post(
            "/v1/files",
            files={"file": (f"需求.{kind}", content)},
            data={"audience": "owner"},
            headers=self.world.headers("buyer_staff", **who),
        )
        return str(done(answer)["id"])

    async def send(self, file_id: str, role: str = "buyer_staff", **who: Any) -> httpx.Response:
        headers = self.world.headers(role, **who)
        sent = {"file_id": file_id}
        return await self.client.post("/v1/demands/imports", json=sent, headers=headers)

    async def take(self, *rows: tuple[str, ...], **how: Any) -> Json:
        return done(await self.send(await self.upload(*rows, **how)))


@pytest.fixture
def office(client: httpx.AsyncClient, world: World) -> Office:
    return Office(client, world)


def counts(told: Json) -> tuple[int, int, int, int]:
    return told["stored"], told["updated"], told["unchanged"], told["refused"]


async def rows_of(board: Board, told: Json) -> list[Json]:
    whole = done(await board.get(f"demands/imports/{told['id']}?limit=200", "operator"))
    items: list[Json] = whole["report"]["items"]
    return items


async def test_good_rows_become_drafts_and_the_others_are_told(
    board: Board, office: Office, session: AsyncSession
) -> None:
    """DM100, DM102, DM104"""
    bad = row(2, technology_field="新材科", target_1_value="约8", title="")
    told = await office.take(row(1, target_1_unit=""), bad, row(3))
    assert (told["rows"], counts(told)) == (3, (2, 0, 0, 1))
    (refused,) = told["report"]["items"]
    assert (refused["row"], refused["external_number"]) == (3, "XQ-2")
    assert [(fault["cell"], fault["rule"]) for fault in refused["faults"]] == [
        ("B3", "required"),
        ("C3", "code_unknown"),
        ("J3", "figure_malformed"),
    ]
    assert all(fault["message"] and fault["mend"] for fault in refused["faults"])
    first, _, third = await rows_of(board, told)
    hint = next(item for item in first["hints"] if item["rule"] == "target_unit_missing")
    assert (hint["cell"], hint["column"], first["faults"]) == ("L2", "指标1单位", [])
    demand = done(await board.get(f"demands/{first['demand_id']}", "buyer_staff"))
    assert (demand["status"], demand["version"], demand["title"]) == ("draft", 1, SOUND.title)
    assert demand["restricted_text"] == SOUND.restricted_text
    assert demand["number"].startswith("ZP-N-2026-")
    (version,) = done(await board.get(f"demands/{third['demand_id']}/versions", "buyer_staff"))[
        "items"
    ]
    assert version["content"] == content_to_json(SOUND)
    (event,) = await history(session, UUID(third["demand_id"]))
    assert (event.type, event.public) == ("demand.drafted", {})
    assert event.restricted["import_id"] == told["id"]
    assert event.restricted["content_hash"] == version["content_hash"]
    refusal(await board.get(f"demands/{first['demand_id']}", "seller_staff"), 404, "object_unknown")
    done(await board.post(f"demands/{third['demand_id']}/submission", "buyer_staff"))


async def test_the_same_file_again_changes_nothing(board: Board, office: Office) -> None:
    """DM100"""
    file_id = await office.upload(row(1), row(2), row(1, title="又一项"))
    first = done(await office.send(file_id))
    assert counts(first) == (2, 0, 0, 1)
    assert [fault["rule"] for fault in first["report"]["items"][0]["faults"]] == ["number_repeated"]
    again = done(await office.send(file_id))
    assert counts(again) == (0, 0, 2, 1)
    ids = [[item["demand_id"] for item in await rows_of(board, told)] for told in (first, again)]
    assert ids[0] == ids[1]
    # Another party's numbers are its own.
    other: Json = {"party_id": board.world.other_buyer}
    theirs = await office.upload(row(1), **other)
    assert counts(done(await office.send(theirs, **other))) == (1, 0, 0, 0)


async def test_a_known_number_changes_the_draft_that_it_made(
    board: Board, office: Office, session: AsyncSession
) -> None:
    """DM101"""
    told = await office.take(row(1), row(2), row(3))
    first, second, third = [item["demand_id"] for item in await rows_of(board, told)]
    sheet = [row(1, title="换了名称"), row(2), row(3)]
    changed = await office.take(*sheet, kind="csv")
    assert counts(changed) == (0, 1, 2, 0)
    demand = done(await board.get(f"demands/{first}", "buyer_staff"))
    assert (demand["title"], demand["version"], demand["status"]) == ("换了名称", 2, "draft")
    assert [event.type for event in await history(session, UUID(first))] == [
        "demand.drafted",
        "demand.edited",
    ]
    # What was edited on the site stays: the same rows leave it alone, changed ones are told so.
    body = content_to_json(replace(SOUND, title="在平台上改的"))
    done(await board.put(f"demands/{second}", "buyer_staff", body, seen='"1"'))
    assert counts(await office.take(*sheet)) == (0, 0, 3, 0)
    done(await board.post(f"demands/{third}/submission", "buyer_staff"))
    late = await office.take(row(2, lump_sum="是"), row(3, lump_sum="是"))
    assert counts(late) == (0, 0, 0, 2)
    faults = [item["faults"][0] for item in late["report"]["items"]]
    assert [(fault["cell"], fault["rule"]) for fault in faults] == [
        ("A2", "demand_changed"),
        ("A3", "demand_not_editable"),
    ]
    assert "第2版" in faults[0]["message"]
    kept = done(await board.get(f"demands/{second}", "buyer_staff"))
    assert (kept["title"], kept["version"]) == ("在平台上改的", 2)
    # Once the sheet says what the site says, it may go on from there.
    assert counts(await office.take(row(2, title="在平台上改的"))) == (0, 0, 1, 0)
    assert counts(await office.take(row(2, title="又改"))) == (0, 1, 0, 0)


async def test_statements_do_not_grow_with_rows(office: Office, rolled_back: Database) -> None:
    """DM100"""
    sent_by = []
    for count in (2, 12):
        numbers = range(100 * count, 101 * count)
        files = [
            await office.upload(*(row(number) for number in numbers)),
            await office.upload(*(row(number, title="改") for number in numbers)),
        ]
        for file_id in files:
            with counted(rolled_back) as sent:
                done(await office.send(file_id))
            sent_by.append(len(sent))
    assert sent_by[:2] == sent_by[2:]


async def test_a_report_is_paged_filtered_and_a_table(board: Board, office: Office) -> None:
    """DM104"""
    rows = [row(1), row(2, title=""), row(3, target_1_unit=""), row(4, title="")]
    told = await office.take(*rows)
    path = f"demands/imports/{told['id']}"
    first = done(await board.get(f"{path}?limit=3", "auditor"))["report"]
    second = done(await board.get(f"{path}?limit=3&cursor={first['next']}", "auditor"))["report"]
    assert [item["row"] for page in (first, second) for item in page["items"]] == [2, 3, 4, 5]
    stored = done(await board.get(f"{path}?outcome=stored", "buyer_staff"))["report"]
    assert [item["row"] for item in stored["items"]] == [2, 4]
    refusal(await board.get(f"{path}?cursor=WyJ4Il0", "auditor"), 400, "cursor_invalid")
    sheet = await board.get(f"{path}/report", "buyer_staff")
    assert sheet.headers["content-type"] == XLSX
    lines = list(load_workbook(io.BytesIO(sheet.content)).active.values)
    assert lines[0][:3] == ("行号", "结果", "需求编号")
    assert any(line[1] == "已存为草稿" and str(line[6]).startswith("提示：") for line in lines)
    assert ("3", "未通过", "B3") in {(line[0], line[1], line[3]) for line in lines}
    plain = await board.get(f"{path}/report?format=csv", "operator")
    assert "未通过" in plain.content.decode("utf-8-sig")


async def test_the_template_is_taken_but_for_its_example(board: Board, office: Office) -> None:
    """DM103"""
    sheet = await board.get("demands/imports/template")
    assert sheet.headers["content-type"] == XLSX
    book = load_workbook(io.BytesIO(sheet.content))
    assert book.sheetnames == ["需求", "代码表", "填写说明"]
    cells = [tuple(cell or "" for cell in line) for line in book["需求"].values]
    assert [str(label).rstrip("*") for label in cells[0]] == list(LABELS)
    told = await office.take(*cells[1:])
    assert told["report"]["items"][0]["faults"][0]["rule"] == "example_row"
    assert counts(await office.take(("自编1", "自己的需求", *cells[1][2:]))) == (1, 0, 0, 0)
    plain = await board.get("demands/imports/template?format=csv")
    assert plain.content.startswith(b"\xef\xbb\xbf")
    refusal(await board.get("demands/imports/template?format=pdf"), 422, "request_invalid")


async def test_a_table_that_is_not_the_templates_is_refused_as_a_whole(
    office: Office, session: AsyncSession
) -> None:
    """DM105"""
    headers = office.world.headers("buyer_staff")
    strange = write_csv([("需求名称", "颜色"), ("甲", "红")])
    for name, content, code in (
        ("a.csv", strange, "import_columns_invalid"),
        ("a.csv", write_csv([LABELS]), "import_empty"),
        ("a.txt", "说明".encode(), "import_file_unreadable"),
    ):
        kept = await office.client.post(
            "/v1/files",
            files={"file": (name, content)},
            data={"audience": "owner"},
            headers=headers,
        )
        refusal(await office.send(done(kept)["id"]), 400, code)
    assert await session.scalar(text("SELECT count(*) FROM demand_imports")) == 0


async def test_only_a_verified_poster_imports_its_own_file(
    board: Board, office: Office, session: AsyncSession
) -> None:
    """DM105"""
    file_id = await office.upload(row(1))
    other: Json = {"party_id": board.world.other_buyer}
    refusal(await office.send(file_id, **other), 404, "object_unknown")
    refusal(await office.send(str(new_id())), 404, "object_unknown")
    for role in ("operator", "seller_staff", "auditor"):
        refusal(await office.send(file_id, role), 403, "role_not_allowed")
    pending = await create_party(
        session,
        market_id=board.world.market_id,
        new=organisation(77, "未审核机械有限公司"),
        status=PartyStatus.PENDING,
        actor=SYSTEM,
        now=START,
    )
    refusal(await office.send(file_id, party_id=pending), 400, "party_not_verified")
    mine = done(await office.send(file_id))
    path = f"demands/imports/{mine['id']}"
    refusal(await board.get(path, "buyer_staff", **other), 403, "not_yours")
    refusal(await board.get(path, "operator", market="other"), 404, "object_unknown")


@pytest.mark.concurrency
async def test_imports_at_once_make_and_change_each_draft_once(
    own_client: httpx.AsyncClient,
    own_world: World,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DM100, DM101: equal calls, and calls that change the same drafts in another order."""
    monkeypatch.setattr(importing, "SLICE_ROWS", 3)
    office = Office(own_client, own_world)
    rows = [row(number) for number in range(8)]
    changed = [row(number, title="改过的名称") for number in range(8)]
    files = [await office.upload(*lines) for lines in (rows, rows[::-1])]
    answers = [done(told) for told in await asyncio.gather(*map(office.send, files))]
    assert [sum(told[name] for told in answers) for name in ("stored", "unchanged")] == [8, 8]
    files = [await office.upload(*lines) for lines in (changed, changed[::-1])]
    answers = [done(told) for told in await asyncio.gather(*map(office.send, files))]
    assert [sum(told[name] for told in answers) for name in ("updated", "unchanged")] == [8, 8]
    async with database.transaction() as session:
        told = await session.execute(
            text(
                "SELECT (SELECT count(*) FROM demands), (SELECT count(*) FROM imported_demands),"
                " (SELECT count(*) FROM demand_versions), (SELECT count(*) FROM journal_events"
                " WHERE subject = 'demand')"
            )
        )
        assert told.one() == (8, 8, 16, 16)
