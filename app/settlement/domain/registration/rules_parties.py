"""Rules on the parties: who they are, and that the form says of each what fits it."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from app.settlement.domain.registration.record import ContractRecord, Side
from app.settlement.domain.registration.report import Section, Severity
from app.settlement.domain.registration.rule import Rule, Told, rule
from app.shared import codes
from app.shared.credit_code import CreditCodeInvalid, validate_credit_code

_REFUSALS: Final = "技术合同认定规则 (不予登记的情形)"
_SIDE: Final = {"seller_": ("卖方", "seller"), "buyer_": ("买方", "buyer")}
_BRACKETS: Final = str.maketrans("（）〔〕【】", "()()()")


def plain(name: str) -> str:
    """Return a name without what nobody means: width, spaces, kind of brackets, case."""
    return "".join(unicodedata.normalize("NFKC", name).translate(_BRACKETS).split()).casefold()


def _identity(side: Side) -> Iterator[tuple[str, object, str, str]]:
    """Yield what identifies a party, and what of it is known."""
    yield "name", side.name and side.name.strip(), "名称", "name"
    yield "address", side.address and side.address.strip(), "地址", "address"
    if side.is_abroad:
        return
    yield "region", side.region, "行政区划", "region"
    if not side.is_person:
        yield "credit_code", side.credit_code, "统一社会信用代码", "credit code"
        yield "representative", side.representative, "法定代表人", "representative"


@rule(Severity.ERROR, Section.PARTIES, _REFUSALS, "当事人明确")
def parties_clear(record: ContractRecord) -> Iterator[Told]:
    """Each party is identified by name, address, region, code and representative.

    A party abroad has no credit code or region, a natural person no code or representative.
    """
    for prefix, side in record.sides:
        zh, en = _SIDE[prefix]
        for name, value, label, english in _identity(side):
            if not value:
                yield Told(
                    prefix + name,
                    (f"{zh}{label}缺失，当事人不明确", f"The {en} is not clear: no {english}"),
                    (f"按营业执照或身份证件填写{zh}{label}", f"State the {en}'s {english}"),
                )


@rule(Severity.ERROR, Section.PARTIES, _REFUSALS, "买卖双方不是同一主体")
def parties_distinct(record: ContractRecord) -> Iterator[Told]:
    """Seller and buyer are not one and the same."""
    seller, buyer = record.seller, record.buyer
    by_code = seller.credit_code and plain(seller.credit_code) == plain(buyer.credit_code or "")
    # Two people may bear one name, two organisations with codes may not share it.
    by_name = (
        not by_code
        and seller.name
        and buyer.name
        and not (seller.is_person and buyer.is_person)
        and plain(seller.name) == plain(buyer.name)
    )
    if by_code or by_name:
        yield Told(
            "buyer_credit_code" if by_code else "buyer_name",
            ("买卖双方为同一单位", "Seller and buyer are one and the same"),
            ("核对双方名称和统一社会信用代码", "Compare both names and credit codes"),
        )


@lru_cache(maxsize=65_536)
def _code_fault(code: str) -> str | None:
    try:
        validate_credit_code(code)
    except CreditCodeInvalid as refused:
        return str(refused.fields["rule"])
    return None


_CODE_FAULTS: Final = {
    "length": ("应为18位", "it has 18 characters"),
    "characters": ("含有不允许的字符（I、O、S、V、Z）", "it holds characters that never occur"),
    "check_digit": ("校验码不符，请核对是否误录", "the check character does not fit"),
    "region": ("第3、4位不是省级代码", "characters 3 and 4 name no province"),
}


@rule(Severity.ERROR, Section.PARTIES, "GB 32100-2015", "统一社会信用代码有效")
def credit_code_valid(record: ContractRecord) -> Iterator[Told]:
    """A credit code has 18 characters, a known region and its check character."""
    for prefix, side in record.sides:
        if not side.credit_code or side.is_abroad:
            continue
        fault = _code_fault(side.credit_code)
        if fault is not None:
            zh, en = _CODE_FAULTS[fault]
            yield Told(
                prefix + "credit_code",
                (
                    f"{_SIDE[prefix][0]}统一社会信用代码 {side.credit_code[:30]} 无效：{zh}",
                    f"The {_SIDE[prefix][1]}'s credit code is not valid: {en}",
                ),
                ("按营业执照或法人证书重新填写", "Copy it from the certificate again"),
            )


# GB 32100: who registered it, and as what. Private institutes are 52, so both pass for institutes.
_BODIES: Final = {
    "government": ("11",),
    "public_institution": ("12", "52"),
    "association": ("13", "51", "52", "53"),
    "domestic_enterprise": ("91", "93"),
    "hmt_enterprise": ("91",),
    "foreign_enterprise": ("91",),
    "sole_trader": ("92",),
}


@rule(Severity.WARNING, Section.PARTIES, "GB 32100-2015 表1", "信用代码与单位性质相符")
def credit_code_fits_type(record: ContractRecord) -> Iterator[Told]:
    """The first two characters of a credit code are those of the party's type."""
    for prefix, side in record.sides:
        if not side.credit_code or side.type is None:
            continue
        accepted = _BODIES.get(codes.chain("party_type", side.type)[-1])
        begins = plain(side.credit_code)[:2]
        if accepted is None or begins in accepted:
            continue
        zh, en = _SIDE[prefix]
        yield Told(
            prefix + "type",
            (
                (f"{zh}性质为{codes.label('party_type', side.type)}，但信用代码以{begins}开头"),
                (f"The {en} is called {side.type}, but its credit code begins with {begins}"),
            ),
            ("核对单位性质与信用代码", "Compare the type with the credit code"),
            accepted,
        )


@rule(Severity.ERROR, Section.PARTIES, "民法典 57, 13", "自然人与单位的填写一致")
def party_kind_consistent(record: ContractRecord) -> Iterator[Told]:
    """A party called a natural person has that type, and no other party has it."""
    for prefix, side in record.sides:
        if side.natural_person is None or side.type is None:
            continue
        if side.natural_person is not (side.type == "natural_person"):
            zh, en = _SIDE[prefix]
            yield Told(
                prefix + "type",
                (f"{zh}是否自然人与其性质矛盾", f"The {en}'s type contradicts what it is"),
                (
                    "自然人的性质填“自然人”，单位按登记证书填写",
                    "A natural person has the type natural_person, nobody else has",
                ),
            )


_FIRM_FACTS: Final = {
    "credit_code": "统一社会信用代码",
    "representative": "法定代表人",
    "scale": "企业规模",
    "industry": "国民经济行业",
    "listed": "上市企业",
}


@rule(Severity.WARNING, Section.PARTIES, "登记表", "自然人不填单位事项")
def person_without_firm_facts(record: ContractRecord) -> Iterator[Told]:
    """A natural person has no credit code, representative, scale, industry or listing."""
    for prefix, side in record.sides:
        if not side.is_person:
            continue
        for name, label in _FIRM_FACTS.items():
            if getattr(side, name):
                yield Told(
                    prefix + name,
                    (
                        f"{_SIDE[prefix][0]}为自然人，不应填写{label}",
                        f"The {_SIDE[prefix][1]} is a natural person and has no {name}",
                    ),
                    (f"删除{label}，或更正当事人性质", "Leave it empty, or correct the type"),
                )


# A seal also says what it is for, and which one of several it is.
_SEAL: Final = re.compile(
    r"[-(]?(?:(?:技术)?合同专用章|公章)(?:[(-]?\d{1,2}\)?)?\)?(?:\(\d{1,2}\))?$"
)


@rule(Severity.ERROR, Section.SIGNATURE, _REFUSALS, "当事人名称与印章一致")
def name_equals_seal(record: ContractRecord) -> Iterator[Told]:
    """Each party's name is the one on its seal, but for width, brackets and the seal's purpose."""
    for prefix, side in record.sides:
        if not side.seal_name or not side.name:
            continue
        if _SEAL.sub("", plain(side.seal_name)) == plain(side.name):
            continue
        zh, en = _SIDE[prefix]
        yield Told(
            prefix + "name",
            (
                f"{zh}名称“{side.name[:60]}”与印章“{side.seal_name[:60]}”不一致",
                f"The {en}'s name is not the one on its seal",
            ),
            (
                "以印章和证照上的全称为准更正名称，或重新盖章",
                "Write the full name as on the seal, or seal the contract again",
            ),
            (side.seal_name,),
        )


_COUNTRY: Final = re.compile(r"[1-7]\d\d", re.ASCII)


@rule(Severity.ERROR, Section.PARTIES, "海关国别(地区)代码", "境外当事人的国别代码")
def foreign_party_country(record: ContractRecord) -> Iterator[Told]:
    """A party abroad has the three digits of its country, a body in China none but China's."""
    for prefix, side in record.sides:
        if side.type == "overseas_body":
            wrong = _COUNTRY.fullmatch(side.country or "") is None or not side.is_abroad
            mend = ("填写三位海关国别代码，如 116", "State the customs' three digits, as 116")
        else:
            wrong = side.is_abroad and side.type is not None and not side.is_person
            mend = ("境内单位不填国别，或填 142", "Leave it empty for a body in China, or say 142")
        if wrong:
            zh, en = _SIDE[prefix]
            yield Told(
                prefix + "country",
                (f"{zh}国别代码不符", f"The {en}'s country code does not fit"),
                mend,
            )


@rule(Severity.HINT, Section.PARTIES, "财税〔2010〕111号 第四条; 企业所得税法 41", "关联交易提示")
def related_party_noted(record: ContractRecord) -> Iterator[Told]:
    """Between related parties the income tax relief may be lost."""
    if record.related_party:
        yield Told(
            "related_party",
            (
                "关联交易：向直接或间接持股合计100%的关联方转让技术，不享受技术转让所得减免（待核实）",
                (
                    "Related parties: a transfer within full ownership has no income tax relief"
                    " (to be checked)"
                ),
            ),
            (
                "核对持股比例，备好定价公允的证明",
                "Check the shares held and keep proof of a fair price",
            ),
        )


@rule(Severity.WARNING, Section.PARTIES, "公司法 265; 登记表", "未申报的关联关系迹象")
def related_party_signs(record: ContractRecord) -> Iterator[Told]:
    """Parties that share representative or phone are not called unrelated."""
    if record.related_party is not False:
        return
    seller, buyer = record.seller, record.buyer
    for name, label in (("representative", "法定代表人"), ("phone", "联系电话")):
        one, other = getattr(seller, name), getattr(buyer, name)
        if one and other and plain(one) == plain(other):
            yield Told(
                "related_party",
                (
                    f"双方{label}相同，但填写为非关联交易",
                    f"Both parties have the same {name}, but are called unrelated",
                ),
                ("核实后更正关联交易一项", "Check, and correct whether they are related"),
            )


_MAY_BE_LISTED: Final = frozenset(
    {"joint_stock_company", "hmt_joint_stock", "foreign_joint_stock", "state_owned_enterprise"}
)


@rule(Severity.WARNING, Section.FORM, "公司法 134", "上市企业为股份有限公司")
def listed_fits_type(record: ContractRecord) -> Iterator[Told]:
    """Who is listed is a company limited by shares."""
    buyer = record.buyer
    if buyer.listed and buyer.type is not None and buyer.type not in _MAY_BE_LISTED:
        if buyer.is_person:
            return  # told by person_without_firm_facts
        label = codes.label("party_type", buyer.type)
        yield Told(
            "buyer_listed",
            (f"买方为{label}，不可能是上市企业", f"A {buyer.type} cannot be listed"),
            ("核对买方性质和是否上市", "Correct the type or whether it is listed"),
            tuple(sorted(_MAY_BE_LISTED)),
        )


RULES: Final[tuple[Rule, ...]] = (
    parties_clear,
    parties_distinct,
    credit_code_valid,
    credit_code_fits_type,
    party_kind_consistent,
    person_without_firm_facts,
    name_equals_seal,
    foreign_party_country,
    related_party_noted,
    related_party_signs,
    listed_fits_type,
)
