"""Rules on rights: patents and their terms, licences, who owns results, and the special types."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Final

from app.settlement.domain.registration.record import ContractRecord
from app.settlement.domain.registration.report import Section, Severity
from app.settlement.domain.registration.rule import Rule, Told, rule
from app.settlement.domain.registration.rules_subject import family
from app.settlement.domain.registration.rules_term import year_later
from app.shared import codes
from app.shared.patent_number import PatentNumberInvalid, validate_patent_number

_PATENTS: Final = frozenset({"invention_patent", "utility_model", "design"})
_ON_PATENTS: Final = frozenset({"transfer_patent", "transfer_patent_application", "licence_patent"})
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


@rule(Severity.ERROR, Section.RIGHTS, "民法典 863; 登记表", "知识产权种类与合同小类一致")
def type_fits_ip_kind(record: ContractRecord) -> Iterator[Told]:
    """A right that is transferred or licensed is of the stated kind."""
    accepted = _RIGHTS.get(record.contract_type or "")
    if accepted is None or record.ip_kind is None or record.ip_kind in accepted:
        return
    wanted = sorted(accepted)
    labels = "、".join(codes.label("ip_kind", name) for name in wanted)
    yield Told(
        "ip_kind",
        (
            (
                f"知识产权“{codes.label('ip_kind', record.ip_kind)}”与合同小类"
                f"“{codes.label('contract_type', record.contract_type or '')}”不一致"
            ),
            f"The IP kind {record.ip_kind} does not fit the type {record.contract_type}",
        ),
        (f"知识产权种类应为：{labels}", f"The IP kind should be of: {', '.join(wanted)}"),
        tuple(wanted),
    )


@rule(Severity.ERROR, Section.RIGHTS, "民法典 845; 登记表", "专利合同写明专利号")
def patent_numbers_stated(record: ContractRecord) -> Iterator[Told]:
    """A contract on a patent or an application names its number."""
    if record.contract_type in _ON_PATENTS and not record.patent_numbers:
        yield Told(
            "patent_numbers",
            ("未写明专利号或专利申请号", "No patent or application number is stated"),
            ("填写专利号或申请号", "State the number, as ZL201710601862.3"),
        )


@lru_cache(maxsize=65_536)
def _normal(number: str) -> tuple[str | None, str | None]:
    """Return a number in its normal form, or what is wrong with it."""
    try:
        # Patent databases write CN202010345678.9 for what the certificate calls ZL202010345678.9.
        return validate_patent_number(re.sub("^ *CN", "", number.upper())), None
    except PatentNumberInvalid as refused:
        return None, str(refused.fields["rule"])


_NUMBER_FAULTS: Final = {
    "form": ("位数或格式不符", "its length or form is wrong"),
    "year": ("年份与号码格式不符", "its year does not fit its form"),
    "check_digit": ("校验位不符", "its check character does not fit"),
}


@rule(Severity.ERROR, Section.RIGHTS, "ZC 0006-2003", "专利号有效")
def patent_number_valid(record: ContractRecord) -> Iterator[Told]:
    """Each number has its form, its year and its check character."""
    for number in record.patent_numbers:
        fault = _normal(number)[1]
        if fault is not None:
            zh, en = _NUMBER_FAULTS[fault]
            yield Told(
                "patent_numbers",
                (
                    f"专利号 {number[:30]} 无效：{zh}",
                    f"The patent number {number[:30]} is not valid: {en}",
                ),
                ("按专利证书或受理通知书填写", "Copy it from the certificate"),
            )


_KIND_OF_DIGIT: Final = {
    "1": "invention_patent",
    "8": "invention_patent",
    "2": "utility_model",
    "9": "utility_model",
    "3": "design",
}
_SHORT_LENGTH: Final = 10  # 97101765.4


def _type_digit(number: str) -> str:
    return number[2] if len(number) == _SHORT_LENGTH else number[4]


def _year(number: str) -> int:
    if len(number) != _SHORT_LENGTH:
        return int(number[:4])
    short = int(number[:2])
    return 1900 + short if short >= 85 else 2000 + short


@rule(Severity.ERROR, Section.RIGHTS, "ZC 0006-2003", "专利号与专利种类一致")
def patent_number_fits_kind(record: ContractRecord) -> Iterator[Told]:
    """With one kind of patent, some number is of it."""
    if record.ip_kind not in _PATENTS or record.contract_type not in _ON_PATENTS:
        return
    numbers = [number for text in record.patent_numbers if (number := _normal(text)[0])]
    kinds = {_KIND_OF_DIGIT[_type_digit(number)] for number in numbers}
    if kinds and record.ip_kind not in kinds:
        labels = "、".join(codes.label("ip_kind", name) for name in sorted(kinds))
        yield Told(
            "ip_kind",
            (
                f"专利号属于{labels}，与所填“{codes.label('ip_kind', record.ip_kind)}”不符",
                f"The numbers are of {', '.join(sorted(kinds))}, not of {record.ip_kind}",
            ),
            (f"知识产权种类应为：{labels}", "Correct the IP kind or the numbers"),
            tuple(sorted(kinds)),
        )


@rule(Severity.ERROR, Section.TERM, "民法典 865", "许可期限不超过专利有效期")
def licence_within_patent_term(record: ContractRecord) -> Iterator[Told]:
    """A patent licence does not outlive the patent, as far as its term is known."""
    last, ends = record.patent_ends_on, record.ends_on
    if record.contract_type == "licence_patent" and last and ends and ends > last:
        yield Told(
            "ends_on",
            (
                f"许可期限至 {ends}，超过专利有效期 {last}",
                f"The licence ends on {ends}, after the patent on {last}",
            ),
            (f"合同截止日不得晚于 {last}", f"Let the contract end by {last}"),
            (f"≤ {last}",),
        )


@rule(Severity.ERROR, Section.RIGHTS, "专利法 42, 44; 民法典 865", "专利在签订时有效")
def patent_in_force(record: ContractRecord) -> Iterator[Told]:
    """The patent's term has not ended when the contract is signed."""
    last, signed = record.patent_ends_on, record.signed_on
    if record.contract_type in _ON_PATENTS and last and signed and last < signed:
        yield Told(
            "patent_ends_on",
            (
                f"专利权已于 {last} 届满，早于签订日 {signed}",
                f"The patent's term ended on {last}, before the signing on {signed}",
            ),
            (
                "失效专利不能转让或许可；核对届满日",
                "An expired patent cannot be sold or licensed; check the day",
            ),
        )


_YEARS: Final = {"invention_patent": 20, "utility_model": 10, "design": 15}


@rule(Severity.WARNING, Section.RIGHTS, "专利法 42", "专利届满日与申请年份相符")
def patent_term_plausible(record: ContractRecord) -> Iterator[Told]:
    """A patent ends at most 20, 10 or 15 years after the year in its number.

    An invention's term may be compensated by up to five years, so this only asks.
    """
    last = record.patent_ends_on
    if last is None or record.contract_type not in _ON_PATENTS:
        return
    numbers = [number for text in record.patent_numbers if (number := _normal(text)[0])]
    latest = [
        year_later(date(_year(number), 12, 31), _YEARS[_KIND_OF_DIGIT[_type_digit(number)]])
        for number in numbers
    ]
    if latest and last > max(latest):
        yield Told(
            "patent_ends_on",
            (
                f"专利届满日 {last} 晚于按申请年份推算的 {max(latest)}",
                f"The patent is said to end on {last}, later than {max(latest)} by its number",
            ),
            (
                "核对专利证书；有期限补偿的附补偿决定",
                "Check the certificate; attach the decision if the term was compensated",
            ),
            (f"≤ {max(latest)}",),
        )


@rule(
    Severity.WARNING,
    Section.RIGHTS,
    "技术合同纠纷司法解释 25 (法释〔2020〕19号)",
    "许可方式明确",
)
def licence_kind_fits(record: ContractRecord) -> Iterator[Told]:
    """A licence says whether it is exclusive, sole or ordinary; nothing else does."""
    is_licence = family(record) == "licence"
    if record.contract_type is None or is_licence is (record.licence_kind is not None):
        return
    if is_licence:
        yield Told(
            "licence_kind",
            (
                "未约定许可方式，将按普通许可认定",
                "The kind of licence is not stated: it counts as an ordinary one",
            ),
            ("约定独占、排他或普通许可", "Agree on exclusive, sole or ordinary"),
            codes.table("licence_kind").names,
        )
    else:
        yield Told(
            "licence_kind",
            (
                "非许可合同不填许可方式",
                "The contract is no licence, so it has no kind of licence",
            ),
            ("删除许可方式，或更正合同类型", "Leave it empty, or correct the type"),
        )


@rule(Severity.WARNING, Section.RIGHTS, "民法典 859, 860, 861", "开发成果归属已约定")
def ip_ownership_stated(record: ContractRecord) -> Iterator[Told]:
    """A development says whose the results are; else the law decides."""
    if family(record) == "development" and record.ip_ownership is None:
        yield Told(
            "ip_ownership",
            (
                "未约定开发成果的知识产权归属，将依民法典推定",
                "Whose the results are is not stated: the law decides",
            ),
            ("约定申请专利的权利和技术秘密成果的归属", "Agree on who owns and who may use them"),
            codes.table("ip_ownership").names,
        )


@rule(Severity.WARNING, Section.RIGHTS, "民法典 858", "开发失败风险已约定")
def failure_risk_stated(record: ContractRecord) -> Iterator[Told]:
    """A development says who bears a failure; else both do, reasonably."""
    if family(record) == "development" and record.failure_risk_rule is None:
        yield Told(
            "failure_risk_rule",
            (
                "未约定研究开发失败的风险责任，将由双方合理分担",
                "Who bears a failure is not stated: both do, reasonably",
            ),
            ("约定风险责任", "Agree on the risk"),
            codes.table("failure_risk_rule").names,
        )


_ONLY_PAYS: Final = re.compile(
    "[仅只](?:提供|支付|承担|负责提供|负责支付)[^，。；;\n]{0,6}(?:资金|经费|费用|设备|场地|材料)"
)


@rule(
    Severity.WARNING,
    Section.OBLIGATIONS,
    "民法典 855; 技术合同纠纷司法解释 19 (法释〔2020〕19号)",
    "合作开发各方参与研究开发",
)
def joint_work_shared(record: ContractRecord) -> Iterator[Told]:
    """In a joint development each party does research; who only pays, commissions."""
    if record.contract_type != "development_joint":
        return
    found = _ONLY_PAYS.search(record.obligations or "")
    if found:
        yield Told(
            "obligations",
            (
                f"一方“{found.group()}”，未参与研究开发，属于委托开发",
                "A party that only pays or supplies makes it a commissioned development",
            ),
            (
                "写明双方的研究开发分工，或改为委托开发",
                "State each party's research, or call it commissioned",
            ),
            ("development_commissioned",),
        )


@rule(Severity.WARNING, Section.SUBJECT, "技术合同认定规则 (技术培训合同)", "培训对象明确")
def trainees_stated(record: ContractRecord) -> Iterator[Told]:
    """A training says how many are trained; it is at least one."""
    if record.contract_type != "service_training":
        return
    if record.trainees is None or record.trainees < 1:
        yield Told(
            "trainees",
            (
                "技术培训合同未写明培训对象和人数",
                "A training does not say how many are trained",
            ),
            ("写明受训专业技术人员及人数", "State whom it trains, and how many"),
            ("≥ 1",),
        )


@rule(
    Severity.ERROR, Section.SUBJECT, "技术合同认定规则 (技术中介合同); 民法典 887", "中介对象明确"
)
def intermediated_contract_named(record: ContractRecord) -> Iterator[Told]:
    """An intermediary's contract names the technology contract that it brings about."""
    if (
        record.contract_type == "service_intermediary"
        and not (record.intermediated_contract or "").strip()
    ):
        yield Told(
            "intermediated_contract",
            (
                "技术中介合同未指明所促成的技术合同或特定技术项目",
                "An intermediary's contract does not name the technology contract it is for",
            ),
            ("写明所促成合同的名称或编号", "State that contract's name or number"),
        )


RULES: Final[tuple[Rule, ...]] = (
    type_fits_ip_kind,
    patent_numbers_stated,
    patent_number_valid,
    patent_number_fits_kind,
    licence_within_patent_term,
    patent_in_force,
    patent_term_plausible,
    licence_kind_fits,
    ip_ownership_stated,
    failure_risk_stated,
    joint_work_shared,
    trainees_stated,
    intermediated_contract_named,
)
