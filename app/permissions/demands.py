"""Demands: drafted, diagnosed, posted, answered, reviewed, delivered."""

from app.permissions.table import MARKET, ONCE, OWN, allow

# The record and its posting
allow("list_demands", "get_demand", "list_demand_notices", scope="", everyone=True)
allow(
    "draft_demand",
    "edit_demand",
    "submit_demand",
    "revise_demand",
    scope="demands:write",
    key=ONCE,
    buyer_staff=OWN,
)
allow(
    "list_demand_versions",
    scope="demands:read",
    buyer_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
allow("post_demand", "extend_demand", scope="demands:write", key=ONCE, operator=MARKET)
allow(
    "return_reviewed_demand",
    "withdraw_demand",
    scope="demands:write",
    key=ONCE,
    buyer_staff=OWN,
    operator=MARKET,
)

# The board's statistics
allow("get_demand_statistics", scope="", everyone=True)
