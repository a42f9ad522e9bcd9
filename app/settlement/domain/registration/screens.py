"""Screens: words of a contract that point at a ground for refusal.

They look at one clause at a time and keep silent at clauses that forbid what they look for: a
false alarm costs a clerk more than the few that a person must find.

Source: 最高人民法院关于审理技术合同纠纷案件适用法律若干问题的解释 10 (the six kinds of terms that
monopolise technology); 技术合同认定规则 (what is no technology contract of its type).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_SHOWN_MAX: Final = 40
_IN: Final = "[^，。；;\n]"  # inside one clause


@dataclass(frozen=True, slots=True)
class Screen:
    """A pattern and what takes a hit back.

    Attributes:
        pattern: What is looked for.
        unless: Taken back if the clause holds this.
    """

    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None = None

    def find(self, *texts: str | None) -> str | None:
        """Return the first hit, as the contract has it, or nothing."""
        for text in texts:
            if not text:
                continue
            for hit in self.pattern.finditer(text):
                if self.unless is None or not self.unless.search(_clause(text, hit)):
                    return hit.group()[:_SHOWN_MAX]
        return None


def _clause(text: str, hit: re.Match[str]) -> str:
    start = max(text.rfind(mark, 0, hit.start()) for mark in "。；;\n") + 1
    ends = [place for mark in "。；;\n" if (place := text.find(mark, hit.end())) >= 0]
    return text[start : min(ends, default=len(text))]


def _screen(*patterns: str, unless: str | None = None) -> Screen:
    taken_back = None if unless is None else re.compile(unless)
    return Screen(re.compile("|".join(patterns)), taken_back)


_GOODS: Final = "(?:设备|仪器|零部件|原材料)"
GOODS: Final = _screen(
    f"(?:采购|购置|供应(?!链|商)|交付|供货)(?!的){_IN}{{0,8}}{_GOODS}"
    "(?!调试|维护|参数|清单|资料|图纸|说明|的?使用|管理|诊断|操作|检测|改造|选型|技术)",
    f"{_GOODS}的?(?:采购|购置|供应(?!链|商)|供货)(?!建议|方案|咨询|计划)",
    unless="不含|不包括|另行|由(?:甲方|委托方|买方)(?:自行|负责)?(?:采购|购置|承担)",
)

_FORBIDDEN: Final = "(?:不得|禁止|无权)"
# What stands between the ban and its object, unless it is the ban of a ban.
_GAP: Final = f"(?:(?!限制|阻碍|干涉|妨碍|拒绝|擅自){_IN}){{0,14}}"
_OWNER: Final = "(?:许可方|许可人|让与方|让与人|转让方|甲方|乙方|卖方)"
MONOPOLY: Final = _screen(
    # 1: research on the subject, use of improvements, unequal exchange of them
    f"{_FORBIDDEN}{_GAP}(?:后续研发|后续开发|二次开发|新的研究开发|后续改进)(?!成果)",
    f"{_FORBIDDEN}(?:自行)?(?:对{_IN}{{1,12}})?(?:进行)?(?:任何)?"
    "改进(?:(?:该|标的|许可|受让)?(?:技术|专利))?(?=$|[，。；;\n])",
    f"改进{_IN}{{0,12}}(?:无偿|免费)(?:归|转让|许可|授予|回授){_IN}{{0,4}}{_OWNER}",
    f"{_FORBIDDEN}(?:从事|开展|进行){_IN}{{0,10}}(?:竞争|同类|类似)性?的?{_IN}{{0,4}}(?:研究|研发|开发)",
    # 2: technology of others
    f"{_FORBIDDEN}{_GAP}[从向自]{_IN}{{0,6}}(?:其他|第三方|他人){_IN}{{0,8}}"
    f"(?:获得|获取|引进|购买|采用){_IN}{{0,8}}技术",
    f"{_FORBIDDEN}(?:使用|采用|引进){_IN}{{0,6}}(?:竞争|类似|同类)性?技术",
    # 3: quantity, price, channels, export
    "(?:产量|(?:产品|生产|销售)数量)不得(?:超过|高于)",
    f"(?:销售价格|售价)(?:不得低于|由{_OWNER}(?:统一)?(?:确定|决定|规定)"
    f"|须经{_OWNER}{_IN}{{0,4}}(?:批准|同意|核准|审批))",
    f"{_FORBIDDEN}(?:将{_IN}{{0,8}})?出口",
    # 4, 5: tied purchases, one source
    f"(?:必须|只能|须){_IN}{{0,4}}[向从]{_OWNER}{_IN}{{0,8}}(?:购买|采购|订购)",
    f"(?:必须|只能)(?:购买|采购|订购){_IN}{{0,8}}指定",
    # 6: no challenge
    f"{_FORBIDDEN}{_GAP}有效性{_IN}{{0,4}}(?:异议|质疑)",
    f"{_FORBIDDEN}{_GAP}(?:宣告{_IN}{{0,8}}无效|无效宣告)",
    unless="未经|依法|管制|保密|泄露",
)

_RIGHT_HOLDER: Final = "(?:专利权人|权利人|原单位|所在单位|共有人|著作权人)"
INFRINGEMENT: Final = _screen(
    f"(?:无需|无须|不必|不经){_IN}{{0,4}}{_RIGHT_HOLDER}{_IN}{{0,4}}(?:同意|许可|授权)",
    f"(?:破解|仿制|复制|剽窃|抄袭){_IN}{{0,8}}(?:他人|第三方|竞争对手|原厂){_IN}{{0,8}}"
    "(?:专利|软件|技术秘密|源代码|图纸)",
    unless="不得|禁止|不会|不存在|保证|承诺|法律规定",
)

# What is no technology contract of its type, by the family or the sub-type.
EXCLUDED: Final[Mapping[str, Screen]] = {
    "development": _screen(
        f"(?:仅|只|单纯|简单)(?:改变|调整|更换){_IN}{{0,8}}(?:尺寸|参数|排列|外观|包装|颜色)",
        "仿制(?!药)",
    ),
    "consulting": _screen(
        "法律咨询|财务咨询|税务咨询|税务筹划|上市辅导|广告策划|市场营销|人力资源咨询",
        "商标代理|工商注册|招标代理",
    ),
    "service_general": _screen(
        "描图|晒图|图纸复印|复印服务|资料翻译|翻译资料|摄影摄像服务|活动摄影|保洁|物业管理",
        "货物装卸|房屋装修|设备租赁|日常维修|日常检定|广告发布",
    ),
    "service_training": _screen(
        "职工文化|文化学习|员工素质|职业技能|职业资格|学历教育|产品使用培训|产品操作培训"
    ),
    "service_intermediary": _screen("房屋中介|人才中介|劳务中介|招聘中介|融资中介"),
}
