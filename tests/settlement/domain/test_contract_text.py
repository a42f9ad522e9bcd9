"""The text of a contract: clauses of every type, its hash, what changed between versions."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.settlement.domain.clauses import (
    ParameterKind,
    book,
    clauses_for,
    percent,
)
from app.settlement.domain.contract import family
from app.settlement.domain.contract_text import (
    ClauseDataIncomplete,
    differences,
    model_of,
    text_hash,
    write_text,
)
from app.settlement.domain.effects import Condition, ConditionKind
from app.settlement.domain.text_facts import basis_of
from app.shared.canonical import digest
from app.shared.money import Money
from tests.settlement.texts import KINDS, contract, facts, parameters, party

# By hand from 民法典: what each family must have beside what all have.
GENERAL = {
    "subject", "performance", "price", "acceptance", "confidentiality", "breach", "disputes",
    "terms", "effect", "exchange",
}  # fmt: skip
TRADED = {"rights", "delivery", "warranty", "infringement", "improvements"}
OWN: dict[str, set[str]] = {
    "development_commissioned": {"development_duties", "ownership_commissioned"}
    | {"risk", "published"},
    "development_joint": {"joint_work", "ownership_joint", "risk", "published"},
    "transfer_technical_secret": TRADED | {"job_result", "scope_of_use", "secret_duties"},
    "transfer_patent": TRADED | {"job_result", "scope_of_use", "registration"},
    "transfer_patent_application": TRADED
    | {"job_result", "scope_of_use", "registration", "application_refused"},
    "transfer_software_copyright": TRADED | {"job_result", "scope_of_use", "software_rights"},
    "transfer_layout_design": TRADED | {"job_result", "scope_of_use", "registration_layout"},
    "transfer_plant_variety": TRADED
    | {"job_result", "scope_of_use", "registration_variety", "variety_materials"},
    "transfer_biological_medical_variety": TRADED
    | {"job_result", "scope_of_use", "variety_materials"},
    "licence_patent": TRADED
    | {"licence_grant", "licence_term_patent", "patent_upkeep", "licence_filing", "sublicence"},
    "licence_technical_secret": TRADED
    | {"licence_grant", "licence_term_secret", "secret_duties", "secret_patent", "sublicence"},
    "consulting": {"consulting_duties", "new_results", "costs"},
    "service_general": {"service_duties", "new_results", "costs"},
    "service_training": {"training", "new_results", "costs"},
    "service_intermediary": {"intermediary", "new_results"},
}  # fmt: skip


def faults(kind: str | None, given: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    with pytest.raises(ClauseDataIncomplete) as refused:
        write_text(facts(kind, **changes), given, number="T1")
    errors = refused.value.fields["errors"]
    assert isinstance(errors, list)
    return errors


def printed(kind: str, given: dict[str, Any] | None = None, **changes: Any) -> dict[str, list[str]]:
    text = write_text(facts(kind, **changes), given or parameters(kind), number="T1")
    return {clause.code: list(clause.paragraphs) for clause in text.clauses}


def test_every_type_is_known() -> None:
    assert set(OWN) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_type_has_its_mandatory_clauses_and_no_other(kind: str) -> None:
    """ST30"""
    text = write_text(facts(kind), parameters(kind), number="ZP-D-2026-000001-T1")
    assert {clause.code for clause in text.clauses} == GENERAL | OWN[kind]
    assert [clause.number for clause in text.clauses] == list(range(1, len(text.clauses) + 1))
    for clause in text.clauses:
        assert clause.paragraphs, clause.code
        assert all("{" not in line and line for line in clause.paragraphs), clause
        assert re.search("民法典|专利法|技术合同解释|保护条例", clause.source), clause
    assert family(kind) in {"development", "transfer", "licence", "consulting", "service"}
    assert "柒拾叁万元整" in "".join(dict(printed(kind))["price"])


def test_who_sold_a_secret_may_not_patent_it() -> None:
    """ST30: 民法典 868 keeps that right for a licensor, unless both agree otherwise."""
    sold = printed("transfer_technical_secret").values()
    assert not any("申请专利" in line for lines in sold for line in lines)
    (free,) = printed("licence_technical_secret")["secret_patent"]
    assert free.endswith("不限制其就标的技术秘密申请专利。")


@pytest.mark.parametrize("kind", KINDS)
def test_every_blank_that_nothing_fills_is_asked_for(kind: str) -> None:
    """ST31: with clause, article and what is accepted; nothing else is found wrong."""
    complete = parameters(kind)
    asked = [
        (clause, blank)
        for clause in clauses_for(kind)
        for blank in clause.parameters
        if blank.name in complete.get(clause.code, {})
    ]
    assert len(asked) > 8
    for clause, blank in asked:
        given = parameters(kind)
        del given[clause.code][blank.name]
        (fault,) = faults(kind, given)
        assert fault["field"] == f"parameters.{clause.code}.{blank.name}"
        assert fault["rule"] == "clause_parameter_missing"
        told = fault["accepted"]
        assert (told["clause"], told["source"]) == (clause.code, clause.source)
        assert told["kind"] == str(blank.kind)


def test_all_faults_come_at_once() -> None:
    """ST31"""
    given = {
        "acceptance": {"days": 0, "criteria": "   ", "method": 7},
        "breach": {"daily": 101, "cap": True},
        "disputes": {"forum": "duel", "institution": "杭州仲裁委员会"},
        "subject": {"requirements": "达到样机指标", "colour": "red"},
        "secret_duties": {},
    }
    found = {
        (fault["field"], fault["rule"])
        for fault in faults(
            "development_commissioned",
            given,
            buyer=party("西溪智造有限公司", address=None, representative=None),
            contract=contract("development_commissioned", ends_on=None),
        )
    }
    assert {
        ("parameters.acceptance.days", "clause_parameter_refused"),
        ("parameters.acceptance.criteria", "clause_parameter_refused"),
        ("parameters.acceptance.method", "clause_parameter_refused"),
        ("parameters.breach.daily", "clause_parameter_refused"),
        ("parameters.breach.cap", "clause_parameter_refused"),
        ("parameters.disputes.forum", "clause_parameter_refused"),
        ("parameters.subject.colour", "clause_parameter_unknown"),
        ("parameters.secret_duties", "clause_unknown"),
        ("parameters.risk.rule", "clause_parameter_missing"),
        ("parameters.ownership_commissioned.ownership", "clause_parameter_missing"),
        ("contract.ends_on", "clause_parameter_missing"),
        ("parties.buyer.address", "party_unclear"),
        ("parties.buyer.representative", "party_unclear"),
    } <= found


def test_a_contract_without_type_says_which_there_are() -> None:
    (fault,) = faults(None, {})
    assert fault["rule"] == "contract_type_missing"
    assert set(fault["accepted"]["values"]) == set(KINDS)


def test_a_patent_licence_ends_with_the_patent() -> None:
    """ST31: 民法典 865."""
    until = {"patent_ends_on": date(2027, 3, 21)}
    (fault,) = faults(
        "licence_patent", parameters("licence_patent"), contract=contract("licence_patent", **until)
    )
    assert (fault["rule"], fault["accepted"]["maximum"]) == ("licence_beyond_patent", "2027-03-21")
    same_day = contract("licence_patent", patent_ends_on=date(2027, 3, 22))
    assert printed("licence_patent", contract=same_day)
    unknown = contract("licence_patent", patent_ends_on=None)
    (fault,) = faults("licence_patent", parameters("licence_patent"), contract=unknown)
    assert fault["field"] == "contract.patent_ends_on"


def test_dates_and_payment_mode_must_agree() -> None:
    backwards = contract("consulting", ends_on=date(2026, 3, 22), payment_mode="instalments")
    found = faults("consulting", parameters("consulting"), contract=backwards)
    assert {fault["rule"] for fault in found} == {"dates_out_of_order", "payment_mode_differs"}


def test_a_licence_is_ordinary_unless_the_listing_or_the_parties_say_otherwise() -> None:
    """技术合同解释 25."""
    assert "普通许可" in printed("licence_patent")["licence_grant"][0]
    told = printed("licence_patent", conversion_mode="licence_sole")
    assert "排他许可" in told["licence_grant"][0]
    given = parameters("licence_patent")
    given["licence_grant"]["kind"] = "exclusive"
    told = printed("licence_patent", given, conversion_mode="licence_sole")
    assert "独占许可" in told["licence_grant"][0]


def test_a_demands_rules_fill_the_developments_clauses() -> None:
    kind = "development_commissioned"
    given = parameters(kind)
    del given["risk"], given["ownership_commissioned"]["ownership"]
    demand = {
        "failure_risk_rule": "shared_by_ratio",
        "poster_risk_bp": 6_000,
        "ip_ownership": "solver_owns_poster_uses",
    }
    told = printed(kind, given, **demand)
    assert told["risk"][1] == "按比例分担的，甲方分担60%，其余由乙方分担。"
    assert "乙方，甲方可以免费实施" in told["ownership_commissioned"][0]
    # Another rule than by ratio has no share, and none may be sent.
    assert len(printed(kind, parameters(kind))["risk"]) == 2
    given["risk"] = {"rule": "buyer_bears", "buyer_share": 6_000}
    (fault,) = faults(kind, given, ip_ownership="poster_owns")
    assert fault["rule"] == "clause_parameter_idle"


def test_braces_and_lines_of_the_parties_stay_theirs() -> None:
    given = parameters("consulting")
    given["subject"]["requirements"] = "见{price}\n第二行"
    assert printed("consulting", given)["subject"][1:] == [
        "技术范围和技术要求：见{price}",
        "第二行",
    ]


def test_conditions_stand_in_the_clause_of_effect() -> None:
    waits = Condition(number=1, kind=ConditionKind.APPROVAL, description="经主管部门批准")
    filing = Condition(number=2, kind=ConditionKind.LICENCE_FILING, description="备案")
    lines = printed("licence_patent", conditions=(waits, filing))["effect"]
    assert lines[1:] == ["（1）经主管部门批准。"]
    assert printed("licence_patent")["effect"] == ["本合同自双方签字或者盖章之日起成立并生效。"]


def test_a_person_signs_alone_and_a_joint_development_has_two_partners() -> None:
    person = party("沈知遥", organisation=False, credit_code=None, representative=None)
    text = write_text(facts("consulting", seller=person), parameters("consulting"), number="T1")
    assert text.signatures[1].lines == ("签字：", "签字日期：")
    assert text.parties[1].lines[0] == ("姓名", "沈知遥")
    kind = "development_joint"
    joint = write_text(facts(kind), parameters(kind), number="T1")
    assert [block.designation for block in joint.parties] == ["合作方（甲方）", "合作方（乙方）"]


def test_the_hash_is_that_of_the_canonical_model() -> None:
    """ST33"""
    first = model_of(write_text(facts("consulting"), parameters("consulting"), number="T1"))
    assert text_hash(first) == digest(first)
    again = model_of(write_text(facts("consulting"), parameters("consulting"), number="T1"))
    assert again == first
    later = model_of(write_text(facts("consulting"), parameters("consulting"), number="T2"))
    assert text_hash(later) != text_hash(first)


def test_changes_are_told_by_clause() -> None:
    """ST34"""
    given = parameters("transfer_patent")
    first = model_of(write_text(facts("transfer_patent"), given, number="T1"))
    given["acceptance"]["days"] = 45
    moved = facts("transfer_patent", buyer=party("西溪智造有限公司", address="杭州市西湖区1号"))
    second = model_of(write_text(moved, given, number="T2"))
    assert [change.part for change in differences(first, second)] == ["party.buyer", "acceptance"]
    (change,) = [it for it in differences(first, second) if it.part == "acceptance"]
    assert "1日内" in change.before[2]
    assert "45日内" in change.after[2]
    third = model_of(
        write_text(
            facts("transfer_technical_secret"), parameters("transfer_technical_secret"), number="T3"
        )
    )
    told = {change.part: change for change in differences(second, third)}
    assert told["registration"].after == ()
    assert told["secret_duties"].before == ()
    assert "warranty" not in told  # it moved, and says the same
    assert list(differences(third, third)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"price": Money.parse("730000.01")},
        {"contract": contract("consulting", ends_on=date(2027, 3, 23))},
        {"seller": party("之澜理工大学", phone="0571-88000000")},
        {"rights": ()},
        {"conditions": (Condition(number=1, kind=ConditionKind.CUSTOM, description="甲"),)},
    ],
)
def test_whatever_changes_behind_a_text_changes_its_basis(change: dict[str, Any]) -> None:
    """ST36"""
    known = facts("consulting")
    assert basis_of(replace(known, **change)) != basis_of(known)
    assert basis_of(replace(known)) == basis_of(known)


def test_the_book_is_sound() -> None:
    assert book().version == "2026-11"
    known = {"project_name", "exchange", "deal_number", "confirmed_on", "price", "price_capitals"}
    for clause in book().clauses:
        names = {blank.name for blank in clause.parameters}
        said = "".join(clause.text)
        assert all(f"{{{name}}}" in said for name in names), clause.code
        used = {part.split("}")[0] for part in said.split("{")[1:]}
        assert used <= names | known | {"payment_terms", "effect"}, clause.code
        for blank in clause.parameters:
            if blank.kind is ParameterKind.CHOICE and blank.default is not None:
                assert blank.default in (blank.values or {})


@pytest.mark.parametrize(
    ("bp", "said"), [(5, "0.05%"), (30, "0.3%"), (10_000, "100%"), (7_000, "70%")]
)
def test_basis_points_are_written_as_percent(bp: int, said: str) -> None:
    assert percent(bp) == said
