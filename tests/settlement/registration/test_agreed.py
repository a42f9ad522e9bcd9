"""What texts, signatures and conditions tell a registration, in the registration's words."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.settlement.domain.deal import Side
from app.settlement.domain.effects import Condition, ConditionKind
from app.settlement.domain.registration.agreed import facts_of_conditions, facts_of_text
from app.settlement.domain.signing import Capacity, Signature
from app.shared import codes
from app.shared.ids import FileId, PartyId, new_id


def signature(capacity: Capacity, authorisation: bool = False) -> Signature:
    return Signature(
        side=Side.SELLER,
        party_id=PartyId(new_id()),
        user="u",
        signatory="陆景深",
        capacity=capacity,
        text_hash="ab" * 32,
        signed_at=datetime(2026, 3, 1, tzinfo=UTC),
        provider="account",
        authorisation_id=FileId(new_id()) if authorisation else None,
    )


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"licence_grant": {"kind": "sole"}}, {"licence_kind": "sole"}),
        ({"ownership_commissioned": {"ownership": "buyer_owns"}}, {"ip_ownership": "poster_owns"}),
        (
            {"ownership_joint": {"ownership": "by_contribution"}},
            {"ip_ownership": "by_contribution"},
        ),
        ({"risk": {"rule": "seller_bears"}}, {"failure_risk_rule": "solver_bears"}),
        ({"risk": {"rule": "shared_reasonably"}}, {"failure_risk_rule": "shared_reasonably"}),
        ({"training": {"trainees": "检测工程师24名，中级以上"}}, {"trainees": 24}),
        ({"training": {"trainees": "若干"}}, {}),
        ({"intermediary": {"third_party": "甬江公司"}}, {"intermediated_contract": "甬江公司"}),
        ({}, {}),
    ],
)
def test_a_text_is_told_in_the_registrations_words(
    parameters: dict[str, Any], told: dict[str, Any]
) -> None:
    """ST176"""
    found = facts_of_text(parameters, ())
    found.pop("other_terms", None)
    assert found == told
    for name in ("ip_ownership", "failure_risk_rule", "licence_kind"):
        assert name not in found or codes.known(name, found[name])


@pytest.mark.parametrize(
    ("signatures", "agent", "attached"),
    [
        ([signature(Capacity.LEGAL_REPRESENTATIVE)], False, True),
        ([signature(Capacity.AUTHORISED, authorisation=True)], True, True),
        ([signature(Capacity.AUTHORISED)], True, False),
    ],
)
def test_signatures_make_it_a_written_contract(
    signatures: list[Signature], agent: bool, attached: bool
) -> None:
    """ST176"""
    told = facts_of_text({}, signatures)
    assert told["in_writing"] is True
    assert (told["signed_by_agent"], told["authorisation_attached"]) == (agent, attached)


def test_approvals_are_needed_until_they_are_met() -> None:
    """ST176"""
    waits = Condition(number=1, kind=ConditionKind.APPROVAL, description="批复")
    met = Condition(
        number=2, kind=ConditionKind.APPROVAL, description="许可证", fulfilled_on=date(2026, 3, 2)
    )
    other = Condition(number=3, kind=ConditionKind.CUSTOM, description="股东会决议")
    assert facts_of_conditions([waits, met, other]) == {
        "approvals_needed": ("批复", "许可证"),
        "approvals_attached": ("许可证",),
    }
