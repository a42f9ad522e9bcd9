"""The quality gate: each rule, the score, and that mending never costs a point."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.listings.domain.content import (
    AchievementContent,
    Completer,
    Confidentiality,
    Empowerment,
    IpAsset,
    IpStatus,
    Readiness,
    Secrecy,
)
from app.listings.domain.gate import GateScoreTooLow, assess, require_score
from app.listings.domain.gate_rules import RULES, Complaint
from app.shared.ids import FileId, new_id
from app.shared.money import Money

TODAY = date(2026, 3, 2)
PATENT = IpAsset("invention_patent", "201710601862.3", "检测方法", IpStatus.GRANTED)
SECRET = IpAsset("technical_secret", None, "标定规程", IpStatus.KEPT_SECRET)
LAPSED = replace(PATENT, status=IpStatus.LAPSED)
ENDING = replace(PATENT, expires_on=date(2029, 3, 1))
LASTING = replace(PATENT, expires_on=date(2029, 3, 2))
GOOD = AchievementContent(
    title="面向铜带产线的表面缺陷检测方法",
    abstract="事件相机采集亮度变化，以时空聚类分离划伤、压痕与辊印，再由轻量网络判级，"
    "适用于带钢、铜箔等卷材产线，漏检率0.7%，光源功率由2400瓦降到90瓦。",
    technology_field="electronic_information",
    kind="applied",
    ip_kind="invention_patent",
    ip_assets=(PATENT, SECRET),
    readiness=Readiness("trl_9", 7),
    evidence="在一条铜带精整线连续运行4个月，用户出具报告。",
    state_of_the_art="同工位线阵方案最小可检缺陷约0.25毫米，本方法0.12毫米。",
    completers=(Completer("许澜清", 6000), Completer("郭一舟", 4000)),
    service_result=True,
    empowerment=Empowerment.OWNERSHIP_SHARE,
    plan_source="provincial_plan",
    conversion_modes=("transfer",),
    price_idea=Money.parse("650000.00", "CNY"),
    confidentiality=Confidentiality.PUBLIC,
    keywords=("机器视觉",),
    secrecy=Secrecy.CLEARED,
    price_basis="参考2025年两笔同类许可的成交价。",
)
WORST = replace(
    GOOD,
    title="一种方法",
    abstract="一种新方法。",
    ip_assets=(),
    evidence="无",
    state_of_the_art="",
    completers=(Completer("许澜清", 6000),),
    empowerment=Empowerment.NONE,
    price_idea=None,
    price_basis="面议",
    confidentiality=Confidentiality.RESTRICTED,
    public_summary="略",
    keywords=(),
    secrecy=Secrecy.NOT_REVIEWED,
)
# What breaks one rule of a good content, and the rules it breaks.
BROKEN: list[tuple[dict[str, object], set[str]]] = [
    ({"evidence": ""}, {"readiness_without_evidence"}),
    ({"evidence": "见附件"}, {"readiness_without_evidence"}),
    ({"evidence": "", "attachments": (FileId(new_id()),)}, set()),
    ({"evidence": "", "readiness": Readiness("trl_9", 3)}, set()),
    (
        {"evidence": "", "readiness": Readiness("trl_9", 4)},
        {"readiness_without_evidence"},
    ),
    ({"evidence": "", "readiness": Readiness("trl_13", 5)}, set()),
    ({"evidence": "", "readiness": Readiness("trl_13", 6)}, {"readiness_without_evidence"}),
    ({"state_of_the_art": ""}, {"comparison_missing", "comparison_without_number"}),
    ({"state_of_the_art": "比现有方案更快、更省、更稳。"}, {"comparison_without_number"}),
    ({"state_of_the_art": "比现有方案省电八成以上。"}, set()),
    ({"state_of_the_art": "寿命为进口件的两倍。"}, set()),
    ({"ip_assets": ()}, {"rights_missing", "rights_not_in_force"}),
    ({"ip_assets": (SECRET,)}, set()),
    ({"ip_assets": (PATENT, LAPSED)}, {"rights_not_in_force"}),
    ({"ip_assets": (ENDING,)}, {"rights_not_in_force"}),
    ({"ip_assets": (replace(PATENT, expires_on=date(2029, 2, 28)),)}, {"rights_not_in_force"}),
    ({"ip_assets": (replace(PATENT, status=IpStatus.PENDING),)}, set()),
    ({"empowerment": Empowerment.NONE}, {"empowerment_not_stated"}),
    ({"empowerment": Empowerment.NONE, "service_result": False}, set()),
    ({"completers": (Completer("许澜清", 6000),)}, {"shares_unclear"}),
    ({"price_idea": None}, {"price_missing"}),
    ({"price_basis": None}, {"price_without_basis"}),
    ({"secrecy": Secrecy.NOT_REVIEWED}, {"secrecy_not_cleared"}),
    ({"secrecy": Secrecy.STATE_SECRET}, {"secrecy_not_cleared"}),
    ({"keywords": ()}, {"keywords_missing"}),
    ({"confidentiality": Confidentiality.RESTRICTED}, {"summary_missing"}),
    (
        {
            "confidentiality": Confidentiality.RESTRICTED,
            "public_summary": "一种用于金属卷材产线的在线表面缺陷检测方法。",
        },
        set(),
    ),
    (
        {"title": "一种方法", "abstract": "一种新的方法。"},
        {"effect_not_measured", "application_unclear", "abstract_too_short"},
    ),
]


@pytest.mark.parametrize(("changes", "failed"), BROKEN)
def test_a_rule_looks_at_what_it_says(changes: dict[str, object], failed: set[str]) -> None:
    """LS45"""
    report = assess(replace(GOOD, **changes), TODAY)  # type: ignore[arg-type]
    weights = {rule.name: rule.weight for rule in RULES}
    assert set(report.failed) == failed
    assert report.score == 100 - sum(weights[name] for name in failed)
    assert sum(report.lost().values()) == 100 - report.score


def test_the_weights_are_a_hundred_and_every_complaint_has_its_rules() -> None:
    assert sum(rule.weight for rule in RULES) == 100
    assert {rule.complaint for rule in RULES} == set(Complaint)
    assert len({rule.name for rule in RULES}) == len(RULES)
    fields = set(AchievementContent.__dataclass_fields__)
    assert all(rule.field in fields for rule in RULES)


def test_the_best_and_the_worst() -> None:
    assert assess(GOOD, TODAY).score == 100
    assert assess(WORST, TODAY).score == 0
    assert len(assess(WORST, TODAY).failed) == len(RULES)


def test_a_market_may_ask_for_a_score_and_names_what_to_mend() -> None:
    """LS45"""
    poor = replace(GOOD, keywords=(), price_idea=None)
    report = assess(poor, TODAY)
    require_score(report, minimum=report.score)
    with pytest.raises(GateScoreTooLow) as refused:
        require_score(report, minimum=report.score + 1)
    told = refused.value.fields["errors"]
    assert isinstance(told, list)
    assert [error["rule"] for error in told] == ["price_missing", "keywords_missing"]


# What a seller does about each rule: write, add or correct; what stood there stays.
MENDS: Mapping[str, Callable[[AchievementContent], AchievementContent]] = {
    "readiness_without_evidence": lambda c: replace(c, evidence=c.evidence + "连续运行四个月。"),
    "comparison_missing": lambda c: replace(c, state_of_the_art="与现有方案相比更省电。"),
    "comparison_without_number": lambda c: replace(
        c, state_of_the_art=c.state_of_the_art + "能耗为在用方案的4%。"
    ),
    "effect_not_measured": lambda c: replace(c, abstract=c.abstract + "漏检率0.7%。"),
    "rights_missing": lambda c: replace(c, ip_assets=(SECRET,)),
    "rights_not_in_force": lambda c: replace(
        c,
        ip_assets=(*(a for a in c.ip_assets if a not in {LAPSED, ENDING}), LASTING),
    ),
    "empowerment_not_stated": lambda c: replace(c, empowerment=Empowerment.LONG_TERM_USE),
    "shares_unclear": lambda c: replace(c, completers=(Completer("许澜清", 10_000),)),
    "price_missing": lambda c: replace(c, price_idea=Money.parse("1.00", "CNY")),
    "price_without_basis": lambda c: replace(c, price_basis="按投入成本加合理利润计算。"),
    "secrecy_not_cleared": lambda c: replace(c, secrecy=Secrecy.CLEARED),
    "application_unclear": lambda c: replace(c, abstract=c.abstract + "适用于卷材产线。"),
    "abstract_too_short": lambda c: replace(c, abstract=c.abstract + "步骤说明" * 15),
    "summary_missing": lambda c: replace(c, public_summary="用于卷材表面在线检测，" * 2),
    "keywords_missing": lambda c: replace(c, keywords=("检测",)),
}
contents = st.builds(
    lambda picks: replace(
        GOOD, **{name: getattr((GOOD, WORST)[worse], name) for name, worse in picks.items()}
    ),
    st.fixed_dictionaries(
        {
            name: st.integers(0, 1)
            for name in (
                "title",
                "abstract",
                "evidence",
                "state_of_the_art",
                "completers",
                "empowerment",
                "price_idea",
                "price_basis",
                "confidentiality",
                "public_summary",
                "keywords",
                "secrecy",
            )
        }
    ),
)


@given(
    content=contents,
    assets=st.lists(st.sampled_from([PATENT, SECRET, LAPSED, ENDING, LASTING]), max_size=3),
    level=st.integers(1, 9),
    order=st.permutations([rule.name for rule in RULES]),
)
def test_mending_what_the_gate_names_never_lowers_the_score(
    content: AchievementContent, assets: list[IpAsset], level: int, order: list[str]
) -> None:
    """LS45"""
    content = replace(content, ip_assets=tuple(assets), readiness=Readiness("trl_9", level))
    report = assess(content, TODAY)
    assert assess(content, TODAY) == report
    for name in order:
        if name not in report.failed:
            continue
        content = MENDS[name](content)
        better = assess(content, TODAY)
        assert name not in better.failed
        assert set(better.failed) < set(report.failed)
        assert better.score > report.score
        report = better
    assert report.score == 100
