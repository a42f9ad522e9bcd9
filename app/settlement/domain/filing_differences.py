"""What the office recognised otherwise than the sheet said: which field, how much, likely why.

Each ground is one of the linter's rules, so that the same mistake is found before the next filing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from app.settlement.domain.filing import Filed, Recognised
from app.settlement.domain.registration.linter import RULES_BY_ID
from app.shared import codes
from app.shared.money import Money

_TEN_THOUSAND: Final = 10_000  # 万元 written for 元, or the other way round


@dataclass(frozen=True, slots=True)
class Ground:
    """A likely reason of a difference.

    Attributes:
        rule: The linter's rule that looks for it; ``None`` if none does.
        source: Of the rule.
    """

    rule: str | None
    message_zh: str
    message_en: str
    source: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that was recognised otherwise.

    Attributes:
        filed, recognised: Money, or the name of a contract type; ``filed`` is ``None`` if the
            sheet left it open.
        change: Recognised less filed, of amounts that can be compared.
    """

    field: str
    label_zh: str
    filed: Money | str | None
    recognised: Money | str
    change: Money | None
    ground: Ground


def differences(filed: Filed, recognised: Recognised) -> tuple[Difference, ...]:
    """Return every field that was recognised otherwise, in the form's order.

    Invariant: ST224. Source: 技术合同认定规则 (核定技术性收入).
    """
    return tuple(_differing(filed, recognised))


def _differing(filed: Filed, recognised: Recognised) -> Iterator[Difference]:
    total, amount = recognised.total_amount, recognised.technology_amount
    if filed.total_amount != total:
        yield _of_money(
            "total_amount", "合同成交总额", filed.total_amount, total, _total(filed, total)
        )
    if filed.technology_amount != amount:
        yield _of_money(
            "technology_amount",
            "技术交易额",
            filed.technology_amount,
            amount,
            _technology(filed, recognised),
        )
    if filed.contract_type != recognised.contract_type:
        yield Difference(
            "contract_type",
            "合同类型",
            filed.contract_type,
            recognised.contract_type,
            None,
            _type(filed.contract_type, recognised.contract_type),
        )


def _of_money(
    field: str, label_zh: str, filed: Money | None, recognised: Money, ground: Ground
) -> Difference:
    comparable = filed is not None and filed.currency == recognised.currency
    change = recognised - filed if filed is not None and comparable else None
    return Difference(field, label_zh, filed, recognised, change, ground)


def _total(filed: Filed, total: Money) -> Ground:
    before = filed.total_amount
    if before is None or filed.amount_known is False:
        return _unknown()
    if before.currency != total.currency or filed.foreign_amount is not None:
        return _ground(
            "amounts_in_yuan",
            "按登记机构采用的汇率折算为人民币",
            "Converted into yuan at the office's rate.",
        )
    if _is_unit(before, total):
        return _unit()
    return _unexplained()


def _technology(filed: Filed, recognised: Recognised) -> Ground:
    before, after = filed.technology_amount, recognised.technology_amount
    if before is None or filed.amount_known is False:
        return _unknown()
    if before.currency != after.currency:
        return _ground("amounts_in_yuan", "折算为人民币", "Converted into yuan.")
    if _is_unit(before, after):
        return _unit()
    if after < before:
        return _less(filed, recognised, before - after)
    if recognised.total_amount != filed.total_amount:
        return _follows_total()
    return _ground(
        "technology_amount_within_total",
        "填报的技术交易额偏低：登记机构将成交总额中更多部分认定为技术性收入",
        "The amount filed was too low: the office counts more of the total as technology.",
    )


def _less(filed: Filed, recognised: Recognised, cut: Money) -> Ground:
    goods = filed.equipment_amount
    left_out = recognised.total_amount - recognised.technology_amount
    if goods is not None and goods.amount_minor > 0 and goods in {cut, left_out}:
        return _ground(
            "equipment_deducted",
            f"扣除了设备、仪器、零部件、原材料 {goods} 元",
            f"Equipment, instruments, parts and raw material of {goods} were deducted.",
        )
    if filed.mixed:
        return _ground(
            "mixed_contract_split",
            f"混合合同的非技术部分 {cut} 元未计入",
            f"The part of the mixed contract that is no technology, {cut}, does not count.",
        )
    if recognised.total_amount != filed.total_amount and cut == _change(filed, recognised):
        return _follows_total()
    if filed.technology_amount == filed.total_amount:
        return _ground(
            "equipment_deducted",
            f"填报时全部计为技术交易额；核减的 {cut} 元通常为设备、仪器、零部件、原材料",
            f"All of the total was filed as technology; what was cut, {cut}, usually is equipment, "
            "instruments, parts and raw material.",
        )
    return _unexplained()


def _change(filed: Filed, recognised: Recognised) -> Money | None:
    total = filed.total_amount
    if total is None or total.currency != recognised.total_amount.currency:
        return None
    return total - recognised.total_amount


def _type(filed: str | None, recognised: str) -> Ground:
    if filed is None:
        return _ground("fields_complete", "填报时未写明合同类型", "No type was filed.")
    same = codes.chain("contract_type", filed)[-1] == codes.chain("contract_type", recognised)[-1]
    if same:
        return _ground(
            "title_fits_subtype",
            "登记机构按合同内容认定为同一大类的其他小类",
            "By its content the office found another sub-type of the same type.",
        )
    return _ground(
        "obligations_consistent",
        "登记机构按主要权利义务认定为其他类型",
        "By the main rights and duties the office found another type.",
    )


def _is_unit(one: Money, other: Money) -> bool:
    small, large = sorted((one.amount_minor, other.amount_minor))
    return small > 0 and large == small * _TEN_THOUSAND


def _ground(rule: str, message_zh: str, message_en: str) -> Ground:
    return Ground(rule, message_zh, message_en, RULES_BY_ID[rule].source)


def _unknown() -> Ground:
    return _ground(
        "amounts_unknown",
        "填报时金额尚未确定，登记机构按实际金额认定",
        "The amount was not final when it was filed; the office took the real one.",
    )


def _unit() -> Ground:
    return _ground(
        "amount_unit_plausible",
        "金额相差一万倍：疑为元与万元填错",
        "The amounts differ by ten thousand: yuan and 万元 were likely mixed up.",
    )


def _follows_total() -> Ground:
    return Ground(None, "随成交总额的调整而变化", "It follows from the change of the total.", None)


def _unexplained() -> Ground:
    return Ground(
        None,
        "规则不能解释此差异，请向登记机构核实",
        "No rule explains it: ask the office.",
        None,
    )
