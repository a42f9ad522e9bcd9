"""Rules on the form's fields: there, of their table, in their format, not too long."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from operator import attrgetter
from typing import Any, Final

from app.settlement.domain.registration.mapping import FormField, mapping
from app.settlement.domain.registration.record import ContractRecord, Side
from app.settlement.domain.registration.report import Section, Severity
from app.settlement.domain.registration.rule import Rule, Told, rule
from app.shared import codes
from app.shared.industries import industry_known as is_industry

# Their own rules tell of these.
_TOLD_ELSEWHERE: Final = frozenset(
    {
        "project_name",
        "contract_type",
        "seller_name",
        "buyer_name",
        "buyer_address",
        "buyer_region",
        "buyer_representative",
        "buyer_country",
        "total_amount",
        "technology_amount",
        "payment_mode",
    }
)
_SIDE: Final = {"seller_": ("卖方", "seller"), "buyer_": ("买方", "buyer")}
Reader = tuple[FormField, Callable[[ContractRecord], Any]]


@cache
def _readers(which: str) -> tuple[Reader, ...]:
    """Return the fields that a rule is about, with what reads them."""
    chosen: dict[str, Callable[[FormField], bool]] = {
        "required": lambda field: bool(field.required) and field.name not in _TOLD_ELSEWHERE,
        "coded": lambda field: field.kind == "code",
        "leaf": lambda field: field.leaf and field.name != "contract_type",
        "long": lambda field: field.longest is not None,
    }
    wanted = chosen[which]
    return tuple((field, attrgetter(field.path)) for field in mapping().fields if wanted(field))


@rule(Severity.ERROR, Section.FORM, "登记表", "必填项齐全")
def fields_complete(record: ContractRecord) -> Iterator[Told]:
    """Each field that the form asks of this contract is filled in."""
    for field, read in _readers("required"):
        value = read(record)
        if (value is None or value == "") and field.required_of(record):
            of_buyer = field.name.startswith("buyer_")
            yield Told(
                field.name,
                (f"缺少：{field.label_zh}", f"Missing: {field.label_en}"),
                ("在单位信息中补全", "Complete the buyer's data")
                if of_buyer
                else ("在合同信息中补全", "Complete the contract's data"),
                section=field.section,
            )


_LISTED_MAX: Final = 40


@rule(Severity.ERROR, Section.FORM, "登记表; 代码表", "代码在代码表中")
def code_known(record: ContractRecord) -> Iterator[Told]:
    """Each coded field holds a value of its code table."""
    for field, read in _readers("coded"):
        value = read(record)
        assert field.table is not None
        if value is not None and not codes.known(field.table, value):
            yield Told(
                field.name,
                (
                    f"{field.label_zh}“{value[:40]}”不在代码表中",
                    f"{field.label_en} “{value[:40]}” is not in its code table",
                ),
                ("按代码表填写", f"Choose of the table {field.table}"),
                codes.table(field.table).names[:_LISTED_MAX],
                field.section,
            )


@rule(Severity.ERROR, Section.FORM, "登记表; 代码表", "代码填至最细一级")
def code_is_leaf(record: ContractRecord) -> Iterator[Told]:
    """A type of party is one of the narrowest."""
    for field, read in _readers("leaf"):
        value = read(record)
        assert field.table is not None
        accepted = () if value is None else codes.children(field.table, value)
        if accepted:
            label = codes.label(field.table, value)
            yield Told(
                field.name,
                (f"{field.label_zh}“{label}”须填至小类", f"{field.label_en} {value} is too broad"),
                (
                    "可填：" + "、".join(codes.label(field.table, name) for name in accepted),
                    f"One of: {', '.join(accepted)}",
                ),
                accepted,
                field.section,
            )


def _known_region(code: str) -> bool:
    """Tell whether a code is one, also of a county that our table does not go down to."""
    if codes.known(codes.REGIONS, code):
        return True
    if not re.fullmatch(r"\d{6}", code, re.ASCII) or code.endswith("00"):
        return False
    above = code[:4] + "00"
    province = code[:2] + "0000"
    if codes.known(codes.REGIONS, above):
        return not codes.children(codes.REGIONS, above)
    # A municipality has no prefectures; 90 stands for counties directly under a province.
    return codes.known(codes.REGIONS, province) and (
        code[2:4] == "90" or not codes.children(codes.REGIONS, province)
    )


@rule(Severity.ERROR, Section.PARTIES, "GB/T 2260", "行政区划代码有效")
def region_known(record: ContractRecord) -> Iterator[Told]:
    """A region is a code of GB/T 2260."""
    for prefix, side in record.sides:
        if side.region and not _known_region(side.region):
            zh, en = _SIDE[prefix]
            yield Told(
                prefix + "region",
                (
                    f"{zh}行政区划代码 {side.region[:20]} 不存在",
                    f"The {en}'s region {side.region[:20]} is no GB/T 2260 code",
                ),
                ("填写六位行政区划代码，如 330106", "State six digits, as 330106"),
            )


@rule(Severity.WARNING, Section.PARTIES, "GB/T 2260; 登记表", "行政区划填至市县")
def region_precise(record: ContractRecord) -> Iterator[Told]:
    """A region is not a whole province that has prefectures."""
    for prefix, side in record.sides:
        code = side.region
        if code and code.endswith("0000") and codes.children(codes.REGIONS, code):
            zh, en = _SIDE[prefix]
            yield Told(
                prefix + "region",
                (
                    f"{zh}所在地只填到{codes.label(codes.REGIONS, code)}",
                    f"The {en}'s region is a whole province",
                ),
                ("填至市或县（区）", "State the prefecture or county"),
            )


@rule(Severity.ERROR, Section.FORM, "GB/T 4754-2017", "国民经济行业代码有效")
def industry_known(record: ContractRecord) -> Iterator[Told]:
    """An industry is a name of the table or a code of GB/T 4754."""
    industry = record.buyer.industry
    if industry and not is_industry(industry):
        yield Told(
            "buyer_industry",
            (
                f"国民经济行业“{industry[:30]}”不是有效代码",
                f"The industry “{industry[:30]}” is no code of GB/T 4754",
            ),
            (
                "填写门类字母或其下的大类、中类、小类代码，如 C 或 C3512",
                "State the section's letter, or a division, group or class, as C3512",
            ),
        )


_MOBILE: Final = r"1[3-9]\d{9}"
_FIXED: Final = r"0\d{2,3}-?\d{7,8}(?:-\d{1,6})?"
_SERVICE: Final = r"[48]00-?\d{3}-?\d{4}"
_PHONE: Final = re.compile(rf"(?:\+?86-?)?(?:{_MOBILE}|{_FIXED}|{_SERVICE})", re.ASCII)
_PHONE_ABROAD: Final = re.compile(r"\+?\d(?:-?\d){5,18}", re.ASCII)
_PLAIN: Final = str.maketrans("()—–", "  --")


_EXTENSION: Final = re.compile("转(?:分机)?|(?:分机|ext)\\.?:?", re.IGNORECASE)
_BETWEEN: Final = re.compile("[/、,;]|或")


def _phone_fits(side: Side) -> bool:
    text = unicodedata.normalize("NFKC", side.phone or "").translate(_PLAIN)
    form = _PHONE_ABROAD if side.is_abroad else _PHONE
    # People state two, as 0571-85000000/13800000000, and an extension as 转8012.
    return all(
        form.fullmatch(_EXTENSION.sub("-", "".join(one.split()))) for one in _BETWEEN.split(text)
    )


@rule(Severity.ERROR, Section.PARTIES, "登记表; 电信网编号计划", "电话号码格式")
def phone_format(record: ContractRecord) -> Iterator[Told]:
    """Phones are mobile, fixed or service numbers; of a party abroad, 6 to 19 digits."""
    for prefix, side in record.sides:
        if side.phone and not _phone_fits(side):
            zh, en = _SIDE[prefix]
            yield Told(
                prefix + "phone",
                (
                    f"{zh}联系电话“{side.phone[:30]}”格式不符",
                    f"The {en}'s phone “{side.phone[:30]}” is no phone number",
                ),
                (
                    "填写手机号，或带区号的固定电话，如 0571-85000000",
                    "State a mobile number, or a fixed one with its area code",
                ),
            )


_POSTCODE: Final = re.compile(r"\d{6}", re.ASCII)
_POSTCODE_ABROAD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]{1,8}[A-Za-z0-9]", re.ASCII)


@rule(Severity.ERROR, Section.PARTIES, "登记表", "邮政编码格式")
def postcode_format(record: ContractRecord) -> Iterator[Told]:
    """A postcode has six digits; of a party abroad, 3 to 10 letters and digits."""
    for prefix, side in record.sides:
        form = _POSTCODE_ABROAD if side.is_abroad else _POSTCODE
        if side.postcode and not form.fullmatch(side.postcode.strip()):
            zh, en = _SIDE[prefix]
            yield Told(
                prefix + "postcode",
                (
                    f"{zh}邮政编码“{side.postcode[:20]}”格式不符",
                    f"The {en}'s postcode “{side.postcode[:20]}” is none",
                ),
                ("填写六位数字邮政编码", "State six digits"),
            )


# First two digits of postcodes by the first two of regions.
_POSTCODES: Final = {
    "11": "10", "12": "30", "13": "05 06 07", "14": "03 04", "15": "01 02 13 16",
    "21": "11 12", "22": "13", "23": "15 16", "31": "20", "32": "21 22", "33": "31 32",
    "34": "23 24", "35": "35 36", "36": "33 34", "37": "25 26 27", "41": "45 46 47",
    "42": "43 44", "43": "41 42", "44": "51 52", "45": "53 54", "46": "57", "50": "40",
    "51": "61 62 63 64", "52": "55 56", "53": "65 66 67", "54": "85 86", "61": "71 72",
    "62": "73 74", "63": "81", "64": "75", "65": "83 84",
}  # fmt: skip


@rule(Severity.WARNING, Section.PARTIES, "中国邮政 邮政编码", "邮政编码与所在地相符")
def postcode_fits_region(record: ContractRecord) -> Iterator[Told]:
    """A postcode is one of the region's province."""
    for prefix, side in record.sides:
        if not side.region or not side.postcode or side.is_abroad:
            continue
        accepted = _POSTCODES.get(side.region[:2], "").split()
        digits = side.postcode.strip()
        if accepted and _POSTCODE.fullmatch(digits) and digits[:2] not in accepted:
            zh, en = _SIDE[prefix]
            yield Told(
                prefix + "postcode",
                (
                    f"{zh}邮政编码 {digits} 不属于所填所在地",
                    f"The {en}'s postcode {digits} is not of its region",
                ),
                ("核对邮政编码和所在地", "Compare postcode and region"),
                tuple(f"{start}…" for start in accepted),
            )


@rule(Severity.ERROR, Section.FORM, "登记表", "内容不超过字数上限")
def length_within(record: ContractRecord) -> Iterator[Told]:
    """No text is longer than its field."""
    for field, read in _readers("long"):
        value = read(record)
        assert field.longest is not None
        if value is not None and len(value) > field.longest:
            yield Told(
                field.name,
                (
                    f"{field.label_zh}有{len(value)}字，超过{field.longest}字",
                    f"{field.label_en} has {len(value)} characters, more than {field.longest}",
                ),
                (
                    f"压缩到{field.longest}字以内",
                    f"Shorten it to {field.longest} characters",
                ),
                (f"≤ {field.longest}",),
                field.section,
            )


RULES: Final[tuple[Rule, ...]] = (
    fields_complete,
    code_known,
    code_is_leaf,
    region_known,
    region_precise,
    industry_known,
    phone_format,
    postcode_format,
    postcode_fits_region,
    length_within,
)
