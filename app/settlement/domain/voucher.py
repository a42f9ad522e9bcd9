"""Innovation vouchers 科技创新券: a programme's money, used once, within its caps and region."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import uuid5

from app.shared.calendar import SHANGHAI
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import (
    DealId,
    EntryId,
    MarketId,
    PartyId,
    VoucherId,
    VoucherProgrammeId,
)
from app.shared.money import Money
from app.shared.transitions import advance

BASIS_POINTS: Final = 10_000
# A voucher helps to buy services; 民法典 851, 878 name them, with development on order.
SERVICE_TYPES: Final = ("development", "consulting", "service")


class VoucherUse(StrEnum):
    """What a voucher may pay."""

    FEE = "fee"
    PRICE = "price"  # of research, consulting and services


class VoucherStatus(StrEnum):
    """Where a voucher stands; whether it has expired is a matter of the day."""

    ISSUED = "issued"
    RESERVED = "reserved"
    REDEEMED = "redeemed"
    CLAIMED = "claimed"
    SETTLED = "settled"


class VoucherTrigger(StrEnum):
    """What moves a voucher."""

    RESERVE = "reserve"
    FREE = "free"
    REDEEM = "redeem"
    UNDO = "undo"  # its deal fell
    UNDO_PART = "undo_part"  # so did this one, but the seller has got a part
    CLAIM = "claim"
    SETTLE = "settle"


_S, _T = VoucherStatus, VoucherTrigger

VOUCHER_TRANSITIONS: Final[Mapping[tuple[VoucherStatus, VoucherTrigger], VoucherStatus]] = {
    (_S.ISSUED, _T.RESERVE): _S.RESERVED,
    (_S.RESERVED, _T.FREE): _S.ISSUED,
    (_S.RESERVED, _T.REDEEM): _S.REDEEMED,
    (_S.REDEEMED, _T.UNDO): _S.ISSUED,
    (_S.REDEEMED, _T.UNDO_PART): _S.REDEEMED,
    (_S.REDEEMED, _T.CLAIM): _S.CLAIMED,
    (_S.CLAIMED, _T.SETTLE): _S.SETTLED,
}


class VoucherUseRefused(RuleBroken):
    """The programme does not allow this use; ``rule`` says why."""

    code = "voucher_use_refused"
    title_zh = "创新券不能用于该项支出"
    title_en = "The voucher cannot be used for this"


class VoucherAmountTooHigh(RuleBroken):
    """Face value, share, yearly cap and what is owed limit a use; ``maximum`` is the lowest."""

    code = "voucher_amount_too_high"
    title_zh = "超过创新券可用额度"
    title_en = "The voucher covers less"


class VoucherNumberTaken(Conflict):
    """A programme numbers its vouchers; each number is one voucher."""

    code = "voucher_number_taken"
    title_zh = "该券号已登记"
    title_en = "This voucher number is on record"


class VoucherClaimTooEarly(Conflict):
    """The issuer is asked once the deal can fall no more."""

    code = "voucher_claim_too_early"
    title_zh = "成交结清前不能申请兑付"
    title_en = "Claim the voucher once its deal is over"


class VoucherProgrammeInvalid(RuleBroken):
    """The programme contradicts itself."""

    code = "voucher_programme_invalid"
    title_zh = "创新券方案不符合要求"
    title_en = "The voucher programme breaks rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A programme of an issuer.

    Attributes:
        region_code: GB/T 2260; whoever lies in that province, city or county may hold one.
        valid_from, valid_to: First and last day of use, in Asia/Shanghai.
        cap: Highest face value of a voucher.
        year_cap: Most that one holder uses of the programme in a calendar year.
        share_bp: Share of what is paid that a voucher may cover, in basis points.
        uses: What it may pay.
    """

    id: VoucherProgrammeId
    market_id: MarketId
    name: str
    issuer: str
    region_code: str
    valid_from: date
    valid_to: date
    cap: Money
    year_cap: Money
    share_bp: int
    uses: tuple[VoucherUse, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """One voucher of a holder.

    Attributes:
        number: The issuer's, unique in the programme.
        face: What it is worth at most; a use of less ends it, too.
        expires_on: Last day of use.
        deal_id, charge_number: What it is reserved for; a charge, or with ``None`` the price.
        used: What it pays of that.
        round: Counts reservations, so that each redemption has entries of its own.
    """

    id: VoucherId
    programme_id: VoucherProgrammeId
    market_id: MarketId
    number: str
    holder_id: PartyId
    status: VoucherStatus
    face: Money
    expires_on: date
    issued_at: datetime
    deal_id: DealId | None = None
    charge_number: int | None = None
    used: Money | None = None
    reserved_at: datetime | None = None
    redeemed_at: datetime | None = None
    claimed_at: datetime | None = None
    settled_at: datetime | None = None
    bank_reference: str | None = None
    round: int = 0


def check_programme(programme: Programme) -> None:
    """Refuse a programme that contradicts itself.

    Raises:
        VoucherProgrammeInvalid: With the rule dates_reversed, currency_differs or
            year_cap_below_cap.
    """
    if programme.valid_to < programme.valid_from:
        raise VoucherProgrammeInvalid(
            "It ends before it begins.",
            field="valid_to",
            rule="dates_reversed",
            minimum=programme.valid_from,
        )
    if programme.year_cap.currency != programme.cap.currency:
        raise VoucherProgrammeInvalid(
            "Both caps are in one currency.",
            field="year_cap",
            rule="currency_differs",
            accepted=programme.cap.currency,
        )
    if programme.year_cap < programme.cap:
        raise VoucherProgrammeInvalid(
            "A holder may use one voucher a year at least.",
            field="year_cap",
            rule="year_cap_below_cap",
            minimum=programme.cap,
        )


def lies_in(region_code: str | None, programme_region: str) -> bool:
    """Tell whether a GB/T 2260 code lies in a province (``330000``), city or county."""
    prefix = programme_region
    while prefix.endswith("00"):
        prefix = prefix[:-2]
    return region_code is not None and region_code.startswith(prefix)


def check_issue(
    programme: Programme, *, face: Money, expires_on: date, holder_region: str | None
) -> None:
    """Refuse a voucher that its programme does not cover.

    Raises:
        VoucherUseRefused: The holder lies elsewhere, or the day is outside the programme.
        VoucherAmountTooHigh: The face value is above the cap; names it.

    Invariants: ST110, ST111.
    """
    if not lies_in(holder_region, programme.region_code):
        raise VoucherUseRefused(
            "The holder lies outside the programme's region.",
            field="holder_id",
            rule="region",
            accepted=programme.region_code,
        )
    if not programme.valid_from <= expires_on <= programme.valid_to:
        raise VoucherUseRefused(
            "The voucher ends within the programme.",
            field="expires_on",
            rule="valid",
            minimum=programme.valid_from,
            maximum=programme.valid_to,
        )
    if face.currency != programme.cap.currency or face > programme.cap:
        raise VoucherAmountTooHigh("The programme's cap.", field="face", maximum=programme.cap)


def usable(
    voucher: Voucher,
    programme: Programme,
    *,
    use: VoucherUse,
    whole: Money,
    owed: Money,
    used_this_year: Money,
    used_beside: Money,
    holder_region: str | None,
    today: date,
) -> Money:
    """Return the most that a voucher may pay now of something.

    Args:
        whole: The charge or price as a whole: the share is taken of it, rounded down.
        owed: What is still open of it.
        used_this_year: What the holder used of the programme in this calendar year.
        used_beside: What vouchers of the programme pay of the same thing already.
        today: In Asia/Shanghai.

    Raises:
        VoucherUseRefused: With the rule use, expired, not_begun, region or currency.

    Invariants: ST110, ST111, ST112.
    """
    refused = {
        "use": use in programme.uses,
        "not_begun": today >= programme.valid_from,
        "expired": today <= min(voucher.expires_on, programme.valid_to),
        "region": lies_in(holder_region, programme.region_code),
        "currency": whole.currency == voucher.face.currency,
    }
    for rule, holds in refused.items():
        if not holds:
            raise VoucherUseRefused(
                "The programme does not allow this.",
                rule=rule,
                uses=[str(it) for it in programme.uses],
                expires_on=voucher.expires_on,
                region_code=programme.region_code,
            )
    share = whole.amount_minor * programme.share_bp // BASIS_POINTS - used_beside.amount_minor
    left = programme.year_cap.amount_minor - used_this_year.amount_minor
    most = min(voucher.face.amount_minor, share, left, owed.amount_minor)
    return Money(max(most, 0), voucher.face.currency)


def reserve(
    voucher: Voucher,
    *,
    deal_id: DealId,
    charge_number: int | None,
    amount: Money,
    maximum: Money,
    now: datetime,
) -> Voucher:
    """Return the voucher reserved for a part of a charge or price.

    Raises:
        TransitionRefused: It is used already (ST113).
        VoucherAmountTooHigh: Names what it may pay.
    """
    status = advance(VOUCHER_TRANSITIONS, state=voucher.status, trigger=VoucherTrigger.RESERVE)
    fits = amount.currency == maximum.currency and amount <= maximum
    if not fits or not maximum.amount_minor:
        raise VoucherAmountTooHigh("The voucher covers less.", field="amount", maximum=maximum)
    return replace(
        voucher,
        status=status,
        deal_id=deal_id,
        charge_number=charge_number,
        used=amount,
        reserved_at=now,
        round=voucher.round + 1,
    )


def free(voucher: Voucher, trigger: VoucherTrigger = VoucherTrigger.FREE) -> Voucher:
    """Return the voucher as it was before its reservation, or its redemption (``UNDO``)."""
    status = advance(VOUCHER_TRANSITIONS, state=voucher.status, trigger=trigger)
    return replace(
        voucher,
        status=status,
        deal_id=None,
        charge_number=None,
        used=None,
        reserved_at=None,
        redeemed_at=None,
    )


def undo(voucher: Voucher, part: Money) -> Voucher:
    """Return the voucher of a fallen deal that gives back a part, or all, of what it paid (ST114).

    All: it may be used again. A part: its issuer owes the rest.
    """
    if part == voucher.used:
        return free(voucher, VoucherTrigger.UNDO)
    assert voucher.used is not None  # it is redeemed
    status = advance(VOUCHER_TRANSITIONS, state=voucher.status, trigger=VoucherTrigger.UNDO_PART)
    return replace(voucher, status=status, used=voucher.used - part)


def redeem(voucher: Voucher, *, now: datetime) -> Voucher:
    """Return the voucher that has paid what it was reserved for."""
    status = advance(VOUCHER_TRANSITIONS, state=voucher.status, trigger=VoucherTrigger.REDEEM)
    return replace(voucher, status=status, redeemed_at=now)


def claim(voucher: Voucher, *, deal_over: bool, now: datetime) -> Voucher:
    """Return the voucher whose issuer is asked for the money.

    Raises:
        VoucherClaimTooEarly: Its deal can still fall.

    Invariant: ST115.
    """
    status = advance(VOUCHER_TRANSITIONS, state=voucher.status, trigger=VoucherTrigger.CLAIM)
    if not deal_over:
        raise VoucherClaimTooEarly("Its deal can still fall.", deal_id=voucher.deal_id)
    return replace(voucher, status=status, claimed_at=now)


def settle(voucher: Voucher, *, bank_reference: str, now: datetime) -> Voucher:
    """Return the voucher for which the issuer has paid."""
    status = advance(VOUCHER_TRANSITIONS, state=voucher.status, trigger=VoucherTrigger.SETTLE)
    return replace(voucher, status=status, settled_at=now, bank_reference=bank_reference)


def year_of(moment: datetime) -> int:
    """Return the calendar year of a moment in Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).year


def redemption_entry_id(voucher: Voucher, what: str) -> EntryId:
    """Return the id of an entry of this round of the voucher's use: one a round and act."""
    return EntryId(uuid5(voucher.id, f"{voucher.round}:{what}"))
