"""What is published of a challenge event, word for word, with its hash."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, Self
from uuid import UUID

from app.demands.domain.challenge import Challenge
from app.shared.canonical import digest
from app.shared.ids import ChallengeId
from app.shared.jsonable import jsonable


class ChallengeNoticeKind(StrEnum):
    """What a document announces."""

    ANNOUNCEMENT = "announcement"  # 赛事公告
    CHANGE = "change"  # 变更公告
    RESULT = "result"  # 赛段结果公告
    AWARD = "award"  # 颁奖公告
    FINISH = "finish"  # 赛事结束公告
    CANCELLATION = "cancellation"  # 取消公告


class _Stored(Protocol):
    challenge_id: Any
    seq: Any
    number: Any
    kind: Any
    content: Any
    content_hash: Any
    published_at: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeNotice:
    """A document as published; nothing of it ever changes.

    Attributes:
        seq: 1, 2, … within its event.
        number: The event's with ``-N1``, ``-N2`` …
        content_hash: SHA-256 of the RFC 8785 form of ``content``.
    """

    challenge_id: ChallengeId
    seq: int
    number: str
    kind: ChallengeNoticeKind
    content: Mapping[str, Any]
    content_hash: str
    published_at: datetime

    @classmethod
    def of(cls, stored: _Stored) -> Self:
        """Read a stored document back."""
        return cls(
            challenge_id=ChallengeId(UUID(str(stored.challenge_id))),
            seq=stored.seq,
            number=stored.number,
            kind=ChallengeNoticeKind(stored.kind),
            content=stored.content,
            content_hash=stored.content_hash,
            published_at=stored.published_at,
        )


def write_challenge_notice(
    challenge: Challenge, kind: ChallengeNoticeKind, facts: Mapping[str, Any], *, at: datetime
) -> ChallengeNotice:
    """Return an event's next document.

    Invariant: DM126.
    """
    seq = challenge.notice_count + 1
    number = f"{challenge.number}-N{seq}"
    content: dict[str, Any] = jsonable(
        {
            "notice_number": number,
            "kind": kind,
            "challenge_id": challenge.id,
            "challenge_number": challenge.number,
            "market_id": challenge.market_id,
            "published_at": at,
            **facts,
        }
    )
    return ChallengeNotice(
        challenge_id=challenge.id,
        seq=seq,
        number=number,
        kind=kind,
        content=content,
        content_hash=digest(content),
        published_at=at,
    )
