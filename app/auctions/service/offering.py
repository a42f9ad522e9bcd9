"""After a default: ask who stood by, one after the other; each opts in or leaves (AU81-AU86)."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain import offering
from app.auctions.domain.model import TRANSITIONS, AuctionStatus, Trigger
from app.auctions.domain.offering import ANSWER_DEFAULT, Award, Move, Outcome, moved
from app.auctions.repository import auctions as repository
from app.auctions.repository import awards
from app.auctions.repository.auctions import Auction
from app.auctions.service.confirm import conclude
from app.auctions.service.events import auction_event
from app.listings import public as listings
from app.platform import journal, timers
from app.platform.access import SYSTEM, Actor
from app.platform.clock import market_now
from app.platform.journal import JournalEvent
from app.platform.signing import Signer
from app.settlement import public as settlement
from app.settlement.public import Deal, DealStatus
from app.shared.calendar import CalendarHorizonExceeded, mainland_china, period_end
from app.shared.ids import DealId
from app.shared.transitions import advance

ANSWER_TIMER: Final = "auction.standby_answer"
FOLLOWED: Final = frozenset({"deal.signed", "deal.settled", "deal.defaulted"})


async def follow_deal(session: AsyncSession, event: JournalEvent) -> None:
    """Let an auction follow what became of its deal (a reaction).

    Reads how the deal stands, so that events may be told in any order, and twice.
    """
    deal = await settlement.get_deal(session, DealId(event.subject_id))
    if deal.source != "auction":
        return
    auction = await repository.load(session, deal.source_id, lock=True)
    queue = await awards.queue(session, auction.id)
    queue = await _note(session, auction, queue, deal)
    ended = deal.status is DealStatus.DEFAULTED and auction.deal_id == deal.id
    if ended and auction.state.status is AuctionStatus.CONFIRMED:
        assert deal.defaulted_at is not None
        side = deal.default_side or settlement.Side.BUYER
        told = {
            "deal_id": deal.id,
            "side": side,
            "reason": deal.default_reason,
            "ground": deal.default_ground,
        }
        if side is settlement.Side.SELLER:
            # It sells to nobody: who stood by goes with the listing's end.
            await release(session, auction)
            queue = await awards.queue(session, auction.id)
        auction = await _move(
            session,
            auction,
            Trigger.DEFAULT,
            "defaulted",
            at=deal.defaulted_at,
            public={"bidder_code": auction.state.leader, "side": side},
            restricted=told,
        )
        now = await market_now(session, auction.market_id)
        await _go_on(session, auction, queue, now)


async def _note(
    session: AsyncSession, auction: Auction, queue: list[Award], deal: Deal
) -> list[Award]:
    """Note in the queue what became of a place's deal; return the queue.

    Who signed or paid needs nobody behind it any more, also where it defaults later: their
    deposits went back with the signing.
    """
    changed = []
    for award in queue:
        move = None
        if award.deal_id == deal.id:
            move = _fate(award, deal)
        elif deal.signed_at is not None or deal.status is DealStatus.SETTLED:
            move = Move.RELEASE if award.outcome is Outcome.WAITING else None
        changed.append(award if move is None else replace(award, outcome=moved(award, move)))
    await awards.save(session, auction.id, *(it for it in changed if it not in queue))
    return changed


def _fate(award: Award, deal: Deal) -> Move | None:
    if award.outcome not in {Outcome.CONFIRMED, Outcome.SIGNED}:
        return None
    if deal.status is DealStatus.DEFAULTED:
        by_seller = deal.default_side is settlement.Side.SELLER
        return Move.RELEASE if by_seller else Move.DEFAULT
    if deal.status is DealStatus.SETTLED:
        return Move.SETTLE
    return Move.SIGN if deal.signed_at and award.outcome is Outcome.CONFIRMED else None


async def answer(
    session: AsyncSession, signer: Signer, actor: Actor, *, auction_id: UUID, accept: bool
) -> tuple[Auction, datetime, str | None]:
    """Take the answer of the standby bidder who is asked; return the auction and the moment.

    Who opts in buys at its own best bid: the third value is its signed confirmation. Who
    declines leaves with its deposit, and the next one is asked. The clock is read behind the
    row lock.

    Raises:
        NotOnStandby, StandbyNotAsked, StandbyAnswerLate: Not this party, or not now.
        BuyerWithoutDeposit: Its deposit is not held any more.

    Source: rules.md §2, D4; README, AU83, AU84.
    """
    auction = await repository.load(session, auction_id, lock=True)
    now = await market_now(session, auction.market_id)
    queue = await awards.queue(session, auction.id)
    own = offering.check_answer(queue, actor.party_id, now=now)
    await timers.cancel(session, kind=ANSWER_TIMER, subject_id=auction.id)
    if not accept:
        auction = await _leave(session, auction, queue, own, Move.DECLINE, at=now, actor=actor)
        return auction, now, None
    auction, confirmation = await conclude(
        session,
        signer,
        actor,
        auction,
        own,
        trigger=Trigger.OPT_IN,
        standby=[award for award in queue if award.outcome is Outcome.WAITING],
        now=now,
    )
    sold = replace(own, outcome=moved(own, Move.ACCEPT), deal_id=auction.deal_id)
    await awards.save(session, auction.id, sold)
    return auction, now, confirmation


async def on_answer_due(session: AsyncSession, auction_id: UUID, due_at: datetime) -> None:
    """Take silence for an answer (a timer): the bidder leaves with its deposit."""
    auction = await repository.load(session, auction_id, lock=True)
    queue = await awards.queue(session, auction.id)
    own = offering.asked(queue)
    if own is None:
        if auction.state.status is AuctionStatus.OFFERING:  # see `_go_on`
            now = max(due_at, await market_now(session, auction.market_id))
            await _ask_next(session, auction, queue, now)
        return
    if offering.over(own, due_at):
        await _leave(session, auction, queue, own, Move.LAPSE, at=due_at, actor=SYSTEM)
    else:
        assert own.answer_by_at is not None
        await _set_timer(session, auction, own.answer_by_at)


async def release(session: AsyncSession, auction: Auction) -> None:
    """Let everybody go who still waits or is asked: a locked auction's result is void."""
    await timers.cancel(session, kind=ANSWER_TIMER, subject_id=auction.id)
    left = [
        replace(award, outcome=moved(award, Move.RELEASE))
        for award in await awards.queue(session, auction.id)
        if award.outcome in {Outcome.WAITING, Outcome.ASKED}
    ]
    await awards.save(session, auction.id, *left)


async def _leave(
    session: AsyncSession,
    auction: Auction,
    queue: list[Award],
    own: Award,
    move: Move,
    *,
    at: datetime,
    actor: Actor | str,
) -> Auction:
    """Let a bidder go who does not opt in, never without its deposit, and ask the next."""
    left = replace(own, outcome=moved(own, move))
    await awards.save(session, auction.id, left)
    assert auction.listing_id is not None  # a demand's auction has no standby bidders
    depositor = await listings.depositor_by_code(session, auction.listing_id, own.bidder_code)
    assert depositor is not None
    await listings.release_deposit(session, depositor.id, at=at, actor=actor)
    await _tell(
        session,
        auction,
        "standby_left",
        own,
        at=at,
        actor=actor if isinstance(actor, str) else actor.ref,
        public={"bidder_code": own.bidder_code, "silent": move is Move.LAPSE},
    )
    rest = [left if award.place == own.place else award for award in queue]
    # Its time runs from the asking, however late a worker was with the silence before it.
    now = await market_now(session, auction.market_id)
    return await _go_on(session, auction, rest, max(at, now))


async def _go_on(
    session: AsyncSession, auction: Auction, queue: list[Award], now: datetime
) -> Auction:
    """Ask the next one, or leave that to a timer while the working days are not known.

    So this auction waits for its calendar, and never the reaction that all auctions share.
    """
    try:
        return await _ask_next(session, auction, queue, now)
    except CalendarHorizonExceeded:
        await _set_timer(session, auction, now)
        return auction


async def _ask_next(
    session: AsyncSession, auction: Auction, queue: list[Award], now: datetime
) -> Auction:
    found = offering.next_waiting(queue)
    if found is None:
        # Not for silence in the bidding: whoever still has a deposit gets it back.
        public = {"status": AuctionStatus.FAILED, "silent": False, "silent_forfeits": False}
        return await _move(session, auction, Trigger.EXHAUST, "failed", at=now, public=public)
    assert auction.listing_id is not None
    listing = await listings.get_listing(session, auction.listing_id)
    answer_by_at = period_end(
        start=now,
        duration=ANSWER_DEFAULT if listing.policy is None else listing.policy.signing,
        calendar=mainland_china(),
    )
    asked = replace(found, outcome=moved(found, Move.ASK), answer_by_at=answer_by_at)
    await awards.save(session, auction.id, asked)
    await _set_timer(session, auction, answer_by_at)
    public = {
        "bidder_code": asked.bidder_code,
        "amount": asked.amount,
        "answer_by_at": answer_by_at,
    }
    await _tell(session, auction, "standby_asked", asked, at=now, actor=SYSTEM, public=public)
    return auction


async def _set_timer(session: AsyncSession, auction: Auction, due_at: datetime) -> None:
    """Set the timer of who is asked, or is to be asked, in a locked auction.

    A worker that has the timer waits for the auction: it looks next, and sets the timer itself.
    """
    if not await timers.is_in_hand(session, kind=ANSWER_TIMER, subject_id=auction.id):
        await timers.schedule(
            session,
            market_id=auction.market_id,
            kind=ANSWER_TIMER,
            subject_id=auction.id,
            due_at=due_at,
        )


async def _move(
    session: AsyncSession,
    auction: Auction,
    trigger: Trigger,
    what: str,
    *,
    at: datetime,
    public: dict[str, Any],
    restricted: dict[str, Any] | None = None,
) -> Auction:
    before = auction.state
    status = advance(TRANSITIONS, state=before.status, trigger=trigger)
    auction = replace(auction, state=replace(before, status=status))
    await repository.save(session, auction)
    event = auction_event(auction, what, before=before, at=at, public=public, restricted=restricted)
    await journal.append(session, event)
    return auction


async def _tell(
    session: AsyncSession,
    auction: Auction,
    what: str,
    award: Award,
    *,
    at: datetime,
    actor: str,
    public: dict[str, Any],
) -> None:
    event = auction_event(
        auction,
        what,
        before=auction.state,
        at=at,
        actor=actor,
        public=public,
        restricted={"party_id": award.party_id},
        audience=frozenset({award.party_id}),
    )
    await journal.append(session, event)
