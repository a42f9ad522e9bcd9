"""The words of an import of demands."""

from collections.abc import Mapping
from typing import Final

from app.shared.tables.words import Words

# Words of our own enumerations; the code tables bring theirs.
_OWN: Final[Mapping[str, Mapping[str, str]]] = {
    "confidentiality": {"public": "公开", "restricted": "受限"},
    "operator": {
        "at_least": "不小于",
        "at_most": "不大于",
        "equal": "等于",
        "between": "介于",
    },
    "budget_kind": {"fixed": "固定", "range": "区间", "open": "面议"},
    "answerer": {"organisation": "单位", "person": "个人", "consortium": "联合体"},
    "acceptance": {"poster": "发榜方验收", "third_party": "第三方验收"},
}
_SYNONYMS: Final = {
    "≥": "at_least",
    ">=": "at_least",
    "大于等于": "at_least",
    "大于或等于": "at_least",
    "不低于": "at_least",
    "不少于": "at_least",
    "至少": "at_least",
    "≤": "at_most",
    "<=": "at_most",
    "小于等于": "at_most",
    "小于或等于": "at_most",
    "不高于": "at_most",
    "不超过": "at_most",
    "不多于": "at_most",
    "至多": "at_most",
    "=": "equal",
    "为": "equal",
    "在…之间": "between",
    "范围": "between",
    "之间": "between",
    "固定金额": "fixed",
    "区间金额": "range",
    "范围金额": "range",
    "不公开": "restricted",
    "部分公开": "restricted",
    "限制公开": "restricted",
    "法人": "organisation",
    "法人单位": "organisation",
    "机构": "organisation",
    "自然人": "person",
    "团队联合体": "consortium",
    "需求方验收": "poster",
    "发榜方": "poster",
    "第三方": "third_party",
}
WORDS: Final = Words(_OWN, _SYNONYMS)
