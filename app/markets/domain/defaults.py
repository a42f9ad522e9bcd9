"""The policies a new market begins with; markets/README.md names the source of every number."""

from typing import Final

from app.markets.domain.policy import PolicyTerms
from app.shared.calendar import DayUnit, Duration

PUBLIC_SELLERS: Final = ("university", "government_institute")
SELLER_CLASSES: Final = (*PUBLIC_SELLERS, "state_owned_enterprise", "private")
PRICING_MODES: Final = ("agreement", "posted", "bidding")


def _days(count: int) -> Duration:
    return Duration(count, DayUnit.CALENDAR_DAY)


def _working(count: int) -> Duration:
    return Duration(count, DayUnit.WORKING_DAY)


def _disclosure(seller_class: str, pricing_mode: str) -> Duration:
    if seller_class == "state_owned_enterprise":
        return _working(20)  # 120号 17-18 as default; also for agreement, the cautious choice
    if seller_class in PUBLIC_SELLERS:
        # 浙江条例 17(2) for agreement; default for the other two, so that no mode is a way around.
        return _days(15)
    return _days(3) if pricing_mode == "agreement" else _working(5)  # default


def default_terms(seller_class: str, pricing_mode: str) -> PolicyTerms:
    """Return a new market's terms for a seller class and a pricing mode.

    Source: domain rules A2, A6, L1, L3, L4, L5, D2, D3, D5 and 32号令 27-30, see markets/README.md.
    """
    by_market = pricing_mode != "agreement"
    state_owned = seller_class == "state_owned_enterprise"
    return PolicyTerms(
        disclosure=_disclosure(seller_class, pricing_mode),
        extension=_working(5),
        extensions_max=3 if by_market else 0,
        deposit_cap_bp=3000,
        signing=_working(3),
        deposit_refund=_working(3),
        payment_due=_working(5),
        result_notice=_working(5),
        base_price_required=by_market and seller_class != "private",
        resumed_min=_working(10 if state_owned else 5),
        unit_notice_required=seller_class in PUBLIC_SELLERS,
    )
