"""Fee policies, charges, brokers and invoice titles in the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, func, literal, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.settlement.domain.charge import Charge, ChargeKind, ChargeStatus, Means
from app.settlement.domain.deal import Side
from app.settlement.domain.fees import FeePolicy, FeeTerms
from app.settlement.domain.invoice import InvoiceTitle
from app.settlement.models import BrokerRow, ChargeRow, FeePolicyRow, InvoiceTitleRow
from app.shared.ids import DealId, MarketId, PartyId
from app.shared.money import Money


def _policy(row: FeePolicyRow) -> FeePolicy:
    return FeePolicy(
        market_id=MarketId(row.market_id),
        version=row.version,
        effective_on=row.effective_on,
        terms=FeeTerms.from_json(row.terms),
    )


async def insert_policy(
    session: AsyncSession, policy: FeePolicy, *, entered_by: str, now: datetime
) -> bool:
    """Write a version of a market's fees; false if somebody just entered this version."""
    claimed = await session.scalar(
        insert(FeePolicyRow)
        .values(
            market_id=policy.market_id,
            version=policy.version,
            effective_on=policy.effective_on,
            terms=policy.terms.as_json(),
            entered_by=entered_by,
            entered_at=now,
        )
        .on_conflict_do_nothing()
        .returning(FeePolicyRow.version)
    )
    return claimed is not None


async def last_policy_version(session: AsyncSession, market_id: MarketId) -> int:
    """Return the highest version so far, 0 if there is none."""
    version: int | None = await session.scalar(
        select(func.max(FeePolicyRow.version)).where(FeePolicyRow.market_id == market_id)
    )
    return version or 0


async def policies_of(
    session: AsyncSession,
    market_id: MarketId,
    *,
    begun_on: date | None = None,
    entered_by_then: datetime | None = None,
    before: tuple[date, int] | None = None,
    limit: int,
) -> Sequence[FeePolicy]:
    """Return a market's fee policies, the newest day first."""
    place = tuple_(FeePolicyRow.effective_on, FeePolicyRow.version)
    statement = select(FeePolicyRow).where(FeePolicyRow.market_id == market_id)
    if begun_on is not None:
        statement = statement.where(FeePolicyRow.effective_on <= begun_on)
    if entered_by_then is not None:
        statement = statement.where(FeePolicyRow.entered_at <= entered_by_then)
    if before is not None:
        statement = statement.where(place < before)
    rows = await session.scalars(
        statement.order_by(FeePolicyRow.effective_on.desc(), FeePolicyRow.version.desc()).limit(
            limit
        )
    )
    return [_policy(row) for row in rows]


async def get_policy(session: AsyncSession, market_id: MarketId, version: int) -> FeePolicy:
    """Return a version that a charge was computed by."""
    row = await session.get(FeePolicyRow, (market_id, version))
    assert row is not None
    return _policy(row)


_COLUMN = {
    Means.FUNDS: "funds_minor",
    Means.WITHHELD: "withheld_minor",
    Means.VOUCHER: "voucher_minor",
    Means.WAIVER: "waived_minor",
}


def _charge(row: ChargeRow) -> Charge:
    met = {means: getattr(row, column) for means, column in _COLUMN.items()}
    return Charge(
        deal_id=DealId(row.deal_id),
        market_id=MarketId(row.market_id),
        number=row.number,
        kind=ChargeKind(row.kind),
        side=Side(row.side),
        payer_id=PartyId(row.payer_id),
        payee_id=None if row.payee_id is None else PartyId(row.payee_id),
        status=ChargeStatus(row.status),
        amount=Money(row.amount_minor, row.currency),
        due_at=row.due_at,
        policy_version=row.policy_version,
        calculation=row.calculation,
        met={means: minor for means, minor in met.items() if minor},
        refunded=Money(row.refunded_minor, row.currency),
        reason=row.reason,
        invoice_number=row.invoice_number,
        invoiced_on=row.invoiced_on,
    )


def _course(charge: Charge) -> dict[str, Any]:
    return {
        "status": str(charge.status),
        "amount_minor": charge.amount.amount_minor,
        "refunded_minor": charge.refunded.amount_minor,
        "reason": charge.reason,
        "invoice_number": charge.invoice_number,
        "invoiced_on": charge.invoiced_on,
        **{column: charge.met.get(means, 0) for means, column in _COLUMN.items()},
    }


async def insert_charges(session: AsyncSession, charges: Sequence[Charge]) -> None:
    """Write new charges; the caller holds the deal's lock."""
    if not charges:
        return
    await session.execute(
        insert(ChargeRow),
        [
            {
                "deal_id": charge.deal_id,
                "number": charge.number,
                "market_id": charge.market_id,
                "kind": str(charge.kind),
                "side": str(charge.side),
                "payer_id": charge.payer_id,
                "payee_id": charge.payee_id,
                "currency": charge.amount.currency,
                "due_at": charge.due_at,
                "policy_version": charge.policy_version,
                "calculation": dict(charge.calculation),
                **_course(charge),
            }
            for charge in charges
        ],
    )


async def save_charge(session: AsyncSession, charge: Charge) -> None:
    """Save where a charge stands; the caller holds the deal's lock."""
    await session.execute(
        update(ChargeRow)
        .where(ChargeRow.deal_id == charge.deal_id, ChargeRow.number == charge.number)
        .values(**_course(charge))
    )


async def save_invoice(session: AsyncSession, charge: Charge) -> bool:
    """Save a charge with its invoice; false if another charge of the market has that number.

    Of two that enter one number at once, the second waits on the unique index.
    """
    try:
        async with session.begin_nested():
            await save_charge(session, charge)
    except IntegrityError as refused:
        if "uq_deal_charges_invoice_number" not in str(refused.orig):
            raise
        return False
    return True


async def charges_of(session: AsyncSession, deal_id: DealId) -> Sequence[Charge]:
    """Return a deal's charges by number, as they stand now."""
    rows = await session.scalars(
        select(ChargeRow)
        .where(ChargeRow.deal_id == deal_id)
        .order_by(ChargeRow.number)
        .execution_options(populate_existing=True)
    )
    return [_charge(row) for row in rows]


async def owing_sellers(session: AsyncSession, deal_ids: Collection[DealId]) -> frozenset[DealId]:
    """Return those of the deals whose seller side owes a charge."""
    found = await session.scalars(
        select(ChargeRow.deal_id).where(
            ChargeRow.deal_id == func.any(literal(list(deal_ids), ARRAY(Uuid))),
            ChargeRow.side == str(Side.SELLER),
            ChargeRow.status == str(ChargeStatus.DUE),
        )
    )
    return frozenset(DealId(deal_id) for deal_id in found)


async def payees_of(
    session: AsyncSession, deal_ids: Collection[DealId]
) -> Mapping[DealId, frozenset[PartyId]]:
    """Return the brokers that deals' charges go to."""
    rows = await session.execute(
        select(ChargeRow.deal_id, ChargeRow.payee_id).where(
            ChargeRow.deal_id == func.any(literal(list(deal_ids), ARRAY(Uuid))),
            ChargeRow.payee_id.is_not(None),
        )
    )
    return {DealId(row.deal_id): frozenset({PartyId(row.payee_id)}) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class DealBroker:
    """Through whom a deal came, and who agreed to that.

    Attributes:
        consents: By side: when, and by whom (``Actor.ref``).
    """

    deal_id: DealId
    broker_id: PartyId
    named_by: str
    named_at: datetime
    consents: dict[Side, tuple[datetime, str]]

    @property
    def agreed(self) -> bool:
        """Whether both sides consented."""
        return len(self.consents) == len(Side)


async def find_broker(session: AsyncSession, deal_id: DealId) -> DealBroker | None:
    """Return a deal's broker as it stands now."""
    row = await session.get(BrokerRow, deal_id, populate_existing=True)
    if row is None:
        return None
    given = {
        Side.BUYER: (row.buyer_consent_at, row.buyer_consent_by),
        Side.SELLER: (row.seller_consent_at, row.seller_consent_by),
    }
    return DealBroker(
        deal_id=DealId(row.deal_id),
        broker_id=PartyId(row.broker_id),
        named_by=row.named_by,
        named_at=row.named_at,
        consents={side: (at, by) for side, (at, by) in given.items() if at and by},
    )


async def put_broker(session: AsyncSession, broker: DealBroker) -> None:
    """Write a deal's broker over whoever was named before; the caller holds the deal's lock."""
    buyer = broker.consents.get(Side.BUYER, (None, None))
    seller = broker.consents.get(Side.SELLER, (None, None))
    values = {
        "broker_id": broker.broker_id,
        "named_by": broker.named_by,
        "named_at": broker.named_at,
        "buyer_consent_at": buyer[0],
        "buyer_consent_by": buyer[1],
        "seller_consent_at": seller[0],
        "seller_consent_by": seller[1],
    }
    await session.execute(
        insert(BrokerRow)
        .values(deal_id=broker.deal_id, **values)
        .on_conflict_do_update(index_elements=[BrokerRow.deal_id], set_=values)
    )


async def find_title(session: AsyncSession, party_id: PartyId) -> InvoiceTitle | None:
    """Return a party's present invoice data."""
    row = await session.scalar(
        select(InvoiceTitleRow)
        .where(InvoiceTitleRow.party_id == party_id)
        .order_by(InvoiceTitleRow.version.desc())
        .limit(1)
    )
    if row is None:
        return None
    return InvoiceTitle(
        party_id=PartyId(row.party_id),
        version=row.version,
        title=row.title,
        tax_number=row.tax_number,
        address_phone=row.address_phone,
        bank_account=row.bank_account,
    )


async def insert_title(
    session: AsyncSession, title: InvoiceTitle, *, entered_by: str, now: datetime
) -> bool:
    """Write a version of a party's invoice data; false if somebody just wrote this version."""
    claimed = await session.scalar(
        insert(InvoiceTitleRow)
        .values(
            party_id=title.party_id,
            version=title.version,
            title=title.title,
            tax_number=title.tax_number,
            address_phone=title.address_phone,
            bank_account=title.bank_account,
            entered_by=entered_by,
            entered_at=now,
        )
        .on_conflict_do_nothing()
        .returning(InvoiceTitleRow.version)
    )
    return claimed is not None


async def page_of_charges(
    session: AsyncSession,
    *,
    market_id: MarketId,
    party_id: PartyId | None,
    status: ChargeStatus | None,
    due_before: datetime | None,
    before: tuple[UUID, int] | None,
    limit: int,
) -> Sequence[Charge]:
    """Return a market's charges, newest deal first: all, or those a party pays or gets."""
    place = tuple_(ChargeRow.deal_id, ChargeRow.number)
    statement = select(ChargeRow).where(ChargeRow.market_id == market_id)
    if party_id is not None:
        statement = statement.where(
            or_(ChargeRow.payer_id == party_id, ChargeRow.payee_id == party_id)
        )
    if status is not None:
        statement = statement.where(ChargeRow.status == str(status))
    if due_before is not None:
        statement = statement.where(ChargeRow.due_at <= due_before)
    if before is not None:
        statement = statement.where(place < before)
    rows = await session.scalars(
        statement.order_by(ChargeRow.deal_id.desc(), ChargeRow.number.desc()).limit(limit)
    )
    return [_charge(row) for row in rows]
