"""Notices of a demand 公告: what is published of it, word for word, with its hash."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.demands.domain.demand import Demand
from app.shared.canonical import digest
from app.shared.ids import DemandId, DemandNoticeId
from app.shared.jsonable import jsonable


class DemandNoticeKind(StrEnum):
    """What a notice announces."""

    POSTING = "posting"  # 发榜公告
    CHANGE = "change"  # 变更公告: a later deadline
    ANSWERS = "answers"  # 答疑公告
    CLOSING = "closing"  # 揭榜截止公告
    RESULT = "result"  # 评审结果公示
    OBJECTION_RESULT = "objection_result"  # 异议处理结果公告
    AWARD = "award"  # 中榜公告
    WITHDRAWAL = "withdrawal"  # 撤榜公告
    TERMINATION = "termination"  # 终止公告


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandNotice:
    """A notice as published; nothing of it ever changes.

    Attributes:
        seq: 1, 2, … within its demand.
        number: The demand's with ``-N1``, ``-N2`` …
        round: The posting that it belongs to.
        content: Everything it says, as JSON.
        content_hash: SHA-256 of the RFC 8785 form of ``content``.
        closes_at: When its period is over, if it has one.
    """

    id: DemandNoticeId
    demand_id: DemandId
    seq: int
    number: str
    round: int
    kind: DemandNoticeKind
    content: Mapping[str, Any]
    content_hash: str
    published_at: datetime
    closes_at: datetime | None


def write_notice(
    notice_id: DemandNoticeId,
    demand: Demand,
    kind: DemandNoticeKind,
    facts: Mapping[str, Any],
    *,
    at: datetime,
    closes_at: datetime | None,
) -> DemandNotice:
    """Return a demand's next notice.

    Invariant: DM7.
    """
    seq = demand.notice_count + 1
    number = f"{demand.number}-N{seq}"
    head = {
        "notice_number": number,
        "kind": kind,
        "demand_id": demand.id,
        "demand_number": demand.number,
        "market_id": demand.market_id,
        "round": demand.round,
        "published_at": at,
        "closes_at": closes_at,
    }
    content: dict[str, Any] = jsonable(head | dict(facts))
    return DemandNotice(
        id=notice_id,
        demand_id=demand.id,
        seq=seq,
        number=number,
        round=demand.round,
        kind=kind,
        content=content,
        content_hash=digest(content),
        published_at=at,
        closes_at=closes_at,
    )


def posting_facts(demand: Demand, *, poster_name: str) -> dict[str, Any]:
    """Return what the posting of a demand says: its public content and all terms.

    Invariant: DM7. Source: rules.md section 4.
    """
    if demand.terms is None:
        raise ValueError("a posting is written when its terms are fixed")
    return {
        "poster": {"party_id": demand.party_id, "name": poster_name},
        "version": demand.version,
        "edition_id": demand.edition_id,
        "demand": demand.content.told,
        "terms": demand.terms.as_json(),
        "bidding": demand.bidding,
    }
