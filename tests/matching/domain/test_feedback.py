"""What is said of shown matches: standings, reasons, what all of it comes to."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matching.domain.feedback import (
    FUNNEL,
    STANDINGS,
    EntryNotShown,
    Judgement,
    RejectionReason,
    RejectionReasonWrong,
    Said,
    Showing,
    Side,
    Standing,
    credited,
    judge,
    outcome_of,
    snapshot_of,
)
from app.matching.domain.weights import DEFAULT
from app.shared import codes
from app.shared.ids import MarketId, PartyId, new_id
from app.shared.transitions import TransitionRefused
from tests.matching.shown import Shown, result_of

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
MARKET, PARTY, OTHER = MarketId(new_id()), PartyId(new_id()), PartyId(new_id())
J, S = Judgement, Standing

# What one judge may say next; nothing is said twice, nothing goes back but to a rejection.
ALLOWED: dict[Standing, set[Judgement]] = {
    S.SHOWN: {J.ACCEPTED, J.REJECTED, J.MEETING, J.OFFER, J.DEAL},
    S.ACCEPTED: {J.REJECTED, J.MEETING, J.OFFER, J.DEAL},
    S.REJECTED: {J.ACCEPTED, J.MEETING, J.OFFER, J.DEAL},
    S.MEETING: {J.REJECTED, J.OFFER, J.DEAL},
    S.OFFER: {J.REJECTED, J.DEAL},
    S.DEAL: set(),
}


def said(judgement: Judgement, side: Side = Side.PARTY, judge_id: PartyId | None = PARTY) -> Said:
    reason = RejectionReason.PRICE_TOO_HIGH if judgement is J.REJECTED else None
    return Said(side=side, judge_id=judge_id, judgement=judgement, reason=reason)


@pytest.mark.parametrize("state", Standing)
@pytest.mark.parametrize("trigger", Judgement)
def test_every_standing_with_every_judgement(state: Standing, trigger: Judgement) -> None:
    # MT42
    log = [] if state is S.SHOWN else [said(Judgement(state))]
    if trigger in ALLOWED[state]:
        assert judge(log, said(trigger)) == Standing(trigger) == STANDINGS[state, trigger]
    else:
        with pytest.raises(TransitionRefused) as refused:
            judge(log, said(trigger))
        assert refused.value.fields["possible"] == sorted(ALLOWED[state])


def test_each_judge_stands_for_itself() -> None:
    # MT42
    log = [said(J.DEAL), said(J.ACCEPTED, Side.BROKER, OTHER)]
    assert judge(log, said(J.ACCEPTED, Side.STAFF, OTHER)) is S.ACCEPTED
    with pytest.raises(TransitionRefused):
        judge(log, said(J.ACCEPTED, Side.BROKER, OTHER))


@pytest.mark.parametrize(
    ("judgement", "reason", "text", "field"),
    [
        (J.REJECTED, None, None, "reason"),
        (J.REJECTED, None, "价格高", "reason"),
        (J.ACCEPTED, RejectionReason.REGION, None, "reason"),
        (J.MEETING, None, "三月五日面谈", "text"),
        (J.REJECTED, RejectionReason.OTHER, None, "text"),
    ],
)
def test_a_rejection_and_nothing_else_is_explained(
    judgement: Judgement, reason: RejectionReason | None, text: str | None, field: str
) -> None:
    # MT41
    told = Said(side=Side.PARTY, judge_id=PARTY, judgement=judgement, reason=reason, text=text)
    with pytest.raises(RejectionReasonWrong) as refused:
        judge([], told)
    assert refused.value.fields["field"] == field


@pytest.mark.parametrize("reason", RejectionReason)
def test_a_reason_is_taken_and_has_its_label(reason: RejectionReason) -> None:
    # MT41
    told = Said(
        side=Side.PARTY,
        judge_id=PARTY,
        judgement=J.REJECTED,
        reason=reason,
        text="需求已由内部团队解决",
    )
    assert judge([], told) is S.REJECTED
    assert codes.require("match_rejection_reason", reason, field="reason") == reason


def test_every_label_is_a_reason() -> None:
    assert set(codes.table("match_rejection_reason").names) == set(RejectionReason)


def test_a_snapshot_is_what_was_shown_and_nothing_else_is() -> None:
    # MT40
    shown = [Shown(new_id(), OTHER, 0.5, None), Shown(new_id(), OTHER, 0.3, 0.9, {"field": 0.5})]
    result = result_of(shown, market_id=MARKET, party_id=PARTY, computed_at=NOW)
    found = snapshot_of(result, shown[1].entry_id)
    assert (found.rank, found.values["field"], found.values["price"]) == (2, 0.5, None)
    assert found.text_score == pytest.approx(0.7 * 0.3 + 0.3 * 0.9)
    assert found.basis.weights == DEFAULT.version
    with pytest.raises(EntryNotShown) as refused:
        snapshot_of(result, result.entry_id)
    assert refused.value.fields["accepted"] == [str(item.entry_id) for item in shown]


JUDGES = [(Side.PARTY, PARTY), (Side.BROKER, OTHER), (Side.STAFF, OTHER), (Side.SYSTEM, None)]


@st.composite
def logs(draw: st.DrawFn) -> list[Said]:
    """Return what several judges said of a pair, each in an order it may say it in."""
    log: list[Said] = []
    wanted = st.tuples(st.sampled_from(JUDGES), st.sampled_from(Judgement))
    for (side, judge_id), judgement in draw(st.lists(wanted, min_size=1, max_size=12)):
        told = said(judgement, side, judge_id)
        try:
            judge(log, told)
        except TransitionRefused:
            continue
        log.append(told)
    return log


@given(logs())
def test_a_fact_is_never_undone_and_of_opinions_the_last_holds(log: Sequence[Said]) -> None:
    # MT43
    outcome = outcome_of(log)
    told = {item.judgement for item in log}
    facts = [step for step in reversed(FUNNEL) if step in told and step is not J.ACCEPTED]
    if facts:
        assert outcome.relevant
        assert outcome.furthest is facts[0]
        assert outcome.grade == 1 + FUNNEL.index(facts[0])
        return
    party = [item.judgement for item in log if item.side is Side.PARTY]
    others = [item.judgement for item in log if item.side is not Side.PARTY]
    last = party[-1] if party else others[-1]
    assert outcome.relevant == (last is J.ACCEPTED)
    assert outcome.grade == (1 if outcome.relevant else 0)
    assert (outcome.furthest is J.ACCEPTED) == (J.ACCEPTED in told)


def showing(coverage: float, *log: Said) -> Showing:
    shown = Shown(new_id(), OTHER, coverage)
    result = result_of([shown], market_id=MARKET, party_id=PARTY, computed_at=NOW)
    return Showing(
        result=result,
        shown_id=shown.entry_id,
        snapshot=snapshot_of(result, shown.entry_id),
        said=log,
    )


def test_a_deal_is_put_down_to_what_came_furthest_then_to_what_fitted_best() -> None:
    # MT45
    near, far = showing(0.9), showing(0.3)
    met = showing(0.1, said(J.MEETING, Side.BROKER, OTHER))
    refused = showing(0.95, said(J.REJECTED))
    assert credited([]) is None
    assert credited([far, near]) is near
    assert credited([far, near, met]) is met
    assert credited([near, refused]) is refused  # a rejection is no step: it fitted better
