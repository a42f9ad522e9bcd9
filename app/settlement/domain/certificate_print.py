"""What a certificate's paper shows: the signed facts in words, Chinese with English beside."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from app.shared import codes
from app.shared.calendar import SHANGHAI

_TITLES: Final = {
    "transaction": ("技术交易凭证", "Certificate of a technology transaction"),
    "notice_witness": ("公示见证书", "Witness of a public notice"),
}
_MODES: Final = {
    "agreement": "协议定价并公示 / agreement with public notice",
    "posted": "挂牌交易 / posted price",
    "auction": "竞价交易 / bidding",
    "demand": "张榜招贤 / demand posting",
}
_OUTCOMES: Final = {
    "open": "未决 / open",
    "rejected": "不成立 / rejected",
    "upheld": "成立 / upheld",
    "withdrawn": "撤回 / withdrawn",
}

Json = Mapping[str, Any]
Rows = list[tuple[str, str, str | None]]


def printed(facts: Json, public: Json, *, is_public: bool) -> dict[str, Any]:
    """Return what the template of a certificate shows of it.

    Args:
        facts, public: The signed content of the full and of the public form.
        is_public: Print only what the public form states.
    """
    title_zh, title_en = _TITLES[facts["kind"]]
    return {
        "title": title_zh,
        "title_en": f"{title_en}, public form" if is_public else title_en,
        "form": "公开版" if is_public else "当事人版",
        "number": facts["number"],
        "issuer": facts["market"]["name_zh"],
        "issuer_en": facts["market"]["name_en"],
        "statement": _statement(facts["kind"]),
        "rows": printed_fact(public if is_public else facts),
        "facts_hash": public["facts_hash"],
    }


def printed_fact(facts: Json) -> Rows:
    """Return what signed facts of either form say, as label, English label and value."""
    return _told(facts) if "seller" in facts else _fact(facts)


def _statement(kind: str) -> str:
    if kind == "transaction":
        return "兹证明：下列技术交易经本交易所成交，合同已经生效，到期应付价款已经支付。"
    return "兹见证：下列协议定价事项已在本交易所依规公示，公示内容以所载摘要为准。"


def _fact(public: Json) -> Rows:
    witness = public["kind"] == "notice_witness"
    on = ("公示日期", "Notice of") if witness else ("成交日期", "Date of the deal")
    return [
        ("项目名称", "Object", public["object"]["title"]),
        ("项目编号", "Number of the object", public["object"]["number"]),
        ("交易方式", "Mode", _MODES[public["mode"]]),
        (*on, public["on"]),
        ("出具时间", "Issued at", _moment(public["issued_at"])),
    ]


def _told(facts: Json) -> Rows:
    shared: Rows = [
        ("项目名称", "Object", facts["object"]["title"]),
        ("项目编号", "Number of the object", facts["object"]["number"]),
        ("转让方（出让方、服务方）", "Seller", _side(facts["seller"])),
        ("受让方（委托方）", "Buyer", _side(facts["buyer"])),
        ("交易方式", "Mode", _MODES[facts["mode"]]),
        ("成交编号", "Deal", facts["deal"]["number"]),
        ("成交时间", "Confirmed at", _moment(facts["deal"]["confirmed_at"])),
    ]
    more = _notice(facts["notice"]) if "notice" in facts else _deal(facts["deal"], facts["payment"])
    return [*shared, *more, ("出具时间", "Issued at", _moment(facts["issued_at"]))]


def _deal(deal: Json, payment: Json) -> Rows:
    kind, mode = deal["contract_type"], payment["mode"]
    return [
        ("起始价", "Starting price", _money(deal["start"])),
        ("成交价", "Price", _money(deal["price"])),
        ("合同类型", "Contract type", kind and codes.label("contract_type", kind)),
        ("合同签订时间", "Signed at", _moment(deal["signed_at"])),
        ("合同生效时间", "Effective at", _moment(deal["effective_at"])),
        ("合同文本 SHA-256", "Hash of the text", deal["contract_hash"]),
        ("付款方式", "Payment", mode and codes.label("payment_mode", mode)),
        ("已付价款", "Paid", _money(payment["paid"])),
        ("最近到账时间", "Last arrival", _moment(payment["last_received_at"])),
    ]


def _notice(notice: Json) -> Rows:
    outcomes = "；".join(
        f"{_OUTCOMES[name]} {count}" for name, count in notice["objections_by_outcome"].items()
    )
    met = f"{notice['objections']} 件"
    return [
        ("公示编号", "Notice", notice["number"]),
        ("公示内容 SHA-256", "Hash of the notice", notice["content_hash"]),
        ("公示开始", "Public from", _moment(notice["published_at"])),
        ("公示结束", "Public to", _moment(notice["closed_at"])),
        ("收到异议", "Objections", f"{met}（{outcomes}）" if outcomes else met),
    ]


def _side(side: Json) -> str:
    code = side["credit_code"]
    return str(side["name"]) if code is None else f"{side['name']}（{code}）"


def _money(money: Json) -> str:
    return f"{money['amount']} {money['currency']}"


def _moment(text: str | None) -> str | None:
    if text is None:
        return None
    return f"{datetime.fromisoformat(text).astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}（北京时间）"
