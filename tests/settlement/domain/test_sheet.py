"""The registration sheet: its fields, written by the mapping, and what makes it ready."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.settlement.domain.contract import (
    Contract,
    ContractTypeTooBroad,
    TechnologyAmountOutOfRange,
    VersionMismatch,
    VersionMissing,
    check_contract,
    check_version,
)
from app.settlement.domain.registration.linter import RULES, lint
from app.settlement.domain.registration.mapping import mapping
from app.settlement.domain.registration.record import ContractRecord, Side
from app.settlement.domain.sheet import write_sheet
from app.shared import codes
from app.shared.codes import CodeUnknown
from app.shared.money import Money

SELLER = Side(
    natural_person=False,
    name="之澜理工大学",
    credit_code="12330110470128359P",
    type="higher_education",
    address="杭州市余杭区北苕大道1号",
    representative="陆景深",
    region="330110",
)
BUYER = Side(
    natural_person=False,
    name="西溪智造有限公司",
    credit_code="91330106305184621M",
    type="limited_liability_company",
    scale="small",
    address="杭州市西湖区望溪路3号",
    representative="章启明",
    contact="沈知行",
    phone="0571-00000000",
    postcode="310000",
    region="330106",
    industry="manufacturing",
    in_high_tech_zone=True,
    listed=False,
)
RECORD = ContractRecord(
    total_amount=Money(730_000_00),
    amount_known=True,
    project_name="面向产线的缺陷检测方法",
    technical_content="事件相机采集亮度变化，据此定位缺陷。",
    technology_field="electronic_information",
    ip_kind="invention_patent",
    patent_numbers=("ZL201710601862.3",),
    plan_source="provincial_plan",
    conversion_mode="transfer",
    confirmed_on=date(2026, 3, 23),
    filing_on=date(2026, 3, 30),
    seller=SELLER,
    buyer=BUYER,
    contract_type="transfer_patent",
    technology_amount=Money(700_000_00),
    signed_on=date(2026, 3, 25),
    starts_on=date(2026, 3, 25),
    ends_on=date(2027, 3, 24),
    payment_mode="lump_sum",
    social_economic_objective="industry_commerce",
    related_party=False,
    in_writing=True,
)


def found(record: ContractRecord) -> set[tuple[str, str]]:
    return {(finding.rule, finding.field) for finding in lint(record).findings}


def test_a_complete_sheet_has_no_finding_and_is_ready() -> None:
    """ST9, ST170"""
    report = lint(RECORD)
    assert report.findings == ()
    assert report.ready


def test_the_sheet_is_written_by_the_mapping() -> None:
    """ST174"""
    fields = write_sheet(RECORD)
    assert [field.name for field in fields] == [field.name for field in mapping().form]
    assert len(fields) == 30
    by_name = {field.name: field for field in fields}
    assert by_name["contract_type"].value_label == "专利权转让"
    assert by_name["social_economic_objective"].value_code == "10"
    assert by_name["buyer_region"].value_label == "西湖区"
    assert by_name["ip_kind"].value == "invention_patent"
    assert by_name["buyer_is_rd_institution"].value is None
    assert by_name["total_amount"].value == Money(730_000_00)


@pytest.mark.parametrize(
    ("industry", "label", "code"),
    [
        ("manufacturing", "制造业", "C"),
        ("C", "制造业", "C"),
        ("C3512", "制造业", "C3512"),
        ("作坊", None, None),
    ],
)
def test_an_industry_is_a_name_a_letter_or_a_code(
    industry: str, label: str | None, code: str | None
) -> None:
    record = replace(RECORD, buyer=replace(BUYER, industry=industry))
    field = next(field for field in write_sheet(record) if field.name == "buyer_industry")
    assert (field.value, field.value_label, field.value_code) == (industry, label, code)


def test_every_field_of_the_mapping_is_one_of_the_record() -> None:
    """ST174"""
    for field in mapping().fields:
        field.value_of(ContractRecord())
    names = [field.name for field in mapping().fields]
    assert len(set(names)) == len(names)


def test_an_empty_record_names_every_missing_field_and_invents_nothing() -> None:
    """ST171"""
    report = lint(ContractRecord())
    assert not report.ready
    missing = {finding.field for finding in report.findings}
    required = {field.name for field in mapping().form if field.required_of(ContractRecord())}
    assert required <= missing
    assert {(f.rule, f.field) for f in report.findings} == {
        (f.rule, f.field) for f in lint(ContractRecord()).findings
    }


def test_every_finding_names_a_field_and_how_to_mend_it() -> None:
    """ST9, ST171: worst first, every text in both languages."""
    names = {field.name for field in mapping().fields}
    broken = replace(
        RECORD,
        seller=Side(),
        buyer=replace(BUYER, credit_code="1", phone="x", postcode="x", region="1", listed=True),
        contract_type="development",
        in_writing=None,
        related_party=True,
        pages={"parties": 2},
    )
    findings = lint(broken).findings
    assert len({finding.rule for finding in findings}) > 8
    order = [finding.severity for finding in findings]
    assert order == sorted(order, key=["error", "warning", "hint"].index)
    for finding in findings:
        assert finding.field in names, finding
        assert finding.source
        assert finding.message_zh
        assert finding.mend_zh
        assert finding.message_en.isascii() or "“" in finding.message_en
        assert finding.page == (2 if finding.section == "parties" else None)
    assert next(f for f in findings if f.section == "parties").place_zh == "第2页 当事人信息"


def test_rules_have_names_of_their_own_and_say_what_they_demand() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.title_en and rule.title_zh and rule.source for rule in RULES)


@pytest.mark.parametrize("mode", codes.table("conversion_mode").names)
def test_every_conversion_mode_has_a_contract_type_that_fits(mode: str) -> None:
    fitting = [
        kind
        for kind in codes.table("contract_type").names
        if ("type_fits_conversion_mode", "contract_type")
        not in found(replace(RECORD, conversion_mode=mode, contract_type=kind))
    ]
    assert fitting
    if mode.startswith("licence"):
        assert {codes.chain("contract_type", kind)[-1] for kind in fitting} == {"licence"}


@given(price=st.integers(1, 10**12), amount=st.integers(-(10**12), 10**13))
def test_the_technology_amount_is_a_part_of_the_price(price: int, amount: int) -> None:
    """ST7: what the contract refuses, the linter finds."""
    contract = Contract(technology_amount=Money(amount))
    if 0 < amount <= price:
        check_contract(contract, price=Money(price))
    else:
        with pytest.raises(TechnologyAmountOutOfRange) as refusal:
            check_contract(contract, price=Money(price))
        assert refusal.value.fields["maximum"] == Money(price)
    record = replace(RECORD, total_amount=Money(price), technology_amount=Money(amount))
    rules = {rule for rule, _ in found(record)}
    assert ("technology_amount_within_total" not in rules) is (0 < amount <= price)


TEXT = st.none() | st.sampled_from(["transfer_patent", "service", "2026", "x", "330106", "１"])
MONEY = st.none() | st.builds(Money, st.integers(-1, 10**15), st.sampled_from(["CNY", "USD"]))
DAY = st.none() | st.dates()
SIDE = st.builds(Side, **dict.fromkeys(("name", "credit_code", "type", "phone", "region"), TEXT))
KINDS = {"day": DAY, "money": MONEY, "text": TEXT, "code": TEXT, "word": TEXT}
ANY_RECORD = st.builds(
    ContractRecord,
    **{
        field.name: KINDS[field.kind]
        for field in mapping().fields
        if "." not in field.path and field.kind in KINDS
    },
    seller=SIDE,
    buyer=SIDE,
    patent_numbers=st.lists(st.sampled_from(["95115608.X", "ZL202010345678.9", "1"])).map(tuple),
)


@settings(deadline=None, max_examples=150)
@given(ANY_RECORD)
def test_the_linter_judges_whatever_stands_in_a_record(record: ContractRecord) -> None:
    """ST171: no text, number or day makes it fail, and it says the same again."""
    assert lint(record) == lint(record)


@pytest.mark.parametrize(
    ("starts", "ends", "long"),
    [
        (date(2024, 2, 29), date(2044, 2, 29), False),
        (date(2024, 2, 29), date(2044, 3, 1), True),
        (date(2023, 2, 28), date(2043, 3, 1), True),
        (date(9990, 1, 1), date(9999, 12, 31), False),
    ],
)
def test_twenty_years_are_counted_by_the_calendar(starts: date, ends: date, long: bool) -> None:
    record = replace(RECORD, starts_on=starts, ends_on=ends)
    assert (("term_plausible", "ends_on") in found(record)) is long


def test_codes_and_sub_types_are_known() -> None:
    with pytest.raises(CodeUnknown):
        check_contract(Contract(payment_mode="cash"), price=Money(1))
    with pytest.raises(ContractTypeTooBroad) as refusal:
        check_contract(Contract(contract_type="licence"), price=Money(1))
    assert refusal.value.fields["accepted"] == ["licence_patent", "licence_technical_secret"]
    check_contract(Contract(contract_type="consulting"), price=Money(1))


def test_a_change_names_the_version_it_has_seen() -> None:
    """ST6"""
    check_version('"3"', present=3)
    with pytest.raises(VersionMissing) as missing:
        check_version(None, present=3)
    assert missing.value.fields["accepted"] == '"3"'
    for seen in ('"2"', "3", 'W/"3"', "*"):
        with pytest.raises(VersionMismatch):
            check_version(seen, present=3)
