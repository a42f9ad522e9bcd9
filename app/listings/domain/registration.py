"""Registrations 受让登记: registration, then qualification, then deposit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from app.listings.domain.listing import Listing, ListingStatus, PricingMode
from app.listings.domain.notice import Notice
from app.listings.domain.relation import Relation
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import DealId, EntryId, ListingId, MarketId, PartyId, RegistrationId
from app.shared.money import Money


class RegistrationStatus(StrEnum):
    """How far a buyer has come; the order is fixed by rule L7."""

    APPLIED = "applied"
    QUALIFIED = "qualified"
    REFUSED = "refused"
    DEPOSITED = "deposited"
    LAPSED = "lapsed"  # changed terms were not accepted, or the deposit did not come
    WITHDRAWN = "withdrawn"  # by the buyer
    EXCLUDED = "excluded"  # for false material or collusion


class RegistrationTrigger(StrEnum):
    """What moves a registration."""

    QUALIFY = "qualify"
    REFUSE = "refuse"
    DEPOSIT = "deposit"
    ACCEPT = "accept"  # terms that were published anew
    LAPSE = "lapse"
    WITHDRAW = "withdraw"
    EXCLUDE = "exclude"


_S = RegistrationStatus
_T = RegistrationTrigger

REGISTRATION_TRANSITIONS: Final[
    Mapping[tuple[RegistrationStatus, RegistrationTrigger], RegistrationStatus]
] = {
    (_S.APPLIED, _T.QUALIFY): _S.QUALIFIED,
    (_S.APPLIED, _T.REFUSE): _S.REFUSED,
    (_S.APPLIED, _T.ACCEPT): _S.APPLIED,
    (_S.APPLIED, _T.LAPSE): _S.LAPSED,
    (_S.APPLIED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.QUALIFIED, _T.DEPOSIT): _S.DEPOSITED,
    (_S.QUALIFIED, _T.ACCEPT): _S.QUALIFIED,
    (_S.QUALIFIED, _T.LAPSE): _S.LAPSED,
    (_S.QUALIFIED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.DEPOSITED, _T.ACCEPT): _S.DEPOSITED,
    (_S.DEPOSITED, _T.LAPSE): _S.LAPSED,
    (_S.DEPOSITED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.DEPOSITED, _T.EXCLUDE): _S.EXCLUDED,
    (_S.LAPSED, _T.ACCEPT): _S.APPLIED,  # in an extension, if it never paid
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One buyer's registration for one listing.

    Attributes:
        bidder_code: Stands for the buyer until the end; assigned with the deposit.
        accepted_terms_hash: Content hash of the notice that was shown and accepted (L11).
        accepted_by, accepted_at: ``Actor.ref`` of who accepted it, and when.
        deposit_due_at: Of a posted listing: when its deposit is due by policy; see
            `field.payable_until`.
        received_at: The bank's moment of the deposit; decides (D1).
        standby_at: Since when the deposit waits for another buyer's signature, if it did.
        forfeited_at: When the deposit was lost.
        defaulted_deal_id: The deal whose default took it.
        relation: To the seller, as declared and found true at registration.
        members: Who buys with it, in a joint purchase.
    """

    id: RegistrationId
    listing_id: ListingId
    market_id: MarketId
    party_id: PartyId
    status: RegistrationStatus
    bidder_code: str | None
    accepted_terms_hash: str
    accepted_by: str
    registered_at: datetime
    accepted_at: datetime
    decided_at: datetime | None = None
    deposit_due_at: datetime | None = None
    reason: str | None = None
    bank_reference: str | None = None
    received_at: datetime | None = None
    deposit_entry_id: EntryId | None = None
    standby_at: datetime | None = None
    forfeited_at: datetime | None = None
    defaulted_deal_id: DealId | None = None
    relation: Relation = Relation.NONE
    members: tuple[PartyId, ...] = ()


@dataclass(frozen=True, slots=True)
class Depositor:
    """A qualified buyer whose deposit is held: who may bid.

    Attributes:
        id: Its registration's, and its deposit's hold's.
    """

    id: RegistrationId
    party_id: PartyId
    bidder_code: str
    bank_reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BankReceipt:
    """A deposit as the bank statement shows it.

    Attributes:
        received_at: When the bank received it, aware UTC.
        arrival_id: The arrival in whose suspense account the money lies; ``None`` if the bank
            statement was read by a person only.
    """

    amount: Money
    payer_name: str
    bank_reference: str
    received_at: datetime
    arrival_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DepositDue:
    """A deposit that is to come, or came.

    Attributes:
        listing_number: As the notice and the payer have it.
        open: Whether the registration is qualified and has not paid.
    """

    registration_id: RegistrationId
    listing_number: str
    party_id: PartyId
    amount: Money
    open: bool


class RegistrationClosed(Conflict):
    """The disclosure period is over, or has not begun."""

    code = "registration_closed"
    title_zh = "受让登记期已结束"
    title_en = "Registration is closed"


class SellerMayNotRegister(RuleBroken):
    """The seller cannot buy what it sells."""

    code = "seller_may_not_register"
    title_zh = "出让方不得参与受让登记"
    title_en = "The seller may not register"


class DefaulterExcluded(RuleBroken):
    """Who defaulted on an achievement does not bid for it again."""

    code = "defaulter_excluded"
    title_zh = "违约竞得人不得再次参与该成果的竞价"
    title_en = "Your party defaulted on this achievement before"


class TermsNotAccepted(RuleBroken):
    """The hash sent is not that of the published notice."""

    code = "terms_not_accepted"
    title_zh = "未确认公告所载条款"
    title_en = "The published terms were not accepted"


class AlreadyRegistered(Conflict):
    """The party has registered for this listing before."""

    code = "already_registered"
    title_zh = "您的单位已登记"
    title_en = "Your party has registered already"


class RegistrationBound(Conflict):
    """The buyer is bound: it cannot step back any more."""

    code = "registration_bound"
    title_zh = "登记已产生约束力，不能撤回"
    title_en = "The registration cannot be withdrawn any more"


class DepositAmountWrong(RuleBroken):
    """The deposit is the announced amount, no more and no less."""

    code = "deposit_amount_wrong"
    title_zh = "保证金金额与公告不符"
    title_en = "The deposit is not the announced amount"


class PayerNotTheBuyer(RuleBroken):
    """The money came from somebody else's account."""

    code = "payer_not_the_buyer"
    title_zh = "保证金须由登记方本人实名账户缴纳"
    title_en = "The deposit must come from the buyer's own account"


class DepositLate(RuleBroken):
    """The bank received the money after the auction opened, or after its day was over."""

    code = "deposit_late"
    title_zh = "保证金到账已过截止时间"
    title_en = "The deposit arrived too late"


class ReceivedInFuture(RuleBroken):
    """A bank statement shows only what has happened."""

    code = "received_in_future"
    title_zh = "到账时间不能晚于当前时间"
    title_en = "The moment of receipt lies in the future"


class DepositClosed(Conflict):
    """The listing has its outcome; no deposit is taken any more."""

    code = "deposit_closed"
    title_zh = "项目已有结果,不再收取保证金"
    title_en = "The listing takes no deposits any more"


class BankReferenceUsed(Conflict):
    """One transfer pays one deposit."""

    code = "bank_reference_used"
    title_zh = "该银行流水号已登记"
    title_en = "This bank reference is booked already"


def check_registration(
    *, listing: Listing, notice: Notice | None, party_id: PartyId, terms_hash: str, now: datetime
) -> None:
    """Refuse a registration out of time, by the seller, or without the shown terms.

    The stored deadline decides, not whether a timer has run.

    Raises:
        RegistrationClosed: Not disclosing, or ``now`` is at or after the deadline.
        SellerMayNotRegister: The party is the seller.
        TermsNotAccepted: Names the notice's hash.

    Invariants: LS7, LS8. Source: rules.md L7, L11.
    """
    ends_at = listing.disclosure_ends_at
    disclosing = listing.status is ListingStatus.DISCLOSING
    if notice is None or ends_at is None or not disclosing or now >= ends_at:
        raise RegistrationClosed(
            "Buyers register before the disclosure ends.",
            state=str(listing.status),
            disclosure_ends_at=ends_at,
        )
    if party_id == listing.seller_id:
        raise SellerMayNotRegister("This listing is your own.", seller_id=listing.seller_id)
    if terms_hash != notice.content_hash:
        raise TermsNotAccepted(
            "Read the notice and send its content hash.",
            field="accepted_terms_hash",
            accepted=notice.content_hash,
            notice=notice.number,
        )


def check_deposit(
    *,
    listing: Listing,
    receipt: BankReceipt,
    buyer_name: str,
    before: datetime | None,
    now: datetime,
) -> None:
    """Refuse money that is not this buyer's deposit in time.

    A suspension stops the period, not the bank.

    Args:
        before: The auction's opening, or in a posted listing the buyer's own deadline.

    Raises:
        DepositClosed: The listing is neither disclosing, suspended nor closed.
        DepositAmountWrong: Names the announced amount.
        PayerNotTheBuyer: Names the buyer's registered name.
        ReceivedInFuture: ``received_at`` is after ``now``.
        DepositLate: ``received_at`` is not before ``before``, which it names.

    Invariant: LS10. Source: rules.md D1; L8 for the order.
    """
    if listing.status not in _TAKES_DEPOSITS or before is None:
        raise DepositClosed("The listing has its outcome.", state=str(listing.status))
    if receipt.amount != listing.deposit:
        raise DepositAmountWrong(
            "The deposit is fixed by the notice.", field="amount", accepted=listing.deposit
        )
    if _plain(receipt.payer_name) != _plain(buyer_name):
        raise PayerNotTheBuyer(
            "The payer's name is not the buyer's.", field="payer_name", accepted=buyer_name
        )
    if receipt.received_at > now:
        raise ReceivedInFuture("Wait for the bank.", field="received_at", maximum=now)
    if receipt.received_at >= before:
        raise DepositLate(
            "The bank's moment decides, and it was too late.", field="received_at", before=before
        )


_TAKES_DEPOSITS: Final = frozenset(
    {ListingStatus.DISCLOSING, ListingStatus.SUSPENDED, ListingStatus.CLOSED}
)


def check_stepping_back(listing: Listing, *, offered: bool, now: datetime) -> None:
    """Refuse to withdraw a registration that others rely on.

    Args:
        offered: The buyer has named its price (L8).

    Raises:
        RegistrationBound: With the rule, one of agreement, offered, bidding_begun, over.

    Source: rules.md D3; README, LS72.
    """
    rules = {
        "agreement": listing.pricing_mode is not PricingMode.AGREEMENT,
        "over": listing.status in _TAKES_DEPOSITS,
        "offered": not offered,
        "bidding_begun": listing.opens_at is None or now < listing.opens_at,
    }
    for rule, holds in rules.items():
        if not holds:
            raise RegistrationBound("Your party is bound.", rule=rule, state=str(listing.status))


def costs_deposit(registration: Registration, *, terms_hash: str | None) -> bool:
    """Tell whether stepping back costs the deposit: it was paid, under the terms that hold.

    Who has not accepted changed terms leaves freely: it never agreed to them.

    Source: rules.md D3, L2; README, LS72.
    """
    paid = registration.status is RegistrationStatus.DEPOSITED
    return paid and registration.accepted_terms_hash == terms_hash


def _plain(name: str) -> str:
    return "".join(name.translate(_WIDTHS).split())


# Bank statements write brackets in either width.
_WIDTHS: Final = str.maketrans("\uff08\uff09", "()")


def refund_order_id(registration_id: RegistrationId) -> UUID:
    """Return the id of the payment order that gives a deposit back: one a registration."""
    return uuid5(registration_id, "refund")
