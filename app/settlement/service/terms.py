"""Fix the price terms of a deal, and read them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands import public as demands
from app.identity.public import get_party
from app.platform.access import Actor, NotYours, ObjectUnknown, Role
from app.platform.files.grants import grant_files
from app.platform.files.lookup import find_own_file
from app.settlement import repository
from app.settlement.domain.contract import check_version
from app.settlement.domain.deal import Deal, DealStatus
from app.settlement.domain.dues import Due, DueKind, DueState, allocate, with_changed
from app.settlement.domain.schedule import Frame, fixed_rest, generate
from app.settlement.domain.terms import Milestone, PriceTerms, TermsKind, lump_sum
from app.settlement.domain.terms_checks import check_terms
from app.settlement.repository import dues as due_rows
from app.settlement.repository import terms as rows
from app.settlement.repository.terms import Supplement
from app.settlement.service import dunning
from app.settlement.service.settling import journal_deal
from app.shared.calendar import SHANGHAI
from app.shared.errors import Conflict
from app.shared.money import Money

_ON_TOP: Final = frozenset({DueKind.ROYALTY, DueKind.DIFFERENCE})


class TermsOfEngagement(Conflict):
    """A demand's deal is paid by its engagement's milestones."""

    code = "terms_of_engagement"
    title_zh = "榜单成交按里程碑付款，付款方式不另行约定"
    title_en = "The engagement's milestones are the terms"


class TermsSigned(Conflict):
    """What was signed is changed by both sides."""

    code = "price_terms_signed"
    title_zh = "合同已签订，变更付款方式须订立补充协议"
    title_en = "Signed terms change by a supplementary agreement"


class TermsOver(Conflict):
    """The deal ended in default, or its price is paid before anything was signed."""

    code = "price_terms_over"
    title_zh = "该成交已无可约定的付款方式"
    title_en = "There is nothing left to agree on"


@dataclass(frozen=True, slots=True)
class DealTerms:
    """A deal's terms as they are in force.

    Attributes:
        read_only: They follow from an engagement's milestones.
        total_so_far: What the seller is known to get, without interest and what was waived.
        supplement: A change that waits for both sides.
    """

    deal: Deal
    terms: PriceTerms
    read_only: bool
    total_so_far: Money
    supplement: Supplement | None

    @property
    def amount_known(self) -> bool:
        """Whether the total is known: at signing, or since it was reconciled."""
        return self.terms.amount_known or self.deal.final_total is not None


async def read(session: AsyncSession, deal: Deal) -> DealTerms:
    """Return a deal's terms: as fixed, of its engagement, or the lump sum of its notice."""
    terms = await terms_of(session, deal)
    dues = await due_rows.dues_of(session, deal.id)
    return DealTerms(
        deal=deal,
        terms=terms,
        read_only=deal.engagement_id is not None,
        total_so_far=total_so_far(deal, dues),
        supplement=await rows.find_supplement(session, deal.id),
    )


async def terms_of(session: AsyncSession, deal: Deal) -> PriceTerms:
    """Return the terms in force."""
    if deal.engagement_id is not None:
        engagement = await demands.get_engagement(session, deal.engagement_id)
        steps = tuple(
            Milestone(
                title=step.title,
                acceptance=step.metric,
                expected_on=step.due_on,
                share_bp=step.share_bp,
            )
            for step in engagement.milestones
        )
        return PriceTerms(kind=TermsKind.MILESTONES, price=deal.price, milestones=steps)
    return await rows.find_terms(session, deal.id, deal.terms_version) or lump_sum(deal.price)


def total_so_far(deal: Deal, dues: Sequence[Due]) -> Money:
    """Return what the seller is known to get: the price, and what came on top of it."""
    if deal.final_total is not None:
        return deal.final_total
    on_top = [
        due.amount
        for due in dues
        if due.kind in _ON_TOP
        and not due.within_price
        and due.amount is not None
        and due.state is not DueState.WAIVED
    ]
    return sum(on_top, deal.price)


async def fix_terms(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    terms: PriceTerms,
    *,
    seen: str | None,
    now: datetime,
) -> DealTerms:
    """Write the terms over the version that the caller has seen; the schedule is made anew.

    What was paid is counted towards the new items.

    Raises:
        NotYours: Neither of the seller nor the operator.
        TermsOfEngagement, TermsSigned, TermsOver: They are not to be fixed now.
        VersionMissing, VersionMismatch: See `check_version`.
        TermsInvalid: Names every fault.
        ObjectUnknown: The guarantee's document is no file of the caller's party.

    Invariants: ST60, ST61, ST66.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    require_side(actor, deal, seller=True)
    require_listing(deal)
    check_version(seen, present=deal.terms_version)
    if deal.signed_at is not None:
        raise TermsSigned("Propose a supplementary agreement.", signed_at=deal.signed_at)
    if deal.status is not DealStatus.OPENED:
        raise TermsOver("Nothing is owed under terms.", state=str(deal.status))
    await check(session, actor, deal, terms, now=now)
    old = await due_rows.dues_of(session, deal.id)
    return await put(session, actor, deal, terms, old=old, stays=(), now=now)


async def put(
    session: AsyncSession,
    actor: Actor,
    deal: Deal,
    terms: PriceTerms,
    *,
    old: Sequence[Due],
    stays: Sequence[Due],
    now: datetime,
    royalty_runs: bool = False,
    supplement: Supplement | None = None,
) -> DealTerms:
    """Write a version of the terms with its schedule; numbers are never given twice."""
    fixed = replace(deal, terms_version=deal.terms_version + 1)
    frame = Frame(
        rest=fixed_rest(deal.price, stays),
        version=fixed.terms_version,
        first_number=max((due.number for due in old), default=0) + 1,
        pay_by_at=deal.pay_by_at,
        royalty_runs=royalty_runs,
    )
    new = list(generate(terms, frame))
    counted = sum((due.paid for due in stays), Money(0, deal.price.currency))
    free = deal.paid + deal.beyond - counted
    if free.amount_minor > 0 and deal.shares_registered_at is None:
        new = with_changed(new, allocate(new, free, signed=False).changed)
    kept = {due.number for due in stays}
    await due_rows.drop_dues(
        session, deal.id, [due.number for due in old if due.number not in kept]
    )
    made = [*(due for due in stays if due not in old), *new]
    await due_rows.save_dues(session, [(deal.id, due) for due in made])
    await rows.insert_terms(
        session, deal.id, fixed.terms_version, terms, now=now, supplement=supplement
    )
    await repository.save_deal(session, fixed)
    told = {"version": fixed.terms_version, "terms": terms}
    if supplement is not None:
        told |= {"reason": supplement.reason, "text_hash": supplement.text_hash}
    await journal_deal(session, fixed, "terms_fixed", actor, now, restricted=told)
    told = {"items": made, "replaced": [due.number for due in old if due.number not in kept]}
    await journal_deal(session, fixed, "due_generated", actor, now, restricted=told)
    dues = [*stays, *new]
    await dunning.plan(session, fixed, dues)
    return DealTerms(fixed, terms, False, total_so_far(fixed, dues), None)


def require_side(actor: Actor, deal: Deal, *, seller: bool = False, buyer: bool = False) -> None:
    """Refuse who acts neither for one of these sides nor for the exchange.

    Raises:
        NotYours: The actor's party is another.
    """
    sides = {deal.seller_id} if seller else set()
    sides |= {deal.buyer_id} if buyer else set()
    if actor.role is not Role.OPERATOR and actor.party_id not in sides:
        raise NotYours("The deal's other side does this, or the exchange.")


def require_listing(deal: Deal) -> None:
    """Refuse to fix what an engagement's milestones say.

    Raises:
        TermsOfEngagement: The deal is a demand's.
    """
    if deal.engagement_id is not None:
        raise TermsOfEngagement("Its milestones say what is paid when.")


async def check(
    session: AsyncSession,
    actor: Actor,
    deal: Deal,
    terms: PriceTerms,
    *,
    now: datetime,
    agreed: bool = False,
) -> None:
    """Hold terms to their rules, and to the policy of the seller's class (ST67)."""
    seller = await get_party(session, deal.seller_id)
    agreed_at = deal.signed_at or deal.confirmed_at
    check_terms(
        terms,
        price=deal.price,
        seller_class=seller.seller_class,
        agreed_on=agreed_at.astimezone(SHANGHAI).date(),
        # A supplementary agreement schedules what is left after the notice's deadline.
        pay_by_at=deal.pay_by_at if deal.signed_at is None else None,
        today=now.astimezone(SHANGHAI).date(),
    )
    if terms.guarantee is None or agreed:
        return
    document = terms.guarantee.document_id
    present = await terms_of(session, deal)
    if present.guarantee is None or present.guarantee.document_id != document:
        if await find_own_file(session, actor.party_id, document) is None:
            raise ObjectUnknown("No such file of your party.", field="guarantee.document_id")
        for party_id in sorted({deal.seller_id, deal.buyer_id} - {actor.party_id}):
            await grant_files(session, [document], party_id=party_id, ground_id=deal.id)
