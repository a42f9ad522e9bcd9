"""What other modules may use of demands."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.bidding import WORKED_ON, Bidder
from app.demands.domain.completeness import find_gaps
from app.demands.domain.content import Confidentiality, DemandContent, content_from_json
from app.demands.domain.demand import Demand, DemandStatus, may_see
from app.demands.domain.engagement import Engagement
from app.demands.domain.facts import NoTakeUp, Outcome
from app.demands.domain.gate import DEALS_MIN, FieldPrices, assess_text, quartiles
from app.demands.domain.gate_rules import DemandGateRule
from app.demands.domain.gate_texts import substance, tells_the_present
from app.demands.domain.importing import FORM
from app.demands.domain.importing_rows import DemandRowRead, number_of, read_row
from app.demands.domain.past import PastDemand
from app.demands.domain.posting import PostingTerms
from app.demands.domain.proposal_content import ContentMalformed
from app.demands.domain.proposal_content import content_from_json as read_proposal
from app.demands.domain.ranking import currency_of
from app.demands.repository import (
    bidders,
    challenges,
    demands,
    editions,
    engagements,
    imports,
    objections,
    past,
    proposals,
    solved,
)
from app.demands.service import bidding, gate, locking
from app.platform.access import Actor, ObjectUnknown, Owner
from app.shared.ids import (
    AuctionId,
    ChallengeId,
    DemandId,
    DemandImportId,
    EditionId,
    EngagementId,
    MarketId,
    PartyId,
    ProposalId,
)
from app.shared.money import Money
from app.shared.tables.form import RawRow

__all__ = [
    "DEALS_MIN",
    "WORKED_ON",
    "Bidder",
    "Confidentiality",
    "ContentMalformed",
    "Demand",
    "DemandContent",
    "DemandGateRule",
    "DemandRowRead",
    "DemandStatus",
    "Engagement",
    "FieldPrices",
    "NoTakeUp",
    "Outcome",
    "PastDemand",
    "announce_bidding",
    "assess_text",
    "attach_plan",
    "bidder_by_code",
    "bidders_of",
    "bidders_of_many",
    "call_bidding_later",
    "deals_of_field",
    "fail_bidding",
    "gaps_before_sealing",
    "get_demand",
    "get_demands",
    "get_engagement",
    "hand_over",
    "ids_of_posted",
    "may_see",
    "owner_of_challenge",
    "owner_of_demand",
    "owner_of_demand_import",
    "owner_of_demand_objection",
    "owner_of_edition",
    "owner_of_engagement",
    "owner_of_proposal",
    "past_demands",
    "points_of",
    "quartiles",
    "read_demand",
    "read_demand_rows",
    "rules_broken_by",
    "solved_by",
    "substance",
    "tells_the_present",
    "void_bidding",
]


def gaps_before_sealing(
    demand: Mapping[str, Any], document: object, price: Money
) -> Sequence[Mapping[str, Any]]:
    """Return what a proposal leaves unanswered, before it is sealed and nobody can tell any more.

    Args:
        demand: As ``GET /v1/demands/{demand_id}`` returns it.
        document: The proposal's text, as it would be sealed.
        price: Of the whole work.

    Returns:
        In the form of a problem's ``errors``; empty for a complete proposal.

    Raises:
        ContentMalformed: Sealed so, it would be void; names the place.

    Invariants: DM43, DM44.
    """
    content = read_proposal(document)
    asked = content_from_json({name: demand[name] for name in DemandContent.__dataclass_fields__})
    terms = PostingTerms.from_json(demand["terms"])
    currency = currency_of(terms, asked)
    return find_gaps(content, price, asked, ceiling=terms.ceiling, currency=currency)


async def get_demand(session: AsyncSession, demand_id: DemandId, *, lock: bool = False) -> Demand:
    """Return a demand, whoever asks: the caller answers for what it shows.

    Args:
        lock: Take its row lock for the rest of the transaction.

    Raises:
        ObjectUnknown: There is none.
    """
    demand = await demands.find(session, demand_id, lock=lock)
    if demand is None:
        raise ObjectUnknown("There is no such demand.")
    return demand


async def read_demand(session: AsyncSession, actor: Actor, demand_id: DemandId) -> Demand:
    """Return a demand that the actor may see.

    Raises:
        ObjectUnknown: There is none, or it is not for the actor.
    """
    return await locking.read_demand(session, actor, demand_id)


async def rules_broken_by(
    session: AsyncSession, market_id: MarketId, content: DemandContent, *, now: datetime
) -> Sequence[DemandGateRule]:
    """Return the rules of the quality gate that a content does not pass today (DM20)."""
    report = await gate.gate_report(session, market_id, content, now=now)
    return [item.rule for item in report.items if not item.passed]


async def deals_of_field(
    session: AsyncSession, market_id: MarketId, *, technology_field: str, currency: str
) -> Sequence[Money]:
    """Return what a market's latest deals of a field came to, without whose they were.

    The caller shows nothing but `quartiles` of them.
    """
    return await gate.deals_of_field(
        session, market_id, technology_field=technology_field, currency=currency
    )


async def past_demands(
    session: AsyncSession, tokens: Sequence[str], *, home: MarketId, limit: int
) -> Sequence[PastDemand]:
    """Return demands that everybody may know of, take no proposals any more and share tokens.

    Args:
        tokens: Of `shared.words`; those that have most of them come first.
        home: The asking market; a sandbox's demands are for itself alone, and no others for it.
    """
    return await past.find_past(session, tokens, home=home, limit=limit)


def read_demand_rows(
    header: RawRow, rows: Sequence[RawRow], *, today: date
) -> Iterator[DemandRowRead]:
    """Read the rows of a table in the form of the import's template, one by one.

    Args:
        today: In Asia/Shanghai.

    Raises:
        ImportColumnsInvalid: The header is not the template's.

    Invariant: DM102.
    """
    places = FORM.match_header(header.cells, row=header.number)
    first: dict[str, int] = {}
    for row in rows:
        number = number_of(places, row)
        yield read_row(places, row, today=today, first=first.setdefault(number, row.number))


async def get_demands(session: AsyncSession, demand_ids: Collection[DemandId]) -> Sequence[Demand]:
    """Return those of the demands that exist, by id, in one query, whoever asks."""
    return await demands.find_many(session, demand_ids)


async def ids_of_posted(session: AsyncSession, *, after: UUID, limit: int) -> Sequence[DemandId]:
    """Return the next ids of demands that are posted, in order."""
    return await demands.ids_of_posted(session, after=after, limit=limit)


async def owner_of_proposal(session: AsyncSession, proposal_id: UUID) -> Owner | None:
    """Return a proposal's market and the party that made it."""
    found = await proposals.find(session, ProposalId(proposal_id))
    return None if found is None else Owner(found.market_id, frozenset({found.party_id}))


async def owner_of_demand_objection(session: AsyncSession, objection_id: UUID) -> Owner | None:
    """Return an objection's market and whoever filed it; its poster does not decide it."""
    return await objections.owner_of(session, objection_id)


async def owner_of_demand(session: AsyncSession, demand_id: UUID) -> Owner | None:
    """Return a demand's market and poster."""
    found = await demands.find(session, DemandId(demand_id))
    return None if found is None else Owner(found.market_id, frozenset({found.party_id}))


async def bidders_of(
    session: AsyncSession,
    demand_id: DemandId,
    party_ids: Collection[PartyId] | None,
    *,
    round_no: int,
) -> Mapping[PartyId, Bidder]:
    """Return the admitted proposers of a demand's round, by party; one query.

    Args:
        party_ids: Only these; ``None`` for all.
    """
    return await bidders.of_round(session, demand_id, round_no, party_ids)


async def bidders_of_many(
    session: AsyncSession,
    rounds: Collection[tuple[DemandId, int]],
    party_ids: Collection[PartyId],
) -> Mapping[tuple[DemandId, int, PartyId], Bidder]:
    """Return those of the parties who are admitted, by demand, round and party; one query."""
    return await bidders.of_rounds(session, rounds, party_ids)


async def bidder_by_code(
    session: AsyncSession, demand_id: DemandId, code: str, *, round_no: int
) -> Bidder | None:
    """Return who stands behind a proposal's code in a round, or ``None`` if nobody does."""
    return await bidders.by_code(session, demand_id, round_no, code)


async def points_of(
    session: AsyncSession, demand_id: DemandId, *, round_no: int
) -> Mapping[str, Sequence[int]]:
    """Return the panel's points 0..100 of each criterion, in published order, by code.

    No proposer is told them before the bids are in.
    """
    return await bidders.points(session, demand_id, round_no)


async def attach_plan(
    session: AsyncSession,
    *,
    demand_id: DemandId,
    plan: Mapping[str, Any],
    now: datetime,
    actor: Actor,
) -> Demand:
    """Fix how the auction of a reviewed demand will run; its posting publishes the plan.

    Raises:
        ObjectUnknown: No such demand in the actor's market.
        PlanNotOfThisDecision: It is posted with another way to decide.
        TransitionRefused: It is not reviewed.
    """
    return await bidding.attach_plan(session, demand_id=demand_id, plan=plan, now=now, actor=actor)


async def hand_over(
    session: AsyncSession,
    demand: Demand,
    *,
    auction_id: AuctionId,
    opens_at: datetime,
    at: datetime,
) -> Demand:
    """Give a locked demand the auction that its review called for."""
    return await bidding.hand_over(session, demand, auction_id=auction_id, opens_at=opens_at, at=at)


async def fail_bidding(
    session: AsyncSession, demand: Demand, *, reason: str, at: datetime
) -> Demand:
    """Let the review of a locked demand fail, because there can be no auction."""
    return await bidding.fail_bidding(session, demand, reason=reason, at=at)


async def call_bidding_later(session: AsyncSession, demand: Demand, *, at: datetime) -> None:
    """Have a locked demand call for its auction again, when the working days are known."""
    await bidding.call_bidding_later(session, demand, at=at)


async def announce_bidding(
    session: AsyncSession,
    demand: Demand,
    told: Sequence[Mapping[str, Any]],
    *,
    at: datetime,
    actor: str,
) -> Demand:
    """Announce the ranking, by code, that the auction of a locked demand has found."""
    return await bidding.announce_bidding(session, demand, told, at=at, actor=actor)


async def void_bidding(
    session: AsyncSession, demand: Demand, *, at: datetime, actor: str
) -> Demand:
    """Take back what a locked demand made of its auction, whose result is void."""
    return await bidding.void_bidding(session, demand, at=at, actor=actor)


async def owner_of_edition(session: AsyncSession, edition_id: UUID) -> Owner | None:
    """Return an edition's market; it belongs to no party."""
    found = await editions.find(session, EditionId(edition_id))
    return None if found is None else Owner(found.market_id, frozenset())


async def owner_of_demand_import(session: AsyncSession, import_id: UUID) -> Owner | None:
    """Return a bulk import's market and party."""
    found = await imports.find(session, DemandImportId(import_id))
    return None if found is None else Owner(found.market_id, frozenset({found.party_id}))


async def get_engagement(session: AsyncSession, engagement_id: EngagementId) -> Engagement:
    """Return a winner's contract, whoever asks: the caller answers for what it shows.

    Raises:
        ObjectUnknown: There is none.
    """
    engagement = await engagements.find(session, engagement_id)
    if engagement is None:
        raise ObjectUnknown("There is no such engagement.")
    return engagement


async def owner_of_engagement(session: AsyncSession, engagement_id: UUID) -> Owner | None:
    """Return an engagement's market, with its poster and solver."""
    found = await engagements.find(session, EngagementId(engagement_id))
    return None if found is None else Owner(found.market_id, found.parties)


async def solved_by(
    session: AsyncSession, party_ids: Collection[PartyId], *, technology_field: str
) -> Mapping[PartyId, Sequence[datetime]]:
    """Return when the demands were accepted that each party has solved, in one query.

    Args:
        technology_field: Of the demands.
    """
    return await solved.solved_by(session, party_ids, technology_field=technology_field)


async def owner_of_challenge(session: AsyncSession, challenge_id: UUID) -> Owner | None:
    """Return a challenge event's market and who runs it."""
    found = await challenges.find(session, ChallengeId(challenge_id))
    return None if found is None else Owner(found.market_id, frozenset({found.party_id}))
