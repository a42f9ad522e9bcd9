"""The contract's data: what a registration office asks and the deal itself does not know."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from app.shared import codes
from app.shared.errors import Conflict, RuleBroken
from app.shared.money import Money


class VersionMissing(RuleBroken):
    """Two people edit the contract; each must say which version it has seen."""

    code = "if_match_missing"
    title_zh = "必须携带 If-Match 版本号"
    title_en = "If-Match is missing"


class VersionMismatch(Conflict):
    """Somebody else has changed the contract in between (ST6)."""

    code = "version_mismatch"
    title_zh = "合同信息已被他人修改"
    title_en = "The contract was changed meanwhile"


class TechnologyAmountOutOfRange(RuleBroken):
    """0 < 技术交易额 ≤ 成交总额 (ST7)."""

    code = "technology_amount_out_of_range"
    title_zh = "技术交易额须大于零且不超过成交总额"
    title_en = "The technology amount is above zero and at most the total"


class ContractTypeTooBroad(RuleBroken):
    """The form asks for the sub-type."""

    code = "contract_type_too_broad"
    title_zh = "须填写合同的具体小类"
    title_en = "The contract's sub-type is needed"


class ContractSigned(Conflict):
    """What the signed text states changes by both sides only (ST49)."""

    code = "contract_signed"
    title_zh = "已签署文本载明的合同信息不能单方变更"
    title_en = "The signed text states this"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The contract as fixed; ``None`` is what is not known yet.

    Attributes:
        project_name: Name of the contract's project; the listing's title when ``None``.
        contract_type: A leaf of the code table ``contract_type``.
        technology_amount: 技术交易额: the price without equipment, parts and raw material.
        ip_kind: Of ``ip_kind``; the achievement's when ``None``.
        plan_source: Of ``plan_source``; the achievement's when ``None``.
        related_party: Whether seller and buyer are related.
        in_writing: Whether the contract is a written one.
        patent_ends_on: Last day of the patent's term.
        buyer_is_transfer_institution, buyer_is_rd_institution, buyer_is_converted_institute: As
            the buyer states them; the exchange does not guess.
    """

    project_name: str | None = None
    contract_type: str | None = None
    technology_amount: Money | None = None
    signed_on: date | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    payment_mode: str | None = None
    plan_source: str | None = None
    social_economic_objective: str | None = None
    ip_kind: str | None = None
    related_party: bool | None = None
    in_writing: bool | None = None
    patent_ends_on: date | None = None
    buyer_is_transfer_institution: bool | None = None
    buyer_is_rd_institution: bool | None = None
    buyer_is_converted_institute: bool | None = None


CODED: Final = (
    "contract_type",
    "payment_mode",
    "plan_source",
    "social_economic_objective",
    "ip_kind",
)


# What a contract's text states of these data, beside the deal and its price.
STATED: Final = (
    "project_name",
    "contract_type",
    "ip_kind",
    "starts_on",
    "ends_on",
    "patent_ends_on",
)


def check_stated(contract: Contract, *, signed: Contract) -> None:
    """Refuse to say otherwise than the text that both sides signed.

    Raises:
        ContractSigned: Names the fields and what they state.

    Invariant: ST49.
    """
    stated = {
        name: getattr(signed, name)
        for name in STATED
        if getattr(contract, name) != getattr(signed, name)
    }
    if stated:
        raise ContractSigned(
            "Agree on another contract, or leave these as they were signed.", accepted=stated
        )


def family(contract_type: str) -> str:
    """Return the broad type of a contract type: ``licence_patent`` is a ``licence``."""
    entries = {entry.name: entry for entry in codes.table("contract_type").entries}
    return entries[contract_type].parent or contract_type


def _is_leaf(contract_type: str) -> bool:
    return all(entry.parent != contract_type for entry in codes.table("contract_type").entries)


def require_leaf(contract_type: str) -> str:
    """Return a sub-type of contract.

    Raises:
        CodeUnknown: Names the code table's values.
        ContractTypeTooBroad: Names the sub-types.
    """
    codes.require("contract_type", contract_type, field="contract_type")
    if not _is_leaf(contract_type):
        entries = codes.table("contract_type").entries
        raise ContractTypeTooBroad(
            "Name the sub-type.",
            field="contract_type",
            accepted=[entry.name for entry in entries if entry.parent == contract_type],
        )
    return contract_type


def check_contract(contract: Contract, *, price: Money) -> None:
    """Refuse data that no version of this contract could have.

    What is merely missing or contradictory is left to the checks of the sheet.

    Raises:
        CodeUnknown: A value is not in its code table.
        ContractTypeTooBroad: Names the sub-types.
        TechnologyAmountOutOfRange: Names the price.

    Invariant: ST7. Source: rules.md section 5; 技术合同认定规则.
    """
    for name in CODED:
        value = getattr(contract, name)
        if value is not None:
            codes.require(name, value, field=name)
    if contract.contract_type is not None:
        require_leaf(contract.contract_type)
    amount = contract.technology_amount
    if amount is not None and (
        amount.currency != price.currency or not Money(0, price.currency) < amount <= price
    ):
        raise TechnologyAmountOutOfRange(
            "It is a part of the price, or all of it.", field="technology_amount", maximum=price
        )


def check_version(seen: str | None, *, present: int) -> None:
    """Refuse a change by someone who has not seen the present version (ST6).

    Args:
        seen: The request's ``If-Match``: the version in double quotes.

    Raises:
        VersionMissing: Says what to send.
        VersionMismatch: Names the present version.
    """
    if seen is None:
        raise VersionMissing(
            "Send If-Match with the ETag of the deal.", field="If-Match", accepted=etag(present)
        )
    if seen.strip() != etag(present):
        raise VersionMismatch(
            "Read the deal again and repeat the change on it.",
            field="If-Match",
            accepted=etag(present),
        )


def etag(version: int) -> str:
    """Return the entity tag of a contract version."""
    return f'"{version}"'
