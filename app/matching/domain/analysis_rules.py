"""What a good demand states 需求要素: each part with its weight, and what to ask where it lacks.

The weights are policy on the scale of the quality gate of demands, whose rules they stand
beside: what makes a demand unanswerable or its result disputable weighs more.

Source: the parts are those of 技术需求征集表 as provinces publish them: problem, present state,
indicators, budget, time, way of cooperation, rights.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Part(StrEnum):
    """What a good demand states."""

    PROBLEM = "problem"
    PRESENT = "present"
    INDICATORS = "indicators"
    TEST = "test"
    SCENE = "scene"
    CONSTRAINTS = "constraints"
    BUDGET = "budget"
    DUE = "due"
    FIELD = "field"
    COOPERATION = "cooperation"
    OWNERSHIP = "ownership"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRule:
    """A part, and what its absence is told by.

    Attributes:
        weight: Points on the scale of the quality gate.
        gate: The gate's rule that a demand breaks which lacks the part.
        message_zh, message_en: What lacks.
        mend_zh: The question to answer next.
        example_zh: What a good answer looks like.
    """

    part: Part
    weight: int
    label_zh: str
    gate: str | None = None
    message_zh: str
    message_en: str
    mend_zh: str
    example_zh: str


PART_RULES: Final = (
    PartRule(
        part=Part.PROBLEM,
        weight=10,
        label_zh="主要问题",
        message_zh="没有写明要解决什么问题。",
        message_en="It does not say what goes wrong.",
        mend_zh="现在哪里出了问题、造成多大损失？",
        example_zh="镗到孔深三分之二处刀杆颤振，内孔出现振纹，每月报废四十件。",
    ),
    PartRule(
        part=Part.PRESENT,
        weight=8,
        label_zh="现状",
        gate="present_state_missing",
        message_zh="没有写明现状。",
        message_en="It does not say how it is done at present.",
        mend_zh="目前用什么工艺和设备，试过什么办法，结果如何？",
        example_zh="目前人工补镗，每班十二件；试过减振刀垫，两周后失效。",
    ),
    PartRule(
        part=Part.INDICATORS,
        weight=12,
        label_zh="可考核指标",
        gate="target_unit_missing",
        message_zh="没有带单位、可比较的目标数值。",
        message_en="No figure with a unit says what is to be reached.",
        mend_zh="达到什么数值算解决？写出指标、比较方式、数值和单位。",
        example_zh="内孔粗糙度Ra不大于0.8μm，单件工时不超过70分钟。",
    ),
    PartRule(
        part=Part.TEST,
        weight=12,
        label_zh="测试方法",
        gate="target_test_missing",
        message_zh="没有写明怎样测试或验收。",
        message_en="It does not say how the result is measured.",
        mend_zh="用什么仪器或标准、在什么条件下、测多少次来验收？",
        example_zh="按GB/T 10610测三处取最大值，连续加工三十件全部合格。",
    ),
    PartRule(
        part=Part.SCENE,
        weight=6,
        label_zh="应用场景",
        message_zh="没有写明用在哪里、什么工况。",
        message_en="It does not say where it is used.",
        mend_zh="用在哪条产线、什么设备上，温度、介质、节拍等工况如何？",
        example_zh="用于两台深孔镗床，乳化液冷却，两班连续生产。",
    ),
    PartRule(
        part=Part.CONSTRAINTS,
        weight=5,
        label_zh="约束条件",
        message_zh="没有写明限制条件。",
        message_en="It names no constraints.",
        mend_zh="哪些不能动：尺寸、接口、停机时间、材料、法规、成本上限？",
        example_zh="不得更换机床主轴，改造停机不超过两天。",
    ),
    PartRule(
        part=Part.BUDGET,
        weight=7,
        label_zh="经费预算",
        gate="budget_open",
        message_zh="没有写明经费。",
        message_en="It names no budget.",
        mend_zh="准备投入多少经费？给出一个区间。",
        example_zh="经费预算60万元至90万元。",
    ),
    PartRule(
        part=Part.DUE,
        weight=6,
        label_zh="完成时间",
        message_zh="没有写明什么时候要。",
        message_en="It does not say when the work is wanted.",
        mend_zh="希望什么时候完成，分几个阶段？",
        example_zh="十个月内完成：三个月出样件，十个月现场验收。",
    ),
    PartRule(
        part=Part.FIELD,
        weight=4,
        label_zh="技术领域",
        message_zh="没有选择技术领域，无法参照同领域的成交价格。",
        message_en="It names no field of technology, so no deals can be compared.",
        mend_zh="属于代码表中的哪个技术领域？",
        example_zh="先进制造。",
    ),
    PartRule(
        part=Part.COOPERATION,
        weight=3,
        label_zh="合作方式",
        message_zh="没有写明希望怎样合作。",
        message_en="It does not say which way of working together is wanted.",
        mend_zh="委托开发、合作开发、许可、转让还是技术服务？",
        example_zh="委托开发，驻厂调试不少于二十天。",
    ),
    PartRule(
        part=Part.OWNERSHIP,
        weight=3,
        label_zh="知识产权归属",
        message_zh="没有写明成果归谁。",
        message_en="It does not say who shall own what is made.",
        mend_zh="新产生的知识产权归谁，另一方可以怎样使用？",
        example_zh="专利归需方，开发方可以用于科研。",
    ),
)
