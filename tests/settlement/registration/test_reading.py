"""Records as people write them: JSON objects, rows of tables, and the table that comes back."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.settlement.domain.registration.mapping import mapping
from app.settlement.domain.registration.reading import VALUE_READABLE, read_object
from app.settlement.domain.registration.report import Severity
from app.settlement.domain.registration.tables import COLUMNS, EXAMPLE, beside, read_table
from app.shared.money import Money
from app.shared.tables.form import ImportColumnsInvalid, RawRow

TODAY = date(2026, 11, 26)


def table(*rows: dict[str, str]) -> tuple[RawRow, list[RawRow]]:
    headers = list(dict.fromkeys(name for row in rows for name in row))
    return RawRow(1, tuple(headers)), [
        RawRow(number, tuple(row.get(header, "") for header in headers))
        for number, row in enumerate(rows, start=2)
    ]


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("total_amount", "650000", Money(650_000_00)),
        ("total_amount", 650000, Money(650_000_00)),
        ("total_amount", "65.5万元", Money(655_000_00)),
        ("total_amount", {"amount": "1.00", "currency": "USD"}, Money(100, "USD")),
        ("foreign_amount", "3万美元", Money(30_000_00, "USD")),
        ("signed_on", "2026年11月2日", date(2026, 11, 2)),
        ("in_writing", True, True),
        ("in_writing", "否", False),
        ("trainees", "30人", 30),
        ("contract_type", "专利实施许可", "licence_patent"),
        ("contract_type", "所有权转移", "所有权转移"),
        ("terms_kind", "按里程碑支付", "milestones"),
        ("patent_numbers", "ZL1；ZL2\n ZL3", ("ZL1", "ZL2", "ZL3")),
        ("patent_numbers", ["ZL1", " "], ("ZL1",)),
        ("number", 12, "12"),
        ("project_name", "  ", None),
        ("project_name", None, None),
    ],
)
def test_a_value_is_read_as_people_write_it(name: str, raw: Any, value: Any) -> None:
    read = read_object({name: raw})
    assert read.faults == ()
    assert getattr(read.record, name) == value


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("total_amount", "很多"),
        ("total_amount", True),
        ("total_amount", 1.5),
        ("total_amount", ["1"]),
        ("total_amount", {"amount": "1.001", "currency": "CNY"}),
        ("total_amount", {"amount": "1", "currency": "ZZZ"}),
        ("signed_on", "2026-13-01"),
        ("signed_on", 2026.5),
        ("in_writing", "也许"),
        ("trainees", "-3"),
        ("trainees", "1234567"),
        ("terms_kind", "随意"),
        ("project_name", {"zh": "名称"}),
        ("project_name", "名\x00称"),
        ("project_name", "\ud800"),
        ("pages", {"price": 0}),
        ("pages", {"nowhere": 3}),
        ("pages", "3"),
    ],
)
def test_what_cannot_be_read_is_told_once_and_stays_unknown(name: str, raw: Any) -> None:
    """ST173"""
    read = read_object({name: raw})
    assert [(fault.rule, fault.field) for fault in read.faults] == [(VALUE_READABLE, name)]
    findings = read.judged(today=TODAY).findings
    assert [finding.rule for finding in findings if finding.field == name] == [VALUE_READABLE]
    assert read.faults[0].severity is Severity.ERROR
    assert read.faults[0].mend_zh


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([field.name for field in mapping().fields]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=20)
        | st.lists(st.text(max_size=3), max_size=2)
        | st.dictionaries(st.sampled_from(["amount", "currency"]), st.text(max_size=4)),
        max_size=12,
    )
)
def test_any_object_is_read_and_judged(told: dict[str, Any]) -> None:
    """ST171, ST173"""
    report = read_object(told).judged(today=TODAY)
    assert report == read_object(told).judged(today=TODAY)
    assert not report.ready


def test_names_that_no_field_has_are_told() -> None:
    assert read_object({"projectname": "x", "number": "1"}).unused == ("projectname",)


def test_a_record_without_day_of_filing_is_judged_by_the_day_that_is_told() -> None:
    read = read_object({"signed_on": "2026-11-27"})
    rules = {finding.rule for finding in read.judged(today=TODAY).findings}
    assert "signed_not_in_future" in rules
    own = read_object({"signed_on": "2026-11-27", "filing_on": "2026-11-30"})
    rules = {finding.rule for finding in own.judged(today=TODAY).findings}
    assert "signed_not_in_future" not in rules


def test_a_table_is_read_by_chinese_or_english_headers_in_any_order() -> None:
    """ST174"""
    header, rows = table(
        {"买方名称*": "甲", "total_amount": "3", "邮编": "x", "合同金额（万元）": ""},
    )
    with pytest.raises(ImportColumnsInvalid) as twice:
        read_table(header, rows)
    assert "重复出现" in str(twice.value)
    header, rows = table({"买方名称*": "甲", "合同金额（万元）": "3", "邮编": "x"})
    read = read_table(header, rows)
    assert read.unused == ("邮编",)
    record = read.rows[0][1].record
    assert (record.buyer.name, record.total_amount) == ("甲", Money(30_000_00))
    with pytest.raises(ImportColumnsInvalid):
        read_table(*table({"天气": "晴"}))


def test_the_templates_example_is_a_sound_contract() -> None:
    header, rows = table({c.label: EXAMPLE.get(c.name, "") for c in COLUMNS})
    ((_, read),) = read_table(header, rows).rows
    assert read.judged(today=TODAY).findings == ()


def test_cells_that_hold_no_value_are_told() -> None:
    """ST173"""
    header = RawRow(1, ("技术交易额", "买方名称"))
    row = RawRow(2, ("", "甲"), {0: "formula"})
    ((_, read),) = read_table(header, [row]).rows
    assert [(fault.rule, fault.field) for fault in read.faults] == [
        (VALUE_READABLE, "technology_amount")
    ]
    findings = read.judged(today=TODAY).findings
    assert sum(finding.field == "technology_amount" for finding in findings) == 1


def test_findings_stand_beside_their_row() -> None:
    sound = {column.label: EXAMPLE.get(column.name, "") for column in COLUMNS}
    header, rows = table(sound, sound | {"买方联系电话": "1"})
    read = read_table(header, rows)
    reports = [(row, record.judged(today=TODAY)) for row, record in read.rows]
    told = beside(header, reports)
    assert told[0][-2:] == ("检查结论", "问题与修改办法")
    assert told[1][-2:] == ("可以申报", "")
    assert told[2][-2] == "1项须改正"
    assert told[2][-1].startswith("【须改正】当事人信息：买方联系电话“1”格式不符。")
    assert {len(row) for row in told} == {len(COLUMNS) + 2}
