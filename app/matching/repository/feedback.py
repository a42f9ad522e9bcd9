"""The log of what people say of matches."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, select, text
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.cases import CaseStatus
from app.matching.domain.comparing import JudgedMatch
from app.matching.domain.feedback import (
    Feedback,
    Judgement,
    RejectionReason,
    Said,
    Showing,
    Side,
    Snapshot,
    outcome_of,
    snapshot_of,
)
from app.matching.domain.match import Basis, Verdict
from app.matching.domain.precision import JudgedPair
from app.matching.domain.storing import basis_to_json
from app.matching.models import MatchCaseRow, MatchFeedbackRow, MatchResultRow
from app.matching.repository.results import read_result
from app.shared.ids import DealId, MarketId, PartyId

_F: Final = MatchFeedbackRow.__table__
_R: Final = MatchResultRow.__table__

Pair = tuple[UUID, UUID]


async def log_of(session: AsyncSession, entry_id: UUID, shown_id: UUID) -> list[Said]:
    """Return all that was said of a pair, in its order."""
    rows = await session.execute(
        select(_F)
        .where(_F.c.entry_id == entry_id, _F.c.shown_id == shown_id)
        .order_by(_F.c.ordinal)
    )
    return [_said(row) for row in rows]


async def add(session: AsyncSession, feedback: Feedback) -> bool:
    """Add to the log; false if another judge was first at this place of the pair's order.

    One that just commits is waited for.
    """
    said, shown = feedback.said, feedback.snapshot
    added = await session.scalar(
        insert(MatchFeedbackRow)
        .values(
            id=feedback.id,
            market_id=feedback.market_id,
            result_id=feedback.result_id,
            party_id=feedback.party_id,
            entry_id=feedback.entry_id,
            shown_id=feedback.shown_id,
            ordinal=feedback.ordinal,
            side=str(said.side),
            judge_id=said.judge_id,
            judgement=str(said.judgement),
            reason=None if said.reason is None else str(said.reason),
            comment=said.text,
            judged_at=feedback.judged_at,
            deal_id=feedback.deal_id,
            rank=shown.rank,
            score=shown.score,
            text_score=shown.text_score,
            verdict=str(shown.verdict),
            factor_values=dict(shown.values),
            shown_revision=shown.revision,
            basis=basis_to_json(shown.basis),
        )
        .on_conflict_do_nothing(constraint="uq_match_feedback_pair")
        .returning(MatchFeedbackRow.id)
    )
    return added is not None


def _dismissed() -> ColumnElement[bool]:
    """Tell whether a record is what a broker said when it dismissed the pair."""
    case, sides = MatchCaseRow, (_F.c.entry_id, _F.c.shown_id)
    return (
        select(1)
        .where(
            case.demand_id.in_(sides),
            case.achievement_id.in_(sides),
            case.status == str(CaseStatus.DISMISSED),
            case.broker_id == _F.c.judge_id,
            _F.c.side == str(Side.BROKER),
        )
        .exists()
    )


async def of_result(
    session: AsyncSession, result_id: UUID, *, dismissals: bool, after: UUID | None, limit: int
) -> list[Feedback]:
    """Return what was said against a result, the first one first.

    Args:
        dismissals: Whether pairs that brokers dismissed are among it.
    """
    statement = select(_F).where(_F.c.result_id == result_id)
    if not dismissals:
        statement = statement.where(~_dismissed())
    if after is not None:
        statement = statement.where(_F.c.id > after)
    return [_feedback(row) for row in await session.execute(_first(statement, limit))]


def _first(statement: Select[Any], limit: int) -> Select[Any]:
    return statement.order_by(_F.c.id).limit(limit)


async def pairs_since(
    session: AsyncSession, market_id: MarketId, since: datetime
) -> list[JudgedPair]:
    """Return the pairs of a market that were first judged at this moment or later."""
    first = select(_F).where(
        _F.c.market_id == market_id, _F.c.ordinal == 1, _F.c.judged_at >= since
    )
    return [
        JudgedPair(
            first_at=rows[0].judged_at,
            verdict=Verdict(rows[0].verdict),
            weights=rows[0].basis["weights"],
            log=tuple(_said(row) for row in rows),
        )
        for rows in await _logs(session, first)
    ]


async def judged_matches(
    session: AsyncSession, market_id: MarketId, *, pairs_max: int
) -> list[JudgedMatch]:
    """Return what weights are compared on: the newest judged pairs, as every result showed them.

    A pair that was judged against several results stands in each of them, with its one outcome.
    """
    first = select(_F).where(_F.c.market_id == market_id, _F.c.ordinal == 1)
    newest = first.order_by(_F.c.judged_at.desc(), _F.c.id.desc()).limit(pairs_max)
    found = []
    for rows in await _logs(session, newest):
        grade = outcome_of([_said(row) for row in rows]).grade
        found += [
            JudgedMatch(
                result_id=row.result_id,
                shown_id=row.shown_id,
                grade=grade,
                text_score=row.text_score,
                values=row.factor_values,
            )
            for row in {row.result_id: row for row in rows}.values()
        ]
    return found


async def _logs(session: AsyncSession, first: Select[Any]) -> list[list[Row[Any]]]:
    """Return the whole log of each of the pairs."""
    pairs = first.subquery()
    rows = await session.execute(
        select(_F)
        .join(pairs, and_(pairs.c.entry_id == _F.c.entry_id, pairs.c.shown_id == _F.c.shown_id))
        .order_by(_F.c.entry_id, _F.c.shown_id, _F.c.ordinal)
    )
    logs: dict[Pair, list[Row[Any]]] = {}
    for row in rows:
        logs.setdefault((row.entry_id, row.shown_id), []).append(row)
    return list(logs.values())


_SHOWN_IDS: Final = text("jsonb_path_query_array(matches, '$[*].entry_id') @> :shown")


async def showings_by_entry(
    session: AsyncSession, entry_id: UUID, *, shown_party_id: PartyId, before: datetime
) -> list[Showing]:
    """Return how the latest result of an entry that showed any of a party's showed each of these.

    Args:
        before: Only results of this moment and earlier.
    """
    shown = {"party_id": str(shown_party_id)}
    showing = select(_R).where(_R.c.entry_id == entry_id, _R.c.matches.contains([shown]))
    return await _showings(session, showing.where(_R.c.computed_at <= before), shown)


async def showings_to_party(
    session: AsyncSession, party_id: PartyId, *, shown_id: UUID, before: datetime
) -> list[Showing]:
    """Return how the latest result of each of a party's entries that showed an entry showed it.

    Args:
        before: Only results of this moment and earlier.
    """
    showing = select(_R).where(_SHOWN_IDS, _R.c.party_id == party_id, _R.c.computed_at <= before)
    asked = {"shown": json.dumps([str(shown_id)])}
    return await _showings(session, showing.params(asked), {"entry_id": str(shown_id)})


async def _showings(
    session: AsyncSession, results: Select[Any], shown: Mapping[str, str]
) -> list[Showing]:
    latest = results.order_by(_R.c.entry_id, _R.c.id.desc()).ext(distinct_on(_R.c.entry_id))
    found = []
    for result in map(read_result, await session.execute(latest)):
        for match in result.matches:
            if shown.items() <= match.items():
                shown_id = UUID(match["entry_id"])
                snapshot = snapshot_of(result, shown_id)
                said = await log_of(session, result.entry_id, shown_id)
                found.append(
                    Showing(result=result, shown_id=shown_id, snapshot=snapshot, said=said)
                )
    return found


def _said(row: Row[Any]) -> Said:
    return Said(
        side=Side(row.side),
        judge_id=None if row.judge_id is None else PartyId(row.judge_id),
        judgement=Judgement(row.judgement),
        reason=None if row.reason is None else RejectionReason(row.reason),
        text=row.comment,
    )


def _feedback(row: Row[Any]) -> Feedback:
    return Feedback(
        id=row.id,
        market_id=MarketId(row.market_id),
        result_id=row.result_id,
        party_id=PartyId(row.party_id),
        entry_id=row.entry_id,
        shown_id=row.shown_id,
        ordinal=row.ordinal,
        said=_said(row),
        judged_at=row.judged_at,
        snapshot=Snapshot(
            rank=row.rank,
            score=row.score,
            text_score=row.text_score,
            verdict=Verdict(row.verdict),
            values=row.factor_values,
            revision=row.shown_revision,
            basis=Basis(**row.basis),
        ),
        deal_id=None if row.deal_id is None else DealId(row.deal_id),
    )
