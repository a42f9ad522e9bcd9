"""Parties with money, for the tests of the ledger."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.shared.ids import DealId, EntryId, HoldId, MarketId, PartyId, new_id
from app.shared.money import Money

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ACTOR = "user:0195"


@dataclass(frozen=True, slots=True)
class Books:
    """One market's ledger, with the repeated arguments filled in."""

    session: AsyncSession
    market_id: MarketId = field(default_factory=lambda: MarketId(new_id()))

    async def receive(
        self, party_id: PartyId, minor: int, *, at: datetime = AT, entry_id: UUID | None = None
    ) -> EntryId:
        booked = EntryId(entry_id or new_id())
        await ledger.receive(
            self.session,
            entry_id=booked,
            market_id=self.market_id,
            party_id=party_id,
            amount=Money(minor),
            reference="bank 1",
            at=at,
            actor=ACTOR,
        )
        return booked

    async def order(
        self, party_id: PartyId, minor: int, *, at: datetime = AT, order_id: UUID | None = None
    ) -> UUID:
        """Set money aside to be paid out; return the order's id."""
        ordered = order_id or new_id()
        await ledger.order_payment(
            self.session,
            order_id=ordered,
            market_id=self.market_id,
            party_id=party_id,
            amount=Money(minor),
            reference="out",
            at=at,
            actor=ACTOR,
        )
        return ordered

    async def hold(
        self,
        party_id: PartyId,
        minor: int,
        *,
        hold_id: UUID | None = None,
        subject_id: UUID | None = None,
    ) -> HoldId:
        held = HoldId(hold_id or new_id())
        await ledger.hold(
            self.session,
            hold_id=held,
            market_id=self.market_id,
            party_id=party_id,
            amount=Money(minor),
            subject_id=subject_id or UUID(int=1),
            at=AT,
            actor=ACTOR,
        )
        return held

    async def forfeit_escrow(
        self, deal: UUID, minor: int, *, entry_id: UUID | None = None, ground: str = "lost"
    ) -> EntryId:
        booked = EntryId(entry_id or new_id())
        await ledger.forfeit_escrow(
            self.session,
            entry_id=booked,
            market_id=self.market_id,
            deal_id=DealId(deal),
            amount=Money(minor),
            at=AT,
            actor=ACTOR,
            ground=ground,
        )
        return booked

    async def refund_escrow(
        self, party_id: PartyId, minor: int, *, entry_id: UUID | None = None
    ) -> EntryId:
        """From the escrow of the deal that has the party's id."""
        booked = EntryId(entry_id or new_id())
        await ledger.refund_escrow(
            self.session,
            entry_id=booked,
            market_id=self.market_id,
            deal_id=DealId(party_id),
            party_id=party_id,
            amount=Money(minor),
            at=AT,
            actor=ACTOR,
        )
        return booked

    async def forfeited(self) -> int:
        return (await ledger.forfeited_of(self.session, market_id=self.market_id)).amount_minor

    async def funds(self, party_id: PartyId) -> int:
        found = await ledger.funds_of(self.session, market_id=self.market_id, party_id=party_id)
        return found.amount_minor

    async def totals(self) -> tuple[Money, ...]:
        return ledger.totals(await ledger.trial_balance(self.session, self.market_id))
