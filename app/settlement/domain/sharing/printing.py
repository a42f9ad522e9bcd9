"""What the printed award notice says, in words of the unit's people."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from app.settlement.domain.sharing.awards import Sharing
from app.shared.calendar import SHANGHAI

ROLES: Final[Mapping[str, str]] = {
    "main_contributor": "主要贡献人员",
    "transfer_staff": "转化服务人员",
    "management_staff": "管理人员",
    "other": "其他人员",
}
POOLS: Final[Mapping[str, str]] = {
    "award": "人员奖励和报酬",
    "unit": "单位留存",
    "department": "所在院系",
    "school": "所在学院",
    "research_fund": "科研基金",
}
BASES: Final[Mapping[str, str]] = {"net_income": "净收入", "shares": "作价投资所得股份"}
CHOICES: Final[Mapping[str | None, str]] = {"ownership": "保留份额", "award": "改取奖励", None: "—"}


def printed(sharing: Sharing, *, unit: str) -> dict[str, Any]:
    """Return the data of `award_notice.typ`: the frozen content of the last notice."""
    notice = sharing.notice
    assert notice is not None  # the caller has read it
    return {
        "at": notice["published_at"],
        "number": notice["number"],
        "unit": unit,
        "title": notice["title"],
        "deal_number": notice["deal_number"],
        "scheme": notice["scheme"]["title_zh"],
        "source": notice["scheme"]["source"],
        "basis": BASES[notice["basis"]],
        "gross": _told(notice["gross"]),
        "net": _told(notice["net"]),
        "pools": [[POOLS[pool], _told(part)] for pool, part in notice["pools"].items()],
        "persons": [
            [
                str(person["number"]),
                person["name"],
                ROLES[person["role"]],
                _percent(person["ownership_bp"]),
                CHOICES[person["choice"]],
                _told(person["quantity"]),
            ]
            for person in notice["persons"]
        ],
        "published_at": _moment(notice["published_at"]),
        "ends_at": _moment(notice["ends_at"]),
        "hash": sharing.notice_hash,
    }


def _told(quantity: Any) -> str | None:
    if quantity is None:
        return None
    return f"{quantity} 股" if type(quantity) is int else _amount(quantity)


def _amount(money: Mapping[str, str]) -> str:
    return f"{money['amount']} {money['currency']}"


def _percent(basis_points: int) -> str:
    return f"{basis_points // 100}.{basis_points % 100:02}%" if basis_points else "—"


def _moment(told: str) -> str:
    return datetime.fromisoformat(told).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
