"""The registration preparation sheet 技术合同认定登记准备表: every field of the national form.

No official import format of the national system was found, so this is what a clerk copies from:
the form's fields in its order, with the code tables' Chinese wording beside our names, and the
version of the mapping. Unknown stays null and is said.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from app.settlement.domain.contract import Contract
from app.shared import codes
from app.shared.money import Money

MAPPING_VERSION: Final = "2026-11"

Value = str | bool | Money | date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A party as the form asks for it; ``None`` is unknown.

    Attributes:
        organisation: Whether it is one; a natural person has no representative or scale.
    """

    organisation: bool
    name: str
    credit_code: str | None
    party_type: str | None
    scale: str | None
    address: str | None
    representative: str | None
    contact: str | None
    phone: str | None
    postcode: str | None
    region_code: str | None
    industry: str | None
    in_high_tech_zone: bool | None
    listed: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is known of a deal when its sheet is written.

    Attributes:
        title, abstract, technology_field, ip_kind, plan_source: Of the achievement, or as far as
            it knows of the demand.
        conversion_mode: Of the listing; of a demand ``None``.
        cooperation_mode: Of the demand; of a listing ``None``.
        confirmed_on, today: Days in Shanghai.
    """

    price: Money
    title: str
    abstract: str
    technology_field: str
    ip_kind: str | None
    plan_source: str | None
    confirmed_on: date
    today: date
    seller: Side
    buyer: Side
    contract: Contract
    conversion_mode: str | None = None
    cooperation_mode: str | None = None

    @property
    def project_name(self) -> str:
        """The contract's own name, else the achievement's."""
        return self.contract.project_name or self.title

    @property
    def contract_ip_kind(self) -> str | None:
        """The contract's IP kind, else the achievement's."""
        return self.contract.ip_kind or self.ip_kind


@dataclass(frozen=True, slots=True)
class SheetField:
    """One field of the form.

    Attributes:
        name: Stable name of the mapping.
        label_zh: The form's wording.
        value: ``None`` is unknown.
        value_label: The code table's Chinese wording of a coded value.
        value_code: The official number of a coded value, if there is one.
        required: Whether the office sends the form back without it.
    """

    name: str
    label_zh: str
    value: Value
    value_label: str | None = None
    value_code: str | None = None
    required: bool = True


def _coded(
    name: str, label_zh: str, table: str, value: str | None, *, required: bool = True
) -> SheetField:
    found = next((entry for entry in codes.table(table).entries if entry.name == value), None)
    if found is None:
        return SheetField(name, label_zh, value, required=required)
    return SheetField(name, label_zh, value, found.label_zh, found.code, required)


def write_sheet(facts: Facts) -> tuple[SheetField, ...]:
    """Return the form's fields in its order.

    Source: rules.md section 5, fields of the national form.
    """
    return _contract_fields(facts) + _buyer_fields(facts.buyer, facts.contract)


def _contract_fields(facts: Facts) -> tuple[SheetField, ...]:
    contract = facts.contract
    return (
        SheetField("project_name", "合同项目名称", facts.project_name),
        SheetField("seller_name", "卖方名称", facts.seller.name),
        SheetField("buyer_name", "买方名称", facts.buyer.name),
        SheetField("total_amount", "合同成交总额", facts.price),
        SheetField("technology_amount", "技术交易额", contract.technology_amount),
        SheetField("signed_on", "合同签订日期", contract.signed_on),
        SheetField("starts_on", "合同起始日期", contract.starts_on),
        SheetField("ends_on", "合同截止日期", contract.ends_on),
        _coded("payment_mode", "支付方式", "payment_mode", contract.payment_mode),
        SheetField("related_party", "是否关联交易", contract.related_party),
        _coded("plan_source", "计划来源", "plan_source", contract.plan_source or facts.plan_source),
        _coded("ip_kind", "知识产权", "ip_kind", facts.contract_ip_kind),
        _coded("contract_type", "合同类型", "contract_type", contract.contract_type),
        _coded("technology_field", "技术领域", "technology_field", facts.technology_field),
        _coded(
            "social_economic_objective",
            "社会经济目标",
            "social_economic_objective",
            contract.social_economic_objective,
        ),
    )


def _buyer_fields(buyer: Side, contract: Contract) -> tuple[SheetField, ...]:
    firm = buyer.organisation
    flags = (
        ("buyer_is_transfer_institution", "买方是否技术转移机构"),
        ("buyer_is_rd_institution", "买方是否研发机构"),
        ("buyer_is_converted_institute", "买方是否转制院所"),
    )
    return (
        _coded("buyer_type", "买方性质", "party_type", buyer.party_type),
        *(
            SheetField(name, label, getattr(contract, name), required=False)
            for name, label in flags
        ),
        SheetField(
            "buyer_in_high_tech_zone", "买方是否在高新区", buyer.in_high_tech_zone, required=False
        ),
        SheetField("buyer_listed", "买方是否上市企业", buyer.listed, required=False),
        _coded("buyer_scale", "买方规模", "buyer_scale", buyer.scale, required=firm),
        SheetField("buyer_address", "买方地址", buyer.address),
        SheetField("buyer_representative", "买方法定代表人", buyer.representative, required=firm),
        SheetField("buyer_contact", "买方联系人", buyer.contact),
        SheetField("buyer_phone", "买方联系电话", buyer.phone),
        SheetField("buyer_postcode", "买方邮政编码", buyer.postcode),
        _coded("buyer_region", "买方所在地", codes.REGIONS, buyer.region_code),
        _coded("buyer_industry", "买方国民经济行业", "industry", buyer.industry, required=firm),
    )
