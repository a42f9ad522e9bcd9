"""Create an auction for a draft listing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.contradictions import TermsContradict, check_terms
from app.auctions.domain.licence import AuctionNotLicensed, Licence, check_licence
from app.auctions.domain.model import AuctionStatus, BiddingState
from app.auctions.domain.plan import AuctionNotOfThisMode
from app.auctions.domain.rerun import check_rerun
from app.auctions.domain.schedule import first_free
from app.auctions.domain.terms import Direction, Terms
from app.auctions.repository import auctions as repository
from app.auctions.repository.auctions import Auction, AuctionUnknown
from app.auctions.service.events import lot_of
from app.listings import public as listings
from app.platform import journal, timers
from app.platform.access import Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.settlement import public as settlement
from app.shared.ids import AuctionId, ListingId, new_id
from app.shared.jsonable import jsonable
from app.shared.sealing import is_public_key

DEADLINE_TIMER = "auction.deadline"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAuction:
    """What fixes the bidding of a listing.

    Attributes:
        opens_at: The opening, or with ``spread_s`` the earliest one.
        spread_s: Seconds that no two lots of the session open within.
        licence: The facts that 拍卖 needs.
        rerun_of: The auction whose winner defaulted.
    """

    listing_id: UUID
    opens_at: datetime
    terms: Terms
    spread_s: int | None = None
    licence: Licence | None = None
    rerun_of: UUID | None = None


async def create_auction(
    session: AsyncSession, actor: Actor, new: NewAuction, *, now: datetime
) -> Auction:
    """Fix the bidding of a draft listing, so that its notice can publish it.

    Raises:
        ObjectUnknown: The listing lies in another market.
        AuctionNotOfThisMode: It is not priced by bidding; names what to do instead.
        TermsContradict: Lists every contradiction, those of the licence too.
        AuctionNotLicensed: Only the licence is at fault: facts that the law asks for lack, or
            come without a 拍卖.
        AuctionUnknown: ``rerun_of`` names none of this market.
        RerunNotPossible: It names one that this cannot repeat.
    """
    listing = await listings.get_listing(session, ListingId(new.listing_id), lock=True)
    if listing.market_id != actor.market_id:
        raise ObjectUnknown("There is no such listing in your market.", field="listing_id")
    if listing.pricing_mode is not listings.PricingMode.BIDDING:
        raise AuctionNotOfThisMode(
            "A posted listing announces a bidding plan, from which its auction is made.",
            field="listing_id",
            pricing_mode=str(listing.pricing_mode),
            or_else=f"POST /v1/listings/{listing.id}/bidding-plan",
        )
    if new.rerun_of is not None:
        await _check_rerun(session, listing, new.rerun_of)
    opens_at = await _opening(session, listing, new)
    _check(new, listing, opens_at)
    auction = _scheduled(listing, opens_at, new)
    await listings.attach_bidding(
        session,
        listing_id=listing.id,
        auction_id=auction.id,
        opens_at=opens_at,
        terms=new.terms.as_json(),
        now=now,
        actor=actor,
    )
    await repository.add(session, auction)
    await timers.schedule(
        session,
        market_id=auction.market_id,
        kind=DEADLINE_TIMER,
        subject_id=auction.id,
        due_at=opens_at,
    )
    await journal.append(session, scheduled(auction, actor.ref, now))
    return auction


def scheduled(auction: Auction, actor: str, at: datetime) -> NewEvent:
    """Return the event that tells staff and seller of a new auction.

    A draft is nobody else's business; its announcement tells everything.
    """
    told: dict[str, Any] = {
        **lot_of(auction),
        "opens_at": auction.opens_at,
        "terms": auction.state.terms.as_json(),
        "licence": auction.licence,
        "rerun_of": auction.rerun_of,
    }
    return NewEvent(
        market_id=auction.market_id,
        subject="auction",
        subject_id=auction.id,
        type="auction.scheduled",
        market_at=at,
        actor=actor,
        restricted=told,
        audience=frozenset({auction.seller_id}),
    )


_OVER: Final = frozenset({AuctionStatus.FAILED, AuctionStatus.ANNULLED})


async def _check_rerun(session: AsyncSession, listing: listings.Listing, rerun_of: UUID) -> None:
    earlier = await repository.load(session, rerun_of)
    if earlier.market_id != listing.market_id:
        raise AuctionUnknown("There is no such auction.", field="rerun_of")
    offers = await listings.listings_of_achievement(session, listing.achievement_id)
    sold = earlier.listing_id  # a demand's auction is none of these
    deals = () if sold is None else await settlement.deals_of(session, sold)
    defaulted = [deal.status is settlement.DealStatus.DEFAULTED for deal in deals]
    check_rerun(
        same_achievement=sold in offers - {listing.id},
        defaulted=any(defaulted),
        over=earlier.state.status in _OVER,
    )


_Refusal = TermsContradict | AuctionNotLicensed


def _check(new: NewAuction, listing: listings.Listing, opens_at: datetime) -> None:
    """Refuse contradictory terms and an incomplete licence, all faults at once (AU1, AU24)."""
    terms = new.terms
    found = [
        _refusal(lambda: check_terms(terms, bound=listing.floor, direction=Direction.UP)),
        _refusal(lambda: check_keys(terms)),
        _refusal(lambda: check_licence(terms.kind, new.licence, opens_at=opens_at)),
    ]
    refusals = [refusal for refusal in found if refusal is not None]
    if len(refusals) == 1:
        raise refusals[0]
    if refusals:
        faults = [fault for refusal in refusals for fault in _faults(refusal)]
        raise TermsContradict("; ".join(refusal.detail for refusal in refusals), faults=faults)


def _refusal(check: Callable[[], None]) -> _Refusal | None:
    try:
        check()
    except (TermsContradict, AuctionNotLicensed) as refusal:
        return refusal
    return None


def check_keys(terms: Terms) -> None:
    """Refuse keys to which nothing can be sealed: a bid needs every holder's (AU69)."""
    faults = [
        {"field": f"holders.{place}.public_key", "rule": "x25519_public_key", "accepted": _KEY}
        for place, holder in enumerate(terms.holders or ())
        if not is_public_key(holder.public_key)
    ]
    if faults:
        detail = "; ".join(f"{fault['field']}: {fault['rule']}" for fault in faults)
        raise TermsContradict(detail, faults=faults)


_KEY: Final = {"bytes": 32, "encoding": "base64url without padding"}


def _faults(refusal: _Refusal) -> Sequence[object]:
    faults = refusal.fields["faults"]
    assert isinstance(faults, Sequence)
    return faults


async def _opening(session: AsyncSession, listing: listings.Listing, new: NewAuction) -> datetime:
    if new.spread_s is None or listing.session_id is None:
        return new.opens_at
    taken = await repository.openings_of_session(session, listing.session_id)
    return first_free(new.opens_at, taken, new.spread_s)


def _scheduled(listing: listings.Listing, opens_at: datetime, new: NewAuction) -> Auction:
    return Auction(
        id=AuctionId(new_id()),
        market_id=listing.market_id,
        listing_id=listing.id,
        seller_id=listing.seller_id,
        session_id=listing.session_id,
        title=listing.title,
        licence=None if new.licence is None else jsonable(new.licence),
        opens_at=opens_at,
        announced_at=None,
        state=BiddingState(terms=new.terms, status=AuctionStatus.SCHEDULED, deadline_at=opens_at),
        rerun_of=None if new.rerun_of is None else AuctionId(new.rerun_of),
    )
