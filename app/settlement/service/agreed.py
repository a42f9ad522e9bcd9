"""Gather what the parties of deals agreed beside the contract's data, for their registration."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.settlement.domain.deal import Deal
from app.settlement.domain.registration.agreed import (
    facts_of_conditions,
    facts_of_terms,
    facts_of_text,
)
from app.settlement.domain.terms import TermsKind, lump_sum
from app.settlement.repository import dues, effects, terms, texts
from app.settlement.service.terms import total_so_far
from app.shared.calendar import SHANGHAI
from app.shared.ids import DealId


async def agreed_of(
    session: AsyncSession, deals: Collection[Deal]
) -> Mapping[DealId, Mapping[str, Any]]:
    """Return by deal what its terms, signing, last text and conditions tell.

    The total is what the seller is known to get so far. Five queries, however many deals.
    """
    ids = [deal.id for deal in deals]
    fixed = await terms.terms_of_deals(session, {deal.id: deal.terms_version for deal in deals})
    owed = await dues.dues_of_deals(session, ids)
    said = await texts.agreed_of_deals(session, ids)
    conditions = await effects.conditions_of_deals(session, ids)
    told: dict[DealId, dict[str, Any]] = {}
    for deal in deals:
        own = fixed.get(deal.id)
        known = own is None or own.amount_known or deal.final_total is not None
        facts = told[deal.id] = {
            "amount_known": known,
            "total_amount": total_so_far(deal, owed[deal.id]),
        }
        if own is not None:
            facts |= facts_of_terms(own)
        elif deal.engagement_id is not None:
            facts["terms_kind"] = str(TermsKind.MILESTONES)
            facts["payment_mode"] = "milestone_instalments"
        else:  # nobody agreed others
            facts["payment_mode"] = lump_sum(deal.price).payment_mode
        if deal.signed_at is not None:
            facts["signed_on"] = deal.signed_at.astimezone(SHANGHAI).date()
        if deal.id in said:
            facts |= facts_of_text(*said[deal.id])
        if deal.id in conditions:
            facts |= facts_of_conditions(conditions[deal.id])
    return told
