"""The faults of a content, told in Chinese to who filled in the row."""

from collections.abc import Mapping
from typing import Any, Final

from app.demands.domain.content import DemandContent
from app.demands.domain.importing_words import WORDS
from app.shared.tables.cells import write_share

Told = tuple[str, str]  # message, mend


def tell(error: Mapping[str, Any], content: DemandContent) -> Told:
    """Return message and mend of a fault that `check_content` found."""
    rule = error["rule"]
    if rule == "shares_not_whole":
        total = write_share(sum(step.share_bp for step in content.milestones))
        return f"里程碑付款比例合计为 {total}", "各里程碑付款比例合计须为 100%"
    if rule == "repeated":
        place = int(error["field"].partition(".")[2])
        word = WORDS.write("answerer", content.who_may_answer[place])
        return f"“{word}”重复填写", "每种只填一次"
    if rule == "due_after_the_end":
        return "里程碑晚于需求的完成日期", f"不晚于 {content.due_on}，或推迟完成日期"
    return _TEXTS.get(rule, (error["message"], "请按模板填写"))


_TEXTS: Final[Mapping[str, Told]] = {
    "due_in_the_past": ("完成日期不在今天之后", "填今天之后的日期"),
    "upper_end_missing": ("“介于”缺少上限", "填写上限，或在数值中写作 0.5~0.8"),
    "upper_end_not_expected": ("只有“介于”有上限", "清空上限，或把运算改为“介于”"),
    "upper_end_too_low": ("上限不大于下限", "上限须大于数值"),
    "budget_incomplete": ("预算缺少一端", "固定预算填下限，区间预算填下限和上限"),
    "budget_not_expected": ("面议的预算不应有金额", "清空金额，或把预算方式改为“固定”“区间”"),
    "budget_inverted": ("预算上限不大于下限", "上限须大于下限；两端相等的填“固定”"),
    "budget_not_fixed": ("固定预算的上限与下限不等", "只填下限，或把预算方式改为“区间”"),
    "currency_differs": ("预算两端币种不同", "两端填同一币种"),
    "ratio_missing": ("按约定比例分担风险，缺少发榜方分担比例", "填百分数，如 60%"),
    "ratio_not_expected": (
        "只有“双方按约定比例分担”填写分担比例",
        "清空比例，或把失败风险负担改为“双方按约定比例分担”",
    ),
    "third_party_missing": (
        "第三方验收缺少第三方机构",
        "填写机构名称，或把验收方式改为“发榜方验收”",
    ),
    "third_party_not_expected": (
        "发榜方验收不填第三方机构",
        "清空机构，或把验收方式改为“第三方验收”",
    ),
    "restricted_text_missing": (
        "受限需求缺少限制公开内容",
        "填写限制公开内容，或把公开程度改为“公开”",
    ),
    "restricted_text_not_expected": (
        "公开需求不应有限制公开内容",
        "清空该内容，或把公开程度改为“受限”",
    ),
}
RULES_TOLD: Final = frozenset(_TEXTS) | {"shares_not_whole", "repeated", "due_after_the_end"}
