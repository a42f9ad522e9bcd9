"""Change signed price terms by a supplementary agreement 补充协议 of both sides."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import Actor, NotYours, Role
from app.settlement import repository
from app.settlement.domain.contract import check_version
from app.settlement.domain.deal import Deal, DealStatus
from app.settlement.domain.dues import Due
from app.settlement.domain.schedule import deadline, staying
from app.settlement.domain.terms import PriceTerms, TermsKind
from app.settlement.domain.terms_checks import TermsInvalid
from app.settlement.repository import dues as due_rows
from app.settlement.repository import terms as rows
from app.settlement.repository.terms import Supplement
from app.settlement.service.releasing import release_what_waits
from app.settlement.service.settling import journal_deal
from app.settlement.service.terms import (
    DealTerms,
    TermsOver,
    check,
    put,
    read,
    require_listing,
    require_side,
    terms_of,
)
from app.shared.calendar import SHANGHAI
from app.shared.errors import Conflict, NotFound


class TermsUnsigned(Conflict):
    """Nothing is signed that a supplementary agreement could change."""

    code = "price_terms_unsigned"
    title_zh = "合同尚未签订，可直接修改付款方式"
    title_en = "Nothing is signed yet: fix the terms themselves"


class SupplementUnknown(NotFound):
    """No change of the terms waits for an answer."""

    code = "supplement_unknown"
    title_zh = "没有待同意的补充协议"
    title_en = "No supplementary agreement waits"


class SupplementDiffers(Conflict):
    """Both sides agree to one text."""

    code = "supplement_differs"
    title_zh = "补充协议文本已变更"
    title_en = "The supplementary agreement is another one"


async def propose(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    supplement: Supplement,
    *,
    seen: str | None,
    now: datetime,
) -> DealTerms:
    """Propose a change of signed terms; who proposes for a side agrees by that.

    A proposal replaces the one that waited.

    Raises:
        NotYours, TermsOfEngagement, VersionMissing, VersionMismatch, TermsInvalid,
        ObjectUnknown: As in `fix_terms`.
        TermsUnsigned, TermsOver: There is nothing to change by an agreement.

    Invariant: ST66.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    require_side(actor, deal, seller=True, buyer=True)
    require_listing(deal)
    check_version(seen, present=deal.terms_version)
    if deal.signed_at is None:
        raise TermsUnsigned("Fix the terms themselves.")
    if deal.status is DealStatus.DEFAULTED or deal.final_total is not None:
        raise TermsOver("The deal is over.", state=str(deal.status))
    await check(session, actor, deal, supplement.terms, now=now)
    proposed = _agreed(replace(supplement, version=deal.terms_version), actor, deal, now)
    await rows.save_supplement(session, deal.id, proposed)
    told = {"reason": proposed.reason, "text_hash": proposed.text_hash, "terms": proposed.terms}
    await journal_deal(session, deal, "supplement_proposed", actor, now, restricted=told)
    return await read(session, deal)


async def agree(
    session: AsyncSession, actor: Actor, deal_id: UUID, *, text_hash: str, now: datetime
) -> DealTerms:
    """Agree to the supplement that waits; with both sides it is in force.

    What was paid, fell due or was reported stays; the rest of the price and the coming periods
    are scheduled anew (ST62).

    Raises:
        NotYours: Of neither side.
        SupplementUnknown, SupplementDiffers: Nothing waits, or another text.
        TermsInvalid: A day has passed meanwhile.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    if actor.party_id not in {deal.seller_id, deal.buyer_id}:
        raise NotYours("The deal's sides agree, each for itself.")
    waiting = await rows.find_supplement(session, deal.id)
    if waiting is None:
        raise SupplementUnknown("Nothing waits for your consent.")
    if waiting.text_hash != text_hash:
        raise SupplementDiffers(
            "Read the present text.", field="text_hash", accepted=waiting.text_hash
        )
    agreed = _agreed(waiting, actor, deal, now)
    if agreed.seller_agreed_at is None or agreed.buyer_agreed_at is None:
        await rows.save_supplement(session, deal.id, agreed)
        told = {"text_hash": text_hash}
        await journal_deal(session, deal, "supplement_agreed", actor, now, restricted=told)
        return await read(session, deal)
    return await _enforce(session, actor, deal, agreed, now=now)


async def withdraw(session: AsyncSession, actor: Actor, deal_id: UUID, *, now: datetime) -> None:
    """Take the supplement back that waits; either side may refuse it so.

    Raises:
        NotYours: Of neither side, nor the operator.
        SupplementUnknown: Nothing waits.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    require_side(actor, deal, seller=True, buyer=True)
    waiting = await rows.find_supplement(session, deal.id)
    if waiting is None:
        raise SupplementUnknown("Nothing waits for an answer.")
    await rows.drop_supplement(session, deal.id)
    told = {"text_hash": waiting.text_hash}
    await journal_deal(session, deal, "supplement_withdrawn", actor, now, restricted=told)


async def _enforce(
    session: AsyncSession, actor: Actor, deal: Deal, supplement: Supplement, *, now: datetime
) -> DealTerms:
    present = await terms_of(session, deal)
    runs = present.royalty is not None and present.royalty == supplement.terms.royalty
    old = await due_rows.dues_of(session, deal.id)
    stays = staying(old, now=now, royalty_runs=runs)
    await check(session, actor, deal, supplement.terms, now=now, agreed=True)
    _check_whole(supplement.terms, stays)
    _check_overlap(supplement.terms, stays, runs=runs)
    await rows.drop_supplement(session, deal.id)
    fixed = await put(
        session,
        actor,
        deal,
        supplement.terms,
        old=old,
        stays=stays,
        now=now,
        royalty_runs=runs,
        supplement=supplement,
    )
    deal = await release_what_waits(session, fixed.deal, now, actor)
    return replace(fixed, deal=deal)


def _check_whole(terms: PriceTerms, stays: Sequence[Due]) -> None:
    """Refuse shares for a part of the price: they stand for all of it (ST72)."""
    parts = [due.number for due in stays if due.within_price]
    if terms.kind is TermsKind.SHARE_INVESTMENT and parts:
        error = {
            "field": "kind",
            "rule": "price_part_paid",
            "message": "A part of the price is paid or due in money.",
            "accepted": {"kinds": sorted(set(TermsKind) - {TermsKind.SHARE_INVESTMENT})},
        }
        raise TermsInvalid("kind: shares stand for the whole price.", errors=[error])


def _check_overlap(terms: PriceTerms, stays: Sequence[Due], *, runs: bool) -> None:
    """Refuse a new royalty over periods that were reported under the old one."""
    reported = [due.call_at for due in stays if due.period is not None and due.call_at is not None]
    if terms.royalty is None or runs or not reported:
        return
    begins_at = deadline(terms.royalty.starts_on - timedelta(days=1))
    if begins_at < max(reported):
        earliest = max(reported).astimezone(SHANGHAI).date()
        error = {
            "field": "royalty.starts_on",
            "rule": "period_reported",
            "message": "Earlier periods are reported already.",
            "accepted": {"minimum": earliest},
        }
        raise TermsInvalid("royalty.starts_on: reported already.", errors=[error])


def _agreed(supplement: Supplement, actor: Actor, deal: Deal, now: datetime) -> Supplement:
    if actor.role is Role.OPERATOR:
        return supplement
    if actor.party_id == deal.seller_id:
        return replace(supplement, seller_agreed_at=now)
    return replace(supplement, buyer_agreed_at=now)
