"""What became of a contract at the registration office 技术合同认定登记.

Its number and what was recognised, or why it was refused.

Source: 技术合同认定登记管理办法; rules.md section 5: registered once, by the office, whose number
is never ours.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from app.settlement.domain.refusal_ground import RefusalGround
from app.settlement.domain.registration.record import ContractRecord
from app.shared import codes
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import DealId, MarketId
from app.shared.money import Money
from app.shared.transitions import advance

_NUMBER: Final = re.compile(r"[0-9]{16}")
_YUAN: Final = "CNY"


class FilingStatus(StrEnum):
    """Where a contract stands with the office."""

    PENDING = "pending"  # the office has not decided, or its decision was entered in error
    REFUSED = "refused"  # may be mended and filed again
    REGISTERED = "registered"


class FilingTrigger(StrEnum):
    """What is entered."""

    REGISTER = "register"  # again: a correction
    REFUSE = "refuse"
    RETRACT = "retract"  # it was entered in error


_S, _T = FilingStatus, FilingTrigger
FILING_TRANSITIONS: Final[Mapping[tuple[FilingStatus, FilingTrigger], FilingStatus]] = {
    (_S.PENDING, _T.REGISTER): _S.REGISTERED,
    (_S.PENDING, _T.REFUSE): _S.REFUSED,
    (_S.REFUSED, _T.REGISTER): _S.REGISTERED,
    (_S.REFUSED, _T.REFUSE): _S.REFUSED,
    (_S.REFUSED, _T.RETRACT): _S.PENDING,
    (_S.REGISTERED, _T.REGISTER): _S.REGISTERED,
    (_S.REGISTERED, _T.RETRACT): _S.PENDING,
}
_TRIGGERS: Final = {
    FilingStatus.REGISTERED: FilingTrigger.REGISTER,
    FilingStatus.REFUSED: FilingTrigger.REFUSE,
    FilingStatus.PENDING: FilingTrigger.RETRACT,
}


class RegistrationNumberMalformed(RuleBroken):
    """The office's number has 16 digits."""

    code = "registration_number_malformed"
    title_zh = "登记编号应为 16 位数字"
    title_en = "A registration number has 16 digits"


class RegistrationNumberTaken(Conflict):
    """Another deal of the market has this number (ST221)."""

    code = "registration_number_taken"
    title_zh = "该登记编号已属于另一份合同"
    title_en = "Another contract has this registration number"


class RecognisedAmountInvalid(RuleBroken):
    """0 < recognised technology amount ≤ recognised total, in yuan (ST222)."""

    code = "recognised_amount_invalid"
    title_zh = "核定技术交易额须大于零且不超过核定成交总额，以人民币计"
    title_en = "The recognised technology amount is above zero and at most the total, in yuan"


class DecisionDayOutOfRange(RuleBroken):
    """The office decides after the deal and not in the future."""

    code = "decision_day_out_of_range"
    title_zh = "登记机构决定日期不合理"
    title_en = "The office's day of decision is out of range"


class ContractUnsigned(Conflict):
    """An office decides on signed contracts only."""

    code = "contract_unsigned"
    title_zh = "合同尚未签订或签订日期未填写"
    title_en = "The contract is not signed, or its day of signing is not stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What the sheet said when the office's decision was entered first.

    Attributes:
        contract_version: Of the contract's data that it was written from.
    """

    contract_version: int
    contract_type: str | None
    total_amount: Money | None
    technology_amount: Money | None
    equipment_amount: Money | None = None
    foreign_amount: Money | None = None
    amount_known: bool | None = None
    mixed: bool | None = None


def filed_of(record: ContractRecord, *, contract_version: int) -> Filed:
    """Return what of a record the office's decision is compared with."""
    return Filed(
        contract_version=contract_version,
        contract_type=record.contract_type,
        total_amount=record.total_amount,
        technology_amount=record.technology_amount,
        equipment_amount=record.equipment_amount,
        foreign_amount=record.foreign_amount,
        amount_known=record.amount_known,
        mixed=record.mixed,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What the office recognised 认定.

    Attributes:
        number: Its own, 16 digits.
        contract_type: Of ``contract_type``.
    """

    number: str
    total_amount: Money
    technology_amount: Money
    contract_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was entered of an office's decision.

    Attributes:
        decided_on: The office's day; ``None`` while it has not decided.
        recognised: If it registered.
        ground, reason: If it refused; ``reason`` in the office's words, or why it was retracted.
    """

    status: FilingStatus
    decided_on: date | None = None
    recognised: Recognised | None = None
    ground: RefusalGround | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A deal's way through the registration office.

    Attributes:
        version: 0 before anything was entered, then rises by one; the journal keeps all.
        filed: Frozen when the office's decision was first entered; a correction keeps it.
    """

    deal_id: DealId
    market_id: MarketId
    version: int
    decision: Decision
    filed: Filed | None


def unfiled(deal_id: DealId, market_id: MarketId) -> Filing:
    """Return the filing of a deal of which nothing was entered."""
    decision = Decision(status=FilingStatus.PENDING)
    return Filing(deal_id=deal_id, market_id=market_id, version=0, decision=decision, filed=None)


def check_decision(decision: Decision, *, confirmed_on: date, today: date) -> None:
    """Refuse a decision that no office could have taken.

    Args:
        confirmed_on, today: Days in Asia/Shanghai.

    Raises:
        DecisionDayOutOfRange, RegistrationNumberMalformed, RecognisedAmountInvalid: Say what fits.
        CodeUnknown: The recognised type is none.

    Invariants: ST220, ST222.
    """
    day = decision.decided_on
    if day is not None and not confirmed_on <= day <= today:
        raise DecisionDayOutOfRange(
            "The office decided between the deal and today.",
            field="decided_on",
            minimum=confirmed_on,
            maximum=today,
        )
    told = decision.recognised
    if told is None:
        return
    if not _NUMBER.fullmatch(told.number):
        raise RegistrationNumberMalformed(
            "Enter the office's 16 digits.", field="registration_number", accepted="[0-9]{16}"
        )
    amount, total = told.technology_amount, told.total_amount
    is_yuan = amount.currency == total.currency == _YUAN
    if not is_yuan or not Money(0, _YUAN) < amount <= total:
        raise RecognisedAmountInvalid(
            "It is a part of the recognised total, or all of it.",
            field="technology_amount",
            maximum=total,
            accepted_currency=_YUAN,
        )
    codes.require("contract_type", told.contract_type, field="contract_type")


def decide(filing: Filing, decision: Decision, *, filed: Filed) -> Filing:
    """Return the filing with the office's decision entered.

    Args:
        filed: What the sheet says now; frozen if the office decided anew.

    Raises:
        TransitionRefused: A registered contract is not refused; a pending one has nothing to
            retract.

    Invariants: ST220, ST223.
    """
    before = filing.decision.status
    status = advance(FILING_TRANSITIONS, state=before, trigger=_TRIGGERS[decision.status])
    kept: Filed | None = filed
    if status is FilingStatus.PENDING:
        kept = None
    elif status is before and filing.decision.decided_on == decision.decided_on:
        kept = filing.filed  # a correction of the same decision
    return replace(filing, version=filing.version + 1, decision=decision, filed=kept)


def is_same(filing: Filing, decision: Decision) -> bool:
    """Tell whether a decision is entered already, word for word: an import repeats itself."""
    return filing.version > 0 and filing.decision == decision
