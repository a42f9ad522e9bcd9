"""Bodies of roadshows for the tests."""

from datetime import datetime, timedelta
from typing import Any

from tests.listings.factories import Json

STARTS = datetime.fromisoformat("2026-03-20T14:00:00+08:00")


def at(minutes: int) -> str:
    return (STARTS + timedelta(minutes=minutes)).isoformat()


def item(start: int, minutes: int = 30, **shown: Any) -> Json:
    return {
        "title": "项目路演",
        "speaker": "许澜清",
        "starts_at": at(start),
        "minutes": minutes,
    } | (shown)


def roadshow_body(**changes: Any) -> Json:
    return {
        "title": "智能检测成果专场路演",
        "kind": "hybrid",
        "place": "杭州市西湖区望溪路1号三楼",
        "link": "https://live.example.cn/zj-0320",
        "starts_at": at(0),
        "ends_at": at(120),
        "capacity": 2,
        "agenda": [item(0), item(30)],
    } | changes
