"""Certificates: 交易凭证 of a deal and 公示见证 of its notice; what is stated, signed and revoked.

One certificate has two forms. The full one is the parties'; the public one states only the
fact and holds the full one's hash, so that either proves the other without telling it.

Source: 企业国有资产交易监督管理办法 (32号令) 27-30; rules.md sections 1 and 2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from app.settlement.domain.deal import Deal, DealStatus
from app.settlement.domain.dues import Due, in_order
from app.shared.canonical import digest
from app.shared.errors import Conflict, NotFound, RuleBroken
from app.shared.ids import DealId, MarketId
from app.shared.jsonable import jsonable
from app.shared.money import Money

FORMAT: Final = "zhepai-certificate/1"
PUBLIC_FORMAT: Final = "zhepai-certificate-public/1"
REVOCATIONS_FORMAT: Final = "zhepai-certificate-revocations/1"
LIST_LIVES: Final = timedelta(days=1)  # who keeps a list should ask again after that
QR_BYTES_MAX: Final = 1_200  # a telephone still reads it from paper, 45 mm wide
_TITLE_CHARS_MAX: Final = 60  # of the public form, so that it fits the QR code

Json = Mapping[str, Any]


class CertificateKind(StrEnum):
    """What is certified."""

    TRANSACTION = "transaction"  # 交易凭证: the deal is effective and what was due is paid
    NOTICE_WITNESS = "notice_witness"  # 公示见证: the agreement's notice was public


class RevocationGround(StrEnum):
    """Why a certificate no longer holds."""

    DEAL_ANNULLED = "deal_annulled"
    BUYER_DEFAULTED = "buyer_defaulted"
    ERROR = "error"  # a wrong statement; the deal may be certified anew


class CertificateUnknown(NotFound):
    """No certificate has this number."""

    code = "certificate_unknown"
    title_zh = "没有此编号的凭证"
    title_en = "There is no certificate of this number"


class CertificateNotDue(Conflict):
    """Something is missing that must come first (ST190)."""

    code = "certificate_not_due"
    title_zh = "尚不具备出具凭证的条件"
    title_en = "The deal cannot be certified yet"


class WitnessWithoutNotice(RuleBroken):
    """Only an agreement's notice is witnessed, once its period passed (ST198)."""

    code = "witness_without_notice"
    title_zh = "没有可见证的公示"
    title_en = "There is no notice that could be witnessed"


class CertificateRevoked(Conflict):
    """A revocation is for ever (ST194)."""

    code = "certificate_revoked"
    title_zh = "凭证已经撤销，不可更改"
    title_en = "The certificate was revoked, which is for ever"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate as it was issued, with its revocation if there is one.

    Attributes:
        number: ``ZP-C-2026-000001``.
        facts, public: What is signed of the full and of the public form, frozen.
        kid: The key that signs both.
        revocation_reason: The operator's own words, for the parties.
    """

    number: str
    deal_id: DealId
    market_id: MarketId
    kind: CertificateKind
    issued_at: datetime
    facts: Json
    public: Json
    kid: str
    revoked_at: datetime | None = None
    revocation_ground: RevocationGround | None = None
    revocation_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """What must come before a certificate, Chinese first."""

    rule: str
    message_zh: str
    message_en: str


def unpaid_of(deal: Deal, dues: Sequence[Due], *, now: datetime) -> Money | None:
    """Return what should have been paid before a certificate; ``None`` if nothing.

    The first item of the schedule, whenever it falls due, and whatever is overdue: a certificate
    follows the first payment (32号令 28). A deal without a schedule owes its price.

    Invariant: ST190.
    """
    if not dues:
        return deal.outstanding if deal.status is DealStatus.OPENED else None
    first = in_order(dues)[0]
    unpaid = [due.unmet for due in dues if due is first or due.overdue(now)]
    total = sum(unpaid, Money(0, deal.price.currency))
    return total if total.amount_minor > 0 else None


def missing_for_transaction(
    deal: Deal, *, open_conditions: Sequence[str], unpaid: Money | None, annulled: bool
) -> tuple[Missing, ...]:
    """Return what a deal lacks for its certificate, in the order it usually comes.

    Args:
        open_conditions: Effect conditions of the contract that are not met, in Chinese.
        unpaid: What was due until now and is not paid; ``None`` if nothing.
        annulled: An earlier certificate was revoked, and not for an error of ours.

    Invariant: ST190. Source: 32号令 27-30.
    """
    found = []
    if deal.status is DealStatus.DEFAULTED:
        found.append(Missing("not_defaulted", "受让方已违约", "The buyer is in default."))
    if annulled:
        found.append(
            Missing(
                "not_annulled",
                "此前的凭证因成交无效或违约被撤销",
                "An earlier certificate was revoked for an annulled deal or a default.",
            )
        )
    if deal.signed_at is None:
        found.append(
            Missing("signed", "双方尚未签订合同", "Both parties have not signed the contract.")
        )
    found += [
        Missing(
            "effective", f"合同生效条件未成就：{text}", f"A condition of effect is open: {text}"
        )
        for text in open_conditions
    ]
    if unpaid is not None:
        amount = f"{unpaid.as_json()['amount']} {unpaid.currency}"
        found.append(
            Missing("due_paid", f"到期应付价款尚欠 {amount}", f"Due and unpaid: {amount}.")
        )
    return tuple(found)


def require_nothing_missing(missing: Sequence[Missing]) -> None:
    """Refuse a certificate for which something is missing.

    Raises:
        CertificateNotDue: Lists all of it.
    """
    if missing:
        raise CertificateNotDue(
            "; ".join(item.message_en for item in missing),
            missing=[jsonable(item) for item in missing],
        )


def public_form(facts: Json) -> dict[str, Any]:
    """Return what the public form states: the fact and the full form's hash.

    Neither a party nor money; the nonce in the full form keeps them from being guessed.

    Invariants: ST192, ST197.
    """
    title = facts["object"]["title"]
    clipped = title if len(title) <= _TITLE_CHARS_MAX else title[: _TITLE_CHARS_MAX - 1] + "…"
    return {
        "format": PUBLIC_FORMAT,
        "kind": facts["kind"],
        "number": facts["number"],
        "market": facts["market"]["code"],
        "object": {"number": facts["object"]["number"], "title": clipped},
        "mode": facts["mode"],
        "on": facts["on"],
        "issued_at": facts["issued_at"],
        "facts_hash": digest(facts),
    }


def revoke(
    certificate: Certificate, *, ground: RevocationGround, reason: str, now: datetime
) -> Certificate:
    """Return the certificate revoked.

    Raises:
        CertificateRevoked: It was revoked before.

    Invariant: ST194.
    """
    if certificate.revoked_at is not None:
        raise CertificateRevoked(
            "Nothing is added to a revocation.",
            revoked_at=certificate.revoked_at,
            ground=str(certificate.revocation_ground),
        )
    return replace(certificate, revoked_at=now, revocation_ground=ground, revocation_reason=reason)


def revocation_list(
    revoked: Sequence[Certificate], *, market: str, now: datetime
) -> dict[str, Any]:
    """Return what is signed of a market's revocations; invariant ST194.

    Args:
        revoked: All of them.
        market: The market's code.
    """
    return {
        "format": REVOCATIONS_FORMAT,
        "market": market,
        "issued_at": jsonable(now),
        "next_update": jsonable(now + LIST_LIVES),
        "revoked": [
            {
                "number": certificate.number,
                "ground": str(certificate.revocation_ground),
                "revoked_at": jsonable(certificate.revoked_at),
            }
            for certificate in revoked
        ],
    }
