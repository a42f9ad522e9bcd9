"""Rules of diagnosis, mergers, splits, editions and confidentiality as tables of cases."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.demands.domain.confidence import NotAnAnswerer, check_answerer, confidence_hash
from app.demands.domain.content import Answerer, BudgetKind
from app.demands.domain.demand import Demand, DemandStatus
from app.demands.domain.diagnosis import (
    DiagnosisGiven,
    DiagnosisLate,
    DiagnosisOpinion,
    DiagnosisOutstanding,
    DiagnosisSeat,
    Verdict,
    check_complete,
    check_giving,
    is_against_advice,
    is_complete,
    told_opinions,
)
from app.demands.domain.edition import (
    EDITION_TRANSITIONS,
    Edition,
    EditionStatus,
    EditionTrigger,
    printed,
    write_edition,
)
from app.demands.domain.reshaping import (
    RESHAPING_TRANSITIONS,
    TARGET_STATES,
    MergeTargetUnfit,
    Part,
    ReshapingStatus,
    ReshapingTrigger,
    SplitInvalid,
    check_merge,
    check_split,
    part_content,
)
from app.shared.ids import DemandId, EditionId, MarketId, OpinionId, PartyId, UserId
from app.shared.transitions import TransitionRefused, advance
from tests.demands.domain.test_gate import GOOD

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DUE = NOW + timedelta(days=5)


def uuid(number: int) -> UUID:
    return UUID(int=number)


def demand(number: int = 1, **changes: Any) -> Demand:
    values: dict[str, Any] = {
        "id": DemandId(uuid(number)),
        "number": f"ZP-N-2026-{number:06}",
        "market_id": MarketId(uuid(100)),
        "party_id": PartyId(uuid(200 + number)),
        "status": DemandStatus.SUBMITTED,
        "content": GOOD,
        "version": 1,
        "created_at": NOW,
        "submitted_at": NOW,
    }
    return Demand(**values | changes)


def opinion(verdict: Verdict = Verdict.CLEAR, score: int = 80) -> DiagnosisOpinion:
    return DiagnosisOpinion(verdict=verdict, score=score, reason=f"{verdict}{score}")


def seat(number: int, given: DiagnosisOpinion | None = None, **changes: Any) -> DiagnosisSeat:
    values: dict[str, Any] = {
        "id": OpinionId(uuid(number)),
        "demand_id": DemandId(uuid(1)),
        "submitted_at": NOW,
        "user_id": UserId(uuid(300 + number)),
        "party_id": PartyId(uuid(400 + number)),
        "expert_name": f"专家{number}",
        "appointed_at": NOW,
        "due_at": DUE,
        "opinion": given,
        "given_at": None if given is None else NOW,
    }
    return DiagnosisSeat(**values | changes)


def test_an_opinion_is_given_once_and_before_its_limit() -> None:
    """DM22"""
    check_giving(seat(1), now=DUE - timedelta(microseconds=1))
    with pytest.raises(DiagnosisLate):
        check_giving(seat(1), now=DUE)
    with pytest.raises(DiagnosisGiven):
        check_giving(seat(1, opinion()), now=NOW)


def test_opinions_open_when_nobody_can_give_one_any_more() -> None:
    """DM23"""
    waiting = [seat(1, opinion()), seat(2)]
    assert not is_complete(waiting, now=DUE - timedelta(microseconds=1))
    with pytest.raises(DiagnosisOutstanding) as refused:
        check_complete(waiting, now=NOW)
    assert refused.value.fields == {"waiting": 1, "until": DUE}
    assert is_complete(waiting, now=DUE)
    assert is_complete([seat(1, opinion())], now=NOW)
    assert is_complete([], now=NOW)
    check_complete(waiting, now=DUE)


@pytest.mark.parametrize(
    ("verdicts", "against"),
    [
        ([], False),
        ([Verdict.CLEAR], False),
        ([Verdict.MEND], True),
        ([Verdict.CLEAR, Verdict.MEND], True),
        ([Verdict.CLEAR, Verdict.CLEAR, Verdict.REFUSE], False),
    ],
)
def test_clearing_against_half_of_the_experts_needs_a_reason(
    verdicts: list[Verdict], against: bool
) -> None:
    """DM23"""
    assert is_against_advice([opinion(verdict) for verdict in verdicts]) is against


@given(st.permutations(list(Verdict)))
def test_the_order_in_which_opinions_are_told_names_nobody(verdicts: list[Verdict]) -> None:
    """DM23"""
    given_ = [opinion(verdict, score=len(verdict)) for verdict in verdicts]
    told = told_opinions(given_)
    assert told == told_opinions(sorted(given_, key=lambda item: item.verdict))
    assert all("merge_into" not in item for item in told)


@pytest.mark.parametrize("status", DemandStatus)
def test_what_takes_another_demand_in(status: DemandStatus) -> None:
    """DM25"""
    into = demand(2, status=status)
    if status in TARGET_STATES:
        assert check_merge(demand(), into) is into
        for unfit in (None, replace(into, market_id=MarketId(uuid(101))), demand(1, status=status)):
            with pytest.raises(MergeTargetUnfit):
                check_merge(demand(), unfit)
    else:
        with pytest.raises(MergeTargetUnfit):
            check_merge(demand(), into)


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(0, 3), max_size=4), max_size=8))
def test_a_split_is_taken_when_every_target_has_a_part_and_every_part_a_target(
    targets: list[list[int]],
) -> None:
    """DM26"""
    parts = [Part(f"第{index}部分", tuple(item)) for index, item in enumerate(targets)]
    known = set(range(len(GOOD.targets)))
    fits = (
        2 <= len(parts) <= 6
        and all(item and len(set(item)) == len(item) for item in targets)
        and {target for item in targets for target in item} == known
    )
    if not fits:
        with pytest.raises(SplitInvalid):
            check_split(demand(), parts)
        return
    check_split(demand(), parts)
    for part in parts:
        content = part_content(GOOD, part)
        assert content.title == part.title
        assert content.targets == tuple(GOOD.targets[index] for index in part.targets)
        assert content.budget.kind is BudgetKind.OPEN


@pytest.mark.parametrize("state", ReshapingStatus)
@pytest.mark.parametrize("trigger", ReshapingTrigger)
def test_every_state_of_a_request_against_every_trigger(
    state: ReshapingStatus, trigger: ReshapingTrigger
) -> None:
    """DM24"""
    if state is ReshapingStatus.ASKED:
        advance(RESHAPING_TRANSITIONS, state=state, trigger=trigger)
    else:
        with pytest.raises(TransitionRefused):
            advance(RESHAPING_TRANSITIONS, state=state, trigger=trigger)


@pytest.mark.parametrize("state", EditionStatus)
def test_an_edition_is_published_once(state: EditionStatus) -> None:
    """DM28"""
    if state is EditionStatus.OPEN:
        published = advance(EDITION_TRANSITIONS, state=state, trigger=EditionTrigger.PUBLISH)
        assert published is EditionStatus.PUBLISHED
    else:
        with pytest.raises(TransitionRefused):
            advance(EDITION_TRANSITIONS, state=state, trigger=EditionTrigger.PUBLISH)


def test_a_list_holds_what_is_on_the_board_and_prints_it_in_chinese() -> None:
    """DM28"""
    edition = Edition(
        id=EditionId(uuid(9)),
        number="ZP-L-2026-000001",
        market_id=MarketId(uuid(100)),
        status=EditionStatus.OPEN,
        title="第一期需求清单",
        region_code="330100",
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 3, 31),
        created_at=NOW,
    )
    posted = demand(1, status=DemandStatus.POSTED, closes_at=DUE, round=1, terms_hash="0" * 64)
    content, content_hash = write_edition(edition, [posted, demand(2)], at=NOW)
    assert [item["number"] for item in content["demands"]] == [posted.number]
    told = printed(
        replace(edition, content=content, content_hash=content_hash, published_at=NOW),
        exchange="测试交易所",
    )
    assert (told["region"], told["published_at"]) == ("杭州市", "2026年03月02日 17:00")
    (item,) = told["demands"]
    assert item["field"] == "先进制造"
    assert item["budget"] == "600000.00—900000.00 CNY"
    assert item["targets"][0][:2] == ["稳定镗削长径比", "不低于 12 倍"]


@pytest.mark.parametrize(
    ("admitted", "is_person", "fits"),
    [
        ([Answerer.PERSON], True, True),
        ([Answerer.PERSON], False, False),
        ([Answerer.ORGANISATION], True, False),
        ([Answerer.ORGANISATION], False, True),
        ([Answerer.CONSORTIUM], False, True),
        ([Answerer.CONSORTIUM], True, False),
    ],
)
def test_who_may_answer(admitted: list[Answerer], is_person: bool, fits: bool) -> None:
    """DM29, DM31"""
    found = demand(content=replace(GOOD, who_may_answer=tuple(admitted)))
    if fits:
        check_answerer(found, PartyId(uuid(1)), is_person=is_person)
    else:
        with pytest.raises(NotAnAnswerer):
            check_answerer(found, PartyId(uuid(1)), is_person=is_person)
    with pytest.raises(NotAnAnswerer):
        check_answerer(found, found.party_id, is_person=is_person)


def test_the_accepted_hash_is_of_one_demand_and_one_poster() -> None:
    """DM31"""
    first = demand()
    others = [demand(2), replace(first, party_id=PartyId(uuid(7)))]
    assert confidence_hash(first) == confidence_hash(replace(first, version=2, round=3))
    assert confidence_hash(first) not in map(confidence_hash, others)
