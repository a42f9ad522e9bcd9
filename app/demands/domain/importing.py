"""The columns of an import of demands 需求批量导入."""

from collections.abc import Iterator
from typing import Final

from app.shared.tables.form import Column, TableForm

SLOTS: Final = 6  # targets and milestones that have columns of their own
ITEMS_MAX: Final = 50  # as of `schemas.demands.DemandBody`
NUMBER_MAX: Final = 60

# Parts of a target and of a milestone: name, label, how it is filled in, vocabulary.
TARGET_PARTS: Final = (
    ("name", "名称", "如：最小可检裂纹宽度", None),
    ("operator", "运算", "不小于、不大于、等于、介于", "operator"),
    ("value", "数值", "只填数字；介于填下限，或写作 0.5~0.8", None),
    ("value_max", "上限", "只在“介于”时填写", None),
    ("unit", "单位", "仪器上显示的单位；无量纲的留空", None),
    ("test_method", "测试方法", "仪器或标准、条件、次数", None),
)
MILESTONE_PARTS: Final = (
    ("title", "名称", "如：样机试制", None),
    ("due_on", "完成日期", "如：2027-06-30", None),
    ("deliverable", "交付物", "如：样机两台及试验记录", None),
    ("metric", "考核指标", "达到什么算完成", None),
    ("share_bp", "付款比例", "百分数，各里程碑合计100%", None),
)


def _slots(
    prefix: str, label: str, parts: tuple[tuple[str, str, str, str | None], ...]
) -> Iterator[Column]:
    for slot in range(1, SLOTS + 1):
        for name, said, note, vocabulary in parts:
            yield Column(f"{prefix}_{slot}_{name}", f"{label}{slot}{said}", False, note, vocabulary)


COLUMNS: Final = (
    Column(
        "external_number",
        "需求编号(自编)",
        True,
        f"本单位自编的编号，不超过{NUMBER_MAX}个字符；再次导入时按它识别",
        aliases=("需求编号", "自编编号"),
    ),
    Column("title", "需求名称", True, "不超过200字", aliases=("技术需求名称", "项目名称")),
    Column("technology_field", "技术领域", True, "见代码表", "technology_field"),
    Column("background", "需求背景", True, "所有人可见，不超过10000字", aliases=("背景",)),
    Column("confidentiality", "公开程度", True, "见代码表", "confidentiality"),
    Column("restricted_text", "限制公开内容", False, "受限需求必填，签署保密约定的可见"),
    Column(
        "targets",
        "技术指标",
        False,
        "与指标1至指标6各列二者选一：每行一项，名称|运算|数值|单位|测试方法",
    ),
    *_slots("target", "指标", TARGET_PARTS),
    Column("due_on", "完成日期", True, "如：2027-12-31", aliases=("完成时间",)),
    Column("budget_kind", "预算方式", True, "固定、区间、面议", "budget_kind"),
    Column(
        "budget_low",
        "预算下限",
        False,
        "金额；固定的填这一列，面议的留空",
        unit=True,
        aliases=("预算金额",),
    ),
    Column("budget_high", "预算上限", False, "区间的填写", unit=True),
    Column("budget_unit", "预算单位", False, "元、万元、亿元；金额中已写明的可省略"),
    Column("cooperation_mode", "合作方式", True, "见代码表", "cooperation_mode"),
    Column("ip_ownership", "知识产权归属", True, "见代码表（民法典第859条）", "ip_ownership"),
    Column(
        "failure_risk_rule", "失败风险负担", True, "见代码表（民法典第858条）", "failure_risk_rule"
    ),
    Column("poster_risk_bp", "发榜方分担比例", False, "百分数，只在按约定比例分担时填写"),
    Column(
        "who_may_answer", "揭榜方范围", True, "单位、个人、联合体，可填多种；或填“不限”", "answerer"
    ),
    Column(
        "milestones",
        "里程碑",
        False,
        "与里程碑1至里程碑6各列二者选一：每行一项，名称|完成日期|交付物|考核指标|付款比例",
    ),
    *_slots("milestone", "里程碑", MILESTONE_PARTS),
    Column("acceptance", "验收方式", False, "不填为发榜方验收", "acceptance"),
    Column("third_party", "第三方机构", False, "第三方验收的必填"),
    Column("lump_sum", "经费包干", False, "是 或 否，不填为否"),
)
FORM: Final = TableForm(COLUMNS)
