"""Rules on the price: what the contract costs, how much of it is technology, how it is paid."""

from collections.abc import Iterator, Mapping
from typing import Final

from app.settlement.domain.registration.record import ContractRecord
from app.settlement.domain.registration.report import Section, Severity
from app.settlement.domain.registration.rule import Rule, Told, rule
from app.settlement.domain.registration.screens import GOODS
from app.shared import codes
from app.shared.money import Money

_AMOUNTS: Final = "技术合同认定规则 (核定技术性收入)"
_YUAN: Final = "CNY"


@rule(Severity.ERROR, Section.PRICE, "技术合同认定规则 (不予登记的情形); 民法典 846", "价款明确")
def price_clear(record: ContractRecord) -> Iterator[Told]:
    """The total is positive, or said to come from a royalty; the way of payment is stated."""
    total = record.total_amount
    if total is None:
        if record.amount_known is not False:
            yield Told(
                "total_amount",
                ("价款不明确：未填写合同成交总额", "The price is not clear: no total"),
                (
                    "填写合同成交总额；金额未定的，注明尚未确定并约定计算办法",
                    "State the total; if it is not final, say so and state how it is computed",
                ),
            )
    elif total.amount_minor < 0 or (total.amount_minor == 0 and record.amount_known is not False):
        yield Told(
            "total_amount",
            (f"合同成交总额 {total} 须大于零", f"The total {total} is not above zero"),
            ("更正合同成交总额", "Correct the total"),
        )
    if record.payment_mode is None:
        yield Told(
            "payment_mode",
            ("支付方式未填写，价款及支付不明确", "The payment mode is missing"),
            ("按合同填写支付方式", "State the payment mode as in the contract"),
            codes.table("payment_mode").names,
        )


@rule(Severity.WARNING, Section.PRICE, "技术合同认定登记管理办法 6 (待核实)", "金额尚未确定")
def amounts_unknown(record: ContractRecord) -> Iterator[Told]:
    """While the amount is not final, no relief can be claimed on it."""
    if record.amount_known is False:
        yield Told(
            "amount_known",
            (
                "合同金额尚未确定：核定金额前不能申报税收优惠",
                "The amount is not final: no relief is claimed before it is settled",
            ),
            (
                "收到提成或结算后，按实际金额办理核定",
                "Have the real amount recognised when it is settled",
            ),
        )


@rule(Severity.ERROR, Section.PRICE, _AMOUNTS, "技术交易额大于零且不超过成交总额")
def technology_amount_within_total(record: ContractRecord) -> Iterator[Told]:
    """0 < 技术交易额 ≤ 成交总额; what is known must be stated (ST7)."""
    amount, total = record.technology_amount, record.total_amount
    if amount is None:
        if record.amount_known is False or record.mixed:
            return  # not known yet; or told by mixed_contract_split
        message = ("技术交易额未填写", "The technology amount is missing")
    elif amount.amount_minor <= 0 and not (
        record.amount_known is False and amount.amount_minor == 0
    ):
        message = (
            f"技术交易额 {amount} 须大于零",
            f"The technology amount {amount} is not above 0",
        )
    elif total is not None and amount.currency != total.currency:
        message = ("技术交易额与成交总额币种不同", "The amounts are of different currencies")
    elif total is not None and amount > total:
        message = (
            f"技术交易额 {amount} 超过成交总额 {total}",
            f"The technology amount {amount} is more than the total {total}",
        )
    else:
        return
    yield Told(
        "technology_amount",
        message,
        (
            "填写成交总额扣除设备、仪器、零部件、原材料后的金额",
            "State the total without equipment, instruments, parts and raw material",
        ),
        () if total is None else (f"0 < x ≤ {total}",),
    )


@rule(Severity.ERROR, Section.PRICE, _AMOUNTS, "设备材料金额与技术交易额之和不超过总额")
def equipment_within_total(record: ContractRecord) -> Iterator[Told]:
    """Equipment and technology together are at most the total, equipment is not negative."""
    goods, total = record.equipment_amount, record.total_amount
    if goods is None:
        return
    amount = record.technology_amount
    if goods.amount_minor < 0:
        message = (f"设备材料金额 {goods} 为负", f"The amount of equipment {goods} is negative")
    elif total is None or goods.currency != total.currency:
        return
    else:
        # What is wrong with the technology amount itself, its own rule says.
        known = amount is not None and amount.currency == total.currency and amount <= total
        counted = goods + amount if amount is not None and known else goods
        if counted <= total:
            return
        message = (
            f"设备材料与技术交易额合计 {counted}，超过成交总额 {total}",
            f"Equipment and technology are {counted}, more than the total {total}",
        )
    yield Told(
        "equipment_amount",
        message,
        ("按合同价款构成更正各项金额", "Correct the amounts by the contract's price list"),
    )


@rule(Severity.WARNING, Section.PRICE, _AMOUNTS, "设备材料已从技术交易额中扣除")
def equipment_deducted(record: ContractRecord) -> Iterator[Told]:
    """A contract that delivers goods does not count its whole total as technology."""
    amount = record.technology_amount
    if amount is None or amount != record.total_amount or record.equipment_amount is not None:
        return
    found = GOODS.find(record.obligations, record.technical_content)
    if found:
        yield Told(
            "technology_amount",
            (
                f"合同含“{found}”，但技术交易额等于成交总额",
                f"The contract says “{found}”, but all of the total is technology",
            ),
            (
                "扣除设备、仪器、零部件、原材料金额；无此项的填 0",
                "Deduct equipment, instruments, parts and raw material, or state 0 of them",
            ),
        )


@rule(Severity.ERROR, Section.PRICE, "技术合同认定规则 (混合合同)", "混合合同单列技术金额")
def mixed_contract_split(record: ContractRecord) -> Iterator[Told]:
    """A mixed contract states the amount of its technical part, which is not all of it."""
    if not record.mixed:
        return
    amount, total = record.technology_amount, record.total_amount
    if amount is None:
        message = (
            "含非技术部分的合同未单列技术交易额",
            "A contract with other parts does not state the amount of the technical one",
        )
    elif amount == total:
        message = (
            "含非技术部分的合同，技术交易额却等于成交总额",
            "A contract with other parts counts all of its total as technology",
        )
    else:
        return
    yield Told(
        "technology_amount",
        message,
        ("在合同中分列技术部分的金额", "State the technical part's amount in the contract"),
    )


@rule(Severity.ERROR, Section.PRICE, "登记表", "登记金额以人民币计")
def amounts_in_yuan(record: ContractRecord) -> Iterator[Told]:
    """The form's amounts are in yuan."""
    for name in ("total_amount", "technology_amount", "equipment_amount"):
        amount: Money | None = getattr(record, name)
        if amount is not None and amount.currency != _YUAN:
            yield Told(
                name,
                (
                    f"金额以{amount.currency}计，登记表以人民币填写",
                    f"The amount is in {amount.currency}; the form asks for yuan",
                ),
                (
                    "按签订日汇率折合人民币填写，外币金额另填“外币金额”",
                    "Convert at the day of signing; put the original into foreign_amount",
                ),
                (_YUAN,),
            )


@rule(Severity.ERROR, Section.PRICE, "登记表", "外币金额为外币且大于零")
def foreign_amount_fits(record: ContractRecord) -> Iterator[Told]:
    """The amount in foreign currency is positive and not in yuan."""
    amount = record.foreign_amount
    if amount is not None and (amount.currency == _YUAN or amount.amount_minor <= 0):
        yield Told(
            "foreign_amount",
            (
                f"外币金额 {amount}{amount.currency} 不是正的外币金额",
                f"{amount} {amount.currency} is no positive amount in foreign currency",
            ),
            ("填写合同的外币金额；人民币合同留空", "State it, or leave it empty if it is in yuan"),
        )


_LEAST: Final = Money(100_00)
_MOST: Final = Money(10_000_000_000_00)


@rule(Severity.WARNING, Section.PRICE, "实务", "金额单位合理")
def amount_unit_plausible(record: ContractRecord) -> Iterator[Told]:
    """A total below 100 yuan or above 10 billion yuan was probably stated in another unit."""
    total = record.total_amount
    if total is None or total.currency != _YUAN or total.amount_minor <= 0:
        return
    if total < _LEAST or total > _MOST:
        yield Told(
            "total_amount",
            (
                f"成交总额 {total} 元异常，疑似把万元当作元（或相反）",
                f"A total of {total} yuan is unlikely: perhaps the unit is another",
            ),
            ("核对金额单位：本表以元为单位", "Amounts are in yuan"),
        )


# What each kind of price terms is called on the form.
_MODES: Final[Mapping[str, frozenset[str]]] = {
    "lump_sum": frozenset({"lump_sum"}),
    "instalments": frozenset({"instalments"}),
    "milestones": frozenset({"instalments"}),
    "royalty": frozenset({"royalty"}),
    "entry_fee_royalty": frozenset({"royalty"}),
    "use_first_pay_later": frozenset({"other_payment"}),
    "share_investment": frozenset({"other_payment"}),
}


@rule(Severity.ERROR, Section.PRICE, "登记表; 民法典 846", "支付方式与价款条款一致")
def payment_fits_terms(record: ContractRecord) -> Iterator[Told]:
    """The payment mode is the one of the price terms."""
    mode, accepted = record.payment_mode, _MODES.get(record.terms_kind or "")
    if mode is None or accepted is None or not codes.known("payment_mode", mode):
        return
    if accepted.isdisjoint(codes.chain("payment_mode", mode)):
        wanted = "、".join(codes.label("payment_mode", name) for name in sorted(accepted))
        yield Told(
            "payment_mode",
            (
                f"支付方式“{codes.label('payment_mode', mode)}”与价款条款不一致",
                f"The payment mode {mode} does not fit the price terms {record.terms_kind}",
            ),
            (f"应填：{wanted}", f"It should be one of: {', '.join(sorted(accepted))}"),
            tuple(sorted(accepted)),
        )


# The other royalty modes name their base themselves.
_BASELESS: Final = frozenset({"royalty", "entry_fee_royalty"})


@rule(Severity.ERROR, Section.PRICE, "民法典 846", "提成的计算办法明确")
def royalty_terms_stated(record: ContractRecord) -> Iterator[Told]:
    """A royalty states its base, rate and how the books are looked into."""
    if record.payment_mode in _BASELESS and not (record.royalty_terms or "").strip():
        yield Told(
            "royalty_terms",
            ("提成支付未约定基数和比例", "A royalty without base and rate"),
            (
                "约定提成基数（产品价格、新增产值、利润或销售额）、比例和查阅账目的办法",
                "Agree on base (price, new output, profit or sales), rate and audit",
            ),
        )


RULES: Final[tuple[Rule, ...]] = (
    price_clear,
    amounts_unknown,
    technology_amount_within_total,
    equipment_within_total,
    equipment_deducted,
    mixed_contract_split,
    amounts_in_yuan,
    foreign_amount_fits,
    amount_unit_plausible,
    payment_fits_terms,
    royalty_terms_stated,
)
