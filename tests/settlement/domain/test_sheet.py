"""The registration sheet: its fields, its checks, what makes it ready."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settlement.domain.checks import RULES, missing_fields, run_checks
from app.settlement.domain.contract import (
    Contract,
    ContractTypeTooBroad,
    TechnologyAmountOutOfRange,
    VersionMismatch,
    VersionMissing,
    check_contract,
    check_version,
    family,
)
from app.settlement.domain.sheet import Facts, Side, write_sheet
from app.shared import codes
from app.shared.codes import CodeUnknown
from app.shared.money import Money

SELLER = Side(
    organisation=True,
    name="之澜理工大学",
    credit_code="12330110470128359P",
    party_type="higher_education",
    scale=None,
    address="杭州市余杭区北苕大道1号",
    representative="陆景深",
    contact=None,
    phone=None,
    postcode=None,
    region_code="330110",
    industry=None,
    in_high_tech_zone=None,
    listed=None,
)
BUYER = Side(
    organisation=True,
    name="西溪智造有限公司",
    credit_code="91330106305184621M",
    party_type="limited_liability_company",
    scale="small",
    address="杭州市西湖区望溪路3号",
    representative="章启明",
    contact="沈知行",
    phone="0571-00000000",
    postcode="310000",
    region_code="330106",
    industry=codes.table("industry").names[0],
    in_high_tech_zone=True,
    listed=False,
)
FACTS = Facts(
    price=Money(730_000_00),
    title="面向产线的缺陷检测方法",
    abstract="事件相机采集亮度变化。",
    technology_field="electronic_information",
    ip_kind="invention_patent",
    plan_source="provincial_plan",
    conversion_mode="transfer",
    confirmed_on=date(2026, 3, 23),
    today=date(2026, 3, 30),
    seller=SELLER,
    buyer=BUYER,
    contract=Contract(
        contract_type="transfer_patent",
        technology_amount=Money(700_000_00),
        signed_on=date(2026, 3, 25),
        starts_on=date(2026, 3, 25),
        ends_on=date(2027, 3, 24),
        payment_mode="lump_sum",
        social_economic_objective="industry_commerce",
        related_party=False,
        in_writing=True,
    ),
)


def with_contract(**changes: Any) -> Facts:
    return replace(FACTS, contract=replace(FACTS.contract, **changes))


def failed(facts: Facts) -> set[str]:
    checks = run_checks(facts, write_sheet(facts))
    return {check.rule for check in checks if not check.passed}


def test_a_complete_sheet_passes_every_check() -> None:
    """ST9"""
    checks = run_checks(FACTS, write_sheet(FACTS))
    assert [check for check in checks if not check.passed] == []
    assert len(checks) == len(RULES) + 1
    assert all(check.mend_zh is None for check in checks)


def test_the_sheet_has_every_field_of_the_form_in_order() -> None:
    fields = write_sheet(FACTS)
    assert [field.name for field in fields] == [
        "project_name",
        "seller_name",
        "buyer_name",
        "total_amount",
        "technology_amount",
        "signed_on",
        "starts_on",
        "ends_on",
        "payment_mode",
        "related_party",
        "plan_source",
        "ip_kind",
        "contract_type",
        "technology_field",
        "social_economic_objective",
        "buyer_type",
        "buyer_is_transfer_institution",
        "buyer_is_rd_institution",
        "buyer_is_converted_institute",
        "buyer_in_high_tech_zone",
        "buyer_listed",
        "buyer_scale",
        "buyer_address",
        "buyer_representative",
        "buyer_contact",
        "buyer_phone",
        "buyer_postcode",
        "buyer_region",
        "buyer_industry",
    ]
    by_name = {field.name: field for field in fields}
    assert by_name["contract_type"].value_label == "专利权转让"
    assert by_name["social_economic_objective"].value_code == "10"
    assert by_name["project_name"].value == FACTS.title
    assert by_name["ip_kind"].value == "invention_patent"
    assert by_name["buyer_is_rd_institution"].value is None


def test_the_contract_overrides_what_the_achievement_says() -> None:
    facts = with_contract(
        project_name="检测方法专利权转让合同", ip_kind="utility_model", plan_source="local_plan"
    )
    by_name = {field.name: field.value for field in write_sheet(facts)}
    assert by_name["project_name"] == "检测方法专利权转让合同"
    assert (by_name["ip_kind"], by_name["plan_source"]) == ("utility_model", "local_plan")
    assert failed(facts) == set()


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        (with_contract(technology_amount=Money(730_000_01)), "technology_amount_within_total"),
        (with_contract(technology_amount=Money(0)), "technology_amount_within_total"),
        (with_contract(technology_amount=Money(1, "USD")), "technology_amount_within_total"),
        (replace(FACTS, seller=replace(SELLER, representative=None)), "parties_clear"),
        (replace(FACTS, seller=replace(SELLER, address=None)), "parties_clear"),
        (replace(FACTS, buyer=replace(BUYER, credit_code=None)), "parties_clear"),
        (
            replace(FACTS, buyer=replace(BUYER, credit_code=SELLER.credit_code)),
            "parties_clear",
        ),
        (replace(FACTS, abstract=" "), "subject_clear"),
        (replace(FACTS, price=Money(0)), "price_clear"),
        (with_contract(signed_on=date(2026, 3, 22)), "dates_ordered"),
        (with_contract(signed_on=date(2026, 3, 31)), "dates_ordered"),
        (with_contract(starts_on=date(2026, 3, 24)), "dates_ordered"),
        (with_contract(ends_on=date(2026, 3, 24)), "dates_ordered"),
        (with_contract(contract_type="licence_patent"), "type_fits_conversion_mode"),
        (with_contract(contract_type="service_general"), "type_fits_conversion_mode"),
        (with_contract(contract_type="transfer_technical_secret"), "type_fits_ip_kind"),
        (with_contract(ip_kind="no_ip"), "type_fits_ip_kind"),
        (with_contract(project_name="检测方法专利实施许可合同"), "title_consistent"),
        (with_contract(project_name="检测技术服务合同"), "title_consistent"),
        (with_contract(in_writing=False), "written_form"),
        (with_contract(in_writing=None), "written_form"),
        (with_contract(related_party=None), "fields_complete"),
        (replace(FACTS, buyer=replace(BUYER, postcode=None)), "fields_complete"),
    ],
)
def test_each_fault_fails_its_own_check(facts: Facts, rule: str) -> None:
    """ST9"""
    assert rule in failed(facts)
    found = next(
        check
        for check in run_checks(facts, write_sheet(facts))
        if check.rule == rule and not check.passed
    )
    assert found.message_zh
    assert found.mend_zh
    assert found.mend_en


@pytest.mark.parametrize(
    ("mode", "patent_ends_on", "ends_on", "passed"),
    [
        ("licence_patent", date(2027, 3, 24), date(2027, 3, 24), True),
        ("licence_patent", date(2027, 3, 23), date(2027, 3, 24), False),
        ("licence_patent", None, date(2027, 3, 24), True),
        ("transfer_patent", date(2026, 4, 1), date(2027, 3, 24), True),
    ],
)
def test_a_patent_licence_does_not_outlive_the_patent(
    mode: str, patent_ends_on: date | None, ends_on: date, passed: bool
) -> None:
    facts = with_contract(contract_type=mode, patent_ends_on=patent_ends_on, ends_on=ends_on)
    assert ("licence_within_patent_term" not in failed(facts)) is passed


@pytest.mark.parametrize("mode", codes.table("conversion_mode").names)
def test_every_conversion_mode_has_a_contract_type_that_fits(mode: str) -> None:
    facts = replace(FACTS, conversion_mode=mode)
    fitting = [
        kind
        for kind in codes.table("contract_type").names
        if "type_fits_conversion_mode"
        not in failed(replace(facts, contract=replace(FACTS.contract, contract_type=kind)))
    ]
    assert fitting
    if mode.startswith("licence"):
        assert {family(kind) for kind in fitting} == {"licence"}


def test_an_empty_contract_names_every_missing_field_and_invents_nothing() -> None:
    facts = replace(FACTS, contract=Contract())
    missing = [check.field for check in missing_fields(write_sheet(facts))]
    assert missing == [
        "technology_amount",
        "signed_on",
        "starts_on",
        "ends_on",
        "payment_mode",
        "related_party",
        "contract_type",
        "social_economic_objective",
    ]
    assert len(run_checks(facts, write_sheet(facts))) == len(RULES) + len(missing)


def test_a_natural_person_has_no_representative_scale_or_industry() -> None:
    person = replace(
        BUYER,
        organisation=False,
        credit_code=None,
        representative=None,
        scale=None,
        industry=None,
        party_type="natural_person",
    )
    assert failed(replace(FACTS, buyer=person)) == set()


@given(price=st.integers(1, 10**12), amount=st.integers(-(10**12), 10**13))
def test_the_technology_amount_is_a_part_of_the_price(price: int, amount: int) -> None:
    """ST7"""
    contract = Contract(technology_amount=Money(amount))
    if 0 < amount <= price:
        check_contract(contract, price=Money(price))
    else:
        with pytest.raises(TechnologyAmountOutOfRange) as refusal:
            check_contract(contract, price=Money(price))
        assert refusal.value.fields["maximum"] == Money(price)
    agrees = "technology_amount_within_total" not in failed(
        replace(FACTS, price=Money(price), contract=contract)
    )
    assert agrees is (0 < amount <= price)


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
