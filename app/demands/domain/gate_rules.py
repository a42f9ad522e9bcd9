"""What solvers and reviewers look for in a demand, how much each counts, what to tell the poster.

The weights are `default`. What makes a result disputable or a demand unfindable (no unit, no
test, nothing concrete) weighs more than what a telephone call mends, such as a thin title.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class DemandComplaint(StrEnum):
    """Why demands stay unanswered."""

    NOT_MEASURABLE = "not_measurable"  # 指标不可验收
    VAGUE = "vague"  # 描述笼统
    MONEY = "money"  # 经费不合理
    TIME = "time"  # 进度不合理


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandGateRule:
    """One thing that is looked for.

    Attributes:
        name: Stable.
        field: Where the poster mends it, unless a finding names a nearer place.
        weight: Points of 100.
        message_zh, message_en: What is wrong.
        mend_zh: How to mend it.
        example_zh: What a good one looks like.
    """

    name: str
    field: str
    weight: int
    complaint: DemandComplaint
    message_zh: str
    message_en: str
    mend_zh: str
    example_zh: str


DEMAND_RULES: Final = (
    DemandGateRule(
        name="target_unit_missing",
        field="targets",
        weight=12,
        complaint=DemandComplaint.NOT_MEASURABLE,
        message_zh="指标没有计量单位，名称也看不出是无量纲量。",
        message_en="A target has no unit, and its name is not that of a dimensionless figure.",
        mend_zh="填写仪器上显示的单位；确为无量纲的，在名称中写明“比”“系数”“率”等。",
        example_zh="名称“最小可检裂纹宽度”，单位“μm”；名称“稳定镗削长径比”，单位可空。",
    ),
    DemandGateRule(
        name="target_test_missing",
        field="targets",
        weight=12,
        complaint=DemandComplaint.NOT_MEASURABLE,
        message_zh="指标没有可执行的测试方法。",
        message_en="A target names no way to measure it.",
        mend_zh="写明用什么仪器或标准、在什么条件下、测多少次或多少件。",
        example_zh="标准缺陷件50只，三次重复盲测，取漏检件数之比。",
    ),
    DemandGateRule(
        name="words_without_number",
        field="background",
        weight=10,
        complaint=DemandComplaint.VAGUE,
        message_zh="用了“显著提高”“先进水平”一类的说法，同一句中没有数值。",
        message_en="Words such as 'significantly better' stand in a clause without any number.",
        mend_zh="把形容词换成数值和比较对象，或删去。",
        example_zh="把“显著提高检测效率”改为“检测节拍由900件/小时提高到3600件/小时”。",
    ),
    DemandGateRule(
        name="background_too_short",
        field="background",
        weight=6,
        complaint=DemandComplaint.VAGUE,
        message_zh="背景少于六十个字。",
        message_en="The background has fewer than sixty characters.",
        mend_zh="用几句话写清用在哪里、现在怎么做、卡在哪里、试过什么。",
        example_zh="液压缸筒长径比达到12时刀杆颤振，目前靠降转速多次走刀，单件3小时以上，返修率8%。",
    ),
    DemandGateRule(
        name="present_state_missing",
        field="background",
        weight=8,
        complaint=DemandComplaint.VAGUE,
        message_zh="没有写明现状：目前怎么做、用什么设备、试过什么办法。",
        message_en="The background does not say how it is done at present.",
        mend_zh="写出目前的工艺、设备和结果，以及试过而不成功的办法。",
        example_zh="目前每班六人放大镜全检，每小时约900件；曾试用线阵相机，油雾下误判多。",
    ),
    DemandGateRule(
        name="background_not_measured",
        field="background",
        weight=6,
        complaint=DemandComplaint.VAGUE,
        message_zh="背景里没有任何数值，看不出差距有多大。",
        message_en="The background states no number.",
        mend_zh="至少给出一项现状数值，例如产量、良率、能耗、成本或尺寸。",
        example_zh="目前返修率8%，单件工时3小时，年产1.2万件。",
    ),
    DemandGateRule(
        name="text_not_concrete",
        field="background",
        weight=10,
        complaint=DemandComplaint.VAGUE,
        message_zh="标题和背景里有内容的词太少，难以与成果匹配。",
        message_en="Title and background hold too few words of substance to be matched.",
        mend_zh="写出对象、材料、工序、设备和物理量的名称，少用套话。",
        example_zh="换向器铜片、冲压、微裂纹、油雾、强光反光、振动盘上料线。",
    ),
    DemandGateRule(
        name="budget_open",
        field="budget",
        weight=7,
        complaint=DemandComplaint.MONEY,
        message_zh="经费面议，揭榜方无法判断投入规模。",
        message_en="The budget is open.",
        mend_zh="给出一个区间；没有把握的，可参考同领域的成交区间。",
        example_zh="60万元至90万元。",
    ),
    DemandGateRule(
        name="budget_out_of_line",
        field="budget",
        weight=8,
        complaint=DemandComplaint.MONEY,
        message_zh="经费明显偏离同领域的成交水平。",
        message_en="The budget lies far outside what deals of this field came to.",
        mend_zh="核对金额与单位；确需偏离的，在背景中说明工作量或风险。",
        example_zh="同领域成交的四分位区间为40万元至120万元时，预算写60万元至90万元。",
    ),
    DemandGateRule(
        name="due_too_near",
        field="due_on",
        weight=6,
        complaint=DemandComplaint.TIME,
        message_zh="完成日期离今天太近，平均到每个里程碑不足三十天。",
        message_en="There are fewer than thirty days for each milestone.",
        mend_zh="推迟完成日期，或减少里程碑。",
        example_zh="三个里程碑，完成日期在半年之后。",
    ),
    DemandGateRule(
        name="milestones_disordered",
        field="milestones",
        weight=2,
        complaint=DemandComplaint.TIME,
        message_zh="里程碑的日期不是依次向后。",
        message_en="The milestones' dates do not follow each other.",
        mend_zh="按先后排列，每个里程碑晚于前一个。",
        example_zh="方案5月30日，样机9月26日，现场验收12月19日。",
    ),
    DemandGateRule(
        name="milestone_pays_nearly_all",
        field="milestones",
        weight=5,
        complaint=DemandComplaint.MONEY,
        message_zh="一个里程碑占了八成以上的经费，其余阶段几乎没有付款。",
        message_en="One milestone pays more than eight tenths.",
        mend_zh="按各阶段的工作量分配付款比例，任何一个不超过80%。",
        example_zh="方案30%，样机40%，验收30%。",
    ),
    DemandGateRule(
        name="milestone_metric_vague",
        field="milestones",
        weight=4,
        complaint=DemandComplaint.NOT_MEASURABLE,
        message_zh="里程碑的考核指标没有数值，也没有说明由谁按什么通过。",
        message_en="A milestone's metric can be met by anything.",
        mend_zh="写出数值，或写明评审、检测、签字确认的做法。",
        example_zh="长径比10无振纹，连续三件；评审组一致通过。",
    ),
    DemandGateRule(
        name="public_part_too_thin",
        field="background",
        weight=3,
        complaint=DemandComplaint.VAGUE,
        message_zh="保密部分的内容是公开部分的三倍以上，未接受保密的单位无从判断。",
        message_en="The restricted text says more than three times what the public one says.",
        mend_zh="把不涉密的对象、现状和指标移到公开的背景里，保密部分只留技术要点。",
        example_zh="公开：缸筒深孔镗削颤振，返修率8%。保密：具体型号、装夹图与客户名称。",
    ),
    DemandGateRule(
        name="restricted_part_empty",
        field="restricted_text",
        weight=1,
        complaint=DemandComplaint.VAGUE,
        message_zh="保密部分没有说出公开部分之外的内容。",
        message_en="The restricted text says nothing that the public one does not.",
        mend_zh="补充保密部分，或改为公开需求。",
        example_zh="保密：缸筒材料牌号、装夹方式、现用刀杆型号与频响数据。",
    ),
)
