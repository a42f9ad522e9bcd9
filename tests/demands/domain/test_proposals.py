"""Rules of proposals: states, codes, consortia, strict reading, gaps, who may propose."""

import copy
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demands.domain.completeness import find_gaps, meets
from app.demands.domain.content import (
    Answerer,
    Budget,
    BudgetKind,
    Target,
    TargetOperator,
    content_from_json,
)
from app.demands.domain.eligibility import OnRecord, find_obstacles
from app.demands.domain.proposal import (
    CODE_ALPHABET,
    CODE_CHARS,
    PROPOSAL_TRANSITIONS,
    Member,
    ProposalStatus,
    ProposalTrigger,
    code_of,
    consortium_errors,
    sealing_code,
)
from app.demands.domain.proposal_content import Answer, ContentMalformed, content_to_json
from app.demands.domain.proposal_content import content_from_json as read
from app.demands.schemas.proposals import ProposalContentJson
from app.demands.vault import Vault
from app.platform.secrets import Box
from app.shared.ids import PartyId, new_id
from app.shared.money import Money
from app.shared.sealing.possession import prove_holder, proves_holder
from app.shared.sealing.primitives import b64, public_of
from app.shared.transitions import TransitionRefused, advance
from tests.demands.board import body
from tests.demands.proposing import HOLDERS, PRIVATE, content

DEMAND = content_from_json(
    {**body(), "restricted_text": None, "acceptance": "poster", "third_party": None}
    | {"lump_sum": False}
)
GOOD = read(content())
PRICE = Money.parse("731357.19")


def rules(
    content_: Any = GOOD, price: Money = PRICE, demand: Any = DEMAND, **more: Any
) -> set[str]:
    return {item["rule"] for item in find_gaps(content_, price, demand, **more)}


@pytest.mark.parametrize("state", list(ProposalStatus))
@pytest.mark.parametrize("trigger", list(ProposalTrigger))
def test_every_state_and_trigger(state: ProposalStatus, trigger: ProposalTrigger) -> None:
    """DM53"""
    target = PROPOSAL_TRANSITIONS.get((state, trigger))
    if target is None:
        with pytest.raises(TransitionRefused):
            advance(PROPOSAL_TRANSITIONS, state=state, trigger=trigger)
    else:
        assert advance(PROPOSAL_TRANSITIONS, state=state, trigger=trigger) is target
    assert ProposalStatus.VOID not in {key[0] for key in PROPOSAL_TRANSITIONS}


@given(st.binary(min_size=16, max_size=16))
def test_a_code_is_of_sixty_bits(raw: bytes) -> None:
    """DM37"""
    code = code_of(raw)
    assert len(code) == CODE_CHARS
    assert set(code) <= set(CODE_ALPHABET)
    value = sum(CODE_ALPHABET.index(sign) << 5 * place for place, sign in enumerate(code))
    assert value == int.from_bytes(raw, "big") % 2**60


def test_a_code_is_the_partys_in_its_round_and_nobody_elses() -> None:
    """DM37"""
    vault, demand, parties = Vault(Box(b"k" * 32)), new_id(), [new_id() for _ in range(200)]
    codes = {vault.code(demand, round_, party) for party in parties for round_ in (1, 2)}
    assert len(codes) == 400
    assert vault.code(demand, 1, parties[0]) == vault.code(demand, 1, parties[0])
    assert vault.code(demand, 1, parties[0]) != Vault(Box(b"x" * 32)).code(demand, 1, parties[0])
    assert sealing_code("AB", 1) != sealing_code("AB", 11)


def test_a_holders_complaint_is_proved_to_one_round_only() -> None:
    """DM49: with one key for all, an old complaint sent again would void the next round's."""
    vault, demand = Vault(Box(b"k" * 32)), new_id()
    first, second = (vault.hand_in_key(demand, round_) for round_ in (1, 2))
    lines = [{"sequence": 1, "unreadable": True}]
    told: Any = {"auction_id": demand, "shares": lines}
    proof = prove_holder(PRIVATE[0], exchange_key=b64(public_of(first)), **told)
    assert proof is not None
    holder = HOLDERS[0]["public_key"]
    assert proves_holder(proof, first, holder=holder, **told)
    assert not proves_holder(proof, second, holder=holder, **told)


@given(st.text(max_size=2000), st.text(max_size=2000))
def test_what_lies_sealed_at_rest_is_of_one_length(one: str, other: str) -> None:
    """DM38"""
    vault, key = Vault(Box(b"k" * 32)), new_id()
    try:
        one.encode(), other.encode()
    except UnicodeEncodeError:
        return
    told = [{"content": text} for text in (one, other)]
    sealed = [vault.seal(key, item) for item in told]
    assert [vault.open(key, item) for item in sealed] == told
    if max(len(one), len(other)) < 600:  # below six bytes a sign, both are in the first class
        assert len({len(item) for item in sealed}) == 1


@given(st.lists(st.integers(1, 10_000), min_size=2, max_size=6))
def test_shares_of_a_consortium_are_the_whole(shares: list[int]) -> None:
    """DM39"""
    parties = [PartyId(new_id()) for _ in shares]
    members = [Member(party, share) for party, share in zip(parties, shares, strict=True)]
    found = {item["rule"] for item in consortium_errors(parties[0], members)}
    assert found == (set() if sum(shares) == 10_000 else {"shares_not_whole"})


def test_every_fault_of_a_consortium_is_told_at_once() -> None:
    """DM39"""
    one, two = PartyId(new_id()), PartyId(new_id())
    assert consortium_errors(one, []) == []
    found = [item["rule"] for item in consortium_errors(one, [Member(two, 0)])]
    assert found == ["lead_first", "two_or_more", "no_share", "shares_not_whole"]
    twice = [Member(one, 5000), Member(one, 5000)]
    assert [item["rule"] for item in consortium_errors(one, twice)] == ["repeated"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
PLACES = [(name,) for name in content()] + [
    ("answers", 0),
    ("answers", 0, "value"),
    ("answers", 0, "target"),
    ("milestones", 1, "due_on"),
    ("attachments", 0, "sha256"),
]


@given(st.sampled_from(PLACES), JSON)
def test_any_value_in_any_place_is_read_or_refused(place: tuple[Any, ...], value: Any) -> None:
    """DM43"""
    told: Any = copy.deepcopy(content())
    at = told
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    try:
        found = read(told)
    except ContentMalformed:
        return
    assert read(content_to_json(found)) == found


@pytest.mark.parametrize("told", [None, [], "x", {}, {**content(), "more": 1}])
def test_what_is_no_content_is_refused(told: object) -> None:
    """DM43"""
    with pytest.raises(ContentMalformed):
        read(told)
    for value in ("NaN", "sNaN", "Infinity", "1e999", "1E+18", "x", "." + "1" * 39, "1e-13"):
        with pytest.raises(ContentMalformed):
            read(content(answers=[{"target": 1, "value": value, "deviation": None}]))


@given(st.decimals(allow_nan=False, allow_infinity=False), st.booleans())
def test_what_comes_out_of_a_seal_can_be_stored_and_shown(value: Decimal, bare: bool) -> None:
    """DM43: one answer that no view shows would hide all proposals of its round."""
    text = str(value).removeprefix("0") if bare else str(value)
    try:
        found = read(content(answers=[{"target": 1, "value": text, "deviation": None}]))
    except ContentMalformed:
        return
    told = content_to_json(found)
    assert read(told) == found
    ProposalContentJson.model_validate(told)


def test_a_whole_proposal_has_no_gaps() -> None:
    """DM44"""
    assert rules() == set()


@given(st.decimals(-3, 3, places=4), st.sampled_from(list(TargetOperator)))
def test_a_target_is_met_or_marked(value: Decimal, operator: TargetOperator) -> None:
    """DM45"""
    between = operator is TargetOperator.BETWEEN
    target = Target(
        name="粗糙度",
        operator=operator,
        value=Decimal(1),
        value_max=Decimal(2) if between else None,
        unit="μm",
        test_method="轮廓仪",
    )
    demand = replace(DEMAND, targets=(target,))
    answer = Answer(1, value, None)
    fits = {
        TargetOperator.AT_LEAST: value >= 1,
        TargetOperator.AT_MOST: value <= 1,
        TargetOperator.EQUAL: value == 1,
        TargetOperator.BETWEEN: 1 <= value <= 2,
    }[operator]
    assert meets(target, answer) is fits
    told = replace(GOOD, answers=(answer,))
    assert rules(told, demand=demand) == (set() if fits else {"target_not_met"})
    marked = replace(GOOD, answers=(replace(answer, deviation="材料所限"),))
    assert rules(marked, demand=demand) == set()


@given(st.integers(1, 200_000_000), st.booleans())
def test_a_price_lies_within_the_budget_or_is_marked(minor: int, marked: bool) -> None:
    """DM46"""
    told = replace(GOOD, price_deviation="含中试线" if marked else None)
    inside = 60_000_000 <= minor <= 90_000_000
    expected = set() if inside or marked else {"outside_budget"}
    assert rules(told, Money(minor)) == expected
    ceiling = Money(80_000_000)
    above = {"above_ceiling"} if minor > ceiling.amount_minor else set()
    assert rules(told, Money(minor), ceiling=ceiling) == expected | above
    open_one = replace(DEMAND, budget=Budget(kind=BudgetKind.OPEN, low=None, high=None))
    assert rules(told, Money(minor), open_one) == set()
    assert rules(told, Money(minor, "USD")) == {"currency_differs"}


@given(st.integers(-400, 400), st.booleans())
def test_milestones_are_covered_in_time_or_marked(days: int, marked: bool) -> None:
    """DM46"""
    first = replace(
        GOOD.milestones[0],
        due_on=date(2026, 6, 30) + timedelta(days=days),
        deviation="设备到货晚" if marked else None,
    )
    told = replace(GOOD, milestones=(first, GOOD.milestones[1]))
    assert rules(told) == ({"milestone_late"} if days > 0 and not marked else set())
    assert rules(replace(told, milestones=told.milestones[1:])) == {"milestone_uncovered"}
    empty = replace(first, deliverable=" ")
    assert "deliverable_missing" in rules(replace(told, milestones=(empty, told.milestones[1])))


def test_what_answers_nothing_asked_is_told() -> None:
    """DM44"""
    twice = (*GOOD.answers, *GOOD.answers, Answer(9, Decimal(1), None))
    found = rules(replace(GOOD, answers=twice, milestones=(*GOOD.milestones, GOOD.milestones[0])))
    assert found == {"repeated", "unknown"}
    assert rules(replace(GOOD, route=" ", ip_accepted=False)) == {"missing", "ip_statement_missing"}
    assert rules(replace(GOOD, ip_accepted=False, ip_statement="共有")) == set()


FINE = OnRecord(
    party_id=PartyId(new_id()),
    is_poster=False,
    is_person=False,
    is_verified=True,
    has_staff=False,
    shared_grounds=(),
)


@given(st.lists(st.tuples(*[st.booleans()] * 4), min_size=1, max_size=3))
def test_everybody_of_a_proposal_is_looked_at(marks: list[tuple[bool, ...]]) -> None:
    """DM47"""
    parties = [
        replace(
            FINE,
            party_id=PartyId(new_id()),
            is_poster=poster,
            shared_grounds=("representative",) if shared else (),
            has_staff=staff,
            is_verified=not pending,
        )
        for poster, shared, staff, pending in marks
    ]
    found = find_obstacles(parties, who_may_answer=tuple(Answerer))
    told = {(item["party_id"], item["rule"]) for item in found}
    expected = set()
    for party, (poster, shared, staff, pending) in zip(parties, marks, strict=True):
        rows = {"poster": poster, "shared_control": shared and not poster}
        rows |= {"watches_market": staff, "not_verified": pending}
        expected |= {(str(party.party_id), rule) for rule, holds in rows.items() if holds}
    assert told == expected


def test_only_the_kinds_that_are_asked_may_answer() -> None:
    """DM47"""
    person = replace(FINE, is_person=True)
    cases = [([FINE], "organisation"), ([person], "person"), ([FINE, person], "consortium")]
    for parties, kind in cases:
        for asked in Answerer:
            found = find_obstacles(parties, who_may_answer=(asked,))
            assert [item["rule"] for item in found] == (
                [] if asked == kind else ["kind_not_admitted"]
            )
