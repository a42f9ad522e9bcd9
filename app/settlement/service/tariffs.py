"""Fee policies of a market: enter them, read them."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import journal
from app.platform.journal import NewEvent
from app.settlement.domain.fees import FeePolicy, FeeTerms, check_fees
from app.settlement.repository import fees
from app.shared.calendar import SHANGHAI
from app.shared.ids import MarketId


async def enter_policy(
    session: AsyncSession,
    *,
    market_id: MarketId,
    effective_on: date,
    terms: FeeTerms,
    actor: str,
    now: datetime,
) -> FeePolicy:
    """Enter fees that supersede the present ones from their day on, publicly.

    Raises:
        FeePolicyInThePast, FeePolicyInvalid: See `check_fees`.

    Invariant: ST100.
    """
    check_fees(terms, effective_on=effective_on, today=now.astimezone(SHANGHAI).date())
    while True:
        version = await fees.last_policy_version(session, market_id) + 1
        policy = FeePolicy(
            market_id=market_id, version=version, effective_on=effective_on, terms=terms
        )
        if await fees.insert_policy(session, policy, entered_by=actor, now=now):
            break  # else somebody entered this version at the same time
    await journal.append(
        session,
        NewEvent(
            market_id=market_id,
            subject="market",
            subject_id=market_id,
            type="market.fee_policy_entered",
            market_at=now,
            actor=actor,
            public={
                "version": policy.version,
                "effective_on": effective_on,
                "terms": terms.as_json(),
            },
        ),
    )
    return policy


async def page_of_policies(
    session: AsyncSession,
    *,
    market_id: MarketId,
    begun_on: date | None,
    before: tuple[date, int] | None,
    limit: int,
) -> Sequence[FeePolicy]:
    """Return a market's fee policies, the newest day first."""
    return await fees.policies_of(session, market_id, begun_on=begun_on, before=before, limit=limit)
