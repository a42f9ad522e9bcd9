"""Judge all waiting commands of one or several auctions in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.judging import Judgement, due, judge
from app.auctions.domain.model import Act, Bid, BiddingState, SetLimit
from app.auctions.domain.refusals import BidderNotQualified, FloorBidNotPossible, PaddleUnknown
from app.auctions.domain.room import changes, room
from app.auctions.domain.terms import Kind
from app.auctions.repository import auctions as repository
from app.auctions.repository import bids as bid_rows
from app.auctions.repository.auctions import Auction
from app.auctions.repository.bids import StoredBid
from app.auctions.service.bidders import Bidder, bidder_by_code, bidders_of_many
from app.auctions.service.gather import for_judging
from app.auctions.service.publish import bare, end_phases
from app.auctions.service.trail import BidCommand, What, act_row, command_row, origin_of, told
from app.auctions.vault import Vault
from app.platform import journal
from app.platform.access import SYSTEM
from app.platform.clock import market_nows
from app.platform.journal import NewEvent, Place
from app.shared.errors import DomainError
from app.shared.ids import AuctionId, PartyId
from app.shared.sealing import SealMalformed, check_shape


@dataclass(frozen=True, slots=True)
class BidOutcome:
    """What became of a command.

    Attributes:
        bid: The judged command; ``None`` when the bidder is not qualified, which is not judged.
        commitment: What the trail shows of it where its amount is not shown.
        place: Its event's place in the auction's chain.
        state: The auction right after it.
    """

    refusal: DomainError | None
    bid: StoredBid | None
    commitment: str | None
    place: Place | None
    state: BiddingState


@dataclass
class _Lot:
    """One auction while its commands are judged.

    Attributes:
        bids, by: Public and staff's facts of what the next event will carry.
        parties: Who is behind the codes that the system may bid for.
        since: The state that the next event's patch starts from.
        outcomes: With the index of their event among ``events``.
    """

    session: AsyncSession
    vault: Vault
    auction: Auction
    now: datetime
    parties: dict[str, PartyId] = field(default_factory=dict)
    state: BiddingState = field(init=False)
    since: BiddingState = field(init=False)
    bids: list[dict[str, object]] = field(default_factory=list)
    by: list[dict[str, object]] = field(default_factory=list)
    rows: list[StoredBid] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)
    outcomes: list[tuple[BidOutcome, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.state = self.since = self.auction.state

    async def end_phases(self) -> None:
        """End what is over: at the lock, and after an acceptance that sells at once.

        Secrets that were gathered are gone with the phase. Only a Dutch acceptance ends one
        within a batch, and that format has none.
        """
        if due(self.state, self.now):
            self.flush()
            self.auction, events = await end_phases(
                self.session, self.vault, self.auction, self.now
            )
            self.events += events
            self.state = self.since = self.auction.state

    async def judge(self, command: BidCommand, bidder: Bidder | None) -> None:
        if (refusal := _unjudged(self.auction, command, bidder)) is not None:
            self.outcomes.append((BidOutcome(refusal, None, None, None, self.state), -1))
            return
        assert bidder is not None
        self.parties[bidder.bidder_code] = bidder.party_id
        before = self.state
        judged = judge(before, _asked(command, bidder.bidder_code), self.now)
        if judged.refusal is None and command.sealed is not None:
            judged = self._with_form(judged, before, command, bidder.bidder_code)
        first = before.judged_count + 1
        row, commitment = command_row(
            self.vault,
            self.auction.id,
            command,
            party_id=bidder.party_id,
            bidder_code=bidder.bidder_code,
            before=before,
            sequence=first,
            acts=judged.acts,
            refusal=None if judged.refusal is None else judged.refusal.code,
            at=self.now,
        )
        self.state = judged.state
        self.rows.append(row)
        self.bids.append(told(row, commitment))
        self.by.append(
            {
                "sequence": first,
                "bidder_code": bidder.bidder_code,
                "party_id": bidder.party_id,
                "actor": command.actor,
                "request_id": command.request_id,
            }
        )
        # A standing maximum has a number of its own, a bid that of its first act.
        self._add_acts(judged.acts if command.what is What.LIMIT else judged.acts[1:], first + 1)
        outcome = BidOutcome(judged.refusal, row, commitment, None, self.state)
        self.outcomes.append((outcome, len(self.events)))
        await self.end_phases()

    def _with_form(
        self, judged: Judgement, before: BiddingState, command: BidCommand, bidder_code: str
    ) -> Judgement:
        """Refuse what the rules took unread, where no holder could ever open it (AU69)."""
        terms = before.terms
        assert terms.holders is not None
        assert terms.threshold is not None
        try:
            check_shape(
                command.sealed,
                auction_id=self.auction.id,
                bidder_code=bidder_code,
                holders=terms.holders,
                threshold=terms.threshold,
            )
        except SealMalformed as refusal:
            count = before.judged_count + 1
            state = replace(before, judged_count=count, last_judged_at=self.now)
            return replace(judged, state=state, acts=(), refusal=refusal)
        return judged

    def _add_acts(self, acts: Sequence[Act], first: int) -> None:
        for sequence, act in enumerate(acts, start=first):
            row = act_row(
                self.auction.id,
                act,
                party_id=self.parties[act.bidder],
                state=self.state,
                sequence=sequence,
                at=self.now,
            )
            self.rows.append(row)
            self.bids.append(told(row))

    def flush(self) -> None:
        """Turn the judged commands into one event, whose patch leads to the present state."""
        if self.bids:
            self.auction = replace(self.auction, state=bare(self.state))
            self.events.append(self._event())
            self.bids, self.by, self.since = [], [], self.state

    def _event(self) -> NewEvent:
        return NewEvent(
            market_id=self.auction.market_id,
            subject="auction",
            subject_id=self.auction.id,
            type="auction.bids_judged",
            market_at=self.now,
            actor=SYSTEM,
            public={"bids": self.bids, "room": changes(room(self.since), room(self.state))},
            restricted={"by": self.by},
        )


def _unjudged(auction: Auction, command: BidCommand, bidder: Bidder | None) -> DomainError | None:
    """Return why a command is no bidder's bid, so that it has no place in the chain (AU45)."""
    if command.what is What.FLOOR:
        if auction.state.terms.kind is not Kind.AUCTION:
            return FloorBidNotPossible("Only a 拍卖 takes floor bids.", accepted=Kind.AUCTION)
        if bidder is None:
            return PaddleUnknown(
                "No qualified bidder has this paddle.", field="paddle", paddle=command.paddle
            )
    if bidder is None:
        if auction.demand_id is not None:
            return BidderNotQualified("Only who was admitted with a proposal bids here.")
        return BidderNotQualified("Register, qualify and pay the deposit before bidding.")
    if command.for_demands and auction.demand_id is None:
        return BidderNotQualified("For a party that buys its buyer staff bids.")
    return None


_Asked = Sequence[tuple[Auction, Sequence[BidCommand]]]


def _asked(command: BidCommand, bidder_code: str) -> Bid | SetLimit:
    if command.what is What.LIMIT:
        assert command.amount is not None
        return SetLimit(bidder_code, command.amount)
    return Bid(bidder_code, command.amount, origin_of(command.what))


async def judge_bids(session: AsyncSession, vault: Vault, asked: _Asked) -> list[list[BidOutcome]]:
    """Judge commands in order; the caller holds the auctions' row locks.

    The clock is read after the locks were obtained: a transaction's own start would be older
    than the wait, and a bid could be judged before one that was already answered.

    Returns:
        Outcomes an auction, in the order of its commands.
    """
    clocks = await market_nows(session, {auction.market_id for auction, _ in asked})
    bidders = await _bidders(session, asked)
    lots: list[_Lot] = []
    for auction, _ in asked:
        now, last = clocks[auction.market_id], auction.state.last_judged_at
        lot = _Lot(session, vault, auction, now if last is None else max(now, last))
        # A draft has no bidders and does not open; an announced auction's deadlines count.
        if any(auction_id == auction.id for auction_id, _ in bidders):
            await lot.end_phases()
        lots.append(lot)
    codes = {bidder.bidder_code for bidder in bidders.values()}
    gathered = await for_judging(session, vault, [lot.auction for lot in lots], codes)
    for lot, (auction, commands) in zip(lots, asked, strict=True):
        lot.state = lot.since = gathered[auction.id].state
        lot.parties = dict(gathered[auction.id].parties)
        for command in commands:
            wanted = command.paddle or command.bidder_id
            await lot.judge(command, bidders.get((auction.id, wanted)))
        lot.flush()
    return await _store(session, lots)


async def _bidders(
    session: AsyncSession, asked: _Asked
) -> dict[tuple[AuctionId, PartyId | str], Bidder]:
    """Return who may bid, by auction and party; for floor bids by auction and paddle."""
    by_party = await bidders_of_many(
        session,
        [auction for auction, _ in asked],
        {command.bidder_id for _, commands in asked for command in commands},
    )
    found: dict[tuple[AuctionId, PartyId | str], Bidder] = {}
    found.update(by_party.items())
    for auction, commands in asked:
        for paddle in {command.paddle for command in commands if command.paddle is not None}:
            bidder = await bidder_by_code(session, auction, paddle)
            if bidder is not None:
                found[auction.id, paddle] = bidder
    return found


async def _store(session: AsyncSession, lots: Sequence[_Lot]) -> list[list[BidOutcome]]:
    """Write rows, events and states of all lots, a statement a table."""
    changed = [lot for lot in lots if lot.events]
    rows = [row for lot in changed for row in lot.rows]
    if rows:
        await bid_rows.add(session, rows)
    places: list[Place] = []
    if changed:
        await repository.save(session, *(lot.auction for lot in changed))
        places = await journal.append(session, *(event for lot in changed for event in lot.events))
    outcomes, offset = [], 0
    for lot in lots:
        outcomes.append(
            [
                outcome if index < 0 else replace(outcome, place=places[offset + index])
                for outcome, index in lot.outcomes
            ]
        )
        offset += len(lot.events)
    return outcomes
