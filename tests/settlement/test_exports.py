"""Exports and imports over HTTP: a deal's files, a period's parts, decisions from a table."""

import io
import json
import zipfile
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.tables.sheets import write_csv, write_xlsx
from app.settlement.domain.filing_table import COLUMNS, SHEET
from app.shared.ids import DealId
from app.shared.money import Money
from tests.listings.factories import Desk, Json, done, refusal, yuan
from tests.settlement.factories import Counter, lot, sell
from tests.settlement.test_filings import REFUSED, REGISTERED, enter
from tests.world import World

PRICE = Money.parse("730000.00")
LABELS = tuple(column.label for column in COLUMNS)
PERIOD = "starts_on=2026-03-01&ends_on=2026-12-31"


@pytest.fixture
async def deal_ids(session: AsyncSession, world: World, desk: Desk) -> list[DealId]:
    return [
        await sell(session, world, await lot(desk, "buyer"), PRICE),
        await sell(session, world, await lot(desk, "buyer"), PRICE),
    ]


async def number_of(counter: Counter, deal_id: DealId) -> str:
    return str(done(await counter.get(f"deals/{deal_id}"))["number"])


async def test_a_deals_sheet_as_files(counter: Counter, deal_ids: list[DealId]) -> None:
    """ST232"""
    path = f"deals/{deal_ids[0]}/registration-sheet/file"
    number = await number_of(counter, deal_ids[0])
    for form, begins in (("pdf", b"%PDF"), ("xlsx", b"PK"), ("csv", b"\xef\xbb\xbf")):
        got = await counter.get(f"{path}?format={form}", "seller_staff")
        assert got.status_code == 200, got.text
        assert got.content.startswith(begins)
        assert f"{number}.{form}" in got.headers["Content-Disposition"]
    told = done(await counter.get(f"{path}?format=json"))
    assert told["items"][0]["number"] == number
    assert told["items"][0]["ready"] is False
    refusal(await counter.get(path, "buyer_staff"), 403, "role_not_allowed")


async def test_a_period_is_exported_part_by_part(
    counter: Counter, deal_ids: list[DealId], world: World
) -> None:
    """ST231: each deal once, the oldest first, the broken ones never."""
    whole = done(await counter.get(f"registration-exports?{PERIOD}&format=json"))
    assert [item["deal_id"] for item in whole["items"]] == [str(it) for it in deal_ids]
    assert whole["next"] is None
    first = await counter.get(f"registration-exports?{PERIOD}&format=json&limit=1", "seller_staff")
    link = first.headers["Link"]
    assert link.endswith('; rel="next"')
    following = link[1 : link.index(">")].removeprefix("/v1/")
    second = done(await counter.get(following, "seller_staff"))
    assert [item["deal_id"] for item in first.json()["items"] + second["items"]] == [
        str(it) for it in deal_ids
    ]
    assert second["next"] is None
    packed = await counter.get(f"registration-exports?{PERIOD}&format=pdf")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert [name.endswith(".pdf") for name in archive.namelist()] == [True, True]
    ready = done(await counter.get(f"registration-exports?{PERIOD}&format=json&only_ready=true"))
    assert ready["items"] == []
    early = "starts_on=2026-01-01&ends_on=2026-03-01&format=json"
    assert done(await counter.get(f"registration-exports?{early}"))["items"] == []
    others = f"registration-exports?{PERIOD}&format=json&seller_id={world.other_seller}"
    assert done(await counter.get(others))["items"] == []
    # A seller's staff see their own, whomever they name.
    assert len(done(await counter.get(others, "seller_staff"))["items"]) == 2
    turned = "starts_on=2026-03-02&ends_on=2026-03-01"
    refusal(await counter.get(f"registration-exports?{turned}"), 400, "export_period_unordered")
    for cursor in ("x", "WyIyMDI2LTAxLTAxIiwgIjAwIl0"):
        refusal(
            await counter.get(f"registration-exports?{PERIOD}&cursor={cursor}"),
            400,
            "cursor_invalid",
        )


async def send(counter: Counter, content: bytes, kind: str, role: str = "operator") -> Any:
    headers = counter.world.headers(role)
    kept = await counter.client.post(
        "/v1/files",
        files={"file": (f"登记结果.{kind}", content)},
        data={"audience": "owner"},
        headers=headers,
    )
    body = {"file_id": done(kept)["id"]}
    return await counter.client.post("/v1/registration-filings/imports", json=body, headers=headers)


def row(number: str, **changes: str) -> tuple[str, ...]:
    told = {
        "deal_number": number,
        "status": "已登记",
        "decided_on": "2026-04-13",
        "registration_number": "2026330106000123",
        "total_amount": "73万元",
        "technology_amount": "70万元",
        "contract_type": "专利权转让",
    } | changes
    return tuple(told.get(column.name, "") for column in COLUMNS)


def outcomes(answer: httpx.Response) -> list[tuple[int, str, list[str]]]:
    return [
        (item["row"], item["outcome"], [fault["rule"] for fault in item["faults"]])
        for item in done(answer)["rows"]
    ]


async def test_decisions_come_in_by_a_table_and_again_change_nothing(
    counter: Counter, deal_ids: list[DealId], session: AsyncSession, world: World
) -> None:
    """ST226, ST221"""
    one, other = [await number_of(counter, deal_id) for deal_id in deal_ids]
    done(await counter.fix(deal_ids[0], 0))
    table: list[tuple[str, ...]] = [
        LABELS,
        row(one),
        row(other),
        row("ZP-D-2026-999999"),
        row(one, registration_number="2026330106000199"),
    ]
    content = write_xlsx([(SHEET, table)])
    told = outcomes(await send(counter, content, "xlsx"))
    assert told == [
        (2, "entered", []),
        (3, "refused", ["contract_unsigned"]),
        (4, "refused", ["deal_unknown"]),
        (5, "refused", ["repeated"]),
    ]
    # The second contract is signed now; its row names the first one's number.
    done(await counter.fix(deal_ids[1], 0))
    told = outcomes(await send(counter, content, "xlsx"))
    assert told[:2] == [
        (2, "unchanged", []),
        (3, "refused", ["registration_number_taken"]),
    ]
    mended = write_csv(
        [
            LABELS,
            row(one, technology_amount="69万元"),
            row(
                other,
                status="不予登记",
                registration_number="",
                total_amount="",
                technology_amount="",
                contract_type="",
                ground="合同价款不明确",
                reason="技术金额未单列",
            ),
        ]
    )
    told = outcomes(await send(counter, mended, "csv", "seller_staff"))
    assert told == [(2, "refused", ["entered_otherwise"]), (3, "entered", [])]
    shown = done(await counter.get(f"deals/{deal_ids[1]}/filing"))
    assert (shown["status"], shown["version"]) == ("refused", 1)
    listed: Json = done(await counter.get("registration-filings?status=registered"))
    assert [item["deal_id"] for item in listed["items"]] == [str(deal_ids[0])]
    template = await counter.get("registration-filings/import-template?format=csv")
    assert "成交编号" in template.content.decode("utf-8-sig")


async def test_an_export_tells_what_was_decided(counter: Counter, deal_ids: list[DealId]) -> None:
    """ST232"""
    for deal_id in deal_ids:
        done(await counter.fix(deal_id, 0))
    done(
        await enter(counter, deal_ids[0], 0, REGISTERED | {"technology_amount": yuan("650000.00")})
    )
    done(await enter(counter, deal_ids[1], 0, REFUSED | {"decided_on": "2026-04-13"}))
    told = done(await counter.get(f"registration-exports?{PERIOD}&format=json"))
    first, second = told["items"]
    assert first["filing"]["decision"]["recognised"]["number"] == "2026330106000123"
    assert [item["field"] for item in first["differences"]] == ["technology_amount"]
    assert second["filing"]["decision"]["ground"] == "price_unclear"
    assert json.dumps(second["differences"]) == "[]"
