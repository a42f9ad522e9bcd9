"""Invoice data: what parties enter, what a charge's invoice needs, its number back."""

from dataclasses import replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.markets.public import get_market
from app.platform import journal
from app.platform.access import Actor, NotYours, Role
from app.platform.journal import NewEvent
from app.settlement import repository
from app.settlement.domain.charge import Charge
from app.settlement.domain.contract import check_version
from app.settlement.domain.invoice import (
    InvoiceData,
    InvoicedInFuture,
    InvoiceNumberTaken,
    InvoiceTitle,
    check_tax_number,
    number_invoice,
    write_invoice,
)
from app.settlement.repository import fees
from app.settlement.service.charging import lock_charge, pick, tell
from app.shared.calendar import SHANGHAI
from app.shared.ids import PartyId

_STAFF: Final = frozenset({Role.OPERATOR, Role.AUDITOR})


async def read_title(session: AsyncSession, party_id: PartyId) -> InvoiceTitle:
    """Return a party's present invoice data; version 0 and empty before it entered any."""
    known = await fees.find_title(session, party_id)
    return known or InvoiceTitle(party_id=party_id, version=0, title="")


async def enter_title(
    session: AsyncSession, actor: Actor, title: InvoiceTitle, *, seen: str | None, now: datetime
) -> InvoiceTitle:
    """Write a party's invoice data over the version that the caller has seen.

    Raises:
        VersionMissing, VersionMismatch: See `check_version`.
        TaxNumberInvalid: See `check_tax_number`.

    Invariant: ST109.
    """
    present = await read_title(session, title.party_id)
    check_version(seen, present=present.version)
    check_tax_number(title.tax_number)
    entered = replace(title, version=present.version + 1)
    if not await fees.insert_title(session, entered, entered_by=actor.ref, now=now):
        present = await read_title(session, title.party_id)
        check_version(seen, present=present.version)
    event = NewEvent(
        market_id=actor.market_id,
        subject="party",
        subject_id=title.party_id,
        type="party.invoice_title_entered",
        market_at=now,
        actor=actor.ref,
        restricted={"title": entered},
        audience=frozenset({title.party_id}),
    )
    await journal.append(session, event)
    return entered


async def read_invoice(
    session: AsyncSession, actor: Actor, deal_id: UUID, number: int
) -> InvoiceData:
    """Return the data of a charge's invoice.

    Raises:
        ChargeUnknown: The deal has no such charge.
        NotYours: Another party pays it.
        NothingToInvoice, InvoiceTitleMissing: See `write_invoice`.

    Invariants: ST107, ST109.
    """
    deal = await repository.get_deal(session, deal_id)
    charge = pick(await fees.charges_of(session, deal.id), number)
    if actor.role not in _STAFF and actor.party_id != charge.payer_id:
        raise NotYours("Another party pays this charge.")
    policy = await fees.get_policy(session, charge.market_id, charge.policy_version)
    return write_invoice(
        charge,
        deal_number=deal.number,
        issuer=(await get_market(session, deal.market_id)).name_zh,
        buyer=await fees.find_title(session, charge.payer_id),
        item=policy.terms.invoice_item,
        tax_rate_bp=policy.terms.tax_rate_bp,
    )


async def record_invoice(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    charge_number: int,
    *,
    number: str,
    issued_on: date,
    now: datetime,
) -> Charge:
    """Enter the number that the invoicing system gave a charge's invoice.

    Raises:
        ChargeUnknown: The deal has no such charge.
        InvoicedInFuture: Issued after today.
        NothingToInvoice, AlreadyInvoiced, InvoiceNumberMalformed: See `number_invoice`.
        InvoiceNumberTaken: Another charge has it.

    Invariant: ST108.
    """
    _, charge = await lock_charge(session, deal_id, charge_number)
    today = now.astimezone(SHANGHAI).date()
    if issued_on > today:
        raise InvoicedInFuture("Wait for it.", field="issued_on", maximum=today)
    invoiced = number_invoice(charge, number=number, issued_on=issued_on)
    if not await fees.save_invoice(session, invoiced):
        raise InvoiceNumberTaken("Another charge has it.", field="number", number=number)
    told = {"invoice_number": number, "issued_on": issued_on}
    await tell(session, invoiced, "fee_invoiced", now, actor, told)
    return invoiced
