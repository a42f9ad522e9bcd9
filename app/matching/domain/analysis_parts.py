"""What a text of a demand states 需求要素识别, read by plain rules, clause by clause.

A rule looks for the words that state a part, and for figures where a part is a figure: money of
the work, a time to come, a target with its unit. What it finds is shown with the clause it was
found in, so that its author can see what was taken for what.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from app.demands.public import tells_the_present
from app.matching.domain.analysis_rules import PART_RULES, Part
from app.matching.domain.entry import Facts

CLAUSE_SHOWN_MAX: Final = 60

# A comma inside of 3,600 ends no clause.
_CLAUSE_END: Final = re.compile(r"[，。；;！!？?\n]+|,(?!\d)|\.(?!\d)")
_HAN_NUMBER: Final = "[一二两三四五六七八九十百千半]+"
_FIGURE: Final = r"\d[\d,.]*"
_MONEY: Final = re.compile(
    rf"(?:{_FIGURE}|{_HAN_NUMBER})[十百千]?[万亿]?(?:余|多)?(?:元|美元|欧元|块)|{_FIGURE}[万亿](?![a-z\u4e00-\u9fff])"
    r"|[¥￥$€]\d"
)
_OF_THE_WORK: Final = re.compile(
    r"预算|经费|投入|出资|资金|费用|报价|合同额|出价|支付|愿付|酬金|悬赏|奖金|项目总?额"
)
_TIME: Final = re.compile(
    rf"20\d\d[-/.年]\d{{0,2}}|(?:{_FIGURE}|{_HAN_NUMBER})(?:个)?(?:年|月|季度|周|天|日)|年底|月底|年内|季度末|明年"
)
_TO_COME: Final = re.compile(
    r"完成|交付|周期|工期|期限|上线|投产|投用|验收|年?之?前$|前(?:完|交|实|投|验|要|须|能)|以?内(?:完|交|实|投|验|出|要|$)"
    r"|之内|截止|截至|年底|月底|年内|季度末|希望在|明年"
)
_GONE: Final = re.compile(r"近[一二两三四五六七八九十\d]|过去|去年|上年|以来|曾|历时")
_UNIT: Final = (
    r"(?:%|‰|°|Ω|[μµunmck]?m[²³23]?(?![a-z])|[μm]?[gLsAVWNTJK](?![a-z])|[kKMGTm]?(?:Pa|Hz|W|V|N|A|g|B|b|bit|bps)"
    r"|dB|ppm|ppb|rpm|r/min|min|h(?![a-z])|fps|lx|倍|成(?![果本])|个百分点|微米|毫米|厘米|米|公里|微克|毫克|克|公斤|千克|吨"
    r"|毫升|升|秒|分钟|小时|天|年|次|件|只|台|片|根|辆|层|路|帧|度|级|转|伏|安|瓦|千瓦|赫兹|帕|兆帕|摄氏度|比特|[万亿]次)"
)
_MEASURED: Final = re.compile(rf"(?:{_FIGURE}|{_HAN_NUMBER}){_UNIT}")
_COMPARED: Final = re.compile(
    r"不[大小高低多少]于|[大小高低多少]于|不超过|达到|[降缩减][到至]|[提升增][高到至升]{1,2}[到至]?|[控限]制?在"
    r"|以[内下]|至少|至多|[≥≤<>=±]|要求|目标|指标|需要?|保持|精度|误差"
)
_WORDS: Final[Mapping[Part, re.Pattern[str]]] = {
    Part.PROBLEM: re.compile(
        r"问题|难题|瓶颈|痛点|困难|难点|缺陷|故障|失效|开裂|裂纹|断裂|颤振|振纹|变形|脱落|误[判检报动]|率[高低]|漏[判检报]|报废|返[修工]"
        r"|超[标差]|不[稳良足齐匀能准佳]|不了|无法|难[以于]|[过偏太][高低大小慢快长短]|低下|缓慢|耗时|损失|腐蚀|磨损|泄漏"
        r"|污染|依赖(?:进口|人工)|卡脖子|缺[乏少]|没有.{0,6}(?:办法|方法|手段|设备|装置)|居高不下|波动|制约"
        r"|堵[塞死]|烧[坏毁]|丢失|投诉|失[约控真]|死机|中断|卡[滞死]|褶皱|回缩|漂移|偏差(?:超|平均|大)|增大|抬高成本|(?:依靠|全靠)(?:进口|人工)|浪费|影响.{0,8}(?:质量|寿命|效率)"
    ),
    Part.TEST: re.compile(
        r"gb/?t?\s?\d|iso\s?\d|iec\s?\d|astm|jb/t|(?:按|依据?|参照|符合).{0,16}(?:标准|规程|规范|方法)|(?:测试|试验|检测|测量|检验)(?:方法|条件|标准|报告)"
        r"|验收(?:标准|方法|条件|依据|时)|(?:现场|专家|用户|运行|试产).{0,4}验收|盲测|抽[检样]|送检|第三方|对比(?:试验|测试|实测)|(?:重复|连续).{0,10}(?:次|件|批|小时|天|模|炉)|三坐标|轮廓仪|经.{1,10}(?:测试|检测|试验)合格"
    ),
    Part.SCENE: re.compile(
        r"用[于在]|适用|场景|产线|生产线|流水线|车间|现场|工况|工位|工序|厂[区房]|矿[井山]|井下|海[上洋]|室外|户外|野外|田间|大棚|病房|门诊|手术|管[道网]"
        r"|机组|线上|(?:环境|条件|状态)下|安装[在于]|用户|客户[为是]|年产|每班|机床|炉[内膛]|\d[十百千]?余?[台套条座辆艘架]|十余[台套条座辆艘架]"
        r"|为.{1,12}(?:加工|配套|供货)|公司(?:生产|加工|制造|承[建接])|线路|隧道|桥梁|船|舱|泵站|园区|环境"
    ),
    Part.CONSTRAINTS: re.compile(
        r"不得|不可|不允许|必须|务必|须|仅限|限[于制定]|受限|兼容|不(?:改变|影响|停|更换|改动|增加|破坏|含|使用)|占地|安装空间|外形尺寸|体积|重量"
        r"|防爆|防护等级|无[毒铅氟]|环保要求|法规|资质|认证|国产化?|(?:满足|符合).{0,16}(?:要求|标准|规范|法)|(?:成本|价格|造价|费用).{0,6}(?:不|低于|以内|控制)|接口"
    ),
    Part.COOPERATION: re.compile(
        r"委托|合作|转让|许可|入股|技术(?:服务|咨询|开发合同)|联合(?:研发|开发|攻关)|共建|产学研|引进|购买|采购|揭榜"
    ),
    Part.OWNERSHIP: re.compile(
        r"知识产权|著作权|所有权|归(?:我|甲|乙|双|需|发榜|揭榜|企业|公司|开发|研发)|专利.{0,8}(?:归|共有|共享|属)|独占"
    ),
}


@dataclass(frozen=True, slots=True)
class StatedPart:
    """Whether a part is stated.

    Attributes:
        clause: Where the text states it, shortened; ``None`` where a field of its own does.
    """

    part: Part
    label_zh: str
    stated: bool
    clause: str | None


def find_parts(text: str, decided: Mapping[Part, bool]) -> tuple[StatedPart, ...]:
    """Return every part, in the order in which a reader looks for them.

    Args:
        decided: Parts that fields of their own state, or leave open; the text decides the rest.

    Invariant: MT90.
    """
    clauses = list(_clauses(text))
    found = []
    for rule in PART_RULES:
        stated, clause = decided.get(rule.part), None
        if stated is None:
            clause = next(filter(_STATES[rule.part], clauses), None)
            stated = clause is not None
        found.append(StatedPart(rule.part, rule.label_zh, stated, _shortened(clause)))
    return tuple(found)


def decided_by_demand(broken: Collection[str]) -> Mapping[Part, bool]:
    """Return what the fields of a demand decide.

    Args:
        broken: Names of the quality gate's rules that it does not pass.
    """
    always = dict.fromkeys((Part.DUE, Part.FIELD, Part.COOPERATION, Part.OWNERSHIP), True)
    return always | {rule.part: rule.gate not in broken for rule in PART_RULES if rule.gate}


def decided_by_facts(facts: Facts) -> Mapping[Part, bool]:
    """Return what facts beside a free text state; the text may state what they leave out."""
    stated = {
        Part.BUDGET: facts.price_low is not None,
        Part.DUE: facts.due_on is not None,
        Part.FIELD: facts.technology_field is not None,
        Part.COOPERATION: bool(facts.modes),
        Part.OWNERSHIP: facts.ip_ownership is not None,
    }
    return {part: True for part, is_stated in stated.items() if is_stated}


def lacking(parts: Collection[StatedPart]) -> frozenset[Part]:
    """Return the parts that are not stated."""
    return frozenset(part.part for part in parts if not part.stated)


def _clauses(text: str) -> Iterator[str]:
    for piece in _CLAUSE_END.split(text):
        clause = unicodedata.normalize("NFKC", piece).strip()
        if clause:
            yield clause


def _shortened(clause: str | None) -> str | None:
    if clause is None or len(clause) <= CLAUSE_SHOWN_MAX:
        return clause
    return clause[: CLAUSE_SHOWN_MAX - 1] + "…"


def _names_money(clause: str) -> bool:
    return bool(_MONEY.search(clause) and _OF_THE_WORK.search(clause))


def _names_a_time(clause: str) -> bool:
    return bool(_TIME.search(clause) and _TO_COME.search(clause) and not _GONE.search(clause))


def _names_a_target(clause: str) -> bool:
    # Months of the work and its money are figures with units, too, but none to be reached.
    if _names_money(clause) or _names_a_time(clause):
        return False
    return bool(_MEASURED.search(clause.replace(" ", "")) and _COMPARED.search(clause))


def _says(part: Part) -> Callable[[str], bool]:
    pattern = _WORDS[part]
    return lambda clause: pattern.search(clause.casefold()) is not None


_complains: Final = _says(Part.PROBLEM)
_STATES: Final[Mapping[Part, Callable[[str], bool]]] = {
    **{part: _says(part) for part in _WORDS},
    # The rate that shall not be exceeded is no complaint.
    Part.PROBLEM: lambda clause: _complains(clause) and not _names_a_target(clause),
    Part.PRESENT: tells_the_present,
    Part.INDICATORS: _names_a_target,
    Part.BUDGET: _names_money,
    Part.DUE: _names_a_time,
    Part.FIELD: lambda _: False,  # one of a code table, which no clause names
}
