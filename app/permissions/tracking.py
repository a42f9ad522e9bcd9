"""What becomes of a deal's result, and the unit's yearly report of it."""

from app.permissions.table import MARKET, ONCE, OWN, allow

allow(
    "get_conversion",
    "list_progress_reports",
    scope="settlement:read",
    seller_staff=OWN,
    buyer_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
allow(
    "plan_conversion",
    "report_progress",
    "state_outcome",
    "answer_outcome",
    scope="settlement:write",
    key=ONCE,
    seller_staff=OWN,
    buyer_staff=OWN,
)
allow("set_conversion_period", scope="settlement:write", key=ONCE, operator=MARKET)
allow(
    "get_conversion_report",
    "get_conversion_report_table",
    scope="settlement:read",
    seller_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
