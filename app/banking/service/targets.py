"""What an arrival may pay: gathered from deposits and deals, in a fixed number of queries."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.banking.domain.lines import BankLine
from app.banking.domain.matching import Candidate, Target, TargetKind, rank
from app.banking.domain.references import numbers_in, references_in
from app.banking.repository import accounts
from app.identity.public import get_parties, parties_named
from app.listings import public as listings
from app.settlement import public as settlement
from app.shared.ids import PartyId

_MOST: Final = 50  # of each kind: a clerk looks no further
_WIDE: Final = str.maketrans("()", "（）")
_NARROW: Final = str.maketrans("（）", "()")


async def targets_for(
    session: AsyncSession, line: BankLine, *, by_amount: bool = False
) -> Sequence[Target]:
    """Return all that an arrival's remark or payer may mean.

    Args:
        by_amount: Also what others owe of this very amount: nothing that is certain, but what a
            clerk looks at.
    """
    references, numbers = references_in(line.remark), numbers_in(line.remark)
    named = {} if not references else await accounts.targets_of(session, line.market_id, references)
    payers = await payers_of(session, line)
    if not (named or numbers or payers or by_amount):
        return ()
    amount = line.rest if by_amount else None
    deposits = await listings.deposits_due(
        session,
        line.market_id,
        registration_ids=[key for key, kind in named.items() if kind is TargetKind.DEPOSIT],
        listing_numbers=numbers,
        party_ids=payers,
        amount=amount,
        limit=_MOST,
    )
    payments = await settlement.payments_due(
        session,
        line.market_id,
        deal_ids=[key for key, kind in named.items() if kind is TargetKind.PAYMENT],
        numbers=numbers,
        buyer_ids=payers,
        amount=amount,
        limit=_MOST,
    )
    owing = {due.party_id for due in deposits} | {due.buyer_id for due in payments}
    names = {party.id: party.name for party in await get_parties(session, owing)}
    known = await accounts.references_of(
        session, [due.registration_id for due in deposits] + [due.deal_id for due in payments]
    )
    return [
        *(_deposit(due, names, known) for due in deposits),
        *(_payment(due, names, known) for due in payments),
    ]


def _deposit(
    due: listings.DepositDue, names: Mapping[PartyId, str], references: Mapping[UUID, str]
) -> Target:
    return Target(
        kind=TargetKind.DEPOSIT,
        id=due.registration_id,
        number=due.listing_number,
        reference=references.get(due.registration_id),
        party_id=due.party_id,
        party_name=names[due.party_id],
        due=due.amount,
        open=due.open,
    )


def _payment(
    due: settlement.PaymentDue, names: Mapping[PartyId, str], references: Mapping[UUID, str]
) -> Target:
    return Target(
        kind=TargetKind.PAYMENT,
        id=due.deal_id,
        number=due.number,
        reference=references.get(due.deal_id),
        party_id=due.buyer_id,
        party_name=names[due.buyer_id],
        due=due.owed,
        open=due.open,
    )


async def payers_of(session: AsyncSession, line: BankLine) -> list[PartyId]:
    """Return the parties that are registered under the payer's name."""
    name = line.counterparty_name.strip()
    if not name:
        return []
    spellings = {name, name.translate(_WIDE), name.translate(_NARROW)}
    return [party.id for party in await parties_named(session, line.market_id, spellings)]


async def candidates_for(session: AsyncSession, line: BankLine) -> tuple[Candidate, ...]:
    """Return what an arrival may pay, the best first, with why."""
    return rank(
        amount=line.rest,
        payer_name=line.counterparty_name,
        remark=line.remark,
        targets=await targets_for(session, line, by_amount=True),
    )
