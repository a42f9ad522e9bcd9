"""Enter what the registration office decided on a deal's contract, and explain it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import Actor
from app.settlement import repository
from app.settlement.domain.contract import check_version
from app.settlement.domain.deal import Deal, DealStatus
from app.settlement.domain.filing import (
    ContractUnsigned,
    Decision,
    Filing,
    FilingStatus,
    RegistrationNumberTaken,
    check_decision,
    decide,
    filed_of,
    unfiled,
)
from app.settlement.domain.filing_differences import Difference, differences
from app.settlement.domain.refusal_ground import RULES_OF_GROUND
from app.settlement.domain.registration.linter import RULES_BY_ID, lint
from app.settlement.domain.registration.record import ContractRecord
from app.settlement.domain.registration.report import Finding
from app.settlement.repository import filings
from app.settlement.service import sheets
from app.settlement.service.settling import journal_deal, require_seller
from app.shared.calendar import SHANGHAI


@dataclass(frozen=True, slots=True)
class RefusedRule:
    """A rule of the linter that looks for what the office refused.

    Attributes:
        found: What it finds on the sheet as it is now; nothing if it was mended, or if the rule
            did not see it.
    """

    rule: str
    title_zh: str
    title_en: str
    found: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """A filing with what was recognised otherwise, or the rules of what was refused."""

    filing: Filing
    differences: tuple[Difference, ...]
    refused_by: tuple[RefusedRule, ...]


def explain_differences(filing: Filing) -> tuple[Difference, ...]:
    """Return what the office recognised otherwise; nothing of what it did not register."""
    told = filing.decision.recognised
    if told is None or filing.filed is None:
        return ()
    return differences(filing.filed, told)


def _refused_by(filing: Filing, record: ContractRecord) -> tuple[RefusedRule, ...]:
    ground = filing.decision.ground
    if ground is None:
        return ()
    findings = lint(record).findings
    return tuple(
        RefusedRule(
            name,
            RULES_BY_ID[name].title_zh,
            RULES_BY_ID[name].title_en,
            tuple(finding for finding in findings if finding.rule == name),
        )
        for name in RULES_OF_GROUND[ground]
    )


async def read(session: AsyncSession, actor: Actor, deal_id: UUID, *, now: datetime) -> Explained:
    """Return a deal's filing, explained.

    Raises:
        NotYours: Staff of another party than the seller.
    """
    deal = await repository.get_deal(session, deal_id)
    require_seller(actor, deal)
    filing = await filings.find(session, deal.id) or unfiled(deal.id, deal.market_id)
    return await _explained(session, deal, filing, now=now)


async def _explained(
    session: AsyncSession, deal: Deal, filing: Filing, *, now: datetime
) -> Explained:
    refused: tuple[RefusedRule, ...] = ()
    if filing.decision.status is FilingStatus.REFUSED:
        refused = _refused_by(filing, await sheets.gather(session, deal, now=now))
    return Explained(filing, explain_differences(filing), refused)


async def enter(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    decision: Decision,
    *,
    seen: str | None,
    now: datetime,
) -> Explained:
    """Enter an office's decision over the version that the caller has seen.

    Raises:
        NotYours: Staff of another party than the seller.
        VersionMissing, VersionMismatch: See `check_version`.
        ContractUnsigned: The contract is not signed, or the deal ended in default.
        RegistrationNumberTaken: Another deal has the number.
        TransitionRefused: See `decide`; for the decision itself see `check_decision`.

    Invariants: ST220, ST221, ST222, ST223.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    require_seller(actor, deal)
    filing = await filings.find(session, deal.id) or unfiled(deal.id, deal.market_id)
    check_version(seen, present=filing.version)
    entered = await write(session, actor, deal, filing, decision, now=now)
    return await _explained(session, deal, entered, now=now)


async def write(
    session: AsyncSession,
    actor: Actor,
    deal: Deal,
    filing: Filing,
    decision: Decision,
    *,
    now: datetime,
) -> Filing:
    """Write a decision over the present filing; the caller holds the deal's lock.

    Raises:
        ContractUnsigned, RegistrationNumberTaken, TransitionRefused: See `enter`.
    """
    check_decision(
        decision,
        confirmed_on=deal.confirmed_at.astimezone(SHANGHAI).date(),
        today=now.astimezone(SHANGHAI).date(),
    )
    record = await sheets.gather(session, deal, now=now)
    if deal.status is DealStatus.DEFAULTED or record.signed_on is None:
        raise ContractUnsigned(
            "State the day of signing in the contract's data first.", field="signed_on"
        )
    filed = filed_of(record, contract_version=deal.contract_version)
    entered = decide(filing, decision, filed=filed)
    found = explain_differences(entered)
    if not await filings.save(session, entered, differs=bool(found)):
        raise RegistrationNumberTaken(
            "Compare the number with the office's notice.", field="registration_number"
        )
    await journal_deal(
        session,
        deal,
        "filed",
        actor,
        now,
        public={"status": decision.status},
        restricted={
            "version": entered.version,
            "decision": decision,
            "filed": entered.filed,
            "differs": [difference.field for difference in found],
        },
    )
    return entered
