"""What the statistics of the board 榜单统计 know of one demand in one round.

Each event of the journal says a part of it. Of what is said twice, the later version of the same
subject holds; parts never touch each other. So neither the order of the events nor their
repetition changes what is known, and the journal read anew gives the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

CURRENCY: Final = "CNY"
_AUCTION: Final = "auction_"  # failed, cancelled, annulled: the bidding decided nothing

# One part as it is kept: [version of its subject, what was said].
Said = Mapping[str, list[Any]]


class Part(StrEnum):
    """What events say; an engagement is a part of its own."""

    POSTING = "posting"
    CLOSING = "closing"
    END = "end"  # left unanswered
    WITHDRAWAL = "withdrawal"  # by its poster, also of what was left unanswered before
    ENGAGEMENT = "engagement"


class Outcome(StrEnum):
    """What became of a posting."""

    RUNNING = "running"  # no answer yet whether anybody takes it up
    TAKEN_UP = "taken_up"  # 揭榜成功
    NOT_TAKEN_UP = "not_taken_up"


class NoTakeUp(StrEnum):
    """Why nobody took a posting up."""

    NO_PROPOSAL = "no_proposal"  # nothing came
    NONE_ELIGIBLE = "none_eligible"  # nothing that came could be admitted
    NO_SUITABLE = "no_suitable"  # the review found nothing good enough
    AUCTION_FAILED = "auction_failed"
    NOT_SIGNED = "not_signed"  # the winners did not sign
    WITHDRAWN_BY_POSTER = "withdrawn_by_poster"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one event says about a posting.

    Attributes:
        key: Part, with the engagement's id behind it where it is one.
        version: Of the event's subject; the later one holds.
        said: Plain JSON values.
    """

    key: str
    version: int
    said: Mapping[str, Any]


def merge(known: Said, told: Told) -> Said:
    """Return what is known with what an event says, in whatever order and however often.

    Invariant: DM113.
    """
    present = known.get(told.key)
    if present is not None and present[0] >= told.version:
        return known
    return {**known, told.key: [told.version, dict(told.said)]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A posting as it is counted.

    Attributes:
        posted_at: ``None`` as long as its posting has not been read: it is not counted.
        amount_minor: Upper end of the budget in fen; ``None`` if it is open or of another
            currency.
        open_budget: It names no amount.
        proposals: Number, told at the deadline; ``None`` before.
        first_answer_at: When the first of them came, told at the deadline.
        taken_minor: Prices of those who stand engaged, in fen; another currency's is left out.
        reason: Why it was not taken up.
    """

    posted_at: datetime | None
    technology_field: str | None
    region_code: str | None
    edition_id: str | None
    amount_minor: int | None
    open_budget: bool
    proposals: int | None
    first_answer_at: datetime | None
    outcome: Outcome
    reason: NoTakeUp | None
    taken_up_at: datetime | None
    taken_minor: int


def facts_of(known: Said) -> Facts:
    """Return what is counted of everything that is known.

    Invariant: DM113, DM114.
    """
    posting = _said(known, Part.POSTING)
    closing = _said(known, Part.CLOSING)
    standing = [told["said"] for told in _engagements(known) if told["said"]["standing"]]
    reason = _reason(known, ever_engaged=bool(_engagements(known)))
    outcome = Outcome.RUNNING
    if standing:
        outcome = Outcome.TAKEN_UP
    elif reason is not None:
        outcome = Outcome.NOT_TAKEN_UP
    return Facts(
        posted_at=_moment(posting.get("posted_at")),
        technology_field=posting.get("technology_field"),
        region_code=posting.get("region_code"),
        edition_id=posting.get("edition_id"),
        amount_minor=posting.get("amount_minor"),
        open_budget=bool(posting.get("open_budget")),
        proposals=closing.get("proposals"),
        first_answer_at=_moment(closing.get("first_answer_at")),
        outcome=outcome,
        reason=reason if outcome is Outcome.NOT_TAKEN_UP else None,
        taken_up_at=min((_moment_of(item["at"]) for item in standing), default=None),
        taken_minor=sum(item["amount_minor"] or 0 for item in standing),
    )


def _said(known: Said, part: Part) -> Mapping[str, Any]:
    said: Mapping[str, Any] = known[part][1] if part in known else {}
    return said


def _engagements(known: Said) -> list[dict[str, Any]]:
    return [
        {"key": key, "said": value[1]}
        for key, value in known.items()
        if key.startswith(f"{Part.ENGAGEMENT}:")
    ]


def _reason(known: Said, *, ever_engaged: bool) -> NoTakeUp | None:
    end = _said(known, Part.END).get("reason")
    if end is None:
        return NoTakeUp.WITHDRAWN_BY_POSTER if Part.WITHDRAWAL in known else None
    if end.startswith(_AUCTION):
        return NoTakeUp.AUCTION_FAILED
    try:
        reason = NoTakeUp(end)
    except ValueError:
        reason = NoTakeUp.OTHER
    # A winner was found and lost: that nobody else suited, or what staff wrote then, is not why.
    if reason in {NoTakeUp.NO_SUITABLE, NoTakeUp.OTHER} and ever_engaged:
        return NoTakeUp.NOT_SIGNED
    return reason


def _moment_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
