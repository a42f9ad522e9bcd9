"""Markets and their sessions."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.shared import codes
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import MarketId, SessionId

_CODE: Final = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")


class MarketCodeMalformed(RuleBroken):
    """A market's code is 3 to 40 of a-z, 0-9 and hyphen."""

    code = "market_code_malformed"
    title_zh = "市场代号格式不正确"
    title_en = "The market's code is malformed"


class MarketCodeTaken(Conflict):
    """Another market has the code."""

    code = "market_code_taken"
    title_zh = "市场代号已被使用"
    title_en = "The market's code is taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketView:
    """An exchange, or a sandbox of one.

    Attributes:
        code: Short name in addresses, e.g. ``zhejiang``.
        region_code: GB/T 2260.
        edition: Name of the code table ``edition``.
        sandbox: Whether its clock can be moved.
    """

    id: MarketId
    code: str
    name_zh: str
    name_en: str
    region_code: str
    edition: str
    sandbox: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A session (拍卖会): lots sold on one day under one title."""

    id: SessionId
    market_id: MarketId
    title: str
    edition: str
    held_on: date


def check_new_market(*, code: str, region_code: str, edition: str) -> None:
    """Refuse a market whose code, region or edition is not accepted.

    Raises:
        MarketCodeMalformed: Names the pattern.
        CodeUnknown: Region or edition.
    """
    if not _CODE.fullmatch(code):
        raise MarketCodeMalformed(
            "Use lower-case letters, digits and hyphens, letters first.",
            field="code",
            accepted=_CODE.pattern,
        )
    codes.require_region(region_code, field="region_code")
    codes.require("edition", edition, field="edition")
