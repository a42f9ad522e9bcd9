"""Effect conditions 合同生效条件: what a signed contract still waits for, and the duty to file.

A contract without conditions takes effect when both have signed. What waits for a condition
is the money, too: it stays in escrow until the last one is met.

Source: 民法典 158, 490, 502; 专利法 10; 专利法实施细则 15.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from app.settlement.domain.deal import Deal, DealStatus
from app.settlement.domain.schedule import months_later
from app.shared.calendar import SHANGHAI
from app.shared.errors import Conflict, NotFound, RuleBroken
from app.shared.findings import Findings
from app.shared.ids import FileId
from app.shared.money import Money

CONDITIONS_MAX: Final = 20
FILING_MONTHS: Final = 3


class ConditionKind(StrEnum):
    """What a contract may wait for, and the one duty that follows its effect."""

    APPROVAL = "approval"  # 有关机关或主管单位批准
    GUARANTEE = "guarantee"  # 提供担保
    RIGHT_REGISTRATION = "right_registration"  # 权利转让登记
    FIRST_PAYMENT = "first_payment"  # 首期价款到账
    CUSTOM = "custom"
    LICENCE_FILING = "licence_filing"  # 许可合同备案: a duty, nothing waits for it


WORDS: Final[Mapping[ConditionKind, str]] = {
    ConditionKind.APPROVAL: "本合同经有权批准的单位批准",
    ConditionKind.GUARANTEE: "甲方按约定提供担保",
    ConditionKind.RIGHT_REGISTRATION: "标的权利的转让经登记机关登记",
    ConditionKind.FIRST_PAYMENT: "甲方支付的价款到达交易结算账户",
    ConditionKind.CUSTOM: "约定的条件成就",
    ConditionKind.LICENCE_FILING: "许可合同自生效之日起三个月内备案",
}


class ConditionsUnfit(RuleBroken):
    """One or more of the conditions cannot be what the contract waits for."""

    code = "effect_conditions_unfit"
    title_zh = "生效条件填写不符合要求"
    title_en = "The effect conditions do not fit"


class ConditionUnknown(NotFound):
    """The contract has no condition of this number."""

    code = "effect_condition_unknown"
    title_zh = "该合同没有此项生效条件"
    title_en = "There is no such effect condition"


class ConditionMet(Conflict):
    """A condition is met once."""

    code = "effect_condition_met"
    title_zh = "该生效条件已登记成就"
    title_en = "The effect condition is met already"


class DealUnsigned(Conflict):
    """Conditions are met of a contract that both have signed."""

    code = "deal_unsigned"
    title_zh = "合同尚未签订"
    title_en = "The contract is not signed yet"


class FulfilmentUnfit(RuleBroken):
    """What is stated of the fulfilment is not possible."""

    code = "effect_fulfilment_unfit"
    title_zh = "成就情况填写不符合要求"
    title_en = "The fulfilment does not fit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition or duty as the contract names it.

    Attributes:
        number: 1, 2, … within the deal.
        description: In the parties' words; what the contract prints.
        amount: Of a first payment: what must have come in.
        due_on: Of the duty to file: its last day, once the contract has taken effect.
        fulfilled_on: Day in Shanghai on which it was met.
        evidence_id, note: What shows it.
        recorded_at, recorded_by: When the exchange learned of it, and from whom.
    """

    number: int
    kind: ConditionKind
    description: str
    amount: Money | None = None
    due_on: date | None = None
    fulfilled_on: date | None = None
    evidence_id: FileId | None = None
    note: str | None = None
    recorded_at: datetime | None = None
    recorded_by: str | None = None

    @property
    def open(self) -> bool:
        """Whether the contract's effect still waits for it; a duty holds nothing up."""
        return self.fulfilled_on is None and self.kind is not ConditionKind.LICENCE_FILING


def check_conditions(deal: Deal, conditions: Sequence[Condition]) -> None:
    """Refuse conditions that this contract cannot wait for, all faults at once.

    Raises:
        ConditionsUnfit: Names each condition, field and what would be accepted.

    Invariant: ST45.
    """
    findings = Findings()
    findings.require(
        len(conditions) <= CONDITIONS_MAX,
        "conditions",
        rule="too_many",
        message="The contract waits for fewer.",
        maximum=CONDITIONS_MAX,
    )
    kinds = [item.kind for item in conditions if item.kind is not ConditionKind.CUSTOM]
    findings.unique("conditions", kinds)
    for place, item in enumerate(conditions):
        where = f"conditions.{place}.amount"
        if item.kind is ConditionKind.FIRST_PAYMENT:
            fits = item.amount is not None and item.amount.currency == deal.price.currency
            findings.require(
                fits and item.amount is not None and item.amount <= deal.price,
                where,
                rule="amount_out_of_range",
                message="State what must come in first, within the price.",
                maximum=deal.price.as_json(),
            )
        else:
            findings.require(
                item.amount is None,
                where,
                rule="amount_idle",
                message="Only a first payment has an amount.",
                accepted=None,
            )
    if findings.errors:
        raise ConditionsUnfit(findings.summary(), errors=findings.errors)


def fulfil(
    deal: Deal,
    conditions: Sequence[Condition],
    number: int,
    *,
    fulfilled_on: date,
    evidence_id: FileId | None,
    note: str | None,
    now: datetime,
    actor: str,
) -> Condition:
    """Return a condition that was met.

    Raises:
        DealUnsigned: Nobody waits before the contract is signed.
        ConditionUnknown, ConditionMet: It is not there, or met before.
        FulfilmentUnfit: A day in the future, no evidence, or a payment that did not come in.

    Invariant: ST46.
    """
    if deal.signed_at is None or deal.status is DealStatus.DEFAULTED:
        raise DealUnsigned("Record the signing first.")
    known = next((item for item in conditions if item.number == number), None)
    if known is None:
        raise ConditionUnknown(
            "The contract names others.", accepted=[item.number for item in conditions]
        )
    if known.fulfilled_on is not None:
        raise ConditionMet("It is on record.", fulfilled_on=known.fulfilled_on)
    today = now.astimezone(SHANGHAI).date()
    if fulfilled_on > today:
        raise FulfilmentUnfit("Wait for the day.", field="fulfilled_on", maximum=today)
    if known.kind is ConditionKind.FIRST_PAYMENT:
        raise FulfilmentUnfit(
            "The payment itself meets it, as soon as the bank's arrival is booked.",
            field="number",
            accepted=[item.number for item in conditions if item.open and item is not known],
        )
    if evidence_id is None:
        raise FulfilmentUnfit(
            "Name the document that shows it.", field="evidence_file_id", accepted="a file's id"
        )
    return replace(
        known,
        fulfilled_on=fulfilled_on,
        evidence_id=evidence_id,
        note=note,
        recorded_at=now,
        recorded_by=actor,
    )


def met_by_payment(deal: Deal, item: Condition, *, now: datetime) -> Condition:
    """Return the condition, met if it is a first payment and enough of the price came in."""
    if item.kind is not ConditionKind.FIRST_PAYMENT or item.fulfilled_on is not None:
        return item
    if item.amount is None or deal.paid < item.amount:
        return item
    today = now.astimezone(SHANGHAI).date()
    return replace(item, fulfilled_on=today, recorded_at=now, recorded_by="system")


def effective_at(deal: Deal, conditions: Sequence[Condition], *, now: datetime) -> datetime | None:
    """Return when the contract took effect, ``None`` while it waits.

    Without conditions that is its signing; else the moment at which the last was recorded as met.

    Invariant: ST44. Source: 民法典 158, 502.
    """
    if deal.signed_at is None or any(item.open for item in conditions):
        return None
    waited = [item for item in conditions if item.kind is not ConditionKind.LICENCE_FILING]
    return now if waited else deal.signed_at


def filing_due_on(effective: datetime) -> date:
    """Return the last day to file a licence: three months after the day of its effect.

    A month without that day ends on its last one.

    Source: 专利法实施细则 15; 民法典 201, 202.
    """
    return months_later(effective.astimezone(SHANGHAI).date(), FILING_MONTHS)


def effect_wording(conditions: Sequence[Condition]) -> str:
    """Return how the contract says when it takes effect."""
    waits = [item for item in conditions if item.kind is not ConditionKind.LICENCE_FILING]
    if not waits:
        return "本合同自双方签字或者盖章之日起成立并生效。"
    lines = ["本合同自双方签字或者盖章之日起成立，自下列条件全部成就之日起生效："]
    lines += [f"（{place}）{item.description}。" for place, item in enumerate(waits, 1)]
    return "\n".join(lines)
