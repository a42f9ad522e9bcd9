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

# Subscriptions: of whoever looks for something
allow(
    "subscribe_to_matches",
    "change_match_subscription",
    "end_match_subscription",
    scope="matching:write",
    key=ONCE,
    every_role_own=True,
)
allow(
    "list_match_subscriptions",
    "get_match_subscription",
    scope="matching:read",
    every_role_own=True,
)

# Demand analysis: an answer repeats words of a confidential text, so none is stored by a key.
allow(
    "analyse_demand",
    scope="matching:read",
    seller_staff=ANY,
    buyer_staff=ANY,
    broker=ANY,
    expert=ANY,
    operator=ANY,
    auditor=ANY,
    partner=ANY,
)

# Learning from use: what is said of shown matches, and the weights that are compared on it
allow(
    "give_match_feedback",
    scope="matching:write",
    key=ONCE,
    seller_staff=OWN,
    buyer_staff=OWN,
    broker=MARKET,
    operator=MARKET,
)
allow(
    "list_match_feedback",
    scope="matching:read",
    seller_staff=OWN,
    buyer_staff=OWN,
    broker=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
allow(
    "get_match_precision",
    "list_match_weights",
    scope="matching:read",
    broker=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
allow(
    "propose_match_weights",
    "compare_match_weights",
    "activate_match_weights",
    scope="matching:write",
    key=ONCE,
    operator=MARKET,
)

# Wishes: what a party asks beyond the record is its own, and its exchange's staff's to read
allow(
    "get_demand_match_wishes",
    scope="matching:read",
    buyer_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
allow("set_demand_match_wishes", scope="matching:write", key=ONCE, buyer_staff=OWN)
allow(
    "get_achievement_match_wishes",
    scope="matching:read",
    seller_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
allow("set_achievement_match_wishes", scope="matching:write", key=ONCE, seller_staff=OWN)

# Who can solve a demand
allow(
    "find_demand_experts",
    scope="matching:read",
    buyer_staff=OWN,
    broker=MARKET,
    operator=MARKET,
    auditor=MARKET,
)

# The broker's desk: pairs are for the market's brokers; a case is its broker's, who alone acts
allow(
    "list_match_suggestions",
    scope="matching:read",
    broker=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
allow(
    "take_match_pair",
    "dismiss_match_pair",
    "arrange_match_meeting",
    "record_match_meeting",
    "record_match_offer",
    "close_match_case",
    scope="matching:write",
    key=ONCE,
    broker=OWN,
)
allow(
    "list_match_cases",
    "get_match_case",
    scope="matching:read",
    seller_staff=OWN,
    buyer_staff=OWN,
    broker=OWN,
    operator=MARKET,
    auditor=MARKET,
)

# Matchmaking days: prepared by the exchange; a party reads its own part of what is published
allow("list_matchmaking_days", "get_matchmaking_day", scope="", everyone=True)
allow(
    "create_matchmaking_day",
    "change_matchmaking_day",
    "publish_matchmaking_day",
    "cancel_matchmaking_day",
    scope="matching:write",
    key=ONCE,
    operator=MARKET,
)
allow("plan_matchmaking_day", scope="matching:write", operator=MARKET)
allow(
    "get_matchmaking_pdf",
    "get_matchmaking_sheet",
    scope="matching:read",
    seller_staff=MARKET,
    buyer_staff=MARKET,
    operator=MARKET,
    auditor=MARKET,
)
