"""The check report: what a finding says, and what is left to a person."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding.

    Attributes:
        rule: Stable name of the rule.
        field: The field to mend, a name of the sheet.
        mend_zh, mend_en: What to do; ``None`` when it passed.
    """

    rule: str
    passed: bool
    field: str
    message_zh: str
    message_en: str
    mend_zh: str | None = None
    mend_en: str | None = None


@dataclass(frozen=True, slots=True)
class HandCheck:
    """What a person confirms before filing."""

    rule: str
    message_zh: str
    message_en: str


BY_HAND: Final = (
    HandCheck(
        "no_unlawful_terms",
        "合同不含非法垄断技术、侵害他人技术成果的条款",
        "No terms that monopolise technology or infringe others' results",
    ),
    HandCheck(
        "approvals_attached",
        "依法须经批准的，批准文件及证明材料齐全",
        "Approvals and proofs that the law asks for are attached",
    ),
    HandCheck(
        "name_equals_seal", "当事人名称与所盖印章一致", "Each party's name is that of its seal"
    ),
    HandCheck(
        "registered_once",
        "该合同未在其他登记机构登记",
        "The contract is not registered at another office",
    ),
    HandCheck(
        "vat_relief",
        "增值税优惠以税务机关现行规定为准，待核实",
        "VAT relief is to be checked with the tax office; it is not computed here",
    ),
)


@dataclass(frozen=True, slots=True)
class Words:
    """What a check says: passed, failed, how to mend it; Chinese, English each."""

    passed: tuple[str, str]
    failed: tuple[str, str]
    mend: tuple[str, str]


def found(rule: str, field: str, passed: bool, words: Words) -> Check:
    """Return a check that passed or failed, in the words for it."""
    told = words.passed if passed else words.failed
    mend = (None, None) if passed else words.mend
    return Check(
        rule=rule,
        passed=passed,
        field=field,
        message_zh=told[0],
        message_en=told[1],
        mend_zh=mend[0],
        mend_en=mend[1],
    )
