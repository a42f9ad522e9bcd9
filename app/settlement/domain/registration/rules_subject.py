"""Rules on the subject: what the contract is about, and that its title says the same."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from app.settlement.domain.registration.record import ContractRecord
from app.settlement.domain.registration.report import Section, Severity
from app.settlement.domain.registration.rule import Rule, Told, rule
from app.settlement.domain.registration.screens import EXCLUDED, Screen
from app.shared import codes

_REFUSALS: Final = "技术合同认定规则 (不予登记的情形)"
_TYPE: Final = "contract_type"
_SAID: Final = re.compile(r"\w")


def family(record: ContractRecord) -> str | None:
    """Return the broad type of a record's contract."""
    kind = record.contract_type
    return None if kind is None else codes.chain(_TYPE, kind)[-1]


@rule(Severity.ERROR, Section.SUBJECT, f"{_REFUSALS}; 民法典 845", "标的明确")
def subject_clear(record: ContractRecord) -> Iterator[Told]:
    """Project name, technical content and type tell what is sold."""
    for name, label, english, section in (
        ("project_name", "项目名称", "the project's name", Section.COVER),
        ("technical_content", "技术内容", "the technical content", Section.SUBJECT),
        (_TYPE, "合同类型", "the type", Section.SUBJECT),
    ):
        value: str | None = getattr(record, name)
        if not value or not _SAID.search(value):
            yield Told(
                name,
                (f"合同标的不明确：缺少{label}", f"The subject is not clear: no {english}"),
                (f"填写{label}", f"State {english}"),
                section=section,
            )


_GENERIC: Final = re.compile(
    r"(?:技术|项目|科技|专利|软件)?"
    r"(?:委托|合作|开发|转让|许可|咨询|服务|培训|中介|研究|实施|权|申请|[（(]委托[）)]|技术)*"
    r"(?:合同|协议|项目|协议书|合同书)*"
)


@rule(Severity.WARNING, Section.COVER, "技术合同认定规则 (项目名称)", "项目名称反映技术内容")
def project_name_specific(record: ContractRecord) -> Iterator[Told]:
    """The name says which technology, not only that it is a technology contract."""
    name = "".join((record.project_name or "").split())
    if name and _GENERIC.fullmatch(name):
        yield Told(
            "project_name",
            (f"项目名称“{name[:40]}”未反映技术内容", f"“{name[:40]}” names no technology"),
            (
                "名称写明具体技术，如“××检测方法专利实施许可合同”",
                "Name the technology, such as the method or product, in the title",
            ),
        )


_CONTENT_LEAST: Final = 10
_ELSEWHERE: Final = re.compile(
    "(?:内容)?(?:详见|参见|见|同)(?:本?合同|附件|正文|附页)[^，。；;]{0,20}[。.]?"
)


@rule(Severity.WARNING, Section.SUBJECT, _REFUSALS, "技术内容足以了解标的")
def content_specific(record: ContractRecord) -> Iterator[Told]:
    """The technical content has ten characters at least, beyond the name and a reference."""
    content = "".join((record.technical_content or "").split())
    if content and (
        len(content) < _CONTENT_LEAST
        or content == "".join((record.project_name or "").split())
        or _ELSEWHERE.fullmatch(content)
    ):
        yield Told(
            "technical_content",
            (
                "技术内容过于简略，登记人员无法据此了解标的",
                "The technical content is too short to tell what is sold",
            ),
            (
                "写明技术内容、范围、要求和验收标准",
                "State content, scope, requirements and how it is accepted",
            ),
        )


@rule(Severity.ERROR, Section.SUBJECT, "民法典 851-887; 登记表", "合同类型填至小类")
def contract_type_is_subtype(record: ContractRecord) -> Iterator[Told]:
    """The type is a sub-type, where its type has such."""
    kind = record.contract_type
    accepted = () if kind is None else codes.children(_TYPE, kind)
    if kind is not None and accepted:
        labels = "、".join(codes.label(_TYPE, name) for name in accepted)
        yield Told(
            _TYPE,
            (
                f"合同类型“{codes.label(_TYPE, kind)}”须填至小类",
                f"The type {kind} is too broad: the sub-type is needed",
            ),
            (f"可填：{labels}", f"One of: {', '.join(accepted)}"),
            accepted,
        )


_ANY: Final = frozenset({"development", "transfer", "licence", "consulting", "service"})
_CONVERSION: Final[Mapping[str, frozenset[str]]] = {
    "transfer": frozenset({"transfer"}),
    "licence": frozenset({"licence"}),
    "licence_exclusive": frozenset({"licence"}),
    "licence_sole": frozenset({"licence"}),
    "licence_ordinary": frozenset({"licence"}),
    "joint_development": frozenset({"development"}),
    "share_investment": frozenset({"transfer", "licence"}),
}
# The cooperation modes of demands; what neither table names fits any type.
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


@rule(Severity.ERROR, Section.SUBJECT, _REFUSALS, "合同类型与公告的转化或合作方式一致")
def type_fits_conversion_mode(record: ContractRecord) -> Iterator[Told]:
    """The contract is of the kind that the listing offered, or the demand asked for (ST25)."""
    kind = record.contract_type
    mode = record.cooperation_mode or record.conversion_mode
    if kind is None or mode is None:
        return
    table = _CONVERSION if record.cooperation_mode is None else _COOPERATION
    accepted = table.get(mode, _ANY)
    if accepted.isdisjoint(codes.chain(_TYPE, kind)):
        labels = "、".join(codes.label(_TYPE, name) for name in sorted(accepted))
        yield Told(
            _TYPE,
            (
                f"合同类型与公告的转化或合作方式（{mode}）不一致",
                f"The contract type does not fit the published mode ({mode})",
            ),
            (f"合同类型应属：{labels}", f"Choose a type of: {', '.join(sorted(accepted))}"),
            tuple(sorted(accepted)),
        )


# A title says what a contract is with its last words; before them stands what it is about.
_CALLED: Final = r"(?:(?:及|与|和|暨)\w+)?(?:项目)?(?:合同|协议)?书?(?:[（(].*)?$"
# What a title calls a contract, by family; the second says enough to keep silent.
_TITLES: Final[Mapping[str, tuple[re.Pattern[str], re.Pattern[str]]]] = {
    "development": (
        re.compile("(?:技术开发|委托开发|合作开发)" + _CALLED),
        re.compile("开发|研制|研究|研发|设计"),
    ),
    "transfer": (
        re.compile(
            "(?:技术转让|专利权转让|专利申请权转让|技术秘密转让|著作权转让|品种权转让)" + _CALLED
        ),
        re.compile("转让"),
    ),
    "licence": (
        re.compile("(?:技术许可|实施许可|使用许可)" + _CALLED),
        re.compile("许可|授权使用"),
    ),
    "consulting": (
        re.compile("技术咨询" + _CALLED),
        re.compile("咨询|论证|评估|评价|可行性|预测|诊断"),
    ),
    "service": (
        re.compile("(?:技术服务|技术培训|技术中介)" + _CALLED),
        re.compile("服务|培训|中介|居间|检测|测试|调试|测绘|指导"),
    ),
}


@rule(Severity.ERROR, Section.COVER, _REFUSALS, "合同名称与合同类型一致")
def title_consistent(record: ContractRecord) -> Iterator[Told]:
    """The name does not speak of another type of contract, and of its own not at all."""
    own, name = family(record), record.project_name
    if own is None or own not in _TITLES or not name or _TITLES[own][1].search(name):
        return
    for other, (strong, _) in _TITLES.items():
        found = strong.search(name)
        if found is not None and other != own:
            yield Told(
                "project_name",
                (
                    (
                        f"合同名称含“{found.group()}”，与合同类型"
                        f"“{codes.label(_TYPE, record.contract_type or '')}”不一致"
                    ),
                    (
                        f"The name says “{found.group()}”, which is not the type "
                        f"{record.contract_type}"
                    ),
                ),
                ("更正合同名称或合同类型", "Correct the name or the type"),
            )
            return


_SUBTYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "development_commissioned": ("委托开发",),
    "development_joint": ("合作开发",),
    "transfer_patent": ("专利权转让",),
    "transfer_patent_application": ("专利申请权转让",),
    "transfer_technical_secret": ("技术秘密转让", "专有技术转让"),
    "transfer_software_copyright": ("著作权转让",),
    "transfer_layout_design": ("布图设计专有权转让", "布图设计转让"),
    "transfer_plant_variety": ("植物新品种权转让", "品种权转让"),
    "licence_patent": ("专利实施许可",),
    "licence_technical_secret": ("技术秘密使用许可", "专有技术许可"),
    "service_training": ("技术培训",),
    "service_intermediary": ("技术中介",),
}


# What keeps silent for a sub-type beside its own words: a title may speak of both.
_ALSO: Final[Mapping[str, str]] = {"transfer_patent": "专利权", "licence_patent": "专利"}


@rule(Severity.WARNING, Section.COVER, "民法典 851-887", "合同名称与合同小类一致")
def title_fits_subtype(record: ContractRecord) -> Iterator[Told]:
    """The name does not speak of another sub-type of the contract's type."""
    kind, name = record.contract_type or "", record.project_name
    own_words = _SUBTYPES.get(kind)
    if own_words is None or not name:
        return
    if any(word in name for word in own_words) or _ALSO.get(kind, name + "?") in name:
        return
    own = family(record)
    for other, words in _SUBTYPES.items():
        found = next((word for word in words if word in name), None)
        if found is not None and other != kind and codes.chain(_TYPE, other)[-1] == own:
            yield Told(
                "project_name",
                (
                    f"合同名称含“{found}”，而小类为“{codes.label(_TYPE, kind)}”",
                    f"The name says “{found}”, the sub-type is {kind}",
                ),
                ("更正合同名称或小类", "Correct the name or the sub-type"),
                (codes.label(_TYPE, kind),),
            )
            return


_IN: Final = "[^，。；;\n]"
# Main duties by family: what is surely this one's, and what keeps silent for it.
_DUTIES: Final[Mapping[str, tuple[str, re.Pattern[str]]]] = {
    "development": (
        r"(?:委托|负责|共同|合作)(?:进行)?(?:研究)?开发(?!的|环境|区|商|者|人员|工具|平台|成果|所得)",
        re.compile("开发|研发|研制|研究|试制|设计"),
    ),
    "transfer": (
        f"将{_IN}{{0,20}}(?:权|技术秘密|成果){_IN}{{0,6}}转让[给予至]",
        re.compile("转让|权利人变更|变更登记|移交全部|交付全部|买断"),
    ),
    "licence": (
        f"许可{_IN}{{0,10}}(?:实施|使用){_IN}{{0,10}}(?:专利|技术)",
        re.compile("许可|实施权|使用权|授权"),
    ),
    "consulting": (
        f"(?:提交|出具|提供){_IN}{{0,8}}(?:咨询报告|可行性研究报告|论证报告)",
        re.compile("咨询|顾问|论证|可行性|评估|评价|预测|调查|分析|规划|诊断"),
    ),
    "service": (
        f"提供{_IN}{{0,8}}(?:技术服务|技术培训|中介服务)",
        re.compile(
            "服务|检测|检验|测试|调试|测绘|安装|维护|运维|巡检|升级|培训|指导|居间|中介|撮合|分析|处理"
        ),
    ),
}
# What a clause only supposes, refers to or leaves to another contract is no duty of this one.
_SURE: Final = {
    name: Screen(re.compile(sure), re.compile("如|若|倘|依据|根据|另行|另签|此前|原合同"))
    for name, (sure, _) in _DUTIES.items()
}


@rule(Severity.ERROR, Section.OBLIGATIONS, _REFUSALS, "权利义务与合同类型一致")
def obligations_consistent(record: ContractRecord) -> Iterator[Told]:
    """The main duties are not those of another type, with none of the contract's own."""
    own, text = family(record), record.obligations
    if own is None or own not in _DUTIES or not text or _DUTIES[own][1].search(text):
        return
    for other, sure in _SURE.items():
        found = sure.find(text)
        if found is not None and other != own:
            yield Told(
                "obligations",
                (
                    (f"权利义务条款为“{found}”，属{codes.label(_TYPE, other)}，与合同类型不一致"),
                    f"The duties are those of a contract of {other}, not of {own}",
                ),
                (
                    "按主要权利义务更正合同类型和名称",
                    "Correct type and name by the main duties",
                ),
                (other,),
            )
            return


_TRADE: Final = re.compile("(?:采购|买卖|购销|租赁|施工|承揽|劳务)(?:项目)?(?:合同|协议)书?$")


def _trade(name: str | None, own: str | None) -> str | None:
    """Return what a title says of goods or work, unless it speaks of the technology too."""
    found = _TRADE.search(name or "")
    spoken = own is not None and own in _TITLES and _TITLES[own][1].search(name or "")
    return None if found is None or spoken else found.group()


@rule(
    Severity.WARNING, Section.SUBJECT, "技术合同认定规则 (不属于技术合同的情形)", "内容属于技术合同"
)
def content_registrable(record: ContractRecord) -> Iterator[Told]:
    """What is done is not among what the rules take out of the contract's type."""
    kind = record.contract_type
    screen = EXCLUDED.get(kind or "") or EXCLUDED.get(family(record) or "")
    found = _trade(record.project_name, family(record))
    if found is None and screen is not None:
        found = screen.find(record.project_name, record.technical_content)
    if found:
        yield Told(
            "technical_content",
            (
                f"内容含“{found}”，通常不认定为{codes.label(_TYPE, kind or '')}",
                f"“{found}” is usually not registered as {kind}",
            ),
            (
                "写明其中的特定技术内容；确无技术内容的不申请登记",
                "State the technical work in it; without any, do not file",
            ),
        )


RULES: Final[tuple[Rule, ...]] = (
    subject_clear,
    project_name_specific,
    content_specific,
    contract_type_is_subtype,
    type_fits_conversion_mode,
    title_consistent,
    title_fits_subtype,
    obligations_consistent,
    content_registrable,
)
