"""What buyers look for in a result, how much each counts, and what to tell the seller.

The weights are `default`. They follow the four complaints with which results are turned down:
too early (13), benefit unclear (26), commercial route unclear (51: rights, price, secrecy
and use), description vague (10). What a buyer cannot find out alone, such as evidence, comparison
and rights, weighs more than what a telephone call mends, such as keywords.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Complaint(StrEnum):
    """Why results are turned down."""

    TOO_EARLY = "too_early"  # 太早期
    BENEFIT_UNCLEAR = "benefit_unclear"  # 效益不清
    ROUTE_UNCLEAR = "route_unclear"  # 商业路径不清
    VAGUE = "vague"  # 描述笼统


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRule:
    """One thing that a buyer looks for.

    Attributes:
        name: Stable.
        field: Where the seller mends it.
        weight: Points of 100.
        message_zh, message_en: What is missing.
        mend_zh: What to write.
        impact_zh: What a buyer cannot decide without it.
    """

    name: str
    field: str
    weight: int
    complaint: Complaint
    message_zh: str
    message_en: str
    mend_zh: str
    impact_zh: str


RULES: Final = (
    GateRule(
        name="readiness_without_evidence",
        field="evidence",
        weight=13,
        complaint=Complaint.TOO_EARLY,
        message_zh="自评成熟度已达到验证阶段，但没有佐证说明，也没有附件。",
        message_en="The stated readiness needs proof: there is neither evidence nor attachment.",
        mend_zh="写明在哪里、用多久、由谁验证过，或上传检测报告、用户报告等附件。",
        impact_zh="受让方无法判断距离投产还有多远，通常按更早的阶段估价。",
    ),
    GateRule(
        name="comparison_missing",
        field="state_of_the_art",
        weight=11,
        complaint=Complaint.BENEFIT_UNCLEAR,
        message_zh="没有与现有技术或在用方案作比较。",
        message_en="There is no comparison with what is in use.",
        mend_zh="写出目前通行的做法，以及本成果在哪些指标上不同。",
        impact_zh="受让方看不出为什么要更换现有方案。",
    ),
    GateRule(
        name="comparison_without_number",
        field="state_of_the_art",
        weight=6,
        complaint=Complaint.BENEFIT_UNCLEAR,
        message_zh="与现有技术的比较中没有任何数值。",
        message_en="The comparison states no number.",
        mend_zh="至少给出一项可核对的对比数值，并写明测试条件。",
        impact_zh="“更好”“更快”无法折算成收益，内部立项时说服不了人。",
    ),
    GateRule(
        name="effect_not_measured",
        field="abstract",
        weight=9,
        complaint=Complaint.BENEFIT_UNCLEAR,
        message_zh="摘要里没有可度量的效果。",
        message_en="The abstract states no measurable effect.",
        mend_zh="用数值写出效果，例如精度、能耗、成本、产率或寿命的变化。",
        impact_zh="受让方无法估算采用后的收益。",
    ),
    GateRule(
        name="rights_missing",
        field="ip_assets",
        weight=10,
        complaint=Complaint.ROUTE_UNCLEAR,
        message_zh="没有列出任何知识产权，也没有声明为技术秘密。",
        message_en="No right is listed, and no technical secret is stated.",
        mend_zh="列出专利、软件著作权等权利；未申请权利的，列为技术秘密。",
        impact_zh="受让方不知道买到的是什么权利，合同标的写不清楚。",
    ),
    GateRule(
        name="rights_not_in_force",
        field="ip_assets",
        weight=8,
        complaint=Complaint.ROUTE_UNCLEAR,
        message_zh="没有处于有效状态的权利，或有权利已失效、将在三年内届满。",
        message_en="No right is in force, or one has lapsed or ends within three years.",
        mend_zh="核对法律状态与届满日；失效的权利不要列入，临近届满的补充后续权利。",
        impact_zh="权利存续期短，投资来不及收回，许可也不能超过专利有效期。",
    ),
    GateRule(
        name="empowerment_not_stated",
        field="empowerment",
        weight=4,
        complaint=Complaint.ROUTE_UNCLEAR,
        message_zh="属于职务成果，但没有说明对成果完成人的赋权。",
        message_en="It is a service result, but nothing was granted to its completers.",
        mend_zh="与单位确认赋权方式（所有权份额或长期使用权）后填写。",
        impact_zh="受让方担心完成人不参与后续转化，或日后对权属有争议。",
    ),
    GateRule(
        name="shares_unclear",
        field="completers",
        weight=2,
        complaint=Complaint.ROUTE_UNCLEAR,
        message_zh="成果完成人的份额之和不是百分之百。",
        message_en="The completers' shares do not add up to the whole.",
        mend_zh="核对每位完成人的份额，使合计为 10000 个基点。",
        impact_zh="收益分配没有谈定，签约容易拖延。",
    ),
    GateRule(
        name="price_missing",
        field="price_idea",
        weight=6,
        complaint=Complaint.ROUTE_UNCLEAR,
        message_zh="没有意向价格。",
        message_en="No price idea is stated.",
        mend_zh="填写意向价格；暂不能确定的，可先做一次估值。",
        impact_zh="受让方不知道是否在预算之内，往往直接略过。",
    ),
    GateRule(
        name="price_without_basis",
        field="price_basis",
        weight=8,
        complaint=Complaint.ROUTE_UNCLEAR,
        message_zh="没有说明意向价格的依据。",
        message_en="Nothing says what the price idea rests on.",
        mend_zh="写明依据：评估报告、投入成本、可比交易或预期收益的算法。",
        impact_zh="没有依据的价格难以谈判，国有受让方也无法履行决策程序。",
    ),
    GateRule(
        name="secrecy_not_cleared",
        field="secrecy",
        weight=5,
        complaint=Complaint.ROUTE_UNCLEAR,
        message_zh="没有完成保密审查。",
        message_en="The secrecy review is not done or not passed.",
        mend_zh="由单位完成保密审查，通过后填写审查结论。",
        impact_zh="未经保密审查的成果不能公开挂牌。",
    ),
    GateRule(
        name="application_unclear",
        field="abstract",
        weight=8,
        complaint=Complaint.ROUTE_UNCLEAR,
        message_zh="标题和摘要里没有点明应用场景。",
        message_en="Title and abstract name no field of application.",
        mend_zh="写明用于什么产品、工序或行业，替代什么，谁来使用。",
        impact_zh="受让方无法判断与自己的业务是否相关，匹配也难以准确。",
    ),
    GateRule(
        name="abstract_too_short",
        field="abstract",
        weight=4,
        complaint=Complaint.VAGUE,
        message_zh="摘要少于六十个字。",
        message_en="The abstract has fewer than sixty characters.",
        mend_zh="用几句话写清要解决的问题、做法和效果。",
        impact_zh="太短的摘要读不出技术内容，检索也难以命中。",
    ),
    GateRule(
        name="summary_missing",
        field="public_summary",
        weight=3,
        complaint=Complaint.VAGUE,
        message_zh="限制公开的成果没有像样的公开概要。",
        message_en="A restricted result has no public summary to speak of.",
        mend_zh="用不少于二十个字写出可以公开的用途和效果，不涉及技术要点。",
        impact_zh="未签保密协议的受让方看不到任何内容，不会来接洽。",
    ),
    GateRule(
        name="keywords_missing",
        field="keywords",
        weight=3,
        complaint=Complaint.VAGUE,
        message_zh="没有关键词。",
        message_en="There are no keywords.",
        mend_zh="填写三到八个行业内通用的词。",
        impact_zh="受让方按关键词检索时找不到本成果。",
    ),
)
