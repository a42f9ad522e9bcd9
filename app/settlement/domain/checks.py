"""Checks before a contract is filed: the office's grounds for refusal, found at home.

Each check is a pure function of the facts and says in Chinese and English what it found and how to
mend it. What no machine can judge is listed in ``report.BY_HAND``.

Source: rules.md section 5; 技术合同认定登记管理办法; 技术合同认定规则; 民法典 851, 863, 865.
"""

from collections.abc import Callable, Mapping
from typing import Final

from app.settlement.domain.contract import family
from app.settlement.domain.report import Check, Words, found
from app.settlement.domain.sheet import Facts, SheetField, Side
from app.shared.money import Money


def check_technology_amount(facts: Facts) -> Check:
    """0 < 技术交易额 ≤ 成交总额; not stated is not passed (ST7)."""
    amount = facts.contract.technology_amount
    passed = (
        amount is not None
        and amount.currency == facts.price.currency
        and Money(0, amount.currency) < amount <= facts.price
    )
    words = Words(
        ("技术交易额大于零且不超过成交总额", "The technology amount is within the total"),
        (
            f"技术交易额未填写或不在 0 与成交总额 {facts.price} 之间",
            f"The technology amount is missing or not between 0 and the total {facts.price}",
        ),
        (
            "填写成交总额扣除设备、仪器、零部件、原材料后的金额",
            "State the total without equipment, instruments, parts and raw material",
        ),
    )
    return found("technology_amount_within_total", "technology_amount", passed, words)


def _identified(side: Side) -> bool:
    known = bool(side.name.strip() and side.address and side.region_code)
    if side.organisation:
        return known and bool(side.credit_code and side.representative)
    return known


def check_parties(facts: Facts) -> Check:
    """Both parties are identified: name, address, region; organisations also by code and head."""
    unclear = [
        label
        for label, side in (("卖方 seller", facts.seller), ("买方 buyer", facts.buyer))
        if not _identified(side)
    ]
    same = facts.seller.credit_code is not None and (
        facts.seller.credit_code == facts.buyer.credit_code
    )
    who = ", ".join(unclear) or "买卖双方为同一单位 one and the same party"
    words = Words(
        ("当事人明确", "The parties are clear"),
        (f"当事人不明确：{who}", f"A party is not clear: {who}"),
        (
            "补全名称、统一社会信用代码、法定代表人、地址、行政区划",
            "Complete name, credit code, representative, address and region",
        ),
    )
    return found("parties_clear", "buyer_name", not unclear and not same, words)


def check_subject(facts: Facts) -> Check:
    """Name, abstract and the sub-type tell what is sold."""
    passed = bool(
        facts.project_name.strip() and facts.abstract.strip() and facts.contract.contract_type
    )
    words = Words(
        ("合同标的明确", "The subject is clear"),
        (
            "合同标的不明确：缺少项目名称、技术内容或合同小类",
            "The subject is not clear: name, technical content or sub-type is missing",
        ),
        ("填写合同小类并核对成果简介", "State the sub-type and review the abstract"),
    )
    return found("subject_clear", "contract_type", passed, words)


def check_price(facts: Facts) -> Check:
    """A positive price and the way it is paid."""
    passed = facts.price.amount_minor > 0 and facts.contract.payment_mode is not None
    words = Words(
        ("价款及支付方式明确", "The price and its payment are clear"),
        ("价款或支付方式不明确", "The price or its payment is not clear"),
        ("填写支付方式", "State the payment mode"),
    )
    return found("price_clear", "payment_mode", passed, words)


def check_dates(facts: Facts) -> Check:
    """Confirmed ≤ signed ≤ today and signed ≤ start ≤ end."""
    signed, starts, ends = (
        facts.contract.signed_on,
        facts.contract.starts_on,
        facts.contract.ends_on,
    )
    passed = (
        signed is not None
        and starts is not None
        and ends is not None
        and facts.confirmed_on <= signed <= facts.today
        and signed <= starts <= ends
    )
    words = Words(
        ("日期齐全且先后有序", "The dates are complete and in order"),
        (
            "日期缺失或先后无序：成交 ≤ 签订 ≤ 今日，签订 ≤ 起始 ≤ 截止",
            "Dates are missing or out of order: deal ≤ signed ≤ today, signed ≤ start ≤ end",
        ),
        (
            f"成交日为 {facts.confirmed_on}，据此更正各日期",
            f"The deal is of {facts.confirmed_on}; correct the dates accordingly",
        ),
    )
    return found("dates_ordered", "signed_on", passed, words)


_ANY: Final = frozenset({"development", "transfer", "licence", "consulting", "service"})
_FAMILIES: Final[Mapping[str, frozenset[str]]] = {
    "transfer": frozenset({"transfer"}),
    "licence": frozenset({"licence"}),
    "licence_exclusive": frozenset({"licence"}),
    "licence_sole": frozenset({"licence"}),
    "licence_ordinary": frozenset({"licence"}),
    "joint_development": frozenset({"development"}),
    "share_investment": frozenset({"transfer", "licence"}),
}


# The cooperation modes of demands; what they do not name fits any type.
_COOPERATION: Final[Mapping[str, frozenset[str]]] = {
    "commissioned_development": frozenset({"development_commissioned"}),
    "joint_development": frozenset({"development_joint"}),
    "joint_laboratory": frozenset({"development_joint"}),
    "technology_transfer": frozenset({"transfer"}),
    "technology_licence": frozenset({"licence"}),
    "share_investment": frozenset({"transfer", "licence"}),
    "technical_consulting": frozenset({"consulting"}),
    "technical_service": frozenset({"service"}),
}


def check_type_fits_mode(facts: Facts) -> Check:
    """The contract is of the kind that the listing offered, or the demand asked for (ST25)."""
    mode = facts.cooperation_mode or facts.conversion_mode or ""
    table = _FAMILIES if facts.cooperation_mode is None else _COOPERATION
    accepted = table.get(mode, _ANY)
    kind = facts.contract.contract_type
    wanted = ", ".join(sorted(accepted))
    words = Words(
        ("合同类型与转化方式一致", "The contract type fits the conversion mode"),
        (
            f"合同类型与公告的转化或合作方式（{mode}）不一致",
            f"The contract type does not fit the published mode ({mode})",
        ),
        (f"合同类型应属：{wanted}", f"Choose a contract type of: {wanted}"),
    )
    passed = kind is not None and not accepted.isdisjoint({kind, family(kind)})
    return found("type_fits_conversion_mode", "contract_type", passed, words)


_PATENTS: Final = frozenset({"invention_patent", "utility_model", "design"})
_RIGHTS: Final[Mapping[str, frozenset[str]]] = {
    "transfer_patent": _PATENTS,
    "transfer_patent_application": _PATENTS,
    "licence_patent": _PATENTS,
    "transfer_technical_secret": frozenset({"technical_secret"}),
    "licence_technical_secret": frozenset({"technical_secret"}),
    "transfer_software_copyright": frozenset({"software_copyright"}),
    "transfer_layout_design": frozenset({"layout_design"}),
    "transfer_plant_variety": frozenset({"plant_variety"}),
    "transfer_biological_medical_variety": frozenset({"biological_medical_variety"}),
}


def check_type_fits_ip(facts: Facts) -> Check:
    """A right that is transferred or licensed is of the stated kind."""
    kind = facts.contract.contract_type
    accepted = _RIGHTS.get(kind or "")
    passed = kind is not None and (accepted is None or facts.contract_ip_kind in accepted)
    wanted = ", ".join(sorted(accepted or ()))
    words = Words(
        ("知识产权种类与合同小类一致", "The IP kind fits the sub-type"),
        ("知识产权种类与合同小类不一致", "The IP kind does not fit the sub-type"),
        (f"知识产权种类应为：{wanted}", f"The IP kind should be one of: {wanted}"),
    )
    return found("type_fits_ip_kind", "ip_kind", passed, words)


def check_patent_term(facts: Facts) -> Check:
    """A patent licence does not outlive the patent, as far as its term is known (民法典 865)."""
    last, ends = facts.contract.patent_ends_on, facts.contract.ends_on
    applies = facts.contract.contract_type == "licence_patent"
    passed = not applies or last is None or ends is None or ends <= last
    said = ("许可期限未超过专利有效期", "The licence does not outlive the patent")
    if not applies:
        said = ("非专利实施许可，不适用", "Not a patent licence: does not apply")
    elif last is None or ends is None:
        said = (
            "专利有效期或合同截止日未填写，未能核对",
            "The patent's term or the contract's end is not stated: not checked",
        )
    words = Words(
        said,
        ("许可期限超过专利有效期", "The licence outlives the patent"),
        (f"合同截止日不得晚于 {last}", f"Let the contract end by {last}"),
    )
    return found("licence_within_patent_term", "ends_on", passed, words)


_WORDS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "development": ("技术开发", "委托开发", "合作开发"),
    "transfer": ("技术转让", "专利权转让", "专利申请权转让", "技术秘密转让", "著作权转让"),
    "licence": ("技术许可", "实施许可", "使用许可"),
    "consulting": ("技术咨询",),
    "service": ("技术服务", "技术培训", "技术中介"),
}


def check_title(facts: Facts) -> Check:
    """The name does not speak of another kind of contract than the type."""
    kind = facts.contract.contract_type
    own = None if kind is None else family(kind)
    strange = [
        word
        for broad, words in _WORDS_OF.items()
        if broad != own
        for word in words
        if word in facts.project_name
    ]
    said = "、".join(strange)
    words = Words(
        ("合同名称与合同类型一致", "The name is consistent with the type"),
        (
            f"合同名称含“{said}”，与合同类型不一致" if strange else "合同类型未填写，无法核对名称",
            f"The name says '{said}', which is another type"
            if strange
            else "The type is not stated, so the name cannot be compared",
        ),
        ("更正合同名称或合同类型", "Correct the name or the type"),
    )
    return found("title_consistent", "project_name", own is not None and not strange, words)


def check_written(facts: Facts) -> Check:
    """The contract is in writing; an oral one is not registered (民法典 851, 863)."""
    words = Words(
        ("合同采用书面形式", "The contract is in writing"),
        ("未确认合同采用书面形式", "It is not confirmed that the contract is in writing"),
        (
            "订立书面合同并确认 in_writing",
            "Conclude it in writing and confirm with in_writing",
        ),
    )
    return found("written_form", "in_writing", facts.contract.in_writing is True, words)


RULES: Final[tuple[Callable[[Facts], Check], ...]] = (
    check_technology_amount,
    check_parties,
    check_subject,
    check_price,
    check_dates,
    check_type_fits_mode,
    check_type_fits_ip,
    check_patent_term,
    check_title,
    check_written,
)


def missing_fields(fields: tuple[SheetField, ...]) -> tuple[Check, ...]:
    """Return a failed check for each required field that is unknown, or one that passed."""
    missing = [field for field in fields if field.required and field.value is None]
    if not missing:
        return (
            Check(
                rule="fields_complete",
                passed=True,
                field="*",
                message_zh="必填项齐全",
                message_en="All required fields are filled in",
            ),
        )
    return tuple(
        Check(
            rule="fields_complete",
            passed=False,
            field=field.name,
            message_zh=f"缺少：{field.label_zh}",
            message_en=f"Missing: {field.name}",
            mend_zh="在单位信息中补全" if field.name.startswith("buyer_") else "在合同信息中补全",
            mend_en="Complete the buyer's data"
            if field.name.startswith("buyer_")
            else "Complete the contract's data",
        )
        for field in missing
    )


def run_checks(facts: Facts, fields: tuple[SheetField, ...]) -> tuple[Check, ...]:
    """Return all findings, each rule in its place, missing fields last (ST9)."""
    return tuple(rule(facts) for rule in RULES) + missing_fields(fields)
