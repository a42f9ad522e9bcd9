"""Questions to answer next 待补充问题: what lacks, most important first."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from app.demands.public import DemandGateRule
from app.matching.domain.analysis_parts import StatedPart, lacking
from app.matching.domain.analysis_rules import PART_RULES, PartRule

TOO_GENERAL: Final = "terms_too_general"
# As much as a text that the gate finds not concrete, of which it is the market's own measure.
_TOO_GENERAL_WEIGHT: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to mend.

    Attributes:
        name: A rule of the gate, a part, or ``terms_too_general``; stable.
        weight: Points; the higher, the earlier it should be answered.
        message_zh, message_en: What lacks.
        mend_zh: What to answer.
        example_zh: What a good answer looks like.
    """

    name: str
    weight: int
    message_zh: str
    message_en: str
    mend_zh: str
    example_zh: str


def ask(
    parts: Collection[StatedPart], broken: Collection[DemandGateRule], *, too_general: bool
) -> tuple[Question, ...]:
    """Return what to answer next, the heaviest first; each gap is asked about once.

    Args:
        broken: The gate's rules that the text or the demand does not pass.
        too_general: Whether the market's index finds too few rare words in it.

    Invariant: MT91.
    """
    told = {rule.name for rule in broken}
    missing = lacking(parts)
    asked = [_of(rule.name, rule) for rule in broken]
    asked += [
        _of(str(rule.part), rule)
        for rule in PART_RULES
        if rule.part in missing and rule.gate not in told
    ]
    if too_general and "text_not_concrete" not in told:
        asked.append(_GENERAL)
    return tuple(sorted(asked, key=lambda question: -question.weight))


def _of(name: str, rule: DemandGateRule | PartRule) -> Question:
    return Question(
        name=name,
        weight=rule.weight,
        message_zh=rule.message_zh,
        message_en=rule.message_en,
        mend_zh=rule.mend_zh,
        example_zh=rule.example_zh,
    )


_GENERAL: Final = Question(
    name=TOO_GENERAL,
    weight=_TOO_GENERAL_WEIGHT,
    message_zh="用词过于宽泛，市场上大量条目都有，难以据此匹配。",
    message_en="The words stand in many entries of the market; too few tell this demand apart.",
    mend_zh="对象、材料、工序、设备、物理量各叫什么名字？",
    example_zh="换向器铜片、冲压微裂纹、油雾、强光反光、振动盘上料。",
)
