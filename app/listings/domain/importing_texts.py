"""The faults of a content, told in Chinese to who filled in the row."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from app.listings.domain.content import AchievementContent, IpAsset, IpStatus
from app.listings.domain.importing_words import WORDS
from app.shared.patent_number import patent_check_digit
from app.shared.tables.cells import write_share
from app.shared.tables.form import shown

Told = tuple[str, str]  # message, mend

_PATENT: Final = {
    "form": ("位数、字符或类型位不对", "专利号为8位或12位数字加小数点和校验位，如 201710601862.3"),
    "year": ("年份与位数不符", "8位号码属于1985至2003年，12位号码属于2003年及以后"),
}
_MISMATCH: Final = "号码的类型位与“{}”不符"


def tell(error: Mapping[str, Any], content: AchievementContent) -> Told:
    """Return message and mend of a fault that `content_faults` found."""
    told = _TEXTS.get(error["rule"])
    return told(error, content) if told is not None else (error["message"], "请按模板填写")


def _asset(error: Mapping[str, Any], content: AchievementContent) -> IpAsset:
    return content.ip_assets[int(error["field"].split(".")[1])]


def _patent_number(error: Mapping[str, Any], content: AchievementContent) -> Told:
    number = _asset(error, content).number or ""
    rule = error["accepted"]["rule"]
    if rule == "check_digit":
        body = "".join(char for char in number.upper() if char.isdigit() or char == "X")[:-1]
        digit = patent_check_digit(body)
        what, mend = "校验位不符", f"按前{len(body)}位计算校验位应为“{digit}”，请核对整个号码"
    else:
        what, mend = _PATENT[rule]
    return f"专利号{shown(number)}{what}", mend


def _patent_kind(error: Mapping[str, Any], content: AchievementContent) -> Told:
    kinds = [WORDS.write("ip_kind", name) for name in error["accepted"]["accepted"]]
    kind = WORDS.write("ip_kind", _asset(error, content).kind)
    return _MISMATCH.format(kind), "按号码应填：" + "；".join(kinds)


def _number_missing(error: Mapping[str, Any], content: AchievementContent) -> Told:
    kind = WORDS.write("ip_kind", _asset(error, content).kind)
    return f"“{kind}”缺少号码", "填写专利号或登记号，只有技术秘密可以留空"


def _number_not_expected(error: Mapping[str, Any], content: AchievementContent) -> Told:
    kind = WORDS.write("ip_kind", _asset(error, content).kind)
    return f"“{kind}”不应有号码", "号码留空，或更正类别"


def _expired(error: Mapping[str, Any], content: AchievementContent) -> Told:
    asset = _asset(error, content)
    status = WORDS.write("ip_status", asset.status)
    lapsed = WORDS.write("ip_status", IpStatus.LAPSED)
    return (
        f"有效期至 {asset.expires_on}，与状态“{status}”矛盾",
        f"核对有效期，或把状态改为“{lapsed}”",
    )


def _level(error: Mapping[str, Any], content: AchievementContent) -> Told:
    scale = WORDS.write("readiness_scale", content.readiness.scale)
    last = error["accepted"]["maximum"]
    return f"“{scale}”没有 {content.readiness.level} 级", f"可填 1 至 {last}"


def _shares(_error: Mapping[str, Any], content: AchievementContent) -> Told:
    total = sum(completer.share_bp for completer in content.completers)
    return f"完成人份额合计为 {write_share(total)}", "各完成人份额合计须为 100%"


def _summary(_error: Mapping[str, Any], _content: AchievementContent) -> Told:
    return "受限成果缺少公开摘要", "填写所有人可见的摘要，或把公开程度改为“公开”"


def _repeated(error: Mapping[str, Any], content: AchievementContent) -> Told:
    name, _, place = error["field"].partition(".")
    value = str(getattr(content, name)[int(place)])
    if name == "conversion_modes":
        value = WORDS.write("conversion_mode", value)
    return f"“{value}”重复填写", "每种只填一次"


def _file(error: Mapping[str, Any], content: AchievementContent) -> Told:
    file_id = content.attachments[int(error["field"].partition(".")[2])]
    return f"没有编号为“{file_id}”的本单位文件", "先上传文件，再填写返回的编号"


_TEXTS: Final[Mapping[str, Callable[[Mapping[str, Any], AchievementContent], Told]]] = {
    "patent_number_invalid": _patent_number,
    "patent_kind_differs": _patent_kind,
    "number_missing": _number_missing,
    "number_not_expected": _number_not_expected,
    "patent_expired": _expired,
    "level_out_of_scale": _level,
    "shares_not_whole": _shares,
    "public_summary_missing": _summary,
    "repeated": _repeated,
    "file_unknown": _file,
}
RULES_TOLD: Final = frozenset(_TEXTS)
