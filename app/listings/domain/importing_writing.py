"""A content as a row of the template, the template's example, and the words that it lists."""

from collections.abc import Mapping
from datetime import date
from typing import Final

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
from app.listings.domain.importing import COLUMNS
from app.listings.domain.importing_lists import write_assets, write_completers
from app.listings.domain.importing_words import WORDS
from app.shared.money import Money
from app.shared.tables.cells import write_money
from app.shared.tables.lists import LIST, quote

EXAMPLE: Final = AchievementContent(
    title="【示例，请删除】面向铜带产线的表面缺陷检测方法",
    abstract="事件相机采集亮度变化，以时空聚类分离划伤与压痕，再由轻量图网络判级。",
    technology_field="electronic_information",
    kind="applied",
    ip_kind="invention_patent",
    ip_assets=(
        IpAsset(
            "invention_patent",
            "201710601862.3",
            "基于事件流的检测方法",
            IpStatus.GRANTED,
            date(2037, 7, 21),
        ),
        IpAsset("technical_secret", None, "标定规程", IpStatus.KEPT_SECRET),
    ),
    readiness=Readiness("trl_9", 7),
    evidence="在一条650毫米铜带精整线连续运行4个月，用户出具运行报告。",
    state_of_the_art="同工位线阵相机最小可检缺陷约0.25毫米，本方法为0.12毫米。",
    completers=(Completer("许澜清", 6000), Completer("郭一舟", 4000)),
    service_result=True,
    empowerment=Empowerment.OWNERSHIP_SHARE,
    plan_source="provincial_plan",
    conversion_modes=("transfer", "licence_exclusive"),
    price_idea=Money(65_000_000),
    confidentiality=Confidentiality.PUBLIC,
    keywords=("事件相机", "表面缺陷", "机器视觉"),
    secrecy=Secrecy.CLEARED,
    funding_project="2023C01077",
    price_basis="参照同类检测设备许可费和三年节约的人工成本。",
)


def write_row(content: AchievementContent) -> tuple[str, ...]:
    """Return the cells of a content, in the template's order.

    Invariant: LS36: what is written reads back as the same content.
    """
    words = {
        column.name: WORDS.write(column.vocabulary, getattr(content, column.name))
        for column in COLUMNS
        if column.vocabulary and hasattr(content, column.name) and column.name != "conversion_modes"
    }
    told = words | {
        "ip_assets": write_assets(content.ip_assets),
        "readiness_scale": WORDS.write("readiness_scale", content.readiness.scale),
        "readiness_level": str(content.readiness.level),
        "completers": write_completers(content.completers),
        "service_result": "是" if content.service_result else "否",
        "conversion_modes": "；".join(
            WORDS.write("conversion_mode", mode) for mode in content.conversion_modes
        ),
        "price_idea": "" if content.price_idea is None else write_money(content.price_idea),
        "keywords": "；".join(quote(word, LIST) for word in content.keywords),
        "attachments": "\n".join(str(file_id) for file_id in content.attachments),
    }
    return tuple(
        told[column.name] if column.name in told else getattr(content, column.name) or ""
        for column in COLUMNS
    )


def accepted_words() -> Mapping[str, tuple[str, ...]]:
    """Return the Chinese words that columns take, by label, for the template's second sheet."""
    tables = [(column.label, column.vocabulary) for column in COLUMNS if column.vocabulary]
    tables.append(("知识产权状态", "ip_status"))
    return {
        label: tuple(WORDS.vocabulary(table).labels.values()) for label, table in tables if table
    }
