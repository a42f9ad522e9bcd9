"""Matching: results, wishes, feedback, subscriptions, the broker's desk."""

from app.permissions.table import ANY, MARKET, ONCE, OWN, allow

# Results: what found what is its party's, and the staff's and brokers' of its market
allow(
    "get_demand_matches",
    scope="matching:read",
    buyer_staff=OWN,
    broker=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
allow(
    "get_achievement_matches",
    scope="matching:read",
    seller_staff=OWN,
    broker=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
allow(
    "query_matches",
    scope="matching:read",
    key=ONCE,
    seller_staff=ANY,
    buyer_staff=ANY,
    broker=ANY,
    expert=ANY,
    operator=ANY,
    auditor=ANY,
    partner=ANY,
)
