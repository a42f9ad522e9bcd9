"""The readable course of a listing: who did what, when, on what basis."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.dossiers.domain.labels import SUBJECTS, label_of
from app.shared.calendar import SHANGHAI

Json = Mapping[str, Any]

# What of an event says on what basis it was decided, in this order.
_BASIS: Final = {
    "reason": "理由",
    "ground": "依据",
    "price": "价格",
    "amount": "金额",
    "until": "期限",
    "disclosure_ends_at": "公告期至",
    "notice_number": "公告",
    "bidder_code": "竞买号",
    "signed_at": "签署时间",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One act.

    Attributes:
        at: In Asia/Shanghai, to the second.
        who: Name and party, or the exchange's system.
        basis: Reasons and figures of the event, in words.
    """

    at: str
    subject: str
    what: str
    who: str
    basis: str


def timeline(events: Iterable[Json], names: Mapping[str, str]) -> list[Line]:
    """Return the acts in the order in which they were recorded.

    Args:
        events: As the dossier holds them.
        names: What an actor's reference is called.

    Invariant: DS4.
    """
    ordered = sorted(events, key=lambda event: (event["recorded_at"], event["subject_version"]))
    return [
        Line(
            at=local(event["market_at"]),
            subject=SUBJECTS.get(str(event["subject"]), str(event["subject"])),
            what=label_of(event["type"]),
            who=_who(event, names),
            basis=_basis(event),
        )
        for event in ordered
    ]


def _who(event: Json, names: Mapping[str, str]) -> str:
    if event["restricted"] is None:
        return "（不公开）"
    actor = str(event["restricted"].get("actor", ""))
    return names.get(actor, actor)


def _basis(event: Json) -> str:
    told = {**event["public"], **(event["restricted"] or {})}
    notice = told.get("notice")
    if isinstance(notice, Mapping):
        told = {**notice, **told}
    parts = [f"{name}：{_plain(told[key])}" for key, name in _BASIS.items() if told.get(key)]
    return "；".join(parts)


def _plain(value: object) -> str:
    if isinstance(value, Mapping) and {"amount", "currency"} <= value.keys():
        return f"{value['amount']} {value['currency']}"
    text = str(value)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return local(text) if moment.tzinfo is not None else text


def local(moment: str) -> str:
    """Return a stored moment as it is read in Asia/Shanghai."""
    return datetime.fromisoformat(moment).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
