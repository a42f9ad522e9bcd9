"""Exports of sheets: what is written reads back, every finding and decision is told."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.platform.tables.sheets import CSV, XLSX, read_sheet, write_csv, write_xlsx
from app.settlement.domain.filing import Decision, Filing, FilingStatus
from app.settlement.domain.refusal_ground import RefusalGround
from app.settlement.domain.registration.linter import lint
from app.settlement.domain.registration.mapping import mapping
from app.settlement.domain.registration.reading import read_object
from app.settlement.domain.registration.record import ContractRecord
from app.settlement.domain.registration.tables import SHEET, read_table
from app.settlement.domain.registration_export import (
    About,
    Exported,
    as_json,
    contract_table,
    printed,
    sheets,
)
from app.settlement.service.exporting import ExportForm, write, write_one
from app.shared.ids import DealId, MarketId, new_id
from app.shared.money import Money
from tests.settlement.domain.test_filing import filed, recognised
from tests.settlement.registration.test_corpus import RECORDS, read

NOW = datetime(2026, 11, 26, 1, 30, tzinfo=UTC)
ABOUT = About(
    exchange="测试技术交易中心",
    made_at=NOW,
    starts_on=date(2026, 3, 1),
    ends_on=date(2026, 3, 31),
)


def exported(record: ContractRecord, **changes: Any) -> Exported:
    made = Exported(
        deal_id=DealId(new_id()),
        number=record.number or "ZP-D-2026-000001",
        contract_version=1,
        record=record,
        report=lint(record),
        filing=None,
    )
    return replace(made, **changes)


# Every record of the corpus that a table can hold: its values could all be read, and no amount
# is below zero; pages are no column.
READABLE = [
    replace(it.record, pages={})
    for it in map(read, RECORDS.values())
    if not it.faults
    and all(
        getattr(it.record, name) is None or getattr(it.record, name).amount_minor >= 0
        for name in ("total_amount", "technology_amount", "equipment_amount", "foreign_amount")
    )
]


def same(read_back: ContractRecord, record: ContractRecord) -> bool:
    """Tell whether two records say the same; empty and absent are one in a table."""
    pairs = ((field.value_of(read_back), field.value_of(record)) for field in mapping().fields)
    return all(back == was or (back in (None, ()) and was in (None, (), "")) for back, was in pairs)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_table_reads_back_as_the_same_records(kind: str) -> None:
    """ST230: through the file itself, whatever the records hold."""
    records = READABLE if kind == "csv" else READABLE[::9]
    rows = contract_table([exported(record) for record in records])
    if kind == "csv":
        sheet = read_sheet(write_csv(rows), CSV, SHEET)
    else:
        sheet = read_sheet(write_xlsx([(SHEET, rows)]), XLSX, SHEET)
    told = read_table(sheet.header, sheet.rows)
    assert set(told.unused) <= {"检查结论", "问题与修改办法"}
    assert len(told.rows) == len(records)
    assert len(READABLE) > 200
    for (_, back), record in zip(told.rows, records, strict=True):
        assert back.faults == ()
        assert same(back.record, record), (back.record, record)


def test_json_reads_back_as_the_same_records() -> None:
    """ST230"""
    told = as_json([exported(record) for record in READABLE], ABOUT, following=None)
    plain = json.loads(json.dumps(told))
    for item, record in zip(plain["items"], READABLE, strict=True):
        back = read_object(item["record"])
        assert (back.faults, back.unused) == ((), ())
        assert same(back.record, record)


def test_every_finding_and_decision_has_its_row() -> None:
    """ST232"""
    broken = exported(replace(READABLE[0], total_amount=None, buyer=READABLE[0].seller))
    registered = exported(
        READABLE[1],
        filing=Filing(
            deal_id=DealId(new_id()),
            market_id=MarketId(new_id()),
            version=1,
            decision=Decision(
                status=FilingStatus.REGISTERED,
                decided_on=date(2026, 4, 8),
                recognised=recognised(),
            ),
            filed=filed(technology_amount=Money.parse("730000.00")),
        ),
    )
    refused = exported(
        READABLE[2],
        filing=Filing(
            deal_id=DealId(new_id()),
            market_id=MarketId(new_id()),
            version=1,
            decision=Decision(
                status=FilingStatus.REFUSED,
                decided_on=date(2026, 4, 2),
                ground=RefusalGround.PRICE_UNCLEAR,
                reason="未单列技术金额",
            ),
            filed=filed(),
        ),
    )
    items = [broken, registered, refused]
    book = {name: list(rows) for name, rows in sheets(items, ABOUT)}
    findings = book["检查报告"][1:]
    assert len(findings) == sum(len(item.report.findings) for item in items) > 1
    (first, second) = book["登记结果"][1:]
    assert first[3:6] == ("2026330106000123", "730000.00", "700000.00")
    assert "核定 700000.00" in first[8]
    assert "设备" in first[8]
    assert second[7] == "合同价款不明确：未单列技术金额"
    notes = {row[0]: row[1] for row in book["说明"][1:]}
    assert notes["合同数"] == "3"
    assert int(notes["可以申报"]) + int(notes["须先改正"]) == 3
    shown = printed(registered, ABOUT)
    assert [row[1].rstrip("*") for row in shown["fields"]] == [
        field.label_zh for field in mapping().form
    ]
    assert shown["decision"][2] == "2026330106000123"
    assert len(printed(broken, ABOUT)["findings"]) == len(broken.report.findings)


def test_codes_stand_beside_their_words_in_the_printed_form() -> None:
    """ST232"""
    record = replace(READABLE[0], signed_on=date(2026, 3, 23), related_party=False)
    by_label = {row[1].rstrip("*"): row for row in printed(exported(record), ABOUT)["fields"]}
    assert by_label["合同签订日期"][2] == "2026-03-23"
    assert by_label["是否关联交易"][2] == "否"
    coded = [row for row in by_label.values() if row[3]]
    assert coded


def test_the_files_of_an_export() -> None:
    """ST232: text that begins like a formula stays text."""
    item = exported(replace(READABLE[0], project_name="=SUM(A1)专利权转让"))
    pdf = write_one(item, ExportForm.PDF, ABOUT)
    assert pdf.startswith(b"%PDF")
    assert b"pdfaid" in pdf
    assert write_one(item, ExportForm.PDF, ABOUT) == pdf
    rows = list(csv.reader(io.StringIO(write([item], ExportForm.CSV, ABOUT).decode("utf-8-sig"))))
    assert rows[1][0] == "'=SUM(A1)专利权转让"
    assert write([item], ExportForm.XLSX, ABOUT).startswith(b"PK")
    assert json.loads(write([item], ExportForm.JSON, ABOUT, following="x"))["next"] == "x"
    assert write([], ExportForm.CSV, ABOUT)
