"""Keep the board's statistics: a reaction to what the journal tells of demands."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.facts import CURRENCY, Part, Told, facts_of, merge
from app.demands.repository import facts as repository
from app.platform.journal import JournalEvent
from app.shared.ids import DemandId, MarketId
from app.shared.money import Money

TOLD: Final = frozenset(
    {
        "demand.posted",
        "demand.closed",
        "demand.unanswered",
        "demand.withdrawn",
        "engagement.opened",
        "engagement.fallen",
    }
)


async def count_event(session: AsyncSession, event: JournalEvent) -> None:
    """Count what an event tells of a posting; what nobody else knows yet has no posting.

    Invariant: DM113.
    """
    round_ = event.public.get("round")
    if not round_:
        return
    told = _told(event)
    named = event.public.get("demand_id") or str(event.subject_id)
    demand_id = DemandId(UUID(named))
    known = await repository.find_said(session, demand_id, round_)
    said = merge(known, told)
    if said is not known:
        await repository.put(
            session, MarketId(event.market_id), demand_id, round_, said, facts_of(said)
        )


def _told(event: JournalEvent) -> Told:
    public = event.public
    at = event.market_at.isoformat()
    said: dict[str, Any]
    match event.type:
        case "demand.posted":
            key, said = Part.POSTING, _posting(public) | {"posted_at": at}
        case "demand.closed":
            key = Part.CLOSING
            said = {name: public.get(name) for name in ("proposals", "first_answer_at")}
        case "demand.unanswered":
            key, said = Part.END, {"reason": public.get("reason") or "other"}
        case "demand.withdrawn":
            key, said = Part.WITHDRAWAL, {}
        case _:
            standing = event.type == "engagement.opened"
            amount = _fen(public.get("price"))
            said = {"standing": standing, "amount_minor": amount, "at": at}
            return Told(
                key=f"{Part.ENGAGEMENT}:{event.subject_id}",
                version=event.subject_version,
                said=said,
            )
    return Told(key=key, version=event.subject_version, said=said)


def _posting(public: Mapping[str, Any]) -> dict[str, Any]:
    high = public["budget"]["high"]
    return {
        "technology_field": public["technology_field"],
        "region_code": public["region_code"],
        "edition_id": public["edition_id"],
        "amount_minor": _fen(high),
        "open_budget": high is None,
    }


def _fen(told: Mapping[str, str] | None) -> int | None:
    if told is None or told["currency"] != CURRENCY:
        return None
    return Money.parse(told["amount"], told["currency"]).amount_minor
