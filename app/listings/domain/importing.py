"""The columns of an import of achievements."""

from typing import Final

from app.shared.tables.form import Column, TableForm

COLUMNS: Final = (
    Column("title", "成果名称", True, "不超过200字"),
    Column("abstract", "成果简介", True, "不超过10000字"),
    Column("technology_field", "技术领域", True, "见代码表", "technology_field"),
    Column("kind", "成果类别", True, "见代码表", "achievement_kind"),
    Column("ip_kind", "知识产权类别", True, "见代码表", "ip_kind"),
    Column(
        "ip_assets",
        "知识产权清单",
        False,
        "每行一项：类别|号码|名称|状态|有效期至；技术秘密的号码留空，有效期可省略",
    ),
    Column("readiness_scale", "成熟度量表", True, "见代码表", "readiness_scale"),
    Column("readiness_level", "成熟度等级", True, "数字"),
    Column("evidence", "成熟度证据", False, "检测、试用、验收等情况"),
    Column("state_of_the_art", "与现有技术比较", False, "与在用技术的指标对比"),
    Column("completers", "成果完成人", True, "姓名和份额，如：许澜清 60%；郭一舟 40%"),
    Column("service_result", "职务成果", True, "是 或 否"),
    Column("empowerment", "赋权情况", True, "见代码表", "empowerment"),
    Column("plan_source", "计划来源", True, "见代码表", "plan_source"),
    Column("conversion_modes", "转化方式", True, "可填多种，用；分隔，见代码表", "conversion_mode"),
    Column("price_idea", "意向价格", False, "写明单位，如：65万元 或 650000元", unit=True),
    Column("price_basis", "价格依据", False, "不超过10000字"),
    Column("confidentiality", "公开程度", True, "见代码表", "confidentiality"),
    Column("public_summary", "公开摘要", False, "受限成果必填，所有人可见"),
    Column("secrecy", "保密审查", False, "见代码表，不填为未审查", "secrecy"),
    Column("keywords", "关键词", False, "用；或、分隔，最多30个"),
    Column("funding_project", "资助项目", False, "项目编号或名称"),
    Column("attachments", "附件编号", False, "已上传文件的编号，每行一个"),
)
FORM: Final = TableForm(COLUMNS)
