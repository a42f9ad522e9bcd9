"""Parties: what is accepted at registration and how verification decides."""

from itertools import product

import pytest

from app.identity.domain.party import (
    TRANSITIONS,
    CreditCodeMissing,
    CreditCodeOfPerson,
    NewParty,
    PartyKind,
    PartyStatus,
    PartyTrigger,
    ReasonMissing,
    RegionMissing,
    SellerClassMissing,
    check_can_sell,
    check_new_party,
    decide_verification,
)
from app.shared.codes import CodeUnknown
from app.shared.credit_code import CreditCodeInvalid
from app.shared.errors import DomainError
from app.shared.transitions import TransitionRefused, advance

CODE = "91330106305184621M"


def organisation(**changes: object) -> NewParty:
    data: dict[str, object] = {
        "kind": PartyKind.ORGANISATION,
        "name": "甲",
        "credit_code": CODE,
        "region_code": "330106",
    }
    return NewParty(**(data | changes))  # type: ignore[arg-type]


def test_credit_code_is_kept_in_normal_form() -> None:  # I1
    checked = check_new_party(organisation(credit_code=" 91330106 30518462-1m"))
    assert checked.credit_code == CODE


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"credit_code": None}, CreditCodeMissing, "credit_code"),
        ({"credit_code": CODE[:-1] + "N"}, CreditCodeInvalid, "credit_code"),
        ({"credit_code": CODE[:-1]}, CreditCodeInvalid, "credit_code"),
        ({"region_code": None}, RegionMissing, "region_code"),
        ({"region_code": "999999"}, CodeUnknown, "region_code"),
        ({"seller_class": "hospital"}, CodeUnknown, "seller_class"),
        ({"party_type": "x"}, CodeUnknown, "party_type"),
        ({"scale": "x"}, CodeUnknown, "scale"),
        ({"industry": "x"}, CodeUnknown, "industry"),
        ({"kind": PartyKind.PERSON}, CreditCodeOfPerson, "credit_code"),
    ],
)
def test_bad_data_is_refused_by_field(  # I1
    changes: dict[str, object], error: type[DomainError], field: str
) -> None:
    with pytest.raises(error) as refusal:
        check_new_party(organisation(**changes))
    assert refusal.value.fields["field"] == field


def test_a_person_needs_neither_code_nor_region() -> None:  # I1
    person = NewParty(kind=PartyKind.PERSON, name="张三")
    assert check_new_party(person) == person


def test_a_seller_must_name_its_class() -> None:
    check_can_sell(organisation(seller_class="university"))
    with pytest.raises(SellerClassMissing) as refusal:
        check_can_sell(organisation())
    assert "university" in refusal.value.fields["accepted"]  # type: ignore[operator]


@pytest.mark.parametrize(("state", "trigger"), list(product(PartyStatus, PartyTrigger)))
def test_every_state_with_every_trigger(state: PartyStatus, trigger: PartyTrigger) -> None:  # I3
    expected = TRANSITIONS.get((state, trigger))
    if expected is None:
        with pytest.raises(TransitionRefused):
            advance(TRANSITIONS, state=state, trigger=trigger)
    else:
        assert advance(TRANSITIONS, state=state, trigger=trigger) is expected


def test_only_a_pending_party_is_decided_on_and_once() -> None:  # I3
    pending = PartyStatus.PENDING
    assert decide_verification(pending, accepted=True, reason=None) is PartyStatus.VERIFIED
    assert decide_verification(pending, accepted=False, reason="假") is PartyStatus.REFUSED
    with pytest.raises(ReasonMissing):
        decide_verification(pending, accepted=False, reason=None)
    for decided in (PartyStatus.VERIFIED, PartyStatus.REFUSED):
        for accepted in (True, False):
            with pytest.raises(TransitionRefused):
                decide_verification(decided, accepted=accepted, reason="x")
