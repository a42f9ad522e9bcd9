"""Monthly precision against a naive recount."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.matching.domain.feedback import (
    FUNNEL,
    Judgement,
    RejectionReason,
    Said,
    Side,
    outcome_of,
)
from app.matching.domain.match import Verdict
from app.matching.domain.precision import Figures, JudgedPair, monthly
from app.shared.ids import PartyId, new_id

START = datetime(2026, 1, 30, 12, tzinfo=UTC)
PARTY = PartyId(new_id())


@st.composite
def sayings(draw: st.DrawFn) -> Said:
    judgement = draw(st.sampled_from(Judgement))
    side = draw(st.sampled_from(Side))
    rejected = judgement is Judgement.REJECTED
    return Said(
        side=side,
        judge_id=None if side is Side.SYSTEM else PARTY,
        judgement=judgement,
        reason=draw(st.sampled_from(RejectionReason)) if rejected else None,
    )


PAIRS = st.lists(
    st.builds(
        JudgedPair,
        first_at=st.integers(0, 90 * 24).map(lambda hours: START + timedelta(hours=hours)),
        verdict=st.sampled_from(Verdict),
        weights=st.sampled_from(["default-2026-11", "market-1", "market-2"]),
        log=st.lists(sayings(), min_size=1, max_size=4).map(tuple),
    ),
    max_size=25,
)


def recount(pairs: Sequence[JudgedPair]) -> Figures:
    good = [pair for pair in pairs if outcome_of(pair.log).grade > 0]
    return Figures(len(pairs), len(good))


@given(PAIRS)
def test_months_are_what_a_naive_recount_finds(pairs: list[JudgedPair]) -> None:
    # MT50
    months = monthly(pairs)
    assert [month.month for month in months] == sorted({it.month for it in months}, reverse=True)
    assert sum(month.total.judged for month in months) == len(pairs)
    for month in months:
        # Asia/Shanghai is eight hours ahead.
        own = [
            pair
            for pair in pairs
            if (pair.first_at + timedelta(hours=8)).strftime("%Y-%m") == month.month
        ]
        assert month.total == recount(own)
        assert month.total.rejected == len(own) - month.total.relevant
        for verdict in Verdict:
            part = [pair for pair in own if pair.verdict is verdict]
            assert month.by_verdict.get(verdict, Figures(0, 0)) == recount(part)
        for version, figures in month.by_weights.items():
            assert figures == recount([pair for pair in own if pair.weights == version])
        assert sum(part.judged for part in month.by_weights.values()) == len(own)
        reasons = Counter(said.reason for pair in own for said in pair.log if said.reason)
        assert month.reasons == reasons
        for place, step in enumerate(FUNNEL):
            reached = [
                pair for pair in own if any(said.judgement in FUNNEL[place:] for said in pair.log)
            ]
            assert month.funnel[step] == len(reached)
        alone = [pair for pair in own if {said.side for said in pair.log} == {Side.SYSTEM}]
        assert month.by_deals_alone == len(alone)


def test_precision_is_rounded_half_up_and_none_of_nothing() -> None:
    # MT50
    assert Figures(3, 2).precision_bp == 6667
    assert Figures(8, 1).precision_bp == 1250
    assert Figures(20_000, 1).precision_bp == 1  # half a basis point
    assert Figures(0, 0).precision_bp is None
