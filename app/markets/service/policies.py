"""Policies: enter one, find the one in effect."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.markets import repository
from app.markets.domain.policy import Policy, PolicyTerms, check_new_policy, select_policy
from app.platform import journal
from app.platform.clock import MarketUnknown
from app.platform.journal import NewEvent
from app.shared import codes
from app.shared.calendar import SHANGHAI
from app.shared.ids import MarketId, PolicyId, new_id


def entered(policy: Policy, actor: str, now: datetime) -> NewEvent:
    """Return the event of a policy's entry."""
    return NewEvent(
        market_id=policy.market_id,
        subject="market",
        subject_id=policy.market_id,
        type="market.policy_entered",
        market_at=now,
        actor=actor,
        public={
            "policy_id": policy.id,
            "seller_class": policy.seller_class,
            "pricing_mode": policy.pricing_mode,
            "version": policy.version,
            "effective_on": policy.effective_on,
            "terms": policy.terms.as_json(),
        },
    )


async def create_policy(
    session: AsyncSession,
    *,
    market_id: MarketId,
    seller_class: str,
    pricing_mode: str,
    effective_on: date,
    terms: PolicyTerms,
    actor: str,
    now: datetime,
) -> Policy:
    """Enter a policy that supersedes the present one from its day on.

    Raises:
        MarketUnknown, CodeUnknown, PolicyInThePast: See `check_new_policy`.
    """
    check_new_policy(
        seller_class=seller_class,
        pricing_mode=pricing_mode,
        effective_on=effective_on,
        today=now.astimezone(SHANGHAI).date(),
    )
    # The market's row orders the versions.
    if await repository.find_market(session, market_id, lock=True) is None:
        raise MarketUnknown("No market has this id.", market_id=market_id)
    last = await repository.last_version(
        session, market_id=market_id, seller_class=seller_class, pricing_mode=pricing_mode
    )
    policy = Policy(
        id=PolicyId(new_id()),
        market_id=market_id,
        seller_class=seller_class,
        pricing_mode=pricing_mode,
        version=last + 1,
        effective_on=effective_on,
        terms=terms,
    )
    await repository.insert_policies(session, [policy], entered_by=actor, now=now)
    await journal.append(session, entered(policy, actor, now))
    return policy


async def policy_for(
    session: AsyncSession, *, market_id: MarketId, seller_class: str, pricing_mode: str, on: date
) -> Policy:
    """Return the policy in effect on a day.

    Raises:
        PolicyMissing: None was.
    """
    policies = await repository.policies_of(
        session,
        market_id=market_id,
        seller_class=seller_class,
        pricing_mode=pricing_mode,
        begun_on=on,
    )
    return select_policy(policies, on=on)


async def page_of_policies(
    session: AsyncSession,
    *,
    market_id: MarketId,
    seller_class: str | None,
    pricing_mode: str | None,
    begun_on: date | None,
    before: tuple[date, int, UUID] | None,
    limit: int,
) -> Sequence[Policy]:
    """Return a market's policies, the newest day first.

    Raises:
        MarketUnknown: There is no such market.
        CodeUnknown: A filter is not in its code table.
    """
    if await repository.find_market(session, market_id) is None:
        raise MarketUnknown("No market has this id.", market_id=market_id)
    if seller_class is not None:
        codes.require("seller_class", seller_class, field="seller_class")
    if pricing_mode is not None:
        codes.require("pricing_mode", pricing_mode, field="pricing_mode")
    return await repository.policies_of(
        session,
        market_id=market_id,
        seller_class=seller_class,
        pricing_mode=pricing_mode,
        begun_on=begun_on,
        before=before,
        limit=limit,
    )
