"""拍卖 is a licensed business: what must be on file before such an auction can be announced."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.auctions.domain.terms import Kind
from app.shared.errors import RuleBroken

NOTICE_MIN: Final = timedelta(days=7)
DISPLAY_MIN: Final = timedelta(days=2)
_NAMES: Final = (
    "company",
    "company_licence",
    "auctioneer",
    "auctioneer_licence",
    "notice_medium",
    "display_place",
)


class AuctionNotLicensed(RuleBroken):
    """A 拍卖 lacks its auctioneer, its notice or its display; every fault is named."""

    code = "auction_not_licensed"
    title_zh = "拍卖缺少法定要件"
    title_en = "The auction lacks what the law asks for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """The facts of a 拍卖.

    Attributes:
        company, company_licence: The auction company and its approval number 拍卖经营批准证书.
        auctioneer, auctioneer_licence: The auctioneer and the number of the licence.
        notice_published_at, notice_medium: When and where the auction was announced.
        display_from, display_until, display_place: When and where the subject is shown.
    """

    company: str
    company_licence: str
    auctioneer: str
    auctioneer_licence: str
    notice_published_at: datetime
    notice_medium: str
    display_from: datetime
    display_until: datetime
    display_place: str


def check_licence(kind: Kind, licence: Licence | None, *, opens_at: datetime) -> None:
    """Refuse a 拍卖 without its facts, and facts without a 拍卖.

    Raises:
        AuctionNotLicensed: Lists every fault with its field and what would be accepted.

    Source: 拍卖法 10–14, 45, 48; README, AU24.
    """
    faults: list[dict[str, object]] = []
    if kind is Kind.AUCTION and licence is None:
        faults.append({"field": "licence", "rule": "needed_by_kind", "accepted": None})
    if kind is not Kind.AUCTION and licence is not None:
        faults.append({"field": "licence", "rule": "only_with_kind", "accepted": Kind.AUCTION})
    if kind is Kind.AUCTION and licence is not None:
        faults += [
            {"field": f"licence.{name}", "rule": "not_blank", "accepted": None}
            for name in _NAMES
            if not getattr(licence, name).strip()
        ]
        latest = opens_at - NOTICE_MIN
        if licence.notice_published_at > latest:
            faults.append(
                {
                    "field": "licence.notice_published_at",
                    "rule": "seven_days_before_opening",
                    "accepted": {"at_most": latest},
                }
            )
        if licence.display_until - licence.display_from < DISPLAY_MIN:
            faults.append(
                {
                    "field": "licence.display_until",
                    "rule": "two_days_of_display",
                    "accepted": {"at_least": licence.display_from + DISPLAY_MIN},
                }
            )
        if licence.display_until > opens_at:
            faults.append(
                {
                    "field": "licence.display_until",
                    "rule": "before_opening",
                    "accepted": {"at_most": opens_at},
                }
            )
    if faults:
        detail = "; ".join(f"{fault['field']}: {fault['rule']}" for fault in faults)
        raise AuctionNotLicensed(detail, faults=faults)
